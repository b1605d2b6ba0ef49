//! Parts of the OpenAPI document that the features share: the error responses of operations, and the
//! normalization of schemas. The document itself is [`crate::openapi_document`].

pub(crate) mod schemas;
pub(crate) mod walk;

use crate::error::Code;
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

/// A short text, such as a name or host, for the OpenAPI schema only.
#[derive(Debug, ToSchema)]
#[schema(max_length = 300)]
pub struct ShortText(#[expect(dead_code, reason = "only its schema is used")] String);

/// The error responses of every public operation.
#[derive(Debug)]
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::NotFound,
            Code::NotAcceptable,
            Code::VersionMismatch,
            Code::RateLimited,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The error responses of the change feed.
#[derive(Debug)]
pub struct FeedProblems;

impl IntoResponses for FeedProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::CursorExpired]));
        all
    }
}

/// The error responses of the change feed for editors.
#[derive(Debug)]
pub struct AdminFeedProblems;

impl IntoResponses for AdminFeedProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = AdminReadProblems::responses();
        all.extend(problems(&[Code::CursorExpired]));
        all
    }
}

/// The error responses of a public operation on an article.
#[derive(Debug)]
pub struct ArticleProblems;

impl IntoResponses for ArticleProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::Gone]));
        all
    }
}

/// The error responses of a read that takes an edit token.
#[derive(Debug)]
pub struct TokenReadProblems;

impl IntoResponses for TokenReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::EditTokenRefused]));
        all
    }
}

/// The error responses when a reader withdraws a comment.
#[derive(Debug)]
pub struct WithdrawProblems;

impl IntoResponses for WithdrawProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = PostProblems::responses();
        all.remove(Code::RateLimited.status().as_str());
        all
    }
}

/// The error responses when a reader posts or edits.
#[derive(Debug)]
pub struct PostProblems;

impl IntoResponses for PostProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::EditTokenRefused,
            Code::NotFound,
            Code::NotAcceptable,
            Code::CommentsClosed,
            Code::Gone,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::Invalid,
            Code::RateLimited,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The error responses of a read that needs a key.
#[derive(Debug)]
pub struct AdminReadProblems;

impl IntoResponses for AdminReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.remove(Code::RateLimited.status().as_str());
        all.extend(problems(&[Code::Unauthenticated, Code::MissingScope]));
        all
    }
}

/// The error responses of a write that needs a key.
#[derive(Debug)]
pub struct AdminWriteProblems;

impl IntoResponses for AdminWriteProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::Unauthenticated,
            Code::MissingScope,
            Code::NotFound,
            Code::NotAcceptable,
            Code::Conflict,
            Code::Gone,
            Code::VersionMismatch,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::Invalid,
            Code::PreconditionRequired,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// Returns the error responses for these codes, by status.
fn problems(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let reference = RefOr::Ref(Ref::from_schema_name("Problem"));
    let response_of = |code: &Code| {
        let content = ContentBuilder::new().schema(Some(reference.clone())).build();
        let response = ResponseBuilder::new()
            .description(code.title())
            .content("application/problem+json", content)
            .build();
        (code.status().as_str().to_owned(), RefOr::T(response))
    };
    codes.iter().map(response_of).collect()
}
