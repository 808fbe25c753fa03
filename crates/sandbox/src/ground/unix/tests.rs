//! Every case twice: as the kernel follows the path, and as it is walked.

use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use vanguard_engine::zone::{Trouble, Within};

use super::*;

/// A zone, something outside, and links between them.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        fs::create_dir_all(at.join("zone/sub/.git")).unwrap();
        fs::create_dir_all(at.join("zone-secrets")).unwrap();
        fs::create_dir_all(at.join("outside/deep")).unwrap();
        for file in ["zone/a.txt", "zone/sub/b.txt", "zone/sub/.git/config", "outside/canary", "zone-secrets/canary"] {
            fs::write(at.join(file), "x").unwrap();
        }
        symlink("../outside", at.join("zone/out")).unwrap();
        symlink(at.join("outside/canary"), at.join("zone/out.txt")).unwrap();
        symlink("sub", at.join("zone/in")).unwrap();
        symlink(at.join("zone/sub"), at.join("zone/in-absolute")).unwrap();
        symlink("nowhere/at/all", at.join("zone/dangling")).unwrap();
        symlink(at.join("outside/new"), at.join("zone/dangling-out")).unwrap();
        symlink("loop", at.join("zone/loop")).unwrap();
        symlink(at.join("zone"), at.join("alias")).unwrap();
        Self { folder }
    }

    fn at(&self, path: &str) -> String {
        self.folder.path().canonicalize().unwrap().join(path).to_str().unwrap().to_owned()
    }

    /// A ground with these zones, which follows and one that walks.
    fn grounds(&self, zones: &[&str]) -> [Ground; 2] {
        [false, true].map(|walks| {
            let mut ground = Ground::new(&self.folder.path().join("zone")).unwrap();
            for zone in zones {
                let _ = ground.hold(&self.folder.path().join(zone));
            }
            if walks { ground.walking() } else { ground }
        })
    }

    /// Both answers, which must agree.
    fn standing(&self, path: &str) -> Standing {
        let [followed, walked] = self.grounds(&["zone"]).map(|ground| ground.resolve(path));
        assert_eq!(followed, walked, "{path}");
        walked
    }
}

fn within(depth: usize) -> Within {
    Within { zone: 0, depth, hidden: false, link: false, mount: false }
}

#[test]
fn a_plain_path_lies_in_its_zone() {
    let place = Place::new();
    for (path, depth, what) in [
        ("zone", 0, What::Directory),
        ("zone/a.txt", 1, What::File(1)),
        ("zone/sub/b.txt", 2, What::File(1)),
        ("zone/new.txt", 1, What::Missing),
    ] {
        let standing = place.standing(&place.at(path));
        assert_eq!((standing.what, standing.within.as_slice()), (what, &[within(depth)][..]), "{path}");
        assert_eq!((standing.place, standing.trouble), (place.at(path), None));
    }
    assert_eq!(place.standing(&place.at("zone/x/y/new")).what, What::Nowhere);
    assert_eq!(place.standing("sub/b.txt").within.as_slice(), [within(2)], "relative to the server's directory");
    assert!(place.standing(&place.at("zone/sub/.git/config")).within[0].hidden);
}

/// The neighbour whose name begins alike, which 1.5.0 took for the zone.
#[test]
fn letters_alone_are_no_zone() {
    let place = Place::new();
    for path in ["zone-secrets/canary", "outside/canary", "zone/../outside/canary", "zone-new"] {
        assert!(place.standing(&place.at(path)).within.is_empty(), "{path}");
    }
    for path in ["../outside/canary", "sub/../../outside/canary", "/", "/.."] {
        assert!(place.standing(path).within.is_empty(), "{path}");
    }
}

