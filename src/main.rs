//! The command line of roundup.
fn main() {}
