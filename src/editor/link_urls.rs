//! Fills in the URLs of an article's links from a list, such as the one that an editor collects in a text file.

use crate::error::{Code, Error, FieldError, Result};
use crate::links::LinkInput;
use roundup_reader::{ListedUrl, parse_url_list};
use utoipa::ToSchema;

/// One URL a line, for the OpenAPI schema only.
#[derive(Debug, Clone, ToSchema)]
#[schema(max_length = 4_194_304, example = "https://gazette.example/harbour-bridge")]
pub(super) struct UrlList(#[expect(dead_code, reason = "only the document reads it")] String);

/// Gives the links without a URL the URLs of a list, in order.
///
/// # Errors
/// 422 with every line that is no URL, or for which no link is left, and for a list without URLs.
pub(super) fn fill(links: &mut [LinkInput], list: &str) -> Result<()> {
    let urls = parse_url_list(list);
    if urls.is_empty() {
        let error = FieldError::field("", "no_url", "the body has no URL; write one on each line");
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    let mut errors = Vec::new();
    let mut free = links.iter_mut().filter(|link| link.url.is_none());
    for ListedUrl { line, url } in urls {
        match (url, free.next()) {
            (Err(reason), _) => {
                errors.push(FieldError::field("", "url", format!("line {line}: {reason}")));
            }
            (Ok(_), None) => {
                let message = format!("line {line}: every link has a URL already");
                errors.push(FieldError::field("", "too_many", message));
            }
            (Ok(url), Some(link)) => {
                link.url = Some(url);
                if link.credit.is_none() && link.credits.as_ref().is_some_and(Vec::is_empty) {
                    // The outlet at the host is credited.
                    link.credits = None;
                }
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::model::AdminArticle;

    fn links(urls: &[Option<&str>]) -> Vec<LinkInput> {
        let sample = AdminArticle::sample().article.summary.links;
        let link = |url: &Option<&str>| LinkInput {
            id: None,
            url: url.map(str::to_owned),
            ..LinkInput::of(&sample[0])
        };
        urls.iter().map(link).collect()
    }

    #[test]
    fn urls_go_to_the_links_without_one_in_order() {
        let mut list = links(&[None, Some("https://e.example/0"), None, None]);
        fill(&mut list, "https://e.example/1\n\n# later\nhttps://e.example/2\n").unwrap();
        let urls: Vec<_> = list.iter().map(|link| link.url.as_deref()).collect();
        let expected = [
            Some("https://e.example/1"),
            Some("https://e.example/0"),
            Some("https://e.example/2"),
            None,
        ];
        assert_eq!(urls, expected);
    }

    #[test]
    fn every_faulty_line_is_reported() {
        let mut list = links(&[None]);
        let error =
            fill(&mut list, "no url\nhttps://e.example/1\nhttps://e.example/2").unwrap_err();
        let messages: Vec<&str> =
            error.field_errors().iter().map(|error| error.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].starts_with("line 1: "), "{messages:?}");
        assert!(fill(&mut list, "# none\n").is_err());
    }
}
