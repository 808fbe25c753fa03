//! A store that others write, spoil and forbid.

use std::fs;
use std::path::PathBuf;

use vanguard_engine::pins::{Pin, Sighting};

use super::*;
use crate::pins::By;

struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn store(&self) -> Store {
        Store::at(self.root.path().join("pins"))
    }

    /// Another proxy before the same server.
    fn proxy(&self) -> File {
        File::new(self.store(), server())
    }

    fn path(&self) -> PathBuf {
        self.store().path(&server().key())
    }
}

fn server() -> Server {
    Server { name: "s".into(), by: By::Command(vec!["s".into()]) }
}

fn seen(tool: &str, now: &str, over: Option<&str>) -> Seen {
    let pin = |digest: &str| Pin { digest: digest.into(), version: String::new(), parts: [].into() };
    let sighting = Sighting { now: pin(now), over: over.map(pin), passed: true };
    Seen { tools: vec![(tool.into(), sighting)], ..Seen::default() }
}

fn digests(file: &File) -> Vec<(String, String)> {
    let book = file.known().book;
    book.tools.iter().map(|(name, held)| (name.clone(), held.pinned.digest.clone())).collect()
}

fn of(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|&(name, digest)| (name.to_owned(), digest.to_owned())).collect()
}

#[test]
fn what_is_kept_is_there_the_next_time() {
    let place = Place::new();
    let file = place.proxy();
    assert!(file.known().trouble.is_none() && !place.path().exists());
    assert_eq!(file.keep(seen("t", "a", None)), Ok(()));
    assert_eq!(digests(&place.proxy()), of(&[("t", "a")]));
    let text = fs::read_to_string(place.path()).unwrap();
    assert!(text.contains("\"edition\": 1,") && text.ends_with("}\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(place.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(place.root.path().join("pins")).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn it_is_written_only_when_it_changes() {
    let place = Place::new();
    let file = place.proxy();
    file.keep(seen("t", "a", None)).unwrap();
    let before = Stamp::of(&place.path());
    for _ in 0..3 {
        file.keep(seen("t", "a", None)).unwrap();
    }
    assert_eq!(Stamp::of(&place.path()), before);
}

#[test]
fn proxies_at_once_lose_nothing_of_each_other() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for proxy in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let file = place.proxy();
                for tool in 0..10 {
                    file.keep(seen(&format!("{proxy}-{tool}"), "a", None)).unwrap();
                }
            });
        }
    });
    assert_eq!(place.proxy().known().book.tools.len(), 40);
}

#[test]
fn another_proxy_s_pins_are_known_and_never_overwritten_unseen() {
    let place = Place::new();
    let (one, other) = (place.proxy(), place.proxy());
    assert!(one.known().book.tools.is_empty());
    other.keep(seen("t", "a", None)).unwrap();
    // It judged before it knew.
    one.keep(seen("t", "x", None)).unwrap();
    assert_eq!((digests(&one), digests(&other)), (of(&[("t", "a")]), of(&[("t", "a")])));
    one.keep(seen("t", "b", Some("a"))).unwrap();
    assert_eq!(digests(&other), of(&[("t", "b")]));
}

#[test]
fn what_is_damaged_is_said_and_left_as_it_is_until_somebody_resets_it() {
    for text in [
        "",
        "{",
        "[]",
        "{\"format\":1}",
        "\u{0}\u{0}",
        "{\"format\":9,\"server\":{\"name\":\"s\",\"by\":{\"url\":\"u\"}},\"edition\":1,\"book\":{\"whole\":true,\"tools\":{}}}",
    ] {
        let place = Place::new();
        place.proxy().keep(seen("t", "a", None)).unwrap();
        fs::write(place.path(), text).unwrap();
        let file = place.proxy();
        assert!(file.known().trouble.is_some(), "{text}");
        assert!(file.keep(seen("t", "b", None)).is_err());
        // Within this proxy the tool is known all the same.
        assert_eq!(digests(&file), of(&[("t", "b")]));
        assert_eq!(fs::read_to_string(place.path()).unwrap(), text);
    }
}

