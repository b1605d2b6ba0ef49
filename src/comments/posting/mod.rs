//! Readers post, edit and delete comments without an account.

mod edit;
mod model;
mod parent;
pub(super) mod routes;
mod store;

pub(super) use model::OwnCommentInput;
pub(super) use parent::find_parent;
pub(super) use routes::{
    EditToken, OptionalEditTokenHeader, create_comment, delete_comment, update_comment,
};
pub(super) use store::{NewRow, insert, same_text};