#[test]
fn a_link_leads_where_it_leads() {
    let place = Place::new();
    for path in ["zone/out/canary", "zone/out.txt", "zone/out/new", "zone/out/../outside/canary", "zone/dangling-out"] {
        let standing = place.standing(&place.at(path));
        assert_eq!((standing.within.len(), standing.left.as_slice()), (0, &[0][..]), "{path}");
    }
    for path in ["zone/in/b.txt", "zone/in-absolute/b.txt"] {
        let standing = place.standing(&place.at(path));
        assert_eq!(standing.within.as_slice(), [Within { link: true, ..within(2) }], "{path}");
        assert_eq!(standing.place, place.at("zone/sub/b.txt"));
    }
    // The system climbs from where the link led.
    assert!(place.standing(&place.at("zone/out/../zone-secrets/canary")).within.is_empty());
    let dangling = place.standing(&place.at("zone/dangling"));
    assert_eq!((dangling.what, dangling.within.len()), (What::Nowhere, 1));
    assert_eq!(place.standing(&place.at("zone/loop/x")).trouble, Some(Trouble::Loop));
    // By another way in.
    assert_eq!(place.standing(&place.at("alias/a.txt")).within.as_slice(), [within(1)]);
}

#[test]
fn a_zone_written_as_a_link_is_the_directory_behind_it() {
    let place = Place::new();
    for ground in place.grounds(&["alias", "absent"]) {
        assert_eq!(ground.resolve(&place.at("zone/a.txt")).within.as_slice(), [within(1)]);
        assert_eq!(ground.resolve(&place.at("alias/a.txt")).within.as_slice(), [within(1)]);
        assert!(ground.resolve(&place.at("absent/a.txt")).within.is_empty());
        // It is turned elsewhere after the start.
        fs::remove_file(place.at("alias")).unwrap();
        symlink(place.at("outside"), place.at("alias")).unwrap();
        assert!(ground.resolve(&place.at("alias/canary")).within.is_empty());
        fs::remove_file(place.at("alias")).unwrap();
        symlink(place.at("zone"), place.at("alias")).unwrap();
    }
}

#[test]
fn a_directory_put_in_a_zones_place_is_no_zone() {
    let place = Place::new();
    for ground in place.grounds(&["zone/sub"]) {
        fs::rename(place.at("zone/sub"), place.at("zone/old")).unwrap();
        fs::create_dir(place.at("zone/sub")).unwrap();
        assert!(ground.resolve(&place.at("zone/sub/b.txt")).within.is_empty());
        fs::remove_dir(place.at("zone/sub")).unwrap();
        fs::rename(place.at("zone/old"), place.at("zone/sub")).unwrap();
    }
}

#[test]
fn zones_in_zones_both_hold() {
    let place = Place::new();
    for ground in place.grounds(&["zone/sub", "zone", "zone/a.txt"]) {
        let depths = |path: &str| -> Vec<(usize, usize)> {
            let mut all: Vec<_> =
                ground.resolve(&place.at(path)).within.iter().map(|within| (within.zone, within.depth)).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(depths("zone/sub/b.txt"), [(0, 1), (1, 2)]);
        assert_eq!(depths("zone/a.txt"), [(1, 1), (2, 0)]);
        assert_eq!(depths("zone/sub"), [(0, 0), (1, 1)]);
    }
}

#[test]
fn a_second_name_is_counted_and_a_device_is_none_to_work_on() {
    let place = Place::new();
    fs::hard_link(place.at("outside/canary"), place.at("zone/twin")).unwrap();
    assert_eq!(place.standing(&place.at("zone/twin")).what, What::File(2));
    let socket = std::os::unix::net::UnixListener::bind(place.at("zone/socket")).unwrap();
    assert_eq!(place.standing(&place.at("zone/socket")).what, What::Special);
    drop(socket);
    assert_eq!(place.standing(&place.at("zone/a.txt/x")).trouble, Some(Trouble::NotDirectory));
    assert_eq!(place.standing(&place.at(&"x/".repeat(3000))).trouble, Some(Trouble::TooLong));
    assert_eq!(place.standing(&place.at(&"x".repeat(300))).trouble, Some(Trouble::TooLong));
}

#[cfg(target_os = "linux")]
#[test]
fn links_of_the_kernel_are_followed_by_nobody() {
    let place = Place::new();
    let inside = place.at("zone/a.txt");
    for path in ["/proc/self/root", "/proc/self/cwd/a.txt", "/proc/thread-self/root/etc", "/proc/1/root/etc/passwd"] {
        assert_eq!(place.standing(path).trouble, Some(Trouble::MagicLink), "{path}");
    }
    assert_eq!(place.standing(&format!("/proc/self/root{inside}")).trouble, Some(Trouble::MagicLink));
    symlink("/proc/self/root", place.at("zone/root")).unwrap();
    assert_eq!(place.standing(&place.at("zone/root/etc/passwd")).trouble, Some(Trouble::MagicLink));
}

/// Root reads everything, so the thread that looks gives that up.
#[cfg(target_os = "linux")]
#[test]
fn where_nobody_may_look_nothing_is_known() {
    use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let close = |mode: u32| fs::set_permissions(place.at("zone/sub"), fs::Permissions::from_mode(mode)).unwrap();
    close(0o000);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let held = capabilities(None).unwrap();
            set_capabilities(None, CapabilitySets { effective: CapabilitySet::empty(), ..held }).unwrap();
            // A zone round it, and the zone itself.
            for zones in [&["zone"][..], &["zone/sub"]] {
                for ground in place.grounds(zones) {
                    assert_eq!(ground.resolve(&place.at("zone/sub/b.txt")).trouble, Some(Trouble::Denied), "{zones:?}");
                }
            }
            let mut ground = Ground::new(&place.folder.path().join("zone")).unwrap();
            let kind = ground.hold(&place.folder.path().join("zone/sub/.git")).unwrap_err().kind();
            assert_eq!(kind, io::ErrorKind::PermissionDenied);
            assert!(ground.resolve(&place.at("zone/a.txt")).within.is_empty());
        });
    });
    close(0o755);
}

