//! Readers post, change and withdraw comments, without an account.

mod edit;
mod model;
mod place;
pub(super) mod routes;
mod store;

pub(super) use model::CommentEdit;
pub(super) use place::place;
pub(super) use routes::{change_comment, post_comment, withdraw_comment};
pub(super) use store::{NewRow, insert, same_text};
