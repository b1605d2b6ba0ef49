//! Languages: tags (BCP 47) and the ranges that match them (RFC 4647, basic filtering).

use crate::error::{Code, Error, FieldError, Result};
use language_tags::LanguageTag;
use serde::Serialize;

/// Returns whether a text is a language tag of registered subtags.
pub fn is_language_tag(text: &str) -> bool {
    LanguageTag::parse(text).is_ok_and(|tag| tag.is_valid())
}

/// Returns an error for a text that is no language tag.
pub fn check_language(pointer: &str, text: &str) -> Option<FieldError> {
    let message = "must be a language tag (BCP 47) such as `en`, `fa-IR` or `zh-Hant`";
    (!is_language_tag(text)).then(|| FieldError::field(pointer, "format", message))
}

/// The languages to list: `fa` matches `fa` and `fa-IR`, `*` every language. Case makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LanguageRanges {
    /// Patterns of `like` for a tag in lower case with a hyphen behind it.
    patterns: Vec<String>,
    /// The language of articles without one.
    site: String,
}

impl LanguageRanges {
    /// Parses a comma-separated list of ranges. `site` is the language of articles without one.
    ///
    /// # Errors
    /// 400 for a text that is no range.
    pub fn parse(text: &str, site: Option<&str>) -> Result<Self> {
        let pattern = |range: &str| {
            let range = range.to_ascii_lowercase();
            let is_part = |part: &str| {
                (1..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            };
            match range.as_str() {
                "*" => Ok("%-".to_owned()),
                _ if range.split('-').all(is_part) => Ok(format!("{range}-%")),
                _ => {
                    let message = format!("`lang` takes language tags such as `en`, not `{range}`");
                    Err(Error::parameter("lang", Code::BadParameter, message))
                }
            }
        };
        let ranges = text.split(',').map(str::trim).filter(|range| !range.is_empty());
        let patterns = ranges.map(pattern).collect::<Result<_>>()?;
        Ok(Self { patterns, site: site.unwrap_or_default().to_ascii_lowercase() })
    }

    /// Returns the patterns of `like`.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Returns the language of articles without one, in lower case; empty if it is not known.
    pub fn site(&self) -> &str {
        &self.site
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_registered_subtags() {
        for tag in ["en", "EN-gb", "fa-IR", "zh-Hant-TW", "sr-Latn", "de-1996", "i-klingon"] {
            assert!(is_language_tag(tag), "{tag}");
        }
        for text in ["", "english", "en_GB", "en-", "xx-YY", "e", "en GB"] {
            assert!(!is_language_tag(text), "{text}");
        }
    }

    #[test]
    fn a_range_is_a_prefix_of_whole_subtags() {
        let ranges = LanguageRanges::parse("FA, en-gb,*", Some("de-AT")).unwrap();
        assert_eq!(ranges.patterns(), ["fa-%", "en-gb-%", "%-"]);
        assert_eq!(ranges.site(), "de-at");
        for bad in ["en_gb", "f%", "en--gb", "averylonglanguage"] {
            assert!(LanguageRanges::parse(bad, None).is_err(), "{bad}");
        }
    }
}
