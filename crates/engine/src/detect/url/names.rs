//! Names of hosts and schemes, `rules/catalogue/hosts.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The sections of hosts, in the order of the family's kinds; schemes are the last.
pub(super) const CLASSES: &[&str] = &["metadata", "rebinding", "catcher", "tunnel", "upload", "scheme"];

const METADATA: usize = 0;
const SCHEME: usize = 5;

/// One name.
#[derive(Debug, Clone, Copy)]
struct Entry {
    class: usize,
    /// Names below it do not count.
    exact: bool,
    /// Its own front page is an ordinary site.
    front: bool,
}

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<&'static str, Entry>);

impl Names {
    pub(super) fn get() -> &'static Self {
        static NAMES: LazyLock<Names> =
            LazyLock::new(|| Names::read(include_str!("../../../../../rules/catalogue/hosts.txt")));
        &NAMES
    }

    fn read(text: &'static str) -> Self {
        let mut names = Self::default();
        let mut class = 0;
        for line in text.lines().map(str::trim_end) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                class = CLASSES.iter().position(|known| *known == name).unwrap_or(CLASSES.len());
            } else if !line.is_empty() && !line.starts_with('#') {
                let (exact, front) = (line.starts_with('=') || class == SCHEME, line.starts_with('/'));
                names.0.insert(line.trim_start_matches(['=', '/']), Entry { class, exact, front });
            }
        }
        names
    }

    /// The class of a host: its own or that of a domain above it.
    pub(super) fn class_of(&self, host: &str, is_front_page: bool) -> Option<usize> {
        let host = host.strip_suffix('.').unwrap_or(host);
        // No name of the catalogue has more labels than this; the longest that is known counts.
        let mut starts = [None; 5];
        let dots = host.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.').map(|(at, _)| at.saturating_add(1));
        for (slot, at) in starts.iter_mut().zip(dots.chain(std::iter::once(0))) {
            *slot = Some(at);
        }
        let entry = starts.iter().flatten().rev().find_map(|&at| {
            let entry = self.0.get(host.get(at..)?).filter(|entry| entry.class != SCHEME)?;
            Some((at, entry))
        });
        let (at, entry) = entry?;
        let own = at == 0 || host.get(..at) == Some("www.");
        let passes = (entry.exact && at > 0) || (entry.front && own && is_front_page);
        (!passes).then_some(entry.class)
    }

    pub(super) fn is_metadata(&self, host: &str) -> bool {
        host.starts_with(['m', 'M', 'i', 'I', 'r', 'R', 'a', 'A'])
            && self.class_of(&host.to_ascii_lowercase(), false) == Some(METADATA)
    }

    pub(super) fn is_dangerous_scheme(&self, scheme: &str) -> bool {
        self.0.get(scheme).is_some_and(|entry| entry.class == SCHEME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_a_domain_are_of_its_class() {
        let names = Names::get();
        let class = |host, front| names.class_of(host, front).map(|class| CLASSES[class]);
        assert_eq!(class("a.b.oast.fun", true), Some("catcher"));
        assert_eq!(class("ngrok.io", true), None);
        assert_eq!(class("x.ngrok.io", true), Some("tunnel"));
        assert_eq!(class("169.254.169.254.nip.io", false), Some("rebinding"));
        assert_eq!(class("metadata", false), Some("metadata"));
        assert_eq!(class("x.metadata", false), None);
        assert_eq!(class("snip.io", false), None);
        assert_eq!(class("gopher", false), None);
        assert!(names.is_dangerous_scheme("gopher") && !names.is_dangerous_scheme("https"));
        assert_eq!(class(&"a.".repeat(5000), false), None);
    }

    #[test]
    fn every_line_is_below_a_class_and_in_lower_case() {
        for line in include_str!("../../../../../rules/catalogue/hosts.txt").lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                assert!(CLASSES.contains(&name), "{name}");
            } else if !line.starts_with('#') {
                assert_eq!(line, line.trim().to_lowercase());
            }
        }
        assert!(Names::get().0.len() > 180, "{}", Names::get().0.len());
    }
}
