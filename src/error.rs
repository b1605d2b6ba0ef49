//! Errors and how clients see them: problem details (RFC 9457) with a closed list of codes.
//!
//! Status codes other than 200, 201, 202 and 204 are set only here. What a client may read (`detail`,
//! `errors`) and what only the log may contain (`cause`) are separate fields.

use crate::db::{DbErrorKind, PoolError};
use actix_web::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// The result of most functions of the service.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Defines the codes, one row each: name, status, title and meaning.
macro_rules! codes {
    ($($name:ident = $text:literal $status:literal $title:literal $meaning:literal;)*) => {
        /// The code of a problem. Codes are added, never removed.
        // `rename_all`, since the derive of the schema does not see a `rename` that comes from a macro.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// Returns the code as in `code` and at the end of `type`.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// Returns the HTTP status.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            /// Returns the title, which is the same at every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)* } }
            /// Returns what the code means and what to do.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$name => $meaning,)* } }
        }
    };
}

codes! {
    MalformedRequest = "malformed_request" 400 "Malformed request" "The request could not be parsed: invalid JSON, an invalid escape in the URL, an invalid header.";
    UnknownParameter = "unknown_parameter" 400 "Unknown parameter" "The operation has no query parameter of this name. `did_you_mean` is the nearest name.";
    RepeatedParameter = "repeated_parameter" 400 "Repeated parameter" "A query parameter was sent more than once.";
    BadParameter = "bad_parameter" 400 "Bad parameter" "A query parameter has an invalid value.";
    LimitOutOfRange = "limit_out_of_range" 400 "Limit out of range" "`limit` is outside its bounds.";
    BadCursor = "bad_cursor" 400 "Bad cursor" "The cursor is not one of this service, or is truncated.";
    CursorMismatch = "cursor_mismatch" 400 "Cursor of another list" "The cursor belongs to another list, another sort order or other filters.";
    Unauthenticated = "unauthenticated" 401 "Unauthenticated" "The operation needs a key, and the request has none or an invalid one.";
    MissingScope = "missing_scope" 403 "Missing scope" "The key is valid but lacks the scope that the operation needs.";
    EditTokenRefused = "edit_token_refused" 403 "Edit token refused" "`Roundup-Edit-Token` is missing, belongs to another comment, or is older than 15 minutes.";
    NotFound = "not_found" 404 "Not found" "Nothing exists at this URL, or it is not public.";
    MethodNotAllowed = "method_not_allowed" 405 "Method not allowed" "The URL does not support this method. `Allow` lists those it supports.";
    NotAcceptable = "not_acceptable" 406 "Not acceptable" "There is no representation that `Accept` and `Accept-Encoding` allow.";
    RequestTimeout = "request_timeout" 408 "Request timeout" "The request did not arrive in time.";
    Conflict = "conflict" 409 "Conflict" "The request conflicts with what is stored.";
    SlugTaken = "slug_taken" 409 "Slug taken" "Another object has, or had, this slug.";
    NameTaken = "name_taken" 409 "Name taken" "Another outlet has this name or host, or another tag this name.";
    DuplicateLink = "duplicate_link" 409 "Duplicate link" "The article cites this URL already. `?allow_duplicates=true` permits it.";
    InUse = "in_use" 409 "In use" "The object is still in use: merge it into another one, or change what uses it.";
    InTrash = "in_trash" 409 "In the trash" "The article is in the trash: restore it first.";
    CommentsClosed = "comments_closed" 409 "Comments closed" "The article accepts no more comments.";
    IdempotencyKeyInUse = "idempotency_key_in_use" 409 "Idempotency key in use" "The first request with this `Idempotency-Key` is still running.";
    CursorExpired = "cursor_expired" 410 "Cursor expired" "Changes after this cursor are no longer kept: read the lists again, and continue from a new cursor.";
    Gone = "gone" 410 "Gone" "The object was deleted permanently.";
    VersionMismatch = "version_mismatch" 412 "Version mismatch" "The object was changed since you read it: read it again and repeat your change.";
    TooLarge = "too_large" 413 "Body too large" "The request body is too large.";
    UriTooLong = "uri_too_long" 414 "URI too long" "The request URI is too long.";
    UnsupportedMediaType = "unsupported_media_type" 415 "Unsupported media type" "The operation does not accept the `Content-Type` or `Content-Encoding` of the body.";
    Invalid = "invalid" 422 "Invalid fields" "Fields of the body are invalid; `errors` lists each with a JSON pointer.";
    CommentRefused = "comment_refused" 422 "Comment refused" "A rule of the site rejects this comment; `errors` names the kind of rule. Nothing was stored.";
    NoSources = "no_sources" 422 "No sources" "No source was found in the pasted text. `?accept=prose` permits a text without sources.";
    IdempotencyKeyReused = "idempotency_key_reused" 422 "Idempotency key reused" "This `Idempotency-Key` was used for another request.";
    PreconditionRequired = "precondition_required" 428 "Precondition required" "An update needs `If-Match` with the `ETag` of the version to replace.";
    RateLimited = "rate_limited" 429 "Too many requests" "The rate limit is exceeded; `RateLimit` and `Retry-After` say when to try again.";
    HeadersTooLarge = "headers_too_large" 431 "Headers too large" "The header fields of the request are too large.";
    Internal = "internal" 500 "Internal error" "A defect of the service. The log has the cause with the request id.";
    Unavailable = "unavailable" 503 "Service unavailable" "The database is unavailable or busy. Try again after `Retry-After` seconds.";
    Deadline = "deadline" 504 "Deadline exceeded" "The response took too long.";
}

