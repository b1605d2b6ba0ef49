//! What a browser lets pages of other origins do.

use crate::browser::dump_dom;
use crate::notes;
use crate::site::{Service, serve_folder};
use serde_json::json;
use std::fs;
use std::net::TcpListener;

/// A page that reads, comments, reads again, and edits with a key. `{service}` and `{key}` are replaced.
const PAGE: &str = include_str!("cross_origin.html");

#[test]
#[ignore = "needs Chromium; .ci/run runs it where that is installed"]
fn a_reader_sees_their_comment_and_an_editors_page_may_edit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let editor = format!("http://127.0.0.1:{port}");
    let service = Service::start_with(&[("ROUNDUP_ADMIN_ORIGINS", &editor)]);
    service.import();
    let folder = tempfile::tempdir().unwrap();
    let page = PAGE.replace("{service}", &service.address).replace("{key}", &service.key());
    fs::write(folder.path().join("index.html"), page).unwrap();
    serve_folder(listener, folder.path());

    let found = notes(&dump_dom(&editor, &folder.path().join("editor")));
    assert_eq!(found["before"], json!([2, 2]), "{found:#}");
    assert_eq!(found["posted"], 201, "{found:#}");
    assert_eq!(found["after"], 3, "the own comment is there: {found:#}");
    assert_eq!(found["traced"], 200, "{found:#}");
    assert_eq!(found["keyed"], 200, "{found:#}");
    assert_eq!(found["edited"], 200, "{found:#}");

    // The same server under another name is another origin.
    let other = format!("http://localhost:{port}");
    let found = notes(&dump_dom(&other, &folder.path().join("other")));
    assert_eq!(found["before"], json!([3, 3]), "{found:#}");
    assert_eq!(found["traced"], 200, "{found:#}");
    assert_eq!(found["edited"], "TypeError: Failed to fetch", "{found:#}");
}
