//! The rules for the status and publication time of an article after an edit.

use crate::articles::model::ArticleStatus;
use crate::editor::input::ArticleStatusInput;
use crate::error::FieldError;
use chrono::{DateTime, Utc};

/// The status and publication time of an article before the edit.
pub(crate) type Before = (ArticleStatus, Option<DateTime<Utc>>);

/// Returns the status and publication time after an edit.
///
/// With a future time, `published` becomes `scheduled`; with a past one, `scheduled` becomes
/// `published`. Without a time, the former time stays.
pub(crate) fn status_after(
    wanted: Option<ArticleStatusInput>,
    at: Option<DateTime<Utc>>,
    before: Option<Before>,
    now: DateTime<Utc>,
) -> Result<(ArticleStatus, Option<DateTime<Utc>>), FieldError> {
    let stays = before.and_then(|(status, _)| ArticleStatusInput::of(status));
    let wanted = wanted.or(stays).unwrap_or(ArticleStatusInput::Draft);
    let former = before.and_then(|(_, at)| at);
    match wanted {
        ArticleStatusInput::Draft => Ok((ArticleStatus::Draft, at)),
        ArticleStatusInput::Archived => Ok((ArticleStatus::Archived, at.or(former))),
        ArticleStatusInput::Published => {
            let at = at.or(former.filter(|at| *at <= now)).unwrap_or(now);
            Ok((
                if at > now { ArticleStatus::Scheduled } else { ArticleStatus::Published },
                Some(at),
            ))
        }
        ArticleStatusInput::Scheduled => match at.or(former) {
            Some(at) if at <= now => Ok((ArticleStatus::Published, Some(at))),
            Some(at) => Ok((ArticleStatus::Scheduled, Some(at))),
            None => {
                let message = "a scheduled article needs `published_at`";
                Err(FieldError::field("/published_at", "required", message))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000_000 + hour * 3600, 0).unwrap()
    }

    #[test]
    fn a_new_article_is_a_draft_by_default() {
        let (none, now) = (None, at(0));
        assert_eq!(status_after(none, None, None, now).unwrap(), (ArticleStatus::Draft, None));
        let published = Some(ArticleStatusInput::Published);
        assert_eq!(
            status_after(published, None, None, now).unwrap(),
            (ArticleStatus::Published, Some(now))
        );
        let old = status_after(published, Some(at(-99)), None, now).unwrap();
        assert_eq!(old, (ArticleStatus::Published, Some(at(-99))));
        assert!(status_after(Some(ArticleStatusInput::Scheduled), None, None, now).is_err());
    }

    #[test]
    fn a_future_time_schedules_and_a_past_one_publishes() {
        let now = at(0);
        for wanted in [ArticleStatusInput::Published, ArticleStatusInput::Scheduled] {
            let later = status_after(Some(wanted), Some(at(1)), None, now).unwrap();
            assert_eq!(later, (ArticleStatus::Scheduled, Some(at(1))));
            let past = status_after(Some(wanted), Some(at(-1)), None, now).unwrap();
            assert_eq!(past, (ArticleStatus::Published, Some(at(-1))));
        }
    }

    #[test]
    fn without_a_time_the_former_one_stays() {
        let now = at(0);
        let before = Some((ArticleStatus::Published, Some(at(-5))));
        let same = status_after(None, None, before, now).unwrap();
        assert_eq!(same, (ArticleStatus::Published, Some(at(-5))));
        let archived = status_after(Some(ArticleStatusInput::Archived), None, before, now).unwrap();
        assert_eq!(archived, (ArticleStatus::Archived, Some(at(-5))));
        // Setting a scheduled article to `published` publishes it now.
        let before = Some((ArticleStatus::Scheduled, Some(at(5))));
        let early = status_after(Some(ArticleStatusInput::Published), None, before, now).unwrap();
        assert_eq!(early, (ArticleStatus::Published, Some(now)));
        let still = status_after(None, None, before, now).unwrap();
        assert_eq!(still, (ArticleStatus::Scheduled, Some(at(5))));
    }
}
