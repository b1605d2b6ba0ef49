//! The text format of Prometheus, version 0.0.4. The encoder of `prometheus-client` writes `OpenMetrics`, in which
//! the name of a counter lacks the `_total` of its samples.

use std::collections::HashSet;
use std::fmt::Write as _;

/// A metric with one value, which is read when the metrics are.
#[derive(Debug)]
pub(super) struct Sample {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    value: f64,
}

impl Sample {
    pub(super) fn counter(name: &'static str, help: &'static str, value: f64) -> Self {
        Self { name, help, kind: "counter", value }
    }

    pub(super) fn gauge(name: &'static str, help: &'static str, value: impl Into<f64>) -> Self {
        Self { name, help, kind: "gauge", value: value.into() }
    }
}

/// Returns `OpenMetrics` text and more samples in the format of Prometheus.
pub(super) fn prometheus(open_metrics: &str, samples: &[Sample]) -> String {
    let counter = |line: &'_ str| -> Option<String> {
        Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned())
    };
    let counters: HashSet<String> = open_metrics.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open_metrics.len() + 4096);
    for line in open_metrics.lines() {
        let about = ["# HELP ", "# TYPE "].into_iter().find_map(|start| {
            let (name, rest) = line.strip_prefix(start)?.split_once(' ')?;
            counters.contains(name).then(|| format!("{start}{name}_total {rest}"))
        });
        match about {
            Some(about) => text += &about,
            None if line.starts_with("# UNIT ") || line == "# EOF" => continue,
            None => text += line,
        }
        text.push('\n');
    }
    for Sample { name, help, kind, value } in samples {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_as_their_samples() {
        let open_metrics = "# HELP hits Responses.\n# TYPE hits counter\nhits_total 2\n\
                            # HELP t_seconds Times.\n# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n\
                            t_seconds_sum 1.0\n# EOF\n";
        let text = prometheus(open_metrics, &[Sample::gauge("held", "Held", 3.0)]);
        assert_eq!(
            text,
            "# HELP hits_total Responses.\n# TYPE hits_total counter\nhits_total 2\n\
             # HELP t_seconds Times.\n# TYPE t_seconds histogram\nt_seconds_sum 1.0\n\
             # HELP held Held.\n# TYPE held gauge\nheld 3\n"
        );
    }
}
