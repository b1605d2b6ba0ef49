//! A plain connection whose owner hears what the server says unasked, such as notices.

use super::connect::{ConnectError, Link};
use super::target::Target;
use futures_util::stream::{BoxStream, StreamExt as _, poll_fn};
use tokio_postgres::{AsyncMessage, Client, Error};

/// What the server says unasked. It must be polled for the client to make progress.
pub type Messages = BoxStream<'static, Result<AsyncMessage, Error>>;

impl Target {
    /// Connects, and hands out what the server says unasked.
    pub async fn connect_hearing(&self) -> Result<(Client, Messages), ConnectError> {
        match Box::pin(self.open()).await? {
            Link::Plain(client, mut connection) => {
                Ok((client, poll_fn(move |cx| connection.poll_message(cx)).boxed()))
            }
            Link::Tls(client, mut connection) => {
                Ok((client, poll_fn(move |cx| connection.poll_message(cx)).boxed()))
            }
        }
    }
}
