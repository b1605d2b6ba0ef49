//! Converts a pasted roundup to the input for an article.

use crate::comments::store::{self as comments, PastedComment};
use crate::editor::input::{ArticleInput, CommentaryInput};
use crate::editor::model::{AdminArticle, WrittenArticle};
use crate::editor::prepare::Editor;
use crate::editor::report::PasteReport;
use crate::editor::{query, update};
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::{TextBody, TextKind, validated};
use crate::links::{
    self, Byline, CreditInput, LinkInput, LinkRole, OutletName, TextFormat, TextInput,
};
use crate::outlets::{Directory, Lookups, OutletRef};
use crate::schema::outlets;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use roundup_reader::{Html, Note, Outlets, Reply, Roundup, Source};
use roundup_reader::{parse_html_with, parse_markdown_with, parse_text_with};
use safe_html::names::fold_name;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// A pasted roundup, for the OpenAPI schema only.
#[derive(Debug, Clone, ToSchema)]
#[schema(max_length = 4_194_304, example = "Bridge opens -- Harbour Gazette")]
pub struct PastedText(#[expect(dead_code, reason = "only the document reads it")] String);

/// The result of reading a pasted roundup.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PasteResult {
    /// The article, as the body of `POST /api/v1/admin/articles`.
    pub article: PastedArticle,
    /// The readers' comments in the text, oldest first.
    #[schema(max_items = 10_000)]
    pub comments: Vec<Reply>,
    /// What was uncertain or not understood.
    pub report: PasteReport,
}

/// The input for an article; its headline is empty if none was found.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct PastedArticle(ArticleInput);

impl PartialSchema for PastedArticle {
    fn schema() -> RefOr<Schema> {
        let mut schema = ArticleInput::schema();
        if let RefOr::T(Schema::Object(article)) = &mut schema
            && let Some(RefOr::T(Schema::Object(headline))) = article.properties.get_mut("headline")
        {
            headline.min_length = None;
        }
        schema
    }
}

impl ToSchema for PastedArticle {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ArticleInput::schemas(schemas);
    }
}

/// The headline of a pasted roundup.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HeadlineQuery {
    /// The headline of a pasted text, which then need not have one.
    #[param(min_length = 1, max_length = 300)]
    pub(super) headline: Option<String>,
}

/// How a pasted roundup is read and stored.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PasteQuery {
    /// The headline of a pasted text, which then need not have one.
    #[param(min_length = 1, max_length = 300)]
    headline: Option<String>,
    /// `prose`: a pasted text in which no source is found is accepted; otherwise that is 422.
    #[param(inline)]
    accept: Option<Accept>,
}

/// A kind of text to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Accept {
    /// A text without sources.
    Prose,
}

impl PasteQuery {
    /// Rejects parameters for a body that is not a text.
    pub(super) fn check_json(&self) -> Result<()> {
        let given = [("headline", self.headline.is_some()), ("accept", self.accept.is_some())];
        match given.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("`{name}` is for text bodies, this one is JSON");
                Err(Error::parameter(name, Code::BadParameter, message))
            }
        }
    }
}

impl PasteResult {
    /// Returns a result with every field present.
    pub fn sample() -> Self {
        Self {
            article: PastedArticle(ArticleInput::of(&AdminArticle::sample())),
            comments: vec![Reply {
                text: "I will miss it.".into(),
                uncertain: false,
                line: 9,
                author: Some("James".into()),
                created_at: Some("2014-12-04T19:14:00".into()),
            }],
            report: PasteReport::sample(),
        }
    }
}

/// The size from which all outlets are loaded at once, because a text is read again with the outlets that it
/// asked for.
const LARGE_TEXT_BYTES: usize = 50_000;

/// Reads a pasted roundup.
///
/// # Errors
/// 422 when it has more than an article can have, such as 501 sources.
pub(super) async fn read(
    conn: &AsyncPgConnection,
    body: &TextBody,
    headline: Option<&str>,
) -> Result<PasteResult> {
    let (directory, roundup) = if body.text.len() > LARGE_TEXT_BYTES {
        let directory = Directory::load(conn).await?;
        let roundup = parse_with_headline(body, headline, &directory);
        (directory, roundup)
    } else {
        Directory::load_for(conn, Lookups::default(), |asked| {
            let roundup = parse_with_headline(body, headline, asked);
            // What is needed beyond what the reader asked for.
            for source in &roundup.links {
                if let Some(url) = source.url.as_deref().and_then(citation_key::normalise) {
                    asked.at_host(&url.domain);
                }
                for name in source.credits.iter().filter_map(|credit| credit.outlet.as_deref()) {
                    asked.knows(name);
                }
            }
            roundup
        })
        .await?
    };
    let names = names(conn, &roundup, &directory).await?;
    let parsed = parsed(roundup, &directory, &names);
    let mut article = parsed.article.0.clone();
    if article.headline.is_empty() {
        // The headline is left to the editor; an article needs one to be valid.
        "-".clone_into(&mut article.headline);
    }
    validated(&article)?;
    Ok(parsed)
}

