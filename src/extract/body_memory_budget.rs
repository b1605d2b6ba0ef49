//! Bounds the memory that request bodies take while they are read. Anyone may send a body, and each
//! is read whole before it is parsed. Small bodies always fit.

use crate::error::{Code, Error, Result};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that every body may take: far more than a comment has.
const PER_BODY: usize = 64 << 10;

/// The bytes that all bodies together may take beyond that.
const SHARED: usize = 8 << 20;

/// The bytes of [`SHARED`] in use in this process.
static SHARED_IN_USE: AtomicUsize = AtomicUsize::new(0);

/// The memory reserved for one body. Dropping it releases the memory.
#[derive(Debug, Default)]
pub(crate) struct BodyMemoryBudget {
    reserved: usize,
}

impl BodyMemoryBudget {
    /// Reserves memory for a body that has grown to `size` bytes.
    ///
    /// # Errors
    /// 503 when other bodies use all of it.
    pub(crate) fn reserve(&mut self, size: usize) -> Result<()> {
        let more = size.saturating_sub(PER_BODY).saturating_sub(self.reserved);
        if more == 0 {
            return Ok(());
        }
        self.reserved += more;
        if SHARED_IN_USE.fetch_add(more, Ordering::Relaxed) + more > SHARED {
            let detail = "too many large bodies are being read at once; try again";
            let cause = anyhow::anyhow!("request bodies take more than {SHARED} bytes");
            let error = Error::new(Code::Unavailable, detail).caused_by(cause);
            return Err(error.with_header(RETRY_AFTER, HeaderValue::from_static("1")));
        }
        Ok(())
    }
}

impl Drop for BodyMemoryBudget {
    fn drop(&mut self) {
        SHARED_IN_USE.fetch_sub(self.reserved, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_a_budget_and_small_ones_always_fit() {
        let mut large: Vec<BodyMemoryBudget> =
            (0..4).map(|_| BodyMemoryBudget::default()).collect();
        for budget in &mut large {
            budget.reserve(PER_BODY).unwrap();
            budget.reserve(PER_BODY + SHARED / 4).unwrap();
            budget.reserve(PER_BODY + SHARED / 4).unwrap();
        }
        let mut small = BodyMemoryBudget::default();
        small.reserve(PER_BODY).unwrap();
        let mut late = BodyMemoryBudget::default();
        assert_eq!(late.reserve(PER_BODY + 1).unwrap_err().code(), Code::Unavailable);
        drop(late);
        large.pop();
        BodyMemoryBudget::default().reserve(PER_BODY + SHARED / 4).unwrap();
        drop(large);
        assert_eq!(SHARED_IN_USE.load(Ordering::Relaxed), 0);
    }
}
