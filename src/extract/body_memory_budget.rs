//! BodyMemoryBudget for the bodies that are being read. Each is read into memory before it can be looked at, and
//! anybody may send one: what many large ones hold at once is bounded, and small ones always fit.

use crate::error::{Code, Error, Result};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a body may hold without asking, in bytes: far more than a comment takes.
const FREE: usize = 64 << 10;

/// What all bodies may hold beyond that, together, in bytes.
const SHARED: usize = 8 << 20;

/// How much of [`SHARED`] is taken, in the whole process.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// The room of one body, given back when it has been read or given up.
#[derive(Debug, Default)]
pub(crate) struct BodyMemoryBudget {
    taken: usize,
}

impl BodyMemoryBudget {
    /// Makes sure of room for a body that has this size by now, in bytes.
    ///
    /// # Errors
    /// 503 when other bodies have taken it all.
    pub(crate) fn hold(&mut self, size: usize) -> Result<()> {
        let more = size.saturating_sub(FREE).saturating_sub(self.taken);
        if more == 0 {
            return Ok(());
        }
        self.taken += more;
        if TAKEN.fetch_add(more, Ordering::Relaxed) + more > SHARED {
            let detail = "too many large bodies are being read at once; try again";
            let cause = anyhow::anyhow!("bodies hold more than {SHARED} bytes");
            let error = Error::new(Code::Unavailable, detail).caused_by(cause);
            return Err(error.with_header(RETRY_AFTER, HeaderValue::from_static("1")));
        }
        Ok(())
    }
}

impl Drop for BodyMemoryBudget {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_what_there_is_and_small_ones_always_fit() {
        let mut large: Vec<BodyMemoryBudget> =
            (0..4).map(|_| BodyMemoryBudget::default()).collect();
        for room in &mut large {
            room.hold(FREE).unwrap();
            room.hold(FREE + SHARED / 4).unwrap();
            room.hold(FREE + SHARED / 4).unwrap();
        }
        let mut small = BodyMemoryBudget::default();
        small.hold(FREE).unwrap();
        let mut late = BodyMemoryBudget::default();
        assert_eq!(late.hold(FREE + 1).unwrap_err().code(), Code::Unavailable);
        drop(late);
        large.pop();
        BodyMemoryBudget::default().hold(FREE + SHARED / 4).unwrap();
        drop(large);
        assert_eq!(TAKEN.load(Ordering::Relaxed), 0);
    }
}
