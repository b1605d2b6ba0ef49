//! Converts a pasted roundup to the input for an article.

use crate::comments::store::{self as comments, PastedComment};
use crate::editor::input::{ArticleInput, CommentaryInput};
use crate::editor::model::AdminArticle;
use crate::editor::prepare::Editor;
use crate::editor::update;
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::{TextBody, TextKind, validated};
use crate::links::{Byline, CreditInput, LinkInput, OutletName, TextFormat, TextInput};
use crate::outlets::{Directory, Lookups, OutletRef};
use crate::schema::outlets;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use roundup_reader::{Level, Note, Outlets as _, Reply, Roundup, Source};
use roundup_reader::{parse_html, parse_markdown, parse_text};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

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

/// What was uncertain or not understood in a pasted roundup.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PasteReport {
    /// Every source with the line that it was read from.
    #[schema(max_items = 500)]
    pub credits: Vec<ParsedCredit>,
    /// The lines whose meaning was guessed.
    #[schema(max_items = 100_000)]
    pub uncertain: Vec<Note>,
    /// The lines that were not understood and are kept in the commentary.
    #[schema(max_items = 100_000)]
    pub unread: Vec<Note>,
}

/// How the credit of a source was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParsedCredit {
    /// The position of the link in the article, from 0.
    #[schema(minimum = 0, maximum = 100_000)]
    pub link: usize,
    /// The line number, from 1.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub line: usize,
    /// The line as written.
    #[schema(max_length = 200_000)]
    pub raw: String,
    /// The credit in that line.
    #[schema(max_length = 200_000)]
    pub credit: Option<String>,
    /// How certain the reading is.
    pub confidence: Level,
}

impl PasteResult {
    /// Returns a result with every field present.
    pub fn sample() -> Self {
        let raw = "Bridge opens -- Harbour Gazette".to_owned();
        let note = |reason: &str| Note { line: 1, raw: raw.clone(), reason: reason.to_owned() };
        let credit = Some("Harbour Gazette".to_owned());
        let read =
            ParsedCredit { link: 0, line: 1, raw: raw.clone(), credit, confidence: Level::Low };
        Self {
            article: PastedArticle(ArticleInput::of(&AdminArticle::sample())),
            comments: vec![Reply {
                text: "I will miss it.".into(),
                uncertain: false,
                line: 9,
                author: Some("James".into()),
                created_at: Some("2014-12-04T19:14:00".into()),
            }],
            report: PasteReport {
                credits: vec![read],
                uncertain: vec![note("neither an outlet nor a URL was found")],
                unread: vec![note("a heading without sources under it")],
            },
        }
    }
}

/// Reads a pasted roundup.
///
/// # Errors
/// 422 when it has more than an article can have, such as 501 sources.
pub(super) async fn read(conn: &AsyncPgConnection, body: &TextBody) -> Result<PasteResult> {
    let text = body.text.as_str();
    let (directory, roundup) = Directory::load_for(conn, Lookups::default(), |asked| {
        let roundup = match body.kind {
            TextKind::Plain => parse_text(text, asked),
            TextKind::Markdown => parse_markdown(text, asked),
            TextKind::Html => parse_html(text, asked),
        };
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
    .await?;
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

/// Stores a pasted roundup as a draft, with its readers' comments.
///
/// # Errors
/// 422 when it cannot be stored as an article.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    body: &TextBody,
) -> Result<AdminArticle> {
    let parsed = read(conn, body).await?;
    if parsed.article.0.headline.is_empty() {
        let message = "no headline was found: the first line must be `TITLE -- OUTLET`";
        let error = FieldError::field("/headline", "required", message);
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    let article = update::create(conn, editor, parsed.article.0).await?;
    let pasted = |reply: Reply| PastedComment { text: reply.text, uncertain: reply.uncertain };
    let replies: Vec<PastedComment> = parsed.comments.into_iter().map(pasted).collect();
    if replies.is_empty() {
        return Ok(article);
    }
    comments::add_roots(conn, article.id(), &replies, editor.now).await?;
    crate::editor::query::find(conn, article.id()).await
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
    let read = |(link, source): (usize, &Source)| ParsedCredit {
        link,
        line: source.line,
        raw: source.raw.clone(),
        credit: source.credit.clone(),
        confidence: source.confidence.level(),
    };
    let report = PasteReport {
        credits: roundup.links.iter().enumerate().map(read).collect(),
        uncertain: roundup.report.uncertain,
        unread: roundup.report.unread,
    };
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
