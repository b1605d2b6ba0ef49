//! Lists in a parameter.

/// How many elements the planner supposes in a list that it does not know.
const SUPPOSED: usize = 10;

/// A list for `= any ($1)`, filled up to ten with what no row has there: 0 as an id, nothing as a slug.
///
/// Else the plan for a list that is not known, which the planner makes once and for ten, is dearer
/// in its eyes than one for the two or three that are asked for: it would plan the statement anew
/// each time, which takes longer than the statement does.
pub fn for_any<T: Clone + Default>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.resize(list.len().max(SUPPOSED), T::default());
    list
}
