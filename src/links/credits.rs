//! Resolves the outlets that a link credits, and creates unknown ones where that is allowed.
//!
//! An outlet that is not named is taken from the credit line, otherwise from the host of the URL;
//! otherwise it is a new one with the name in the credit line.

use super::input::{CreditInput, LinkInput, OutletName};
use super::store::{NewCredit, NewLink};
use crate::error::{Code, Error, FieldError, Result};
use crate::outlets::{Directory, Lookups};
use crate::schema::outlet_aliases;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use roundup_reader::{Outlets as _, parse_credit};
use safe_html::names::fold_outlet_name;
use std::collections::HashSet;
use url::Url;

/// The maximum length of an outlet's name in characters.
const MAX_NAME_CHARS: usize = 200;

/// How to resolve outlets, and relative URLs in texts.
#[derive(Debug, Clone)]
pub struct OutletLookup {
    /// The ids of outlets that are known to exist.
    pub known: HashSet<i64>,
    /// Whether unknown outlets may be created.
    pub may_create: bool,
    /// The creation time of new outlets.
    pub now: DateTime<Utc>,
    /// The URL of the site.
    pub base_url: Option<Url>,
}

/// Returns the links with their outlets resolved, and the outlets among them that may be unconfirmed.
///
/// # Errors
/// 422 with every unknown outlet that may not be created, and the nearest name.
pub async fn resolve(
    conn: &mut AsyncPgConnection,
    list: &[LinkInput],
    lookup: &OutletLookup,
) -> Result<(Vec<NewLink>, HashSet<i64>)> {
    let is_known = list.iter().all(|link| lookup.knows_all(link));
    let directory = if is_known { Directory::default() } else { directory_for(conn, list).await? };
    let mut resolver = Resolver { conn, lookup, directory, unknown: Vec::new() };
    let mut links = Vec::with_capacity(list.len());
    for (at, input) in list.iter().enumerate() {
        let credits = resolver.credits(&format!("/links/{at}"), input).await?;
        links.push(new_link(input, credits, lookup.base_url.as_ref()));
    }
    let unconfirmed =
        if is_known { lookup.known.clone() } else { resolver.directory.unconfirmed().clone() };
    resolver.finish().await?;
    Ok((links, unconfirmed))
}

/// Loads the outlets that these links may credit.
async fn directory_for(conn: &AsyncPgConnection, list: &[LinkInput]) -> Result<Directory> {
    let mut lookups = Lookups::default();
    for link in list {
        if let Some(url) = link.url.as_deref().and_then(citation_key::normalise) {
            lookups.host(&url.domain);
        }
        for outlet in link.credits.iter().flatten().filter_map(|credit| credit.outlet.as_ref()) {
            outlet.id.into_iter().for_each(|id| lookups.id(id));
            outlet.slug.iter().for_each(|slug| lookups.slug(slug));
            outlet.name.iter().for_each(|name| lookups.name(name));
        }
    }
    let lines = list.iter().filter(|link| link.credits.is_none());
    let lines: Vec<&str> = lines.filter_map(|link| link.credit.as_deref()).collect();
    let (directory, ()) = Directory::load_for(conn, lookups, |asked| {
        for line in &lines {
            let (credits, _) = parse_credit(line, asked);
            for name in credits.iter().filter_map(|credit| credit.outlet.as_deref()) {
                asked.knows(name);
            }
        }
    })
    .await?;
    Ok(directory)
}

fn new_link(input: &LinkInput, credits: Vec<NewCredit>, base_url: Option<&Url>) -> NewLink {
    NewLink {
        role: input.role,
        title: input.title.clone(),
        url: input.url.clone(),
        credit: input.credit.clone(),
        credits,
        section: input.section.clone(),
        quote: input.quote.clone().map(|text| text.rendered(base_url)),
        uncertain: input.uncertain,
        credited_by_hand: false,
    }
}

impl OutletLookup {
    /// Returns whether the link names known outlets only.
    fn knows_all(&self, link: &LinkInput) -> bool {
        let known = |credit: &CreditInput| {
            let id = credit.outlet.as_ref().and_then(|outlet| outlet.id);
            id.is_some_and(|id| self.known.contains(&id))
        };
        link.credits.as_ref().is_some_and(|credits| credits.iter().all(known))
    }
}