/// One error in a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// The JSON Pointer (RFC 6901) of the field in the body; null for a parameter.
    #[schema(max_length = 300)]
    pub pointer: Option<String>,
    /// The name of the query parameter or header; null for a field of the body.
    #[schema(max_length = 300)]
    pub parameter: Option<String>,
    /// The kind of error, for programs.
    #[schema(max_length = 60, example = "unknown_parameter")]
    pub code: Cow<'static, str>,
    /// The error as a sentence for people.
    #[schema(max_length = 1000)]
    pub message: String,
    /// The nearest valid name or value.
    #[schema(max_length = 300)]
    pub did_you_mean: Option<String>,
}

impl FieldError {
    /// Creates an error of a query parameter or header.
    pub fn parameter(name: &str, code: Code, message: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: code.as_str().into(),
            message: message.into(),
            did_you_mean: None,
        }
    }

    /// Creates an error of the body field at `pointer`.
    pub fn field(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code: code.into(),
            message: message.into(),
            did_you_mean: None,
        }
    }

    /// Returns the error within the lengths of its schema: it may quote what a client sent.
    fn shortened(&self) -> Self {
        let part = |text: &Option<String>| text.as_deref().map(|text| shortened(text, 300).into());
        Self {
            pointer: part(&self.pointer),
            parameter: part(&self.parameter),
            code: self.code.clone(),
            message: shortened(&self.message, 1000).into(),
            did_you_mean: self.did_you_mean.clone(),
        }
    }

    /// Sets `did_you_mean` to the name in `known` that is nearest to `written`, if one is near.
    #[must_use]
    pub fn suggest<'a>(mut self, written: &str, known: impl Iterator<Item = &'a str>) -> Self {
        self.did_you_mean = known
            .map(|name| (strsim::damerau_levenshtein(written, name), name))
            .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
            .min()
            .map(|(_, name)| name.to_owned());
        self
    }
}

/// Returns at most `max` characters of a text, with an ellipsis at the end if it was longer.
fn shortened(text: &str, max: usize) -> Cow<'static, str> {
    if text.chars().nth(max).is_none() {
        return text.to_owned().into();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect::<String>().into()
}

/// Problem details (RFC 9457): the body of every error response.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The URL of the problem's description, relative to the service.
    #[serde(rename = "type")]
    #[schema(format = UriReference, max_length = 100, example = "/problems/bad_parameter")]
    pub kind: String,
    /// The title of the code: the same at every occurrence.
    #[schema(max_length = 100, example = "Bad parameter")]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// The code of the problem.
    pub code: Code,
    /// What went wrong in this request.
    #[schema(max_length = 2000, example = "`sort` cannot be `newest`")]
    pub detail: Cow<'static, str>,
    /// The id of the request, as in `X-Request-Id` and in the log.
    #[schema(max_length = 128, example = "0c5f8f3a9d2b4e61")]
    pub request_id: String,
    /// All errors in the request.
    #[schema(max_items = 500)]
    pub errors: Vec<FieldError>,
    /// The current version; only with 412.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 2_147_483_647)]
    pub current_version: Option<i32>,
}

