//! Which lines have a place already.

use super::sources::Built;
use crate::labels::Label;
use crate::read::Post;
use crate::roundup::Role;

/// Where a line went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Free,
    Used,
    /// It is part of a source.
    Source,
    /// It names the outlet of the sources below it.
    Head,
}

#[derive(Debug)]
pub(super) struct Places(Vec<Place>);

impl Places {
    pub(super) fn new(post: &Post<'_>, built: &[Built]) -> Self {
        let mut places = Self(vec![Place::Free; post.len()]);
        for one in built.iter().filter(|one| one.source.role != Role::Inline) {
            for at in one.first..=one.last {
                places.set(at, Place::Source);
            }
            if let Some(head) = one.head {
                places.set(head, Place::Head);
            }
            if let Some((_, at)) = post.urls.get(&one.title) {
                places.set(*at, Place::Source);
            }
        }
        for at in 0..post.len() {
            if *post.label(at) == Label::Rule {
                places.set(at, Place::Used);
            }
        }
        places
    }

    pub(super) fn set(&mut self, at: usize, place: Place) {
        if let Some(one) = self.0.get_mut(at) {
            *one = place;
        }
    }

    pub(super) fn get(&self, at: usize) -> Place {
        self.0.get(at).copied().unwrap_or(Place::Used)
    }

    pub(super) fn is_free(&self, at: usize) -> bool {
        self.get(at) == Place::Free
    }

    pub(super) fn is_used(&self, at: usize) -> bool {
        self.get(at) != Place::Free
    }

    pub(super) fn is_used_by_source(&self, at: usize) -> bool {
        matches!(self.get(at), Place::Source | Place::Head | Place::Used)
    }

    pub(super) fn is_head(&self, at: usize) -> bool {
        self.get(at) == Place::Head
    }
}
