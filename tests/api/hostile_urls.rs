//! Hostile text and bytes in every part of a URL.

use crate::harness::public_operations::{open, reads, with};
use crate::harness::raw_http::{ask, serve};
use crate::harness::site::fill;

/// Text that commonly breaks services: invalid UTF-8, control characters, numbers out of range, long runs.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "%00",
        "a%00b",
        "%ff",
        "%c3%28",
        "%F0%9F",
        "%ED%A0%80",
        "%0a",
        "%0d%0aX-Evil:1",
        "%",
        "%zz",
        "%2e%2e",
        "..%2f..",
        "%2F",
        "a%2Fb",
        "%5c",
        "%7f",
        "%EF%BB%BF",
        "%E2%80%AE",
        "'",
        "%27%3B--",
        "%22",
        "\\",
        "*",
        "-1",
        "0",
        "9007199254740992",
        "9223372036854775808",
        "1e400",
        "NaN",
        "null",
        "true",
        "{}",
        "[]",
        "%F0%9F%A6%80",
        "ı",
        "a,b,,c",
        ",",
        "%2B",
        "+",
        "%25",
        "%2525",
        "2014-13-45",
        "0000-00-00",
        "99999-01-01",
        "-4713-01-01T00:00:00Z",
        "9999-12-31T23:59:60Z",
        "eyJ0IjoiIn0",
        "=",
        "==",
        "%3D",
    ]
    .map(|text| if text.is_ascii() { text.to_owned() } else { "%C4%B1".to_owned() })
    .into();
    texts.push("x".repeat(5000));
    texts.push("%00".repeat(1000));
    texts.push("1,".repeat(400) + "1");
    texts.push("9".repeat(400));
    texts
}

#[tokio::test]
async fn no_text_in_a_url_causes_a_server_error() {
    let (app, site) = open().await;
    let check = async |uri: String| {
        let Ok(_) = uri.parse::<actix_web::http::Uri>() else { return };
        let response = app.get(&uri).await;
        let status = response.status.as_u16();
        let start: String = uri.chars().take(120).collect();
        assert!(status < 500, "{start}: {status} {}", response.text());
        if status >= 400 {
            assert_eq!(response.header("content-type"), "application/problem+json", "{start}");
        }
    };
    for operation in reads() {
        let names: Vec<_> = operation.parameters("query");
        for text in hostile() {
            if let Some((before, after)) = operation.path.split_once('{') {
                let after = after.split_once('}').unwrap().1;
                check(format!("{before}{text}{after}")).await;
            }
            for name in &names {
                let name = name["name"].as_str().unwrap();
                check(with(&fill(&operation.path, &site), name, &text)).await;
            }
            check(format!("{}?{text}", fill(&operation.path, &site))).await;
        }
    }
}

#[tokio::test]
async fn no_bytes_in_a_request_line_cause_a_server_error() {
    let (app, _) = open().await;
    let address = serve(&app);
    let targets: [&[u8]; 8] = [
        b"/api/v1/articles/\xff\xfe",
        b"/api/v1/articles/\xc3\xa9",
        b"/api/v1/articles?tag=\xff",
        b"/api/v1/articles?tag=\xc3\xa9",
        b"/\x00",
        b"//api/v1/articles",
        b"/api/v1/../v1/articles",
        b"http://elsewhere.example/api/v1/tags?limit=0",
    ];
    for target in targets {
        let answer = ask(address, "GET", target).await;
        let shown = String::from_utf8_lossy(target);
        assert!((400..500).contains(&answer.status), "{shown}: {}", answer.status);
    }
    let long = [b"/api/v1/articles?tag=".as_slice(), &vec![b'x'; 200_000]].concat();
    assert!((400..500).contains(&ask(address, "GET", &long).await.status));
    assert_eq!(ask(address, "GET", b"/livez").await.status, 200);
}