/// Parses a text under the given headline, or its own.
fn parse_with_headline(body: &TextBody, headline: Option<&str>, outlets: &dyn Outlets) -> Roundup {
    let own = parse(body, outlets, false);
    let Some(headline) = headline else { return own };
    // A text that begins with the same headline does not keep it twice.
    let is_own = own.headline.as_deref().is_some_and(|own| fold_name(own) == fold_name(headline));
    let mut roundup = if is_own { own } else { parse(body, outlets, true) };
    roundup.headline = Some(headline.to_owned());
    roundup
}

fn parse(body: &TextBody, outlets: &dyn Outlets, has_separate_title: bool) -> Roundup {
    match body.kind {
        TextKind::Plain => parse_text_with(&body.text, outlets, has_separate_title),
        TextKind::Markdown => parse_markdown_with(&body.text, outlets, has_separate_title),
        TextKind::Html => {
            parse_html_with(&body.text, outlets, Html { loose: false, has_separate_title })
        }
    }
}

/// Reads a pasted roundup that is to be stored.
///
/// # Errors
/// 422 when it has no headline, or no source unless prose is accepted.
pub(super) async fn read_article(
    conn: &AsyncPgConnection,
    body: &TextBody,
    query: &PasteQuery,
) -> Result<PasteResult> {
    let parsed = read(conn, body, query.headline.as_deref()).await?;
    let article = &parsed.article.0;
    if article.headline.is_empty() {
        let message = "no headline was found: write it on the first line, or send `?headline=`";
        let error = FieldError::field("/headline", "required", message);
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    let has_sources = article.links.iter().any(|link| link.role != LinkRole::Inline);
    if !has_sources && query.accept.is_none() {
        let detail = "no source was found in the text: write `TITLE -- OUTLET`, a line for each \
                      source, or send `?accept=prose` for a text without sources";
        return Err(Error::new(Code::NoSources, detail));
    }
    Ok(parsed)
}

/// Stores a pasted roundup as a draft, with its readers' comments.
///
/// # Errors
/// 422 when it cannot be stored as an article.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    parsed: PasteResult,
) -> Result<WrittenArticle> {
    let article = update::create(conn, editor, parsed.article.0).await?;
    let report = Some(parsed.report);
    let pasted = |reply: Reply| PastedComment {
        text: reply.text,
        author: reply.author,
        uncertain: reply.uncertain,
    };
    let replies: Vec<PastedComment> = parsed.comments.into_iter().map(pasted).collect();
    if replies.is_empty() {
        return Ok(WrittenArticle { article, report });
    }
    comments::add_roots(conn, article.id(), &replies, editor.now).await?;
    let article = query::find(conn, article.id()).await?;
    Ok(WrittenArticle { article, report })
}

/// Replaces an article by a text that is pasted again. What a text cannot say stays: the status, the tags,
/// the author, the corrections. A source with the same URL or title keeps its id, its URL if the text has
/// none, and the credits that an editor wrote by hand.
///
/// # Errors
/// 422 when it cannot be stored as an article.
pub(super) async fn replace(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
    mut parsed: PasteResult,
) -> Result<WrittenArticle> {
    let by_hand = links::credited_by_hand(conn, current.id()).await?;
    let read = parsed.article.0;
    let stored = ArticleInput::of(current);
    let links = keep_stored(read.links, &stored.links, &by_hand);
    let input = ArticleInput {
        headline: read.headline,
        dek: read.dek,
        quote: read.quote,
        commentary: read.commentary,
        links_heading: read.links_heading,
        links,
        ..stored
    };
    if let [first, ..] = parsed.comments.as_slice() {
        let reason = "readers' comments are stored when the article is created, not again";
        let note = Note { line: first.line, raw: first.text.clone(), reason: reason.to_owned() };
        parsed.report.unread.push(note);
    }
    let article = update::change(conn, editor, current, input, "article.update").await?;
    Ok(WrittenArticle { article, report: Some(parsed.report) })
}

