//! How the cache handled a request.

/// How the cache handled a request, as `Cache-Status` reports it (RFC 9211).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// The response was in memory and current.
    Hit,
    /// The response was not in memory.
    Miss {
        /// Whether it was stored.
        stored: bool,
    },
    /// The response in memory was outdated and has been read again.
    Refreshed {
        /// Whether the new response was stored.
        stored: bool,
    },
    /// The response is that of a concurrent request for the same URL.
    Collapsed,
    /// The response in memory is served although it may be outdated, because the database does not
    /// answer.
    Stale,
}

impl CacheStatus {
    /// Returns the value of the `Cache-Status` header.
    pub fn header_value(self) -> &'static str {
        match self {
            Self::Hit => "roundup; hit",
            Self::Miss { stored: true } => "roundup; fwd=uri-miss; stored",
            Self::Miss { stored: false } => "roundup; fwd=uri-miss",
            Self::Refreshed { stored: true } => "roundup; fwd=stale; stored",
            Self::Refreshed { stored: false } => "roundup; fwd=stale",
            Self::Collapsed => "roundup; fwd=miss; collapsed",
            Self::Stale => "roundup; fwd=stale; fwd-status=503; detail=stale-if-error",
        }
    }
}
