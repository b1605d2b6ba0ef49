//! The `fields` parameter: `fields=id,headline,links.title` returns only these fields of each item.

use crate::error::{Code, Error, FieldError, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The fields of an object to return; a field without fields of its own is returned whole.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// Parses the parameter. `sample` is an item with every field present.
    ///
    /// # Errors
    /// 400 for a field that does not exist, with the nearest name.
    pub fn parse(text: &str, sample: &Value) -> Result<Self> {
        let mut root = Self::default();
        for path in text.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            let (mut at, mut known) = (&mut root, sample);
            for name in path.split('.') {
                known = known.as_array().and_then(|items| items.first()).unwrap_or(known);
                let Some(inner) = known.get(name) else { return Err(unknown(path, name, known)) };
                known = inner;
                at = at.0.entry(name.to_owned()).or_default();
            }
        }
        if root.0.is_empty() {
            let message = "`fields` names no field";
            return Err(Error::parameter("fields", Code::BadParameter, message));
        }
        Ok(root)
    }

    /// Removes all other fields from an item, or from each item of an array.
    pub fn prune(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.prune(item)),
            Value::Object(members) => {
                let all = std::mem::take(members);
                *members =
                    all.into_iter().filter_map(|member| self.keep(member)).collect::<Map<_, _>>();
            }
            _ => {}
        }
    }

    fn keep(&self, (name, mut value): (String, Value)) -> Option<(String, Value)> {
        self.0.get(&name)?.prune(&mut value);
        Some((name, value))
    }
}

fn unknown(path: &str, name: &str, known: &Value) -> Error {
    let message = format!("`fields`: there is no field `{path}`");
    let names = known.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    let error = FieldError::parameter("fields", Code::BadParameter, message).suggest(name, names);
    Error::fields(Code::BadParameter, vec![error])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_named_fields_are_returned() {
        let sample = json!({"id": 1, "headline": "a", "links": [{"title": "b", "url": "c"}]});
        let mut item = sample.clone();
        Fields::parse("id,links.title", &sample).unwrap().prune(&mut item);
        assert_eq!(item, json!({"id": 1, "links": [{"title": "b"}]}));
    }

    #[test]
    fn an_unknown_field_is_rejected_with_the_nearest_name() {
        let error = Fields::parse("headlin", &json!({"headline": "a"})).unwrap_err();
        let problem = error.problem("r");
        assert_eq!(problem.errors[0].did_you_mean.as_deref(), Some("headline"));
        assert_eq!(Fields::parse(",", &json!({})).unwrap_err().code(), Code::BadParameter);
    }
}
