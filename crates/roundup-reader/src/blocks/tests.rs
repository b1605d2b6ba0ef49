//! How Markdown falls into blocks.

use super::*;

#[test]
fn blocks_come_flat_with_their_links() {
    let source = "# A [b](u:1)\n\nc\nd\n\n> e [f](u:2)\n\n- **g** [h `i`](u:3) j\n  > k [l](u:4)\n\n  - m\n\n---\n\n    n\n";
    let blocks = blocks(source);
    let shapes: Vec<Shape> = blocks.iter().map(|block| block.shape).collect();
    assert_eq!(
        shapes,
        [
            Shape::Heading(1),
            Shape::Paragraph,
            Shape::Quote,
            Shape::Item { list: 0, parent: None },
            Shape::Item { list: 0, parent: Some(3) },
            Shape::Rule,
            Shape::Other,
        ]
    );
    assert_eq!(blocks[1].inline.text, "c\nd");
    assert_eq!(blocks[3].inline.text, "g h i j");
    assert_eq!(blocks[3].inline.strong, Some(0..1));
    assert_eq!(blocks[3].inline.links[0].title, "h i");
    assert_eq!(blocks[3].inline.links[0].at, 2..5);
    assert_eq!(blocks[3].further.len(), 1);
    assert_eq!(source.get(blocks[3].further[0].0.clone()).unwrap().trim_end(), "> k [l](u:4)");
    assert_eq!(blocks[3].further_links[0].url, "u:4");
    assert_eq!(source.get(blocks[3].span.clone()).unwrap(), "- **g** [h `i`](u:3) j");
    assert_eq!(blocks[4].inline.text, "m");
}

#[test]
fn a_loose_item_has_a_first_paragraph_and_further_ones() {
    let source = "- a [b](u:1)\n\n  c [d](u:2)\n\n- e\n";
    let blocks = blocks(source);
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[0].inline.text, "a b");
    assert_eq!(blocks[0].further.len(), 1);
    assert_eq!(blocks[0].further_links.len(), 1);
}

#[test]
fn text_behind_code_in_a_tight_item_is_not_lost() {
    let source = "- a\n  ```\n  b\n  ```\n  c [d](u:1) e\n- f\n";
    let blocks = blocks(source);
    assert_eq!(blocks.len(), 2);
    let further: Vec<&str> =
        blocks[0].further.iter().map(|(span, _)| source.get(span.clone()).unwrap()).collect();
    assert_eq!(further.last().map(|text| text.trim_end()), Some("c [d](u:1) e"));
    assert_eq!(blocks[0].further_links[0].url, "u:1");
    assert_eq!(blocks[1].inline.text, "f");
}

#[test]
fn deep_nesting_is_walked_without_recursion() {
    assert!(!blocks(&"> ".repeat(20_000)).is_empty() || !blocks(&"> a".repeat(2_000)).is_empty());
    let list = (0..200).map(|depth| "  ".repeat(depth) + "- a").collect::<Vec<_>>().join("\n");
    assert_eq!(blocks(&list).len(), 200);
}
