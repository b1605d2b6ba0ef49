//! Applies the rules to a comment.

use super::content::{Content, host, within};
use super::model::{
    Action, MAX_REGEX_BYTES, MAX_WORDS_BYTES, Rule, RuleKind, RuleMatch, RuleRow, expression,
};
use crate::ip_ranges::{parse_range, range_contains};
use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use regex::Regex;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The maximum time for the regular expressions of all rules on one comment. Rules that are not checked by
/// then hold it.
const MAX_TIME: Duration = Duration::from_millis(200);

/// A comment to check, with its context.
#[derive(Debug, Clone)]
pub(crate) struct Sample<'a> {
    /// The analysed text.
    pub(crate) content: &'a Content,
    /// The author's name.
    pub(crate) name: &'a str,
    /// The author's e-mail address.
    pub(crate) email: Option<&'a str>,
    /// The author's page.
    pub(crate) url: Option<&'a str>,
    /// The IP address of the client.
    pub(crate) address: Option<IpAddr>,
    /// The content of the form's hidden field (honeypot).
    pub(crate) honeypot: Option<&'a str>,
    /// The time from opening to sending the form, in seconds.
    pub(crate) form_seconds: Option<f64>,
    /// The time the same text was last posted.
    pub(crate) posted_before_at: Option<DateTime<Utc>>,
    /// The reader has an approved comment.
    pub(crate) known: bool,
    /// The current time.
    pub(crate) now: DateTime<Utc>,
}

/// The enabled rules, compiled.
#[derive(Debug)]
pub(crate) struct RuleSet(Vec<(Rule, Test)>);

#[derive(Debug)]
enum Test {
    MoreLinksThan(usize),
    Words(Regex),
    Expressions(Vec<Regex>),
    Hosts(Vec<String>),
    EmailDomains(Vec<String>),
    Ranges(Vec<IpNet>),
    RepeatedWithin(TimeDelta),
    Honeypot,
    FasterThan(f64),
    /// A rule that cannot be compiled, because it was stored by another release or directly in the database.
    Unusable,
}

impl RuleSet {
    /// Compiles the enabled rules.
    pub(crate) fn of(rows: &[RuleRow]) -> Self {
        let rules = rows.iter().cloned().map(Rule::from).filter(|rule| rule.enabled);
        Self(rules.map(|rule| (Test::of(&rule), rule)).map(|(test, rule)| (rule, test)).collect())
    }

    /// Returns the rules that match a comment.
    pub(crate) fn check(&self, sample: &Sample<'_>) -> Vec<RuleMatch> {
        let deadline = Instant::now() + MAX_TIME;
        let applying = self.0.iter().filter(|(rule, _)| !(sample.known && rule.spare_known));
        let matched = |(rule, test): &(Rule, Test)| {
            let Rule { id, kind, action, .. } = *rule;
            let (action, because) = match test.check(sample, deadline)? {
                Ok(because) => (action, because),
                // An editor decides: approving could publish spam, rejecting could lose a comment.
                Err(because) => (Action::Hold, because.to_owned()),
            };
            Some(RuleMatch { id, name: rule.name.clone(), kind, action, because })
        };
        applying.filter_map(matched).collect()
    }
}

impl Test {
    fn of(rule: &Rule) -> Self {
        let terms = || rule.terms.clone();
        let threshold = rule.threshold.unwrap_or(0);
        match rule.kind {
            RuleKind::MaxLinks => Self::MoreLinksThan(usize::try_from(threshold).unwrap_or(0)),
            RuleKind::Words => words(&rule.terms).map_or(Self::Unusable, Self::Words),
            RuleKind::Regex => expressions(&rule.terms).map_or(Self::Unusable, Self::Expressions),
            RuleKind::Hosts => Self::Hosts(terms()),
            RuleKind::EmailDomains => Self::EmailDomains(terms()),
            RuleKind::AddressRanges => {
                let ranges: Result<_, _> = terms().iter().map(|range| parse_range(range)).collect();
                ranges.map_or(Self::Unusable, Self::Ranges)
            }
            RuleKind::RepeatedText => Self::RepeatedWithin(TimeDelta::hours(threshold.into())),
            RuleKind::Honeypot => Self::Honeypot,
            RuleKind::TooFast => Self::FasterThan(threshold.into()),
        }
    }

