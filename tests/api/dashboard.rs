//! The Grafana dashboard.

use crate::harness::TestApp;
use serde_json::Value;
use std::collections::BTreeSet;

/// Words of the query language with an underscore.
const FOREIGN: [&str; 3] = ["histogram_quantile", "label_values", "__rate_interval"];

/// Returns every word that may be the name of a metric or a label.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric());
    words.filter(|word| word.contains('_') && !FOREIGN.contains(word))
}

/// Returns the queries of a dashboard.
fn queries<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| ["expr", "definition"].contains(&name.as_str())) {
                    Some(query) => found.push(query),
                    None => queries(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_metric_on_the_dashboard_is_served() {
    let app = TestApp::new().await;
    app.get("/api/v1/articles").await.ok();
    let metrics = app.get("/metrics").await.text();
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    // The names of labels without their values.
    let served: BTreeSet<String> = samples
        .flat_map(|line| {
            line.split('"').step_by(2).flat_map(names).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let dashboard: Value = serde_json::from_str(include_str!("../../docs/grafana.json")).unwrap();
    let mut found = Vec::new();
    queries(&dashboard, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for query in found {
        assert!(names(query).next().is_some(), "{query}");
        for name in names(query) {
            assert!(served.contains(name), "nothing serves {name}, which {query} asks for");
        }
    }
}
