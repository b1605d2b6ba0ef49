//! Recognises texts that nobody wrote to be published: settings, e-mails, keys.
//!
//! A file of text has no mark that says what it is for, and an import must not publish a file
//! because it was there.

use regex::Regex;
use std::sync::LazyLock;

/// A line that sets a value, as in settings for a shell.
static SETTING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=\s*\S").ok());

/// A line that begins with the name of a value that is private, up to the value.
static PRIVATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?:(?i:e-?mail|ip|ip address|password|passwd)\s*:|(?:export )?[A-Z][A-Z0-9_]{2,}=)",
    )
    .ok()
});

/// The fields of an e-mail's head that name its sender, receiver and subject.
const MAIL_FIELDS: [&str; 7] =
    ["from:", "to:", "subject:", "date:", "received:", "message-id:", "return-path:"];

/// Returns why a text is not a post, if that is certain.
pub(crate) fn reason(text: &str) -> Option<&'static str> {
    let head: Vec<&str> = text.lines().take(20).collect();
    let fields = head.iter().take_while(|line| !line.trim().is_empty()).filter(|line| {
        let line = line.to_ascii_lowercase();
        MAIL_FIELDS.iter().any(|field| line.starts_with(field))
    });
    let is_mailbox =
        text.starts_with("From ") && head.get(1).is_some_and(|line| line.contains(": "));
    if is_mailbox || fields.count() >= 2 {
        return Some(
            "this is a mailbox or an e-mail, which cannot be read; save the text of each issue as \
             a file of its own",
        );
    }
    if text.starts_with("-----BEGIN ") {
        return Some("this is a key or a certificate, not a post");
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let (mut all, mut settings) = (0_usize, 0_usize);
    for line in lines {
        all += 1;
        settings += usize::from(SETTING.as_ref().is_some_and(|setting| setting.is_match(line)));
    }
    (settings > 0 && settings * 2 >= all).then_some("this is a file of settings, not a post")
}

/// Returns the first line that begins with the name of a private value: its number, and the name
/// without the value.
pub(crate) fn private_line(text: &str) -> Option<(u64, String)> {
    let private = PRIVATE.as_ref()?;
    let name = |line: &str| private.find(line).map(|found| found.as_str().trim().to_owned());
    text.lines().zip(1..).find_map(|(line, number)| Some((number, name(line)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_mails_are_not_posts() {
        for text in [
            "# local\nDB_PASSWORD=x\nexport TOKEN = y\n",
            "key=1",
            "From a@b.example Mon Jan  1 00:00:00 2024\nFrom: A <a@b.example>\n\nHello",
            "Received: by x\nSubject: Issue 1\n\nA -- Reuters",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nx",
        ] {
            assert!(reason(text).is_some(), "{text}");
        }
        for text in
            ["A -- Reuters\nB -- AFP", "From here to there -- Reuters", "x = y is\nold\nnews"]
        {
            assert_eq!(reason(text), None, "{text}");
        }
    }

    #[test]
    fn a_private_line_is_found_without_its_value() {
        for (text, name) in [
            ("AUTHOR: a\nEMAIL: a@b.example\n", Some((2, "EMAIL:"))),
            ("e-mail: a@b.example", Some((1, "e-mail:"))),
            ("IP: 192.0.2.1", Some((1, "IP:"))),
            ("words\nAPI_KEY=abc", Some((2, "API_KEY="))),
            ("Emails show: nobody paid -- Reuters", None),
            ("https://a.example/?A=b", None),
        ] {
            let found = private_line(text);
            assert_eq!(found.as_ref().map(|(line, name)| (*line, name.as_str())), name, "{text}");
        }
    }
}
