//! The API as its clients see it. One binary, for linking is slow; one module for each resource.

mod harness;

mod articles;
mod keys;
