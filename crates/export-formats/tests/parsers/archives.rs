//! ZIP archives.

use crate::summary::{Summary, fixture};
use export_formats::{Format, InputFile, PostStatus};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const WXR: &str = "<rss><channel><link>http://a.example</link>\
    <item><wp:post_id>1</wp:post_id><title>A</title><wp:status>publish</wp:status></item>\n";
const WXR_END: &str = "</channel></rss>";

pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
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

const POST: &str = "---\ntitle: Ferry\ndate: 2024-01-02\n---\nIt sails.\n";

#[test]
fn notes_beside_an_export_are_left_out() {
    let zip = archive(&[
        ("Takeout/Keep/Shopping.txt", b"Bread https://a.example/\n"),
        ("Takeout/Keep/Shopping.json", b"{\"title\":\"Bread\"}"),
        (
            "Takeout/Blogger/Blogs/a/feed.atom",
            &std::fs::read(fixture("blogger-takeout-2018.atom")).unwrap(),
        ),
        ("Takeout/README.md", b"# How to read this\n"),
    ]);
    let summary = Summary::of_bytes("takeout.zip", &zip);
    assert_eq!((summary.posts.len(), summary.skipped["file"], summary.failed.len()), (5, 3, 0));
    let only_notes = archive(&[("Keep/Shopping.json", b"{\"title\":\"Bread\"}")]);
    let summary = Summary::of_bytes("takeout.zip", &only_notes);
    assert!(summary.failed[0].1.contains("none of the files"), "{:?}", summary.failed);
}

#[test]
fn the_source_of_a_site_is_read_by_its_front_matter() {
    let files: [(&str, &str); 9] = [
        ("content/posts/a/index.md", POST),
        ("content/posts/b/index.md", POST),
        ("content/posts/_index.md", POST),
        ("archetypes/default.md", POST),
        ("_drafts/c.md", POST),
        ("README.md", "# The site\n"),
        ("public/feed.xml", "<rss><channel><item><title>Ferry</title></item></channel></rss>"),
        ("package.json", "{\"name\":\"x\"}"),
        (".git/config.md", POST),
    ];
    let bytes = files.map(|(name, text)| (name, text.as_bytes()));
    let zip = Summary::of_bytes("site.zip", &archive(&bytes[..8]));
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let folder = Summary::of(&InputFile::from_path(folder.path()), None);
    let tgz = Summary::of_bytes("site.tgz", &gzip(&tar(&bytes[..8])));
    for summary in [zip, folder, tgz] {
        assert_eq!(summary.failed, []);
        let mut ids: Vec<_> =
            summary.posts.iter().map(|post| (post.id.as_str(), post.slug.as_deref())).collect();
        ids.sort_unstable();
        assert_eq!(
            ids,
            [
                ("_drafts/c", Some("c")),
                ("content/posts/a/index", Some("a")),
                ("content/posts/b/index", Some("b")),
            ]
        );
        assert_eq!(summary.post("_drafts/c").status, PostStatus::Draft);
        assert_eq!(summary.post("content/posts/a/index").paths, ["/posts/a/"]);
        assert_eq!(summary.skipped["file"], 5);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // `append_data` rejects `..`, which an archive may still have.
        let field = header.as_mut_bytes().get_mut(..name.len()).unwrap();
        field.copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn files_that_gzip_packed_are_read() {
    let wxr = format!("{WXR}{WXR_END}");
    let summary = Summary::of_bytes("site.xml.gz", &gzip(wxr.as_bytes()));
    assert_eq!((summary.posts.len(), summary.failed.len()), (1, 0));
    let text = Summary::of_bytes("bridge.txt.gz", &gzip(b"A -- Reuters\n"));
    assert_eq!(text.posts[0].id, "bridge");
    let tgz = gzip(&tar(&[("../../wp.xml", wxr.as_bytes()), ("./b/wp.xml", wxr.as_bytes())]));
    let summary = Summary::of_bytes("takeout-001.tgz", &tgz);
    assert_eq!((summary.posts.len(), summary.failed.len()), (1, 1));
    assert!(summary.failed[0].1.contains("out of the archive"), "{:?}", summary.failed);
    let plain = Summary::of_bytes("site.tar", &tar(&[("wp.xml", wxr.as_bytes())]));
    assert_eq!(plain.posts.len(), 1);
}

#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let mut bomb = format!("{WXR}<item><title>").into_bytes();
    bomb.resize(64 << 20, b' ');
    for packed in [gzip(&bomb), gzip(&tar(&[("wp.xml", &bomb)]))] {
        let summary = Summary::of_bytes("a.gz", &packed);
        assert_eq!(summary.failed.len(), 1, "{:?}", summary.failed);
        assert!(summary.failed[0].1.contains("times its size"), "{:?}", summary.failed);
    }
}

#[test]
fn a_format_selects_the_files_of_an_archive() {
    let wxr = format!("{WXR}{WXR_END}");
    let zip = archive(&[("a.txt", b"A -- Reuters\n"), ("wp.xml", wxr.as_bytes())]);
    let file = InputFile::from_bytes("a.zip", zip);
    let ids = |format| -> Vec<String> {
        Summary::of(&file, format).posts.into_iter().map(|post| post.id).collect()
    };
    assert_eq!(ids(Some(Format::Text)), ["a"]);
    assert_eq!(ids(None), ["a.example#1"]);
}