/// Matches the sources of a text with stored ones, by URL, otherwise by title, and keeps what the text does
/// not know better.
fn keep_stored(
    read: Vec<LinkInput>,
    stored: &[LinkInput],
    by_hand: &HashSet<i64>,
) -> Vec<LinkInput> {
    let key = |link: &LinkInput| Some(citation_key::normalise(link.url.as_deref()?)?.key);
    let mut free: Vec<(Option<String>, String, &LinkInput)> =
        stored.iter().map(|link| (key(link), fold_name(&link.title), link)).collect();
    let mut matches: Vec<Option<&LinkInput>> = vec![None; read.len()];
    for by_url in [true, false] {
        for (link, found) in read.iter().zip(&mut matches).filter(|(_, found)| found.is_none()) {
            let (url, title) = (key(link), fold_name(&link.title));
            let position = free.iter().position(|(stored_url, stored_title, _)| {
                if by_url { url.is_some() && *stored_url == url } else { *stored_title == title }
            });
            *found = position.map(|at| free.remove(at).2);
        }
    }
    let merged = |(mut link, stored): (LinkInput, Option<&LinkInput>)| {
        let Some(stored) = stored else { return link };
        link.id = stored.id;
        link.url = link.url.or_else(|| stored.url.clone());
        if stored.id.is_some_and(|id| by_hand.contains(&id)) {
            link.title.clone_from(&stored.title);
            link.credit.clone_from(&stored.credit);
            link.credits.clone_from(&stored.credits);
            link.uncertain = stored.uncertain;
        }
        link
    };
    read.into_iter().zip(matches).map(merged).collect()
}

/// Returns the known outlets that a roundup credits, by id.
async fn names(
    conn: &AsyncPgConnection,
    roundup: &Roundup,
    directory: &Directory,
) -> Result<HashMap<i64, OutletRef>> {
    let mut ids: Vec<i64> = Vec::new();
    for source in &roundup.links {
        ids.extend(host_of(source, directory));
        let named = source.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        ids.extend(named.filter_map(|name| directory.named(name)));
    }
    let query = outlets::table.filter(outlets::id.eq_any(ids)).select(OutletRef::as_select());
    let found: Vec<OutletRef> = query.load(&mut &*conn).await?;
    Ok(found.into_iter().map(|outlet| (outlet.id, outlet)).collect())
}

fn host_of(source: &Source, directory: &Directory) -> Option<i64> {
    let normalised = source.url.as_deref().and_then(citation_key::normalise)?;
    directory.at_host(&normalised.domain)
}

/// Converts a parsed roundup to the input for an article, with its comments and report.
fn parsed(roundup: Roundup, directory: &Directory, names: &HashMap<i64, OutletRef>) -> PasteResult {
    let markdown = |text: String| TextInput { text, format: TextFormat::Markdown };
    let report = PasteReport::of(&roundup);
    let links = roundup.links.into_iter().map(|source| {
        let credits = credits(&source, directory, names);
        link(source, credits)
    });
    let article = ArticleInput {
        headline: roundup.headline.unwrap_or_default(),
        dek: roundup.dek,
        quote: roundup.quote.map(markdown),
        commentary: roundup.commentary.map(|commentary| CommentaryInput {
            label: commentary.label,
            text: commentary.text,
            format: TextFormat::Markdown,
        }),
        links_heading: roundup.links_heading,
        links: links.collect(),
        ..ArticleInput::empty()
    };
    PasteResult { article: PastedArticle(article), comments: roundup.comments, report }
}

fn link(source: Source, credits: Vec<CreditInput>) -> LinkInput {
    LinkInput {
        id: None,
        role: source.role.into(),
        title: source.title,
        url: source.url,
        credit: source.credit,
        credits: Some(credits),
        section: source.section,
        quote: source.quote.map(|text| TextInput { text, format: TextFormat::Markdown }),
        uncertain: !source.confidence.is_certain(),
    }
}

/// Returns the credits of a source: known outlets by id, others by name.
fn credits(
    source: &Source,
    directory: &Directory,
    names: &HashMap<i64, OutletRef>,
) -> Vec<CreditInput> {
    let known = |id: i64| {
        let OutletRef { id, slug, name } = names.get(&id)?.clone();
        Some(OutletName { id: Some(id), slug: Some(slug), name: Some(name) })
    };
    let host = host_of(source, directory).and_then(known);
    let credit = |credit: &roundup_reader::Credit| {
        let outlet = |name: &String| {
            let new = || OutletName { name: Some(name.clone()), ..OutletName::default() };
            directory.named(name).and_then(known).unwrap_or_else(new)
        };
        let outlet = credit.outlet.as_ref().map(outlet).or_else(|| host.clone());
        CreditInput { outlet, bylines: credit.bylines.iter().cloned().map(Byline).collect() }
    };
    let mut credits: Vec<CreditInput> = source.credits.iter().map(credit).collect();
    if credits.is_empty() && host.is_some() {
        credits.push(CreditInput { outlet: host, bylines: Vec::new() });
    }
    credits
}