    /// Returns why the rule matches, if it does. The error says why that cannot be decided.
    fn check(
        &self,
        sample: &Sample<'_>,
        deadline: Instant,
    ) -> Option<Result<String, &'static str>> {
        let because = match self {
            Self::Unusable => {
                return Some(Err("cannot be checked: the terms of the rule are invalid"));
            }
            Self::Expressions(expressions) => {
                for expression in expressions {
                    if Instant::now() > deadline {
                        return Some(Err("cannot be checked in time: the rule has too many terms"));
                    }
                    let texts = [sample.content.visible.as_str(), sample.name];
                    if texts.into_iter().any(|text| expression.is_match(text)) {
                        return Some(Ok(format!("matches `{expression}`")));
                    }
                }
                None
            }
            Self::MoreLinksThan(limit) => {
                let links = sample.content.links;
                let noun = if links == 1 { "link" } else { "links" };
                (links > *limit).then(|| format!("has {links} {noun}, more than {limit}"))
            }
            Self::Words(words) => {
                let found =
                    |text: &str| words.captures(text)?.get(1).map(|m| m.as_str().to_owned());
                let word = found(&sample.content.visible).or_else(|| found(sample.name))?;
                Some(format!("says `{word}`"))
            }
            Self::Hosts(domains) => {
                let page = sample.url.and_then(host);
                let mut hosts = sample.content.hosts.iter().chain(page.as_ref());
                let found = hosts.find(|host| domains.iter().any(|domain| within(host, domain)))?;
                Some(format!("links to {found}"))
            }
            Self::EmailDomains(domains) => {
                let (_, domain) = sample.email?.rsplit_once('@')?;
                let domain = domain.to_lowercase();
                let found = domains.iter().find(|known| within(&domain, known))?;
                Some(format!("has an e-mail address at {found}"))
            }
            Self::Ranges(ranges) => {
                let found = ranges.iter().find(|range| {
                    sample.address.is_some_and(|address| range_contains(range, address))
                })?;
                Some(format!("comes from {found}"))
            }
            Self::RepeatedWithin(time) => {
                let before = sample.posted_before_at?;
                (sample.now - before <= *time)
                    .then(|| format!("repeats a text posted within {} hours", time.num_hours()))
            }
            Self::Honeypot => {
                let filled = sample.honeypot.is_some_and(|text| !text.is_empty());
                filled.then(|| "fills in the hidden field".to_owned())
            }
            Self::FasterThan(minimum) => {
                let took = sample.form_seconds.filter(|took| took < minimum)?;
                Some(format!("was filled in within {took} s, less than {minimum}"))
            }
        };
        because.map(Ok)
    }
}

/// Compiles words to one expression that matches any of them as a whole word.
fn words(terms: &[String]) -> Result<Regex, regex::Error> {
    let parts: Vec<String> = terms
        .iter()
        .map(|term| term.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+"))
        .collect();
    // Not `\b`, because a term may begin or end with a character that is not a letter.
    let any = format!(r"(?:^|[^\p{{L}}\p{{N}}])({})(?:[^\p{{L}}\p{{N}}]|$)", parts.join("|"));
    expression(&any, MAX_WORDS_BYTES)
}

fn expressions(terms: &[String]) -> Result<Vec<Regex>, regex::Error> {
    terms.iter().map(|term| expression(term, MAX_REGEX_BYTES)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_are_not_checked_in_time_are_reported() {
        let content = Content::of("a text", "<p>a text</p>");
        let sample = Sample {
            content: &content,
            name: "",
            email: None,
            url: None,
            address: None,
            honeypot: None,
            form_seconds: None,
            posted_before_at: None,
            known: false,
            now: DateTime::UNIX_EPOCH,
        };
        let test = Test::Expressions(expressions(&["text".to_owned()]).unwrap());
        let now = Instant::now();
        let in_time = test.check(&sample, now + Duration::from_mins(1));
        assert_eq!(in_time, Some(Ok("matches `text`".to_owned())));
        let late = test.check(&sample, now.checked_sub(Duration::from_secs(1)).unwrap_or(now));
        assert!(matches!(late, Some(Err(_))), "{late:?}");
    }
}
