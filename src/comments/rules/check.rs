//! Applies the rules to a comment.

use super::content::{Content, host, within};
use super::model::{Action, Rule, RuleKind, RuleMatch, RuleRow, expression};
use crate::ip_ranges::{parse_range, range_contains};
use chrono::{DateTime, TimeDelta, Utc};
use ipnet::IpNet;
use regex::{Regex, RegexSet, RegexSetBuilder};
use std::net::IpAddr;

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
    Expressions(RegexSet),
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
        let applying = self.0.iter().filter(|(rule, _)| !(sample.known && rule.spare_known));
        let matched = |(rule, test): &(Rule, Test)| {
            let because = test.check(sample)?;
            let Rule { id, kind, mut action, .. } = *rule;
            if matches!(test, Test::Unusable) {
                // An editor decides: approving could publish spam, rejecting could lose a comment.
                action = Action::Hold;
            }
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

    /// Returns the text that the rule matches, if any.
    fn check(&self, sample: &Sample<'_>) -> Option<String> {
        match self {
            Self::MoreLinksThan(limit) => {
                let links = sample.content.links;
                (links > *limit).then(|| format!("has {links} links, more than {limit}"))
            }
            Self::Words(words) => {
                let found =
                    |text: &str| words.captures(text)?.get(1).map(|m| m.as_str().to_owned());
                let word = found(&sample.content.visible).or_else(|| found(sample.name))?;
                Some(format!("says `{word}`"))
            }
            Self::Expressions(set) => {
                let found = [&sample.content.visible, sample.name];
                let at = found.into_iter().find_map(|text| set.matches(text).iter().next())?;
                Some(format!("matches `{}`", set.patterns().get(at)?))
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
            Self::Unusable => {
                Some("cannot be checked: the terms of the rule are invalid".to_owned())
            }
        }
    }
}

/// Compiles words to one expression that matches any of them as a whole word.
fn words(terms: &[String]) -> Result<Regex, regex::Error> {
    let parts: Vec<String> = terms
        .iter()
        .map(|term| term.split_whitespace().map(regex::escape).collect::<Vec<_>>().join(r"\s+"))
        .collect();
    // Not `\b`, because a term may begin or end with a character that is not a letter.
    expression(&format!(r"(?:^|[^\p{{L}}\p{{N}}])({})(?:[^\p{{L}}\p{{N}}]|$)", parts.join("|")))
}

fn expressions(terms: &[String]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(terms).case_insensitive(true).size_limit(terms.len().max(1) << 20).build()
}
