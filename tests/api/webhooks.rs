//! Webhooks, received by a server with TLS on this machine.

use crate::harness::client::Client;
use crate::harness::{TestApp, db, patient};
use actix_web::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use roundup::fetch::Fetcher;
use roundup::router::Application;
use roundup::webhooks::keep_delivering;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const WEBHOOKS: &str = "/api/v1/admin/webhooks";

/// A message as it was received.
#[derive(Debug)]
struct Received {
    head: String,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let line = |line: &'_ str| line.to_lowercase().starts_with(&format!("{name}: "));
        self.head.lines().find(|one| line(one)).and_then(|line| line.split_once(": ")).unwrap().1
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Returns whether one of the signatures was made with this secret.
    fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let time = self.header("webhook-timestamp").parse().unwrap();
        let expected = webhook.sign(self.header("webhook-id"), time, self.body.as_bytes()).unwrap();
        self.header("webhook-signature").split(' ').any(|one| one == expected)
    }
}

/// A server that answers each message with a status.
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    received: UnboundedReceiver<Received>,
}

impl Receiver {
    /// Starts one whose certificate is for `name`, with the authorities that clients have to trust.
    async fn start(name: &str, roots: &mut RootCertStore) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        roots.add(certified.cert.der().clone()).unwrap();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(204));
        let (sender, received) = unbounded_channel();
        let answer = Arc::clone(&status);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, answer, sender) =
                    (acceptor.clone(), Arc::clone(&answer), sender.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    let mut bytes = Vec::new();
                    let end = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
                    let wanted = |bytes: &[u8]| {
                        let head = String::from_utf8_lossy(&bytes[..end(bytes)?]).to_lowercase();
                        let length =
                            head.split("content-length: ").nth(1)?.lines().next()?.to_owned();
                        Some(end(bytes)? + 4 + length.parse::<usize>().ok()?)
                    };
                    while wanted(&bytes).is_none_or(|wanted| bytes.len() < wanted) {
                        let mut part = [0; 4096];
                        let n = stream.read(&mut part).await?;
                        if n == 0 {
                            return Ok(());
                        }
                        bytes.extend_from_slice(&part[..n]);
                    }
                    let text = String::from_utf8(bytes).unwrap();
                    let (head, body) = text.split_once("\r\n\r\n").unwrap();
                    let status = answer.load(Ordering::Relaxed);
                    let _ = sender.send(Received { head: head.to_owned(), body: body.to_owned() });
                    if status == 0 {
                        // It never answers.
                        sleep(Duration::from_mins(10)).await;
                    }
                    let response = format!(
                        "HTTP/1.1 {status} x\r\nlocation: https://other.example.test/\r\ncontent-length: 6\r\nconnection: close\r\n\r\nthanks"
                    );
                    stream.write_all(response.as_bytes()).await?;
                    stream.shutdown().await
                });
            }
        });
        Self { address, status, received }
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    async fn next(&mut self) -> Received {
        timeout(Duration::from_secs(30), self.received.recv()).await.unwrap().unwrap()
    }

    /// Asserts that nothing is received within a while.
    async fn assert_quiet(&mut self) {
        let received = timeout(Duration::from_millis(1500), self.received.recv()).await;
        assert!(received.is_err(), "{received:?}");
    }
}

/// A service with receivers at `NAME.example.test`, and what sends to them.
struct Site {
    app: TestApp,
    receivers: Vec<Receiver>,
    _delivering: JoinSet<()>,
}

impl Site {
    async fn new(names: &[&str]) -> Self {
        let mut roots = RootCertStore::empty();
        let (mut receivers, mut addresses) = (Vec::new(), HashMap::new());
        for name in names {
            let host = format!("{name}.example.test");
            let receiver = Receiver::start(&host, &mut roots).await;
            addresses.insert(host, receiver.address);
            receivers.push(receiver);
        }
        let target = db::fresh().await;
        let state = TestApp::state(&target, patient());
        let fetcher = Fetcher::for_tests(addresses, roots);
        let application = Application::with_fetcher(state, fetcher);
        let mut delivering = JoinSet::new();
        delivering
            .spawn(keep_delivering(application.state.clone(), Arc::clone(&application.deliverer)));
        let app = TestApp::of_application(application, target.clone(), Some(target)).await;
        app.append_events().await;
        Self { app, receivers, _delivering: delivering }
    }

