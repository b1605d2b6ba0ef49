//! Where an article stands after an edit, and since when: the rules, without a database.

use crate::articles::model::Status;
use crate::editor::input::Standing;
use crate::error::FieldError;
use chrono::{DateTime, Utc};

/// What an article was before the edit: its status, and when it was or will be published.
pub(crate) type Before = (Status, Option<DateTime<Utc>>);

/// The status that is asked for, and the time that goes with it.
///
/// A time to come makes what is to be published `scheduled`; one that has passed makes what is
/// `scheduled` published. Without a time the former one holds.
pub(crate) fn settle(
    wanted: Option<Standing>,
    at: Option<DateTime<Utc>>,
    before: Option<Before>,
    now: DateTime<Utc>,
) -> Result<(Status, Option<DateTime<Utc>>), FieldError> {
    let stays = before.and_then(|(status, _)| Standing::of(status));
    let wanted = wanted.or(stays).unwrap_or(Standing::Draft);
    let former = before.and_then(|(_, at)| at);
    match wanted {
        Standing::Draft => Ok((Status::Draft, at)),
        Standing::Archived => Ok((Status::Archived, at.or(former))),
        Standing::Published => {
            let at = at.or(former.filter(|at| *at <= now)).unwrap_or(now);
            Ok((if at > now { Status::Scheduled } else { Status::Published }, Some(at)))
        }
        Standing::Scheduled => match at.or(former) {
            Some(at) if at <= now => Ok((Status::Published, Some(at))),
            Some(at) => Ok((Status::Scheduled, Some(at))),
            None => {
                let message = "what is scheduled needs the time when it is to be published";
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
    fn a_new_article_is_a_draft_unless_it_says_otherwise() {
        let (none, now) = (None, at(0));
        assert_eq!(settle(none, None, None, now).unwrap(), (Status::Draft, None));
        let published = Some(Standing::Published);
        assert_eq!(settle(published, None, None, now).unwrap(), (Status::Published, Some(now)));
        let old = settle(published, Some(at(-99)), None, now).unwrap();
        assert_eq!(old, (Status::Published, Some(at(-99))));
        assert!(settle(Some(Standing::Scheduled), None, None, now).is_err());
    }

    #[test]
    fn a_time_to_come_schedules_and_one_that_passed_publishes() {
        let now = at(0);
        for wanted in [Standing::Published, Standing::Scheduled] {
            let later = settle(Some(wanted), Some(at(1)), None, now).unwrap();
            assert_eq!(later, (Status::Scheduled, Some(at(1))));
            let past = settle(Some(wanted), Some(at(-1)), None, now).unwrap();
            assert_eq!(past, (Status::Published, Some(at(-1))));
        }
    }

    #[test]
    fn without_a_time_the_former_one_holds() {
        let now = at(0);
        let before = Some((Status::Published, Some(at(-5))));
        let same = settle(None, None, before, now).unwrap();
        assert_eq!(same, (Status::Published, Some(at(-5))));
        let archived = settle(Some(Standing::Archived), None, before, now).unwrap();
        assert_eq!(archived, (Status::Archived, Some(at(-5))));
        // What was to come later is published now when somebody says "now".
        let before = Some((Status::Scheduled, Some(at(5))));
        let early = settle(Some(Standing::Published), None, before, now).unwrap();
        assert_eq!(early, (Status::Published, Some(now)));
        let still = settle(None, None, before, now).unwrap();
        assert_eq!(still, (Status::Scheduled, Some(at(5))));
    }
}
