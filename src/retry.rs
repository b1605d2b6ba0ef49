//! Repeats transactions that failed because of a concurrent one.

use crate::db::DbErrorKind;
use crate::error::Error;
use std::time::Duration;

/// The maximum pause before the first repetition; each further one may be twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// Returns whether to repeat a transaction that was repeated `retries` times and failed with this error.
/// Waits for a random time before, so that two transactions that block each other do not meet again.
pub async fn should_retry(error: &Error, retries: u32) -> bool {
    let cause = error.cause().and_then(|cause| cause.downcast_ref::<diesel::result::Error>());
    if retries >= cause.map_or(0, DbErrorKind::max_retries) {
        return false;
    }
    log::debug!("repeating a transaction: {error:?}");
    let mut random = [0];
    // Without randomness the pause is the longest one.
    let share = getrandom::fill(&mut random).map_or(1.0, |()| f64::from(random[0]) / 256.0);
    tokio::time::sleep(FIRST_PAUSE.mul_f64(share) * 2_u32.pow(retries)).await;
    true
}

/// Awaits the future of this expression, and evaluates it again while it fails because of a concurrent
/// transaction. A macro, because a function could not say that the futures of a closure are `Send`.
macro_rules! with_retries {
    ($transaction:expr) => {{
        let mut retries = 0;
        loop {
            match $transaction.await {
                Err(error) if $crate::retry::should_retry(&error, retries).await => retries += 1,
                done => break done,
            }
        }
    }};
}

pub(crate) use with_retries;
