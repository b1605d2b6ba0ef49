//! How long a client may keep the service waiting.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A store of time. Waiting for the client uses it up and each byte that moves gives some of it
/// back, so a steady client is never cut off and one that trickles soon is.
#[derive(Debug)]
pub(super) struct Patience {
    full: Duration,
    left: Duration,
    /// Bytes a second.
    rate: u32,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// A full store; `rate` is how many bytes give back a second.
    pub(super) fn new(full: Duration, rate: u32) -> Self {
        Self { full, left: full, rate: rate.max(1), waiting_since: None, timer: None }
    }

    /// So many bytes moved.
    pub(super) fn moved(&mut self, bytes: usize) {
        self.moved_at(bytes, Instant::now());
    }

    fn moved_at(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(now.saturating_duration_since(since));
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1).saturating_mul(bytes) / self.rate;
        self.left = self.full.min(self.left.saturating_add(earned));
    }

    /// Nothing moves: ready once nothing is left.
    pub(super) fn poll_spent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let end = self.end(Instant::now());
        poll_at(&mut self.timer, end, cx)
    }

    /// When nothing will be left if nothing moves from now on.
    fn end(&mut self, now: Instant) -> Instant {
        *self.waiting_since.get_or_insert(now) + self.left
    }
}

/// Ready once this moment has come. The timer is kept and moved, for one connection needs it often.
pub(super) fn poll_at(
    timer: &mut Option<Pin<Box<Sleep>>>,
    end: Instant,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
    // One that rings too early is moved when it rings: that is cheaper than moving it each time.
    if timer.deadline() > end {
        timer.as_mut().reset(end);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if Instant::now() >= end {
            return Poll::Ready(());
        }
        timer.as_mut().reset(end);
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_client_that_trickles_is_cut_off_and_a_steady_one_is_not() {
        for (bytes, holds) in [(1, false), (60, false), (100, true), (5000, true)] {
            let mut patience = Patience::new(10 * SECOND, 100);
            let mut now = Instant::now();
            let mut rounds = 0;
            while rounds < 100 && patience.end(now) > now + SECOND {
                now += SECOND;
                patience.moved_at(bytes, now);
                rounds += 1;
            }
            assert_eq!(rounds == 100, holds, "{bytes} bytes a second: {rounds} seconds");
        }
    }

    #[test]
    fn time_that_is_not_waited_for_is_not_the_clients() {
        let mut patience = Patience::new(10 * SECOND, 100);
        let mut now = Instant::now();
        for _ in 0..20 {
            patience.moved_at(1, now);
            now += 60 * SECOND;
        }
        assert_eq!(patience.end(now), now + 10 * SECOND);
        assert_eq!(patience.end(now + SECOND), now + 10 * SECOND, "waiting goes on");
    }
}
