//! A headless news-roundup backend: articles, source links, outlets and comments as data.

pub mod db;
