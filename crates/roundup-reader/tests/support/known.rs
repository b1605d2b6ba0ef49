//! A small table of outlets.

use roundup_reader::Outlets;
use safe_html::names::fold_outlet_name;

/// A list of the names of known outlets.
pub struct Known(pub &'static [&'static str]);

impl Outlets for Known {
    fn knows(&self, name: &str) -> bool {
        let name = fold_outlet_name(name);
        !name.is_empty() && self.0.iter().any(|known| fold_outlet_name(known) == name)
    }
}
