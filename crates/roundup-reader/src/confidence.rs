//! How far a reading can be trusted.

use serde::{Serialize, Serializer};
#[cfg(feature = "utoipa")]
use utoipa::ToSchema;

/// The probability that a reading is right, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confidence(u16);

/// A confidence as one of two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema), schema(as = Confidence))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A guess; the reading is in the report.
    Low,
    /// Certain.
    High,
}

impl Confidence {
    /// The lowest confidence that is called certain. At least 98 % of such readings are right.
    pub const CERTAIN: Self = Self(980);

    /// Creates a confidence from a probability, which is clamped to 0 to 1.
    pub fn new(probability: f64) -> Self {
        let thousandths = (probability.clamp(0.0, 1.0) * 1000.0).round();
        // Exact for every value in range, and free of a lossy cast.
        let mut low = 0_u16;
        let mut high = 1000_u16;
        while low < high {
            let middle = low.midpoint(high);
            if f64::from(middle) < thousandths { low = middle + 1 } else { high = middle }
        }
        Self(low)
    }

    /// Converts a score (log-odds) by the logistic function. No reading is more certain than 0.99: some of
    /// those with the best scores are wrong.
    pub(crate) fn of_score(score: f64) -> Self {
        Self::new((1.0 / (1.0 + (-score).exp())).min(0.99))
    }

    /// Returns the probability, from 0 to 1.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// Returns whether the reading needs no review.
    pub fn is_certain(self) -> bool {
        self >= Self::CERTAIN
    }

    /// Returns whether the confidence is high or low.
    pub fn level(self) -> Level {
        if self.is_certain() { Level::High } else { Level::Low }
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_kept_to_the_thousandth() {
        for (probability, value) in
            [(0.0, 0.0), (0.9804, 0.98), (1.0, 1.0), (7.0, 1.0), (-1.0, 0.0)]
        {
            assert!((Confidence::new(probability).value() - value).abs() < 1e-9, "{probability}");
        }
        assert!(Confidence::new(0.98).is_certain());
        assert!(!Confidence::new(0.979).is_certain());
        assert_eq!(Confidence::of_score(0.0), Confidence::new(0.5));
        assert_eq!(Confidence::of_score(9.0).level(), Level::High);
    }
}