/// The resolution of the outlets of an article's links.
struct Resolver<'a> {
    conn: &'a mut AsyncPgConnection,
    lookup: &'a OutletLookup,
    directory: Directory,
    /// The JSON pointers and names that match no outlet.
    unknown: Vec<(String, String)>,
}

impl Resolver<'_> {
    async fn credits(&mut self, at: &str, link: &LinkInput) -> Result<Vec<NewCredit>> {
        let normalised = link.url.as_deref().and_then(citation_key::normalise);
        let host = normalised.and_then(|url| self.directory.at_host(&url.domain));
        let Some(list) = &link.credits else {
            let text = link.credit.as_deref().unwrap_or_default();
            return self.parsed(&format!("{at}/credit"), text, host).await;
        };
        let mut credits = Vec::with_capacity(list.len());
        for (n, credit) in list.iter().enumerate() {
            let at = format!("{at}/credits/{n}/outlet");
            let outlet = match &credit.outlet {
                Some(outlet) => self.outlet(at, outlet).await?.or(host),
                None => host,
            };
            let bylines = credit.bylines.iter().map(|name| name.0.clone()).collect();
            credits.push(NewCredit { outlet, bylines });
        }
        Ok(credits)
    }

    /// Returns the outlet by id, slug or name: the first that matches.
    async fn outlet(&mut self, at: String, given: &OutletName) -> Result<Option<i64>> {
        let known = |id: &i64| self.lookup.known.contains(id) || self.directory.has(*id);
        let slugged = |slug: &str| self.directory.slugged(slug);
        let found = given.id.filter(known).or_else(|| given.slug.as_deref().and_then(slugged));
        if found.is_some() {
            return Ok(found);
        }
        if let Some(name) = given.name.as_deref() {
            return self.named(at, name).await;
        }
        let id = given.id.map(|id| id.to_string());
        if let Some(written) = given.slug.clone().or(id) {
            self.unknown.push((at, written));
        }
        Ok(None)
    }

    async fn named(&mut self, at: String, name: &str) -> Result<Option<i64>> {
        let found = self.directory.named(name);
        if found.is_some() {
            return Ok(found);
        }
        if !self.lookup.may_create || fold_outlet_name(name).is_empty() {
            self.unknown.push((at, name.to_owned()));
            return Ok(None);
        }
        let (id, _) = self.directory.named_or_new(self.conn, name, self.lookup.now).await?;
        Ok(Some(id))
    }

    /// Parses a credit line.
    async fn parsed(&mut self, at: &str, line: &str, host: Option<i64>) -> Result<Vec<NewCredit>> {
        let (found, _) = parse_credit(line, &self.directory);
        let mut credits = Vec::new();
        for credit in found {
            let outlet = match credit.outlet {
                None => host,
                Some(name) => match self.directory.named(&name).or(host) {
                    None if cannot_be_name(&name) => continue,
                    None => self.named(at.to_owned(), &name).await?,
                    known => known,
                },
            };
            credits.push(NewCredit { outlet, bylines: credit.bylines });
        }
        if credits.is_empty() && host.is_some() {
            credits.push(NewCredit { outlet: host, bylines: Vec::new() });
        }
        Ok(credits)
    }

    async fn finish(self) -> Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let names = outlet_aliases::table.select(outlet_aliases::name);
        let names: Vec<String> = names.load(self.conn).await?;
        let error = |(at, written): (String, String)| {
            let message = if fold_outlet_name(&written).is_empty() {
                format!("`{written}` needs a letter or a digit")
            } else {
                format!("there is no outlet `{written}`, and the key may not create one")
            };
            let field = FieldError::field(at, "unknown_outlet", message);
            field.suggest(&written, names.iter().map(String::as_str))
        };
        Err(Error::fields(Code::Invalid, self.unknown.into_iter().map(error).collect()))
    }
}

/// Returns whether a credit cannot be the name of an outlet.
fn cannot_be_name(name: &str) -> bool {
    fold_outlet_name(name).is_empty() || name.chars().count() > MAX_NAME_CHARS
}
