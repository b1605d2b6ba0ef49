//! Timeouts for clients that send or read too slowly.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A timeout for a transfer, as a budget of time. Waiting for the client uses the budget up, and
/// each byte gives some of it back. A client above the minimum rate therefore never times out, and
/// one that trickles bytes does.
#[derive(Debug)]
pub(super) struct TransferTimeout {
    budget: Duration,
    left: Duration,
    min_rate: u32,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl TransferTimeout {
    /// Returns a timeout with a full budget. `min_rate` is in bytes per second.
    pub(super) fn new(budget: Duration, min_rate: u32) -> Self {
        let min_rate = min_rate.max(1);
        Self { budget, left: budget, min_rate, waiting_since: None, timer: None }
    }

    /// Records that bytes were transferred.
    pub(super) fn record_bytes(&mut self, bytes: usize) {
        self.record_bytes_at(bytes, Instant::now());
    }

    fn record_bytes_at(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(now.saturating_duration_since(since));
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1).saturating_mul(bytes) / self.min_rate;
        self.left = self.budget.min(self.left.saturating_add(earned));
    }

    /// Waits for the client, and returns ready once the budget is used up.
    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline(Instant::now());
        poll_deadline(&mut self.timer, deadline, cx)
    }

    /// Returns when the budget is used up if the client is waited for from now on.
    fn deadline(&mut self, now: Instant) -> Instant {
        *self.waiting_since.get_or_insert(now) + self.left
    }
}

/// Returns ready once the deadline has passed. The timer is kept for the next deadline, because a
/// connection needs many.
pub(super) fn poll_deadline(
    timer: &mut Option<Pin<Box<Sleep>>>,
    deadline: Instant,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
    // A timer that fires too early is moved only when it fires: that is cheaper than moving it each
    // time.
    if timer.deadline() > deadline {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if Instant::now() >= deadline {
            return Poll::Ready(());
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_client_below_the_minimum_rate_times_out() {
        for (bytes, completes) in [(1, false), (60, false), (100, true), (5000, true)] {
            let mut timeout = TransferTimeout::new(10 * SECOND, 100);
            let mut now = Instant::now();
            let mut rounds = 0;
            while rounds < 100 && timeout.deadline(now) > now + SECOND {
                now += SECOND;
                timeout.record_bytes_at(bytes, now);
                rounds += 1;
            }
            assert_eq!(rounds == 100, completes, "{bytes} bytes a second: {rounds} seconds");
        }
    }

    #[test]
    fn only_time_spent_waiting_for_the_client_counts() {
        let mut timeout = TransferTimeout::new(10 * SECOND, 100);
        let mut now = Instant::now();
        for _ in 0..20 {
            timeout.record_bytes_at(1, now);
            now += 60 * SECOND;
        }
        assert_eq!(timeout.deadline(now), now + 10 * SECOND);
        assert_eq!(timeout.deadline(now + SECOND), now + 10 * SECOND, "still waiting");
    }
}
