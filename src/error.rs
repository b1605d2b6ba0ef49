//! What can go wrong, and how it is told: RFC 9457 problem details with a closed list of codes.
//!
//! This is the only file that knows status codes, besides 201, 202 and 204 in handlers. What a
//! client may read (`detail`, `errors`) and what only the log may see (`cause`) are kept apart.

use crate::db::{DbFault, PoolError};
use actix_web::http::header::{ALLOW, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// What most functions here return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One row a code: its name on the wire, its status, its title and what it means.
macro_rules! codes {
    ($($name:ident = $text:literal $status:literal $title:literal $meaning:literal;)*) => {
        /// The kind of a problem. The list only grows.
        // Renamed by rule, not one by one: the derive of the schema does not see names that a macro
        // puts in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// The code as it stands in `code` and at the end of `type`.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// The HTTP status that goes with it.
            pub fn status(self) -> StatusCode {
                let number: u16 = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            /// A short title that is the same for every occurrence.
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title,)* } }
            /// What it means and what to do about it.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$name => $meaning,)* } }
        }
    };
}

codes! {
    MalformedRequest = "malformed_request" 400 "Malformed request" "The request could not be read: broken JSON, a bad escape in the address, a bad header.";
    UnknownParameter = "unknown_parameter" 400 "Unknown parameter" "A query parameter that this address does not take. `did_you_mean` names the nearest.";
    RepeatedParameter = "repeated_parameter" 400 "Repeated parameter" "A query parameter that takes one value was given more than once.";
    BadParameter = "bad_parameter" 400 "Bad parameter" "A query parameter has a value that it cannot take.";
    LimitOutOfRange = "limit_out_of_range" 400 "Limit out of range" "`limit` is outside its bounds. It is never cut silently.";
    BadCursor = "bad_cursor" 400 "Bad cursor" "The cursor was not made by this service, or was cut on the way.";
    CursorMismatch = "cursor_mismatch" 400 "Cursor of another list" "The cursor belongs to another list, another sort order or other filters.";
    Unauthenticated = "unauthenticated" 401 "Unauthenticated" "The address needs a key, and none or no good one was given.";
    MissingScope = "missing_scope" 403 "Missing scope" "The key is good, but does not hold the scope that this address needs.";
    EditTokenRefused = "edit_token_refused" 403 "Edit token refused" "`Roundup-Edit-Token` is missing, is not this comment's, or its 15 minutes are over.";
    NotFound = "not_found" 404 "Not found" "Nothing is at this address, or it is not public.";
    MethodNotAllowed = "method_not_allowed" 405 "Method not allowed" "The address exists, but not with this method. `Allow` lists those it takes.";
    NotAcceptable = "not_acceptable" 406 "Not acceptable" "There is no representation of the kind that `Accept` asks for.";
    RequestTimeout = "request_timeout" 408 "Request timeout" "The request did not arrive in time.";
    Conflict = "conflict" 409 "Conflict" "The request contradicts what is stored.";
    SlugTaken = "slug_taken" 409 "Slug taken" "Another object has, or had, this slug.";
    NameTaken = "name_taken" 409 "Name taken" "Another outlet goes by this name or has this host.";
    DuplicateLink = "duplicate_link" 409 "Duplicate link" "The article cites this address already. `?allow_duplicates=true` lets it stand twice.";
    InUse = "in_use" 409 "In use" "Something still refers to it: merge it into another, or change those first.";
    InTrash = "in_trash" 409 "In the trash" "The article is in the trash: restore it first.";
    CommentsClosed = "comments_closed" 409 "Comments closed" "The article takes no more comments.";
    IdempotencyKeyInUse = "idempotency_key_in_use" 409 "Idempotency key in use" "The first request with this `Idempotency-Key` is still running.";
    Gone = "gone" 410 "Gone" "It was here and was deleted for good.";
    VersionMismatch = "version_mismatch" 412 "Version mismatch" "Somebody changed it meanwhile: read it again and apply your change to what is there now.";
    TooLarge = "too_large" 413 "Body too large" "The body is larger than this address takes.";
    UriTooLong = "uri_too_long" 414 "Address too long" "The address of the request is longer than the service reads.";
    UnsupportedMediaType = "unsupported_media_type" 415 "Unsupported media type" "The body's `Content-Type` or `Content-Encoding` is not one that this address takes.";
    Invalid = "invalid" 422 "Invalid fields" "The body was read, but fields in it are wrong; `errors` lists each with a JSON pointer.";
    CommentRefused = "comment_refused" 422 "Comment refused" "A rule of the site refuses this comment; `errors` names its kind. Nothing was stored.";
    IdempotencyKeyReused = "idempotency_key_reused" 422 "Idempotency key reused" "This `Idempotency-Key` was used for another request.";
    PreconditionRequired = "precondition_required" 428 "Precondition required" "A change needs `If-Match` with the `ETag` of the version that it is meant for.";
    RateLimited = "rate_limited" 429 "Too many requests" "More requests than the limit allows; `RateLimit` and `Retry-After` say when it goes on.";
    HeadersTooLarge = "headers_too_large" 431 "Headers too large" "The request's header fields are larger than the service reads.";
    Internal = "internal" 500 "Internal error" "A defect of the service. The log has the cause under the request id.";
    Unavailable = "unavailable" 503 "Service unavailable" "The database is away or busy. Try again after `Retry-After` seconds.";
    Deadline = "deadline" 504 "Deadline exceeded" "The answer took longer than the service allows.";
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) to the field of the body; null when it is a parameter.
    #[schema(max_length = 300)]
    pub pointer: Option<String>,
    /// The query parameter or header; null when it is a field of the body.
    #[schema(max_length = 300)]
    pub parameter: Option<String>,
    /// A word for programs: what kind of mistake.
    #[schema(max_length = 60, example = "unknown_parameter")]
    pub code: Cow<'static, str>,
    /// A sentence for people.
    #[schema(max_length = 1000)]
    pub message: String,
    /// The nearest name or value that would have been right.
    #[schema(max_length = 300)]
    pub did_you_mean: Option<String>,
}

