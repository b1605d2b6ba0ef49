//! Counts steps in tests, to assert that the work is linear in the length of the text.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts a step. Does nothing outside tests.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

#[cfg(test)]
mod tests {
    use super::STEPS;
    use crate::outlets::tests::Table;
    use crate::{Roundup, parse_html, parse_markdown, parse_text};

    /// Returns the number of steps to read `size` bytes of repeated `unit`.
    fn steps(read: fn(&str, &Table) -> Roundup, unit: &str, size: usize) -> u64 {
        let table = Table::new(&["Reuters", "AFP", "The Guardian"]);
        let text = unit.repeat(size / unit.len() + 1);
        STEPS.with(|steps| steps.set(0));
        let _ = read(&text, &table);
        STEPS.with(std::cell::Cell::get)
    }

    #[test]
    fn the_work_is_linear_in_the_length_of_the_text() {
        let text = |text: &str, table: &Table| parse_text(text, table);
        let markdown = |text: &str, table: &Table| parse_markdown(text, table);
        let html = |text: &str, table: &Table| parse_html(text, table);
        let readers: [fn(&str, &Table) -> Roundup; 3] = [text, markdown, html];
        for (reader, unit) in [
            (0, "The bridge opens on Monday -- Reuters\n"),
            (0, "A bridge of its own (Harbour Gazette)\n"),
            (0, "Coast Radio: The bridge opens\n"),
            (0, "((( [[ -- | : "),
            (0, "https://example.com/a\n"),
            (0, "Read more ....\n"),
            (0, "MIDDLE EAST\n\n"),
            (0, "“A ‘b’ \"c\" d"),
            (1, "- [A bridge opens](https://example.com/a) (Reuters)\n"),
            (1, "[a]("),
            (2, "<b title=\"n</b>\"><p>a"),
            (2, "<ul><li>a"),
            (2, "<p><a href='https://example.com/a'>A bridge</a>, they say"),
        ] {
            let read = readers[reader];
            let (small, large) = (steps(read, unit, 40_000), steps(read, unit, 80_000));
            assert!(large <= small * 5 / 2 + 2_000, "{unit:?}: {small} steps, then {large}");
        }
    }
}
