//! What is wrong with a path, by the zones that it should keep to.

use crate::finding::{Action, Confidence, RuleInfo, Severity};

use super::{HardLinks, Rights, Standing, Trouble, What, Within, Zone};

/// A way not to keep to one's zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// It lies in none.
    Outside,
    /// A link leads out of one, or is not to be followed.
    Link,
    /// The zone does not give the right.
    Right,
    /// It lies deeper than the zone reaches.
    Deep,
    /// It is hidden.
    Hidden,
    /// It lies on something mounted in the zone.
    Mount,
    /// The file has other names.
    HardLink,
    /// A link of the kernel's.
    MagicLink,
    /// A device, a pipe or a socket.
    Special,
    /// Nobody can say where it leads.
    Unresolved,
    /// What is written is too random.
    Entropy,
}

impl Breach {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Outside,
        Self::Link,
        Self::Right,
        Self::Deep,
        Self::Hidden,
        Self::Mount,
        Self::HardLink,
        Self::MagicLink,
        Self::Special,
        Self::Unresolved,
        Self::Entropy,
    ];

    /// Its id, e.g. `ZONE-OUTSIDE`.
    pub fn id(self) -> &'static str {
        self.words().id
    }

    /// One line.
    pub fn title(self) -> &'static str {
        self.words().title
    }

    fn words(self) -> Words {
        let (id, title, message, severity, references): (_, _, _, _, &'static [&'static str]) = match self {
            Self::Outside => (
                "ZONE-OUTSIDE",
                "Leads out of the zones",
                "The path leads outside of the directories that this tool may touch. Name one inside them.",
                Severity::High,
                &["CWE-22", "CWE-668", "T1083"],
            ),
            Self::Link => (
                "ZONE-LINK",
                "Leads out by a symbolic link",
                "A symbolic link on the way leads out of the zone, or the zone follows none.",
                Severity::High,
                &["CWE-59", "CWE-61"],
            ),
            Self::Right => (
                "ZONE-RIGHT",
                "Not allowed in this zone",
                "The zone does not allow what this tool does: reading, writing or running.",
                Severity::High,
                &["CWE-732", "CWE-862"],
            ),
            Self::Deep => (
                "ZONE-DEEP",
                "Below a zone that is not recursive",
                "The zone covers its own entries and nothing below them.",
                Severity::Medium,
                &["CWE-668"],
            ),
            Self::Hidden => (
                "ZONE-HIDDEN",
                "Hidden file in a zone without them",
                "The zone holds no hidden files, and a name on the path begins with a dot.",
                Severity::Medium,
                &["CWE-552"],
            ),
            Self::Mount => (
                "ZONE-MOUNT",
                "Crosses into another file system",
                "Something else is mounted on the way, and the zone ends there.",
                Severity::Medium,
                &["CWE-59"],
            ),
            Self::HardLink => (
                "ZONE-HARD-LINK",
                "File with another name",
                "The file has another name, which may stand outside of the zone.",
                Severity::Medium,
                &["CWE-62"],
            ),
            Self::MagicLink => (
                "ZONE-MAGIC-LINK",
                "Leads through a link of the kernel's",
                "Links such as /proc/self/root lead anywhere, whatever the zones. Name the file itself.",
                Severity::High,
                &["CWE-59", "T1083"],
            ),
            Self::Special => (
                "ZONE-SPECIAL",
                "Device, pipe or socket",
                "Devices, pipes and sockets are no files to work on, and may lead out of the zone.",
                Severity::High,
                &["CWE-67"],
            ),
            Self::Unresolved => (
                "ZONE-UNRESOLVED",
                "Nobody can say where it leads",
                "Where the path leads could not be found out, so it does not pass. Name the file plainly.",
                Severity::High,
                &["CWE-41", "CWE-22"],
            ),
            Self::Entropy => (
                "ZONE-ENTROPY",
                "More random than the zone takes",
                "What is to be written looks encrypted or packed, and the zone has a limit on that (max_entropy).",
                Severity::Medium,
                &["T1486", "T1027"],
            ),
        };
        Words { id, title, message, severity, references }
    }

    /// What is known of it, as of a rule.
    pub(crate) fn info(self) -> RuleInfo {
        let Words { id, title, message, severity, references } = self.words();
        let tune =
            "`vanguard zones explain PATH --tool TOOL` shows where the path leads and why; widen `zones` if it should.";
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "zone".into(),
            message: message.into(),
            severity,
            confidence: Confidence::High,
            references: references.iter().map(|&r| r.into()).collect(),
            tune: Some(tune.into()),
        }
    }
}

struct Words {
    id: &'static str,
    title: &'static str,
    message: &'static str,
    severity: Severity,
    references: &'static [&'static str],
}

impl From<Trouble> for Breach {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::MagicLink => Self::MagicLink,
            Trouble::Device => Self::Special,
            Trouble::Share => Self::Outside,
            _ => Self::Unresolved,
        }
    }
}

/// What is wrong with `standing` for `tool` that needs `needs` there, list by list. Nothing where no zone is for the tool.
pub fn breaches(
    zones: &[Zone],
    tool: Option<&str>,
    needs: Rights,
    standing: &Standing,
    found: &mut dyn FnMut(Breach, Action),
) {
    let concerned = |zone: &&Zone| zone.concerns(tool);
    let Some(last) = zones.iter().filter(concerned).map(|zone| zone.list).max() else { return };
    for list in 0..=last {
        if zones.iter().filter(concerned).any(|zone| zone.list == list) {
            let of = |n: usize| zones.get(n).filter(concerned).filter(|zone| zone.list == list);
            of_list(&of, needs, standing, found);
        }
    }
}

fn of_list<'z>(
    of: &dyn Fn(usize) -> Option<&'z Zone>,
    needs: Rights,
    standing: &Standing,
    found: &mut dyn FnMut(Breach, Action),
) {
    if let Some(trouble) = standing.trouble {
        return found(trouble.into(), Action::Block);
    }
    let mut granted = Rights::empty();
    let mut short = None;
    let mut hard_links = None;
    for (within, zone) in standing.within.iter().filter_map(|within| Some((within, of(within.zone)?))) {
        if let Some(breach) = shortfall(within, zone) {
            short = short.or(Some(breach));
        } else {
            granted |= zone.rights;
            hard_links = hard_links.max(Some(zone.hard_links));
        }
    }
    // What is not there outright may be there by the wider zone round it: rights add up.
    let Some(hard_links) = hard_links else {
        let left = standing.left.iter().any(|&zone| of(zone).is_some());
        return found(short.unwrap_or(if left { Breach::Link } else { Breach::Outside }), Action::Block);
    };
    if !granted.contains(needs) {
        found(Breach::Right, Action::Block);
    }
    match standing.what {
        What::Special => found(Breach::Special, Action::Block),
        What::File(names) if names > 1 && hard_links > HardLinks::Allow => {
            found(Breach::HardLink, if hard_links == HardLinks::Deny { Action::Block } else { Action::Warn });
        }
        What::Missing | What::Nowhere | What::File(_) | What::Directory => {}
    }
}

/// Why a zone that holds a place does not cover it.
fn shortfall(within: &Within, zone: &Zone) -> Option<Breach> {
    if within.link && !zone.links {
        Some(Breach::Link)
    } else if within.mount && !zone.mounts {
        Some(Breach::Mount)
    } else if within.depth > 1 && !zone.recursive {
        Some(Breach::Deep)
    } else if within.hidden && !zone.hidden {
        Some(Breach::Hidden)
    } else {
        None
    }
}