/// An error of a request.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    current_version: Option<i32>,
    cause: Option<anyhow::Error>,
}

impl Error {
    /// Creates an error; `detail` is sent to the client.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            current_version: None,
            cause: None,
        }))
    }

    /// Creates the 404 error for a kind of object.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }

    /// Creates the 410 error for an article that was deleted permanently.
    pub fn purged() -> Self {
        Self::new(Code::Gone, "the article was deleted permanently")
    }

    /// Creates an error from errors of parameters or fields; the first one is the detail.
    pub fn fields(code: Code, errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(String::new, |e| e.message.clone());
        let mut error = Self::new(code, detail);
        error.0.errors = errors;
        error
    }

    /// Creates the 412 error for a client that read an older version; `changed` lists the fields that
    /// differ.
    pub fn version_mismatch(current: i32, changed: Vec<FieldError>) -> Self {
        let detail = format!("it was changed since you read it: the current version is {current}");
        let mut error = Self::new(Code::VersionMismatch, detail);
        error.0.errors = changed;
        error.0.current_version = Some(current);
        error
    }

    /// Rewrites the JSON pointers of the errors; keeps those for which `rewrite` returns `None`.
    #[must_use]
    pub fn with_pointers(mut self, rewrite: impl Fn(&str) -> Option<String>) -> Self {
        for error in &mut self.0.errors {
            let rewritten = error.pointer.as_deref().and_then(&rewrite);
            error.pointer = rewritten.or_else(|| error.pointer.take());
        }
        self
    }

    /// Creates an error of one query parameter or header.
    pub fn parameter(name: &str, code: Code, message: impl Into<String>) -> Self {
        Self::fields(code, vec![FieldError::parameter(name, code, message)])
    }

    /// Creates the error for a defect of the service. The cause goes to the log, never to the client.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal, "internal error; the log has the cause").caused_by(cause)
    }

    /// Creates the 503 error for a database that does not respond.
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Unavailable, "the database does not respond; try again")
            .caused_by(cause)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// Sets the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Returns the errors of parameters and fields.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Returns the cause, for the log.
    pub fn cause(&self) -> Option<&anyhow::Error> {
        self.0.cause.as_ref()
    }

    /// Creates the error for an error response that actix made.
    pub fn from_status(status: StatusCode, headers: &HeaderMap) -> Self {
        let code = Code::ALL
            .iter()
            .copied()
            .filter(|code| code.status() == status)
            .find(|code| !matches!(code, Code::UnknownParameter | Code::RepeatedParameter))
            .unwrap_or(if status.is_client_error() {
                Code::MalformedRequest
            } else {
                Code::Internal
            });
        let detail: Cow<'static, str> = match (code, headers.get(ALLOW)) {
            (Code::MethodNotAllowed, Some(allow)) => {
                format!("this URL supports {}", allow.to_str().unwrap_or_default()).into()
            }
            (Code::NotFound, _) => "nothing exists at this URL".into(),
            _ => code.meaning().into(),
        };
        Self::new(code, detail)
    }

    /// Returns the body of the response to the request with this id.
    pub fn problem(&self, request_id: &str) -> Problem {
        let Inner { code, detail, errors, .. } = &*self.0;
        Problem {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().into(),
            status: code.status().as_u16(),
            code: *code,
            detail: shortened(detail, 2000),
            request_id: request_id.to_owned(),
            errors: errors.iter().take(500).map(FieldError::shortened).collect(),
            current_version: self.0.current_version,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        self.cause().map_or(Ok(()), |cause| write!(f, ": {cause:#}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    /// Returns the response without a body: [`crate::middleware::RequestPipeline`] finds the error in it
    /// and writes the body, since only there the request id is known.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.finish()
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        match DbErrorKind::of(&error) {
            DbErrorKind::Unavailable
            | DbErrorKind::ReadOnly
            | DbErrorKind::SerializationFailure => Self::unavailable(error),
            DbErrorKind::Timeout => {
                Self::new(Code::Deadline, "the database took too long; try again").caused_by(error)
            }
            DbErrorKind::InvalidData => {
                Self::new(Code::Invalid, "the database cannot store this text").caused_by(error)
            }
            _ => Self::internal(error),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Self::unavailable(error)
    }
}
