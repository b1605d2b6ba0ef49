//! The elements that sanitised HTML may hold, and the rules by which a browser closes them.

/// How the parser of a browser treats an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Text-level element; it may hold anything that its parent may hold.
    Inline,
    /// `br` and `img`: no content and no end tag.
    Void,
    /// `hr`: no content, and it closes an open paragraph.
    Rule,
    /// `p`: closed by every block that begins.
    Paragraph,
    /// `h1` to `h6`: the end tag of one closes any other.
    Heading,
    /// Block that closes an open paragraph.
    Block,
    /// `li`: closed by the next one of its list.
    ListItem,
    /// `dd` and `dt`: closed by the next one of their list.
    Definition,
    Table,
    Caption,
    /// `thead`, `tbody` and `tfoot`.
    Section,
    Row,
    Cell,
}

/// An element that an editor's text may hold.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// Whether a reader's text may hold it too.
    pub(crate) for_readers: bool,
    /// The attributes that it may have beside [`GLOBAL_ATTRIBUTES`].
    pub(crate) attributes: &'static [&'static str],
}

impl Element {
    /// Whether it can only stand in a table.
    pub(crate) fn is_table_part(&self) -> bool {
        matches!(self.group, Group::Caption | Group::Section | Group::Row | Group::Cell)
    }

    /// Whether only parts of a table, and no text, can stand directly in it.
    pub(crate) fn is_table_structure(&self) -> bool {
        matches!(self.group, Group::Table | Group::Section | Group::Row)
    }

    /// Whether an end tag within it cannot close an element around it.
    pub(crate) fn is_boundary(&self) -> bool {
        matches!(self.group, Group::Table | Group::Caption | Group::Cell)
    }
}

/// Attributes that every element may have.
pub(crate) const GLOBAL_ATTRIBUTES: [&str; 3] = ["dir", "lang", "title"];

const fn element(
    name: &'static str,
    group: Group,
    for_readers: bool,
    attributes: &'static [&'static str],
) -> Element {
    Element { name, group, for_readers, attributes }
}

pub(crate) static TABLE_BODY: Element = element("tbody", Group::Section, true, &[]);
pub(crate) static TABLE_ROW: Element = element("tr", Group::Row, true, &[]);
pub(crate) static TABLE_CELL: Element = element("td", Group::Cell, true, &["colspan", "rowspan"]);
pub(crate) static BREAK: Element = element("br", Group::Void, true, &[]);

static ELEMENTS: [Element; 46] = [
    element("a", Group::Inline, true, &["href"]),
    element("abbr", Group::Inline, true, &[]),
    element("b", Group::Inline, true, &[]),
    element("blockquote", Group::Block, true, &["cite"]),
    element("caption", Group::Caption, false, &[]),
    element("cite", Group::Inline, true, &[]),
    element("code", Group::Inline, true, &[]),
    element("dd", Group::Definition, false, &[]),
    element("del", Group::Inline, true, &[]),
    element("details", Group::Block, false, &[]),
    element("div", Group::Block, false, &[]),
    element("dl", Group::Block, false, &[]),
    element("dt", Group::Definition, false, &[]),
    element("em", Group::Inline, true, &[]),
    element("figcaption", Group::Block, false, &[]),
    element("figure", Group::Block, false, &[]),
    element("h1", Group::Heading, false, &[]),
    element("h2", Group::Heading, false, &[]),
    element("h3", Group::Heading, false, &[]),
    element("h4", Group::Heading, false, &[]),
    element("h5", Group::Heading, false, &[]),
    element("h6", Group::Heading, false, &[]),
    element("hr", Group::Rule, true, &[]),
    element("i", Group::Inline, true, &[]),
    element("img", Group::Void, false, &["alt", "height", "src", "width"]),
    element("ins", Group::Inline, true, &[]),
    element("kbd", Group::Inline, true, &[]),
    element("li", Group::ListItem, true, &[]),
    element("mark", Group::Inline, false, &[]),
    element("ol", Group::Block, true, &["start"]),
    element("p", Group::Paragraph, true, &[]),
    element("pre", Group::Block, true, &[]),
    element("q", Group::Inline, true, &["cite"]),
    element("s", Group::Inline, true, &[]),
    element("small", Group::Inline, true, &[]),
    element("strong", Group::Inline, true, &[]),
    element("sub", Group::Inline, true, &[]),
    element("summary", Group::Block, false, &[]),
    element("sup", Group::Inline, true, &[]),
    element("table", Group::Table, true, &[]),
    element("tfoot", Group::Section, true, &[]),
    element("th", Group::Cell, true, &["colspan", "rowspan"]),
    element("thead", Group::Section, true, &[]),
    element("time", Group::Inline, false, &["datetime"]),
    element("u", Group::Inline, true, &[]),
    element("ul", Group::Block, true, &[]),
];

/// Returns the element of this name (in lower case) if a text may hold it.
pub(crate) fn find(name: &str) -> Option<&'static Element> {
    let implied = [&BREAK, &TABLE_BODY, &TABLE_ROW, &TABLE_CELL];
    implied.into_iter().chain(&ELEMENTS).find(|element| element.name == name)
}

/// Returns whether `name` (in lower case) is an element that is never kept but stands in a block
/// of its own, so that the words before and after it are not of one line.
pub(crate) fn is_dropped_block(name: &str) -> bool {
    const NAMES: [&str; 26] = [
        "address",
        "article",
        "aside",
        "center",
        "dialog",
        "dir",
        "fieldset",
        "footer",
        "form",
        "header",
        "hgroup",
        "legend",
        "listing",
        "main",
        "menu",
        "nav",
        "noscript",
        "optgroup",
        "option",
        "plaintext",
        "search",
        "section",
        "select",
        "textarea",
        "title",
        "xmp",
    ];
    NAMES.contains(&name)
}

/// Returns whether the content of an element is never shown as text.
pub(crate) fn is_hidden(name: &str) -> bool {
    matches!(name, "iframe" | "noembed" | "script" | "style")
}

/// Returns whether `name`, in any case, is an element of HTML, now or in the past, or one of the
/// two that begin other languages within it (`math`, `svg`).
pub(crate) fn is_html(name: &str) -> bool {
    const OTHER_NAMES: [&str; 68] = [
        "acronym", "applet", "area", "audio", "base", "basefont", "bdi", "bdo", "bgsound", "big",
        "blink", "body", "button", "canvas", "col", "colgroup", "data", "datalist", "dfn", "embed",
        "font", "frame", "frameset", "head", "html", "iframe", "image", "input", "isindex",
        "keygen", "label", "link", "map", "marquee", "math", "menuitem", "meta", "meter",
        "multicol", "nextid", "nobr", "noembed", "noframes", "object", "output", "param",
        "picture", "progress", "rb", "rp", "rt", "rtc", "ruby", "samp", "script", "slot", "source",
        "spacer", "span", "strike", "style", "svg", "template", "track", "tt", "var", "video",
        "wbr",
    ];
    let name = name.to_ascii_lowercase();
    find(&name).is_some() || is_dropped_block(&name) || OTHER_NAMES.contains(&name.as_str())
}
