//! What names said a moment ago: a session calls the same tools with the same arguments again and again.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::name::{Saying, says};

/// How many names are remembered. Two that fall on one place take turns.
const PLACES: usize = 128;
/// The longest name that is.
const LONGEST: usize = 64;

/// The names that one thread has read.
#[derive(Debug, Default)]
pub(crate) struct Heard(Vec<(String, Saying)>);

impl Heard {
    /// What `name` says: [`says`], remembered.
    pub(crate) fn of(&mut self, name: &str) -> Saying {
        if name.len() > LONGEST {
            return says(name);
        }
        if self.0.is_empty() {
            self.0 = vec![(String::new(), says("")); PLACES];
        }
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let place = usize::try_from(hasher.finish()).unwrap_or(0) % PLACES;
        let Some((known, saying)) = self.0.get_mut(place) else { return says(name) };
        if known != name {
            name.clone_into(known);
            *saying = says(name);
        }
        *saying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_same_again_and_after_any_other() {
        let mut heard = Heard::default();
        let long = "a_".repeat(LONGEST);
        let others = (0..4 * PLACES).map(|n| format!("file_{n}"));
        let names: Vec<String> =
            ["", "path", "run_command", "query", &long].map(str::to_owned).into_iter().chain(others).collect();
        for name in names.iter().chain(&names) {
            assert_eq!(heard.of(name), says(name), "{name}");
        }
        assert!(heard.0.len() == PLACES && heard.0.iter().all(|(name, _)| name.len() <= LONGEST));
    }
}