impl FieldError {
    /// A mistake in a query parameter.
    pub fn parameter(name: &str, code: Code, message: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: code.as_str().into(),
            message: message.into(),
            did_you_mean: None,
        }
    }

    /// A mistake in the field of a body that `pointer` names.
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

    /// The same within the lengths that the document promises: what a client sent may be quoted.
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

    /// Adds the name among `known` that is nearest to what was written, if one is near.
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

/// At most `most` characters of a text, the last a sign that there were more.
fn shortened(text: &str, most: usize) -> Cow<'static, str> {
    if text.chars().nth(most).is_none() {
        return text.to_owned().into();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect::<String>().into()
}

/// Problem details (RFC 9457): the body of every answer that is not a success.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The address of the problem's description, relative to the service.
    #[serde(rename = "type")]
    #[schema(format = UriReference, max_length = 100, example = "/problems/bad_parameter")]
    pub kind: String,
    /// The title of the code: the same at every occurrence.
    #[schema(max_length = 100, example = "Bad parameter")]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// The kind of the problem.
    pub code: Code,
    /// What happened this time.
    #[schema(max_length = 2000, example = "`sort` cannot be `newest`")]
    pub detail: Cow<'static, str>,
    /// The id of the request, as in `X-Request-Id` and in the log.
    #[schema(max_length = 128, example = "0c5f8f3a9d2b4e61")]
    pub request_id: String,
    /// Everything that is wrong with the request, all at once.
    #[schema(max_items = 500)]
    pub errors: Vec<FieldError>,
    /// With 412 only: the version that is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 2_147_483_647)]
    pub current_version: Option<i32>,
}

/// A failure on its way to the client.
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
    /// A failure of this kind; `detail` is sent to the client.
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

    /// Nothing public is there.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }

    /// The article was deleted for good.
    pub fn purged() -> Self {
        Self::new(Code::Gone, "the article was deleted for good")
    }

    /// Mistakes in parameters or fields: the first one gives the detail.
    pub fn fields(code: Code, errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(String::new, |e| e.message.clone());
        let mut error = Self::new(code, detail);
        error.0.errors = errors;
        error
    }

    /// The version that the client knows is not the one that is there; `changed` points to the
    /// fields that differ between the two.
    pub fn version_mismatch(current: i32, changed: Vec<FieldError>) -> Self {
        let detail = format!("it was changed meanwhile: version {current} is there now");
        let mut error = Self::new(Code::VersionMismatch, detail);
        error.0.errors = changed;
        error.0.current_version = Some(current);
        error
    }

    /// The same mistakes, pointed to from another place; where `turn` has none, the pointer stays.
    #[must_use]
    pub fn with_pointers(mut self, turn: impl Fn(&str) -> Option<String>) -> Self {
        for error in &mut self.0.errors {
            let turned = error.pointer.as_deref().and_then(&turn);
            error.pointer = turned.or_else(|| error.pointer.take());
        }
        self
    }

    /// One wrong query parameter.
    pub fn parameter(name: &str, code: Code, message: impl Into<String>) -> Self {
        Self::fields(code, vec![FieldError::parameter(name, code, message)])
    }

    /// A defect: the cause goes to the log, never to the client.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal, "the service made a mistake; the log has it").caused_by(cause)
    }

    /// The database cannot answer now: try again in a second.
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Unavailable, "the database does not answer; try again")
            .caused_by(cause)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// Says what only the log may see.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The kind of the failure.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What is wrong with the request, field by field.
    pub fn fields_wrong(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// What only the log may see.
    pub fn cause(&self) -> Option<&anyhow::Error> {
        self.0.cause.as_ref()
    }

    /// The problem of an answer that some layer gave without a body of ours.
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
                format!("this address takes {}", allow.to_str().unwrap_or_default()).into()
            }
            (Code::NotFound, _) => "nothing is at this address".into(),
            _ => code.meaning().into(),
        };
        Self::new(code, detail)
    }

    /// The body that tells it, for the request with this id.
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

    /// The head of the answer; [`crate::middleware::RequestPipeline`] finds the error in it and writes the body,
    /// for only there the request's id is known.
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
        match crate::db::classify(&error) {
            DbFault::Unavailable | DbFault::ReadOnly | DbFault::Serialization => {
                Self::unavailable(error)
            }
            DbFault::Timeout => {
                Self::new(Code::Deadline, "the database took too long; try again").caused_by(error)
            }
            DbFault::BadInput => {
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
