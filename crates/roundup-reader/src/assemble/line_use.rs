//! Tracks what each line of a post has been used for.

use super::sources::SourceDraft;
use crate::labels::Label;
use crate::read::Post;
use crate::roundup::Role;

/// What a line has been used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineUse {
    /// Not used yet.
    Free,
    /// Used for anything but a source, such as the headline, or ignored, such as a rule.
    Used,
    /// Part of a source.
    Source,
    /// Names the outlet of the sources below it.
    OutletHeading,
}

/// The use of each line of a post, by line.
#[derive(Debug)]
pub(super) struct LineUses(Vec<LineUse>);

impl LineUses {
    /// Marks the lines of all sources, their URLs and outlet headings, and the rules.
    pub(super) fn new(post: &Post<'_>, drafts: &[SourceDraft]) -> Self {
        let mut uses = Self(vec![LineUse::Free; post.len()]);
        for draft in drafts.iter().filter(|draft| draft.source.role != Role::Inline) {
            for at in draft.first_line..=draft.last_line {
                uses.set(at, LineUse::Source);
            }
            if let Some(heading) = draft.outlet_heading {
                uses.set(heading, LineUse::OutletHeading);
            }
            if let Some((_, at)) = post.urls.get(&draft.title_line) {
                uses.set(*at, LineUse::Source);
            }
        }
        for at in 0..post.len() {
            if *post.label(at) == Label::Rule {
                uses.set(at, LineUse::Used);
            }
        }
        uses
    }

    pub(super) fn set(&mut self, at: usize, line_use: LineUse) {
        if let Some(slot) = self.0.get_mut(at) {
            *slot = line_use;
        }
    }

    pub(super) fn get(&self, at: usize) -> LineUse {
        self.0.get(at).copied().unwrap_or(LineUse::Used)
    }

    pub(super) fn is_free(&self, at: usize) -> bool {
        self.get(at) == LineUse::Free
    }

    pub(super) fn is_used(&self, at: usize) -> bool {
        self.get(at) != LineUse::Free
    }

    pub(super) fn is_outlet_heading(&self, at: usize) -> bool {
        self.get(at) == LineUse::OutletHeading
    }
}