#[test]
fn what_is_spoilt_while_a_proxy_runs_is_said_once_and_written_anew() {
    let old = |place: &Place| {
        let file = place.proxy();
        file.keep(seen("t", "a", None)).unwrap();
        fs::read_to_string(place.path()).unwrap()
    };
    let spoils: [fn(&Place, &str); 3] = [
        |place, _| fs::remove_file(place.path()).unwrap(),
        |place, _| fs::write(place.path(), "{").unwrap(),
        |place, old| fs::write(place.path(), old).unwrap(),
    ];
    for (n, spoil) in spoils.iter().enumerate() {
        let place = Place::new();
        let old = old(&place);
        let file = place.proxy();
        file.known();
        file.keep(seen("t", "b", Some("a"))).unwrap();
        spoil(&place, &old);
        assert!(matches!(file.known().trouble, Some(Trouble::Damaged(_))), "{n}");
        assert_eq!(file.known().trouble, None, "{n}");
        assert_eq!(digests(&place.proxy()), of(&[("t", "b")]), "{n}");
        assert_eq!(place.path().with_extension("json.damaged").exists(), n == 1);
    }
}

#[test]
fn a_reset_is_no_damage() {
    let place = Place::new();
    let file = place.proxy();
    file.keep(seen("t", "a", None)).unwrap();
    file.known();
    assert_eq!((place.store().reset(&server().key()), place.store().reset("another")), (Ok(true), Ok(false)));
    assert!(file.known().trouble.is_none() && digests(&file).is_empty());
    fs::write(place.path(), "{").unwrap();
    assert_eq!(place.store().reset(&server().key()), Ok(true));
    assert!(place.path().with_extension("json.damaged").exists());
    file.keep(seen("t", "b", None)).unwrap();
    assert!(file.known().trouble.is_none());
    assert_eq!((digests(&file), digests(&place.proxy())), (of(&[("t", "b")]), of(&[("t", "b")])));
    assert_eq!(place.store().all().unwrap().len(), 1);
}

#[test]
fn a_store_that_cannot_be_written_is_said_and_what_was_seen_is_known() {
    let place = Place::new();
    // A file where the directory should stand: nobody can write below it, root neither.
    fs::write(place.root.path().join("pins"), "").unwrap();
    let file = place.proxy();
    assert!(matches!(file.keep(seen("t", "a", None)), Err(Trouble::Unwritten(_))));
    for _ in 0..2 {
        let known = file.known();
        assert!(matches!(known.trouble, Some(Trouble::Unwritten(_))), "it is said as long as it is so");
        assert_eq!(known.book.tools.len(), 1);
    }
    // As soon as it can be written, it is: what another has pinned meanwhile stays.
    fs::remove_file(place.root.path().join("pins")).unwrap();
    place.proxy().keep(seen("u", "b", None)).unwrap();
    assert_eq!((file.known().trouble, digests(&place.proxy())), (None, of(&[("t", "a"), ("u", "b")])));
}

#[test]
fn a_proxy_that_writes_for_ever_holds_nobody_up() {
    let place = Place::new();
    place.proxy().keep(seen("t", "a", None)).unwrap();
    let lock = fs::File::open(place.root.path().join("pins/lock")).unwrap();
    lock.lock().unwrap();
    let file = place.proxy();
    assert_eq!(digests(&file), of(&[("t", "a")]), "reading needs no lock");
    assert!(matches!(file.keep(seen("u", "a", None)), Err(Trouble::Unwritten(_))));
    lock.unlock().unwrap();
    assert_eq!(file.keep(seen("v", "a", None)), Ok(()));
}

#[test]
fn a_file_is_bounded() {
    let place = Place::new();
    let file = place.proxy();
    let text = "\u{1}".repeat(4096);
    let tool = |n: usize| {
        let parts = [("description".to_owned(), vanguard_engine::pins::Part::Whole(text.clone()))].into();
        let now = Pin { digest: "a".repeat(64), version: String::new(), parts };
        (format!("{n}"), Sighting { now, over: None, passed: true })
    };
    let seen = Seen { tools: (0..4096).map(tool).collect(), ..Seen::default() };
    file.keep(seen).unwrap();
    assert!(fs::metadata(place.path()).unwrap().len() < crate::pins::MAX_FILE);
    assert_eq!(place.proxy().known().book.tools.len(), 4096);
    fs::write(place.path(), vec![b' '; usize::try_from(crate::pins::MAX_FILE).unwrap() + 1]).unwrap();
    assert!(matches!(place.proxy().known().trouble, Some(Trouble::Damaged(_))));
}
