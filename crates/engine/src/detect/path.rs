//! Paths: where they lead, by a catalogue of places, and how they get there.
//!
//! The `path` view shows a path as a file system resolves it; the catalogue is looked up there. How it was spelt, and
//! whether it climbs, shows in the decodings before that.

mod catalogue;
mod climb;
mod device;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::ViewKind;

pub use device::is_device_name;

use catalogue::Catalogue;
use climb::Climb;

/// Detectors of paths.
pub(super) const FAMILY: Family = Family { name: "path", kinds: KINDS, look };

/// The classes of the catalogue first, in the order of [`catalogue::CLASSES`].
const KINDS: &[&str] = &[
    "account",
    "credential",
    "store",
    "environment",
    "history",
    "process",
    "platform",
    "windows",
    "system",
    "startup",
    "agent",
    "climb",
    "climb_two",
    "climb_one",
    "climb_target",
    "above_root",
    "winding",
    "encoded_climb",
    "device_name",
];

/// The kinds that no catalogue holds, by their places in [`KINDS`].
#[derive(Debug, Clone, Copy)]
enum Kind {
    Climb = 11,
    ClimbTwo,
    ClimbOne,
    ClimbTarget,
    AboveRoot,
    Winding,
    EncodedClimb,
    DeviceName,
}

/// No path is longer, with room for an encoding; what is becomes no file.
const LONGEST: usize = 8192;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    match look.chain.kind() {
        ViewKind::Path => resolved(look.view, found),
        ViewKind::Url if !look.roles.contains(Roles::PATH) => borne_by_url(look.view, found),
        ViewKind::Url | ViewKind::Shell => {}
        _ if look.roles.intersects(Roles::PATH | Roles::ID) => spelt(look.view, found),
        _ => {}
    }
}

/// Normalised paths, one a line.
fn resolved(view: &str, found: &mut Found<'_>) {
    let mut start = 0_usize;
    for line in view.split('\n') {
        let range = start..start.saturating_add(line.len());
        start = range.end.saturating_add(1);
        if line.len() > LONGEST {
            continue;
        }
        for class in Catalogue::get().classes_of(line) {
            found(class, range.clone());
        }
        // One that a reading uncovered, such as `....//`.
        climbs(&climb::of(line), line, &range, found);
    }
}

/// A path as it was written, or as a decoding left it.
fn spelt(view: &str, found: &mut Found<'_>) {
    if view.len() > LONGEST || !may_be_path(view) {
        return;
    }
    let whole = 0..view.len();
    climbs(&climb::of(view), view, &whole, found);
    if climb::is_encoded(view) {
        found(Kind::EncodedClimb as usize, whole.clone());
    }
    if let Some(range) = device::reserved_name(view) {
        found(Kind::DeviceName as usize, range);
    }
}

fn climbs(climb: &Climb<'_>, path: &str, range: &std::ops::Range<usize>, found: &mut Found<'_>) {
    if climb.above_root {
        found(Kind::AboveRoot as usize, range.clone());
    }
    let kind = match climb.levels {
        0 => return,
        1 => Kind::ClimbOne,
        2 => Kind::ClimbTwo,
        _ => Kind::Climb,
    };
    found(kind as usize, range.clone());
    if climb.winding {
        found(Kind::Winding as usize, range.clone());
    }
    if climb::leads_to_a_system(climb) || Catalogue::get().knows(path) {
        found(Kind::ClimbTarget as usize, range.clone());
    }
}

/// Paths that a URL carries to some other server: in the values of its query, and after `..` in its path.
fn borne_by_url(view: &str, found: &mut Found<'_>) {
    let mut start = 0_usize;
    for line in view.split('\n') {
        let at = start;
        start = start.saturating_add(line.len()).saturating_add(1);
        if line.len() > LONGEST {
            continue;
        }
        if line.starts_with("file:") || line.starts_with("unix:") {
            for class in Catalogue::get().classes_of(line) {
                found(class, at..at.saturating_add(line.len()));
            }
            continue;
        }
        let Some(query) = line.find('?') else { continue };
        let values = line.get(query..).unwrap_or_default();
        let mut from = at.saturating_add(query);
        for part in values.split(['?', '&', '#', ';']) {
            let range = from..from.saturating_add(part.len());
            from = range.end.saturating_add(1);
            let value = part.split_once('=').map_or(part, |(_, value)| value);
            // A path from its root or one that climbs: `q=how to read /etc/passwd` is a question.
            if !value.starts_with(['/', '.', '\\', '~']) && !value.contains("../") && !value.contains("..\\") {
                continue;
            }
            let climb = climb::of(value);
            if climb.levels >= 2 || climb.above_root {
                found(Kind::Climb as usize, range.clone());
            }
            for class in Catalogue::get().classes_of(value) {
                found(class, range.clone());
            }
        }
    }
}

/// Whether a value could be read as a path at all: most identifiers end here.
fn may_be_path(view: &str) -> bool {
    let bytes = view.as_bytes();
    memchr::memchr3(b'/', b'\\', b'%', bytes).is_some()
        || memchr::memchr2(b'$', b':', bytes).is_some()
        || view.starts_with("..")
        || view.len() <= 12
}
