//! What the features share of the OpenAPI document: the problems that an operation can answer with,
//! and how schemas are finished. The document itself is [`crate::openapi_document`].

pub(crate) mod shape;
pub(crate) mod walk;

use crate::error::Code;
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

/// One of several short texts, such as names or hosts, for the OpenAPI schema only.
#[derive(Debug, ToSchema)]
#[schema(max_length = 300)]
pub struct ShortText(#[expect(dead_code, reason = "only its schema is used")] String);

/// The problems that any public address can answer with.
#[derive(Debug)]
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::NotFound,
            Code::NotAcceptable,
            Code::VersionMismatch,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The problems that a public address of an article can answer with.
#[derive(Debug)]
pub struct ArticleProblems;

impl IntoResponses for ArticleProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::Gone]));
        all
    }
}

/// The problems that a reader can meet who takes back what they wrote.
#[derive(Debug)]
pub struct WithdrawProblems;

impl IntoResponses for WithdrawProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = PostProblems::responses();
        all.remove(Code::RateLimited.status().as_str());
        all
    }
}

/// The problems that a reader who writes can meet.
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

/// The problems that a read by the holder of a key can answer with.
#[derive(Debug)]
pub struct AdminReadProblems;

impl IntoResponses for AdminReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::Unauthenticated, Code::MissingScope]));
        all
    }
}

/// The problems that a change by the holder of a key can answer with.
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

/// The responses for these codes, by status.
fn problems(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let reference = RefOr::Ref(Ref::from_schema_name("Problem"));
    let one = |code: &Code| {
        let content = ContentBuilder::new().schema(Some(reference.clone())).build();
        let response = ResponseBuilder::new()
            .description(code.title())
            .content("application/problem+json", content)
            .build();
        (code.status().as_str().to_owned(), RefOr::T(response))
    };
    codes.iter().map(one).collect()
}