#[test]
fn the_way_is_told_step_by_step() {
    let place = Place::new();
    let [ground, _] = place.grounds(&["zone"]);
    let mut steps = Vec::new();
    ground.trace(&place.at("zone/out/canary"), &mut |step| steps.push(step));
    let last: Vec<String> = steps.iter().rev().take(2).map(|step| format!("{} {:?}", step.place, step.what)).collect();
    assert_eq!(last, [format!("{} File", place.at("outside/canary")), format!("{} Directory", place.at("outside"))]);
    assert!(steps.iter().any(|step| step.what == super::super::StepKind::Link("../outside".into())));
    assert!(steps.iter().any(|step| step.place == place.at("zone") && step.zones == [0]));
}

/// Directory and link change places all the while: no answer ever says that the canary lies in the zone.
#[cfg(target_os = "linux")]
#[test]
fn a_race_is_never_won_against_the_answer() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::atomic::AtomicBool;

    let place = Place::new();
    fs::create_dir(place.at("zone/here")).unwrap();
    fs::write(place.at("zone/here/canary"), "").unwrap();
    symlink(place.at("outside"), place.at("zone/there")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, place.at("zone/here"), CWD, place.at("zone/there"), RenameFlags::EXCHANGE).unwrap();
            }
        });
        for ground in place.grounds(&["zone"]) {
            for _ in 0..5_000 {
                let standing = ground.resolve(&place.at("zone/here/canary"));
                let outside = standing.place == place.at("outside/canary");
                assert!(!outside || standing.within.is_empty(), "{standing:?}");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a path is made of: both ways give one answer, and where the system itself can follow it, the same as it.
    #[test]
    fn the_answer_is_the_systems(names in prop::collection::vec(prop::sample::select(&[
        "zone", "sub", "in", "in-absolute", "out", "out.txt", "alias", "..", ".", "", "a.txt", "outside", "deep", "canary",
        "dangling", "new", "zone-secrets",
    ][..]), 0..7)) {
        let place = Place::new();
        let path = place.at(&names.join("/"));
        let standing = place.standing(&path);
        if let Ok(real) = fs::canonicalize(&path) {
            prop_assert_eq!(&standing.place, real.to_str().unwrap());
            prop_assert_eq!(standing.trouble, None);
            prop_assert_eq!(!standing.within.is_empty(), real.starts_with(place.at("zone")));
        }
    }

    /// Bytes of any kind are a path at worst.
    #[test]
    fn no_path_is_too_odd(path in "[\\PC/.\\\\\u{0}]{0,60}") {
        let place = Place::new();
        let standing = place.standing(&path);
        prop_assert!(standing.within.is_empty() || standing.place.starts_with(&place.at("zone")));
    }
}
