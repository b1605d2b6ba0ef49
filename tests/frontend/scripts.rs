//! Payloads of scripts, shown to a browser as they are and as the service renders them.

use crate::browser::dump_dom;
use safe_html::{AuthorRole, Markup, render};

#[path = "../fixtures/xss.rs"]
mod xss;

/// How many payloads are shown.
const SAMPLE: usize = 700;

/// A page that sets each piece of HTML in turn and counts the scripts that try to run. Its own
/// script has a nonce; the policy reports every other.
fn page(pieces: &[String]) -> String {
    let json = serde_json::to_string(pieces).unwrap().replace('<', "\\u003c");
    format!(
        "<!doctype html><meta charset=utf-8>
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'nonce-n'\">
         <div id=target></div><pre id=result>unfinished</pre><script nonce=n>
         let attempts = 0;
         document.addEventListener('securitypolicyviolation', () => attempts++);
         for (const name of ['alert', 'confirm', 'prompt']) window[name] = () => attempts++;
         const target = document.getElementById('target');
         (async () => {{
             for (const piece of {json}) {{
                 target.innerHTML = piece;
                 for (const link of target.querySelectorAll('a[href^=\"javascript\" i]')) attempts++;
                 await new Promise(done => setTimeout(done, 0));
             }}
             await new Promise(done => setTimeout(done, 200));
             document.getElementById('result').textContent = 'attempts: ' + attempts;
         }})();
         </script>"
    )
}

/// Shows the pieces to the browser and returns how many scripts tried to run.
#[track_caller]
fn attempts(pieces: &[String]) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.html");
    std::fs::write(&file, page(pieces)).unwrap();
    let dom = dump_dom(&format!("file://{}", file.display()), &dir.path().join("profile"));
    let result = dom.split_once("id=\"result\">attempts: ").map(|(_, rest)| rest);
    let number = result.and_then(|rest| rest.split('<').next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no result in {dom:.2000}"))
}

#[test]
#[ignore = "needs Chromium; .ci/run runs it where that is installed"]
fn a_browser_runs_no_script_of_rendered_payloads() {
    let active: Vec<String> = xss::payloads().into_iter().filter(|one| one.contains('<')).collect();
    let step = active.len() / SAMPLE;
    let raw: Vec<String> = active.into_iter().step_by(step).take(SAMPLE).collect();
    assert_eq!(raw.len(), SAMPLE);
    let rendered: Vec<String> =
        raw.iter().map(|one| render(one, Markup::Markdown, AuthorRole::Reader)).collect();
    assert_eq!(attempts(&rendered), 0);
    // A refresh would lead the page away from the rest.
    let raw: Vec<String> = raw.into_iter().filter(|one| !one.contains("refresh")).collect();
    let found = attempts(&raw);
    assert!(found > 50, "the page must notice payloads as they are: {found} of {SAMPLE}");
}
