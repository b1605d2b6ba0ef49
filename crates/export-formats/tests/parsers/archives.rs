//! ZIP archives.

use crate::summary::{Summary, fixture};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const WXR: &str = "<rss><channel><link>http://a.example</link>\
    <item><wp:post_id>1</wp:post_id><title>A</title><wp:status>publish</wp:status></item>\n";
const WXR_END: &str = "</channel></rss>";

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_blogs_in_an_archive_of_takeout_are_read() {
    let feed = std::fs::read(fixture("blogger-takeout-2018.atom")).unwrap();
    let zip = archive(&[
        ("Takeout/Blogger/Blogs/a/settings.csv", b"a,b"),
        ("Takeout/Blogger/Blogs/a/theme-classic.html", b"<html>"),
        ("Takeout/Blogger/Blogs/a/feed.atom", &feed),
        ("Takeout/Blogger/Blogs/b/wp.xml", format!("{WXR}{WXR_END}").as_bytes()),
        ("__MACOSX/Takeout/._wp.xml", b"metadata"),
    ]);
    let summary = Summary::of_bytes("takeout.zip", &zip);
    assert_eq!(summary.failed, []);
    assert_eq!((summary.posts.len(), summary.comments.len()), (6, 7));
    assert_eq!(summary.skipped["file"], 3);
}

#[test]
fn paths_that_lead_out_of_the_archive_are_rejected() {
    let wxr = format!("{WXR}{WXR_END}");
    let zip = archive(&[
        ("../../etc/feed.xml", wxr.as_bytes()),
        ("a/..\\..\\wp.xml", wxr.as_bytes()),
        ("fine.xml", wxr.as_bytes()),
    ]);
    let summary = Summary::of_bytes("a.zip", &zip);
    assert_eq!((summary.failed.len(), summary.posts.len()), (2, 1));
    assert!(summary.failed[0].1.contains("out of the archive"), "{:?}", summary.failed);
}

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let mut bomb = format!("{WXR}<item><title>").into_bytes();
    bomb.resize(64 << 20, b' ');
    let zip = archive(&[("wp.xml", &bomb)]);
    assert!(zip.len() < 1 << 20);
    let summary = Summary::of_bytes("a.zip", &zip);
    assert_eq!((summary.failed.len(), summary.posts.len()), (1, 1));
    assert!(summary.failed[0].1.contains("ZIP bomb"), "{:?}", summary.failed);
}

#[test]
fn a_broken_archive_and_one_of_too_many_files_are_rejected() {
    let summary = Summary::of_bytes("a.zip", b"PK\x03\x04x");
    assert!(summary.failed[0].1.contains("the archive is broken"), "{:?}", summary.failed);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for n in 0..=100_000 {
        zip.start_file(format!("{n}.png"), stored).unwrap();
    }
    let summary = Summary::of_bytes("a.zip", &zip.finish().unwrap().into_inner());
    assert_eq!((summary.failed.len(), summary.skipped.len()), (1, 0));
    assert!(summary.failed[0].1.contains("more than 100000"), "{:?}", summary.failed);
}