    /// Publishes an article; returns its id.
    async fn publish(&self) -> i64 {
        let insert = "insert into articles (slug, status, headline, published_at, created_at, updated_at)
                      select 'a' || count(*), 'published', 'A bridge', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z'
                      from articles returning id";
        let id = self.app.sql().await.query_one(insert, &[]).await.unwrap().get(0);
        self.app.append_events().await;
        id
    }
}

async fn create(editor: &Client<'_>, name: &str, types: &[&str]) -> (String, String) {
    let body = json!({"url": format!("https://{name}.example.test/hook"), "types": types});
    let made = editor.post(WEBHOOKS, &body).await.expect(StatusCode::CREATED);
    (format!("{WEBHOOKS}/{}", made["id"]), made["secret"].as_str().unwrap().to_owned())
}

/// Waits until the newest delivery is in this state, and returns it.
async fn delivery(editor: &Client<'_>, at: &str, state: &str, tries: usize) -> Value {
    for _ in 0..300 {
        let page = editor.get(&format!("{at}/deliveries?limit=1")).await.ok();
        let newest = &page["items"][0];
        if newest["state"] == state && newest["tries"].as_array().unwrap().len() == tries {
            return newest.clone();
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("no delivery is {state} after {tries} tries");
}

#[tokio::test]
async fn an_event_is_sent_signed_and_once() {
    let mut site = Site::new(&["hooks"]).await;
    let editor = site.app.key("admin").await.header("If-Match", "*");
    let (at, secret) = create(&editor, "hooks", &[]).await;
    let id = site.publish().await;
    let message = site.receivers[0].next().await;
    assert!(message.head.starts_with("POST /hook HTTP/1.1"), "{}", message.head);
    assert!(message.header("user-agent").starts_with("roundup/"));
    assert_eq!(message.header("content-type"), "application/json");
    assert!(message.is_signed_with(&secret) && !message.is_signed_with("whsec_b3RoZXI="));
    let body = message.json();
    assert_eq!(
        (&body["type"], &body["data"]["object"]["id"]),
        (&json!("article.published"), &json!(id))
    );
    assert_eq!(body["data"]["object"]["data"]["headline"], "A bridge");
    assert_eq!(body["timestamp"], body["data"]["at"]);
    let since = body["data"]["cursor"].as_str().unwrap();
    assert_eq!(
        site.app.get(&format!("/api/v1/changes?since={since}")).await.ok()["items"],
        json!([])
    );
    let sent = delivery(&editor, &at, "delivered", 1).await;
    assert_eq!(sent["message_id"], message.header("webhook-id"));
    let answer = &sent["tries"][0];
    assert_eq!(
        (&answer["status"], &answer["response"], &answer["error"]),
        (&json!(204), &json!(""), &Value::Null)
    );
    let whole = editor.get(&format!("{at}/deliveries/{}", sent["id"])).await.ok();
    assert_eq!(whole["body"], message.body);
    site.receivers[0].assert_quiet().await;
    // By hand, the same message is sent again.
    let again = editor.call("POST", &format!("{at}/deliveries/{}/retry", sent["id"])).await;
    again.expect(StatusCode::ACCEPTED);
    let repeated = site.receivers[0].next().await;
    assert_eq!(
        (repeated.header("webhook-id"), &repeated.body),
        (message.header("webhook-id"), &message.body)
    );
    delivery(&editor, &at, "delivered", 2).await;
}

#[tokio::test]
async fn types_are_filtered_and_a_test_is_sent_at_once() {
    let mut site = Site::new(&["hooks"]).await;
    let app = &site.app;
    let editor = app.key("admin").await.header("If-Match", "*");
    let (at, secret) = create(&editor, "hooks", &["article.created"]).await;
    site.publish().await;
    let draft = json!({"headline": "A draft"});
    let draft = editor.post("/api/v1/admin/articles", &draft).await.expect(StatusCode::CREATED);
    app.append_events().await;
    let message = site.receivers[0].next().await.json();
    assert_eq!(message["type"], "article.created");
    assert_eq!(message["data"]["object"]["data"]["id"], draft["id"]);
    editor.patch(&at, &json!({"enabled": false})).await.ok();
    site.publish().await;
    editor.call("POST", &format!("{at}/test")).await.expect(StatusCode::ACCEPTED);
    let test = site.receivers[0].next().await;
    assert_eq!(test.json()["type"], "webhook.test");
    assert!(test.is_signed_with(&secret));
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_by_the_schedule() {
    let mut site = Site::new(&["hooks"]).await;
    let editor = site.app.key("admin").await.header("If-Match", "*");
    let (at, _) = create(&editor, "hooks", &["article.published"]).await;
    site.receivers[0].answer(500);
    site.publish().await;
    let first = site.receivers[0].received.recv().await.unwrap();
    let clock = site.app.state.clock();
    for (n, seconds) in
        [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].into_iter().enumerate()
    {
        let waiting = delivery(&editor, &at, "pending", n + 1).await;
        let due: chrono::DateTime<chrono::Utc> =
            serde_json::from_value(waiting["next_at"].clone()).unwrap();
        assert_eq!(due - clock.now(), TimeDelta::seconds(seconds));
        clock.advance(TimeDelta::seconds(seconds));
        let next = timeout(Duration::from_secs(30), site.receivers[0].received.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(next.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(next.body, first.body);
        assert_ne!(next.header("webhook-timestamp"), first.header("webhook-timestamp"));
    }
    let failed = delivery(&editor, &at, "failed", 10).await;
    assert_eq!(failed["next_at"], Value::Null);
    assert_eq!(editor.get(&at).await.ok()["failing_since"], "2026-03-01T12:00:00Z");
    // The receiver is back.
    site.receivers[0].answer(200);
    editor.call("POST", &format!("{at}/deliveries/{}/retry", failed["id"])).await;
    let sent = delivery(&editor, &at, "delivered", 11).await;
    assert_eq!(sent["tries"][10]["response"], "thanks");
    assert_eq!(editor.get(&at).await.ok()["failing_since"], Value::Null);
}

#[tokio::test]
async fn a_receiver_that_is_gone_or_fails_for_five_days_is_disabled() {
    let site = Site::new(&["gone", "failing", "moved"]).await;
    let editor = site.app.key("admin").await.header("If-Match", "*");
    let (gone, _) = create(&editor, "gone", &[]).await;
    let (failing, _) = create(&editor, "failing", &[]).await;
    let (moved, _) = create(&editor, "moved", &[]).await;
    for (receiver, status) in site.receivers.iter().zip([410, 500, 302]) {
        receiver.answer(status);
    }
    site.publish().await;
    delivery(&editor, &gone, "pending", 1).await;
    let state = editor.get(&gone).await.ok();
    assert_eq!((&state["enabled"], &state["disabled_because"]), (&json!(false), &json!("gone")));
    delivery(&editor, &failing, "pending", 1).await;
    // A redirect is not followed: that name would not even resolve.
    let redirected = delivery(&editor, &moved, "pending", 1).await;
    assert_eq!(redirected["tries"][0]["status"], 302);
    assert_eq!(editor.get(&failing).await.ok()["enabled"], true);
    site.app.state.clock().advance(TimeDelta::days(5));
    delivery(&editor, &failing, "pending", 2).await;
    let state = editor.get(&failing).await.ok();
    assert_eq!((&state["enabled"], &state["disabled_because"]), (&json!(false), &json!("failing")));
    site.app.append_events().await;
    let events = editor.get("/api/v1/admin/changes?types=webhook.disabled").await.ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 3);
    let audit = editor.get("/api/v1/admin/audit?action=webhook.disable").await.ok();
    assert_eq!(audit["items"].as_array().unwrap().len(), 3);
    // Enabled again, it is sent what was pending.
    site.receivers[1].answer(200);
    let enabled = editor.patch(&failing, &json!({"enabled": true})).await.ok();
    assert_eq!(
        (&enabled["disabled_because"], &enabled["failing_since"]),
        (&Value::Null, &Value::Null)
    );
    site.app.state.clock().advance(TimeDelta::hours(1));
    delivery(&editor, &failing, "delivered", 3).await;
}

#[tokio::test]
async fn a_slow_receiver_delays_no_other() {
    let mut site = Site::new(&["slow", "quick"]).await;
    let editor = site.app.key("admin").await.header("If-Match", "*");
    create(&editor, "slow", &[]).await;
    create(&editor, "quick", &[]).await;
    site.receivers[0].answer(0);
    for _ in 0..30 {
        site.publish().await;
    }
    let began = std::time::Instant::now();
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(site.receivers[1].next().await.header("webhook-id").to_owned());
    }
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 30);
}

#[tokio::test]
async fn a_secret_is_rotated_and_never_shown_again() {
    let mut site = Site::new(&["hooks"]).await;
    let app = &site.app;
    let editor = app.key("admin").await.header("If-Match", "*");
    let body = json!({"url": "https://hooks.example.test/hook"});
    let once = editor.clone().header("Idempotency-Key", "one");
    let made = once.post(WEBHOOKS, &body).await.expect(StatusCode::CREATED);
    let repeated = once.post(WEBHOOKS, &body).await.expect(StatusCode::CREATED);
    assert_eq!((&repeated["id"], &repeated["secret"]), (&made["id"], &Value::Null));
    let former = made["secret"].as_str().unwrap();
    let at = format!("{WEBHOOKS}/{}", made["id"]);
    let rotated = editor.call("POST", &format!("{at}/secret")).await.ok();
    let secret = rotated["secret"].as_str().unwrap();
    assert_ne!(secret, former);
    site.publish().await;
    let message = site.receivers[0].next().await;
    assert!(message.is_signed_with(secret) && message.is_signed_with(former));
    app.state.clock().advance(TimeDelta::hours(25));
    site.publish().await;
    let message = site.receivers[0].next().await;
    assert!(message.is_signed_with(secret) && !message.is_signed_with(former));
    let sent = delivery(&editor, &at, "delivered", 1).await;
    for path in [
        at.clone(),
        WEBHOOKS.to_owned(),
        format!("{at}/deliveries/{}", sent["id"]),
        "/api/v1/admin/audit".to_owned(),
    ] {
        let text = editor.get(&path).await.ok().to_string();
        for secret in [secret, former] {
            let bytes = secret.strip_prefix("whsec_").unwrap();
            assert_eq!(BASE64_STANDARD.decode(bytes).unwrap().len(), 32);
            assert!(!text.contains(bytes), "{path}");
        }
    }
    let actions = editor.get("/api/v1/admin/audit?object_kind=webhook").await.ok();
    let actions: Vec<&str> = actions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["webhook.rotate", "webhook.create"]);
}

#[tokio::test]
async fn webhooks_are_created_changed_listed_and_deleted() {
    let site = Site::new(&[]).await;
    let app = &site.app;
    let manager = app.key("webhooks:manage").await;
    let post = async |body: Value| manager.post(WEBHOOKS, &body).await;
    for url in [
        "x",
        "ftp://example.org/",
        "https://example.org:8443/",
        "https://user:secret@example.org/",
        "http://localhost/",
        "http://127.0.0.1/",
        "http://0x7f000001/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/",
    ] {
        let problem = post(json!({ "url": url })).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}");
    }
    let typo = post(json!({"url": "https://example.org/", "types": ["article.publishd"]})).await;
    let typo = typo.problem(422, "invalid");
    assert_eq!(typo["errors"][0]["did_you_mean"], "article.published");
    post(json!({"url": "https://example.org/", "typs": []})).await.problem(422, "invalid");
    // What only editors see, a key must be allowed to see.
    let held = json!({"url": "https://example.org/", "types": ["comment.held"]});
    post(held.clone()).await.problem(403, "missing_scope");
    let editor = app.key("webhooks:manage,changes:read").await;
    editor.post(WEBHOOKS, &held).await.expect(StatusCode::CREATED);
    app.key("changes:read").await.post(WEBHOOKS, &held).await.problem(403, "missing_scope");

    let made = post(json!({"url": "https://example.org/hook"})).await.expect(StatusCode::CREATED);
    let at = format!("{WEBHOOKS}/{}", made["id"]);
    manager.patch(&at, &json!({"enabled": false})).await.problem(428, "precondition_required");
    let read = manager.get(&at).await;
    let current = manager.if_match(&read);
    let patched =
        current.patch(&at, &json!({"enabled": false, "description": "Builds"})).await.ok();
    assert_eq!((&patched["version"], &patched["description"]), (&json!(2), &json!("Builds")));
    current.patch(&at, &json!({"enabled": true})).await.problem(412, "version_mismatch");
    let list = manager.get(&format!("{WEBHOOKS}?count=exact")).await.ok();
    assert_eq!(list["page"]["total"], 2);
    manager.get(&format!("{at}/deliveries/1")).await.problem(404, "not_found");
    manager.call("POST", &format!("{at}/deliveries/1/retry")).await.problem(404, "not_found");
    manager.get(&format!("{WEBHOOKS}/99/deliveries")).await.problem(404, "not_found");
    manager
        .clone()
        .header("If-Match", "*")
        .call("DELETE", &at)
        .await
        .expect(StatusCode::NO_CONTENT);
    manager.get(&at).await.problem(404, "not_found");
}
