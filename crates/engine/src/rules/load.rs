//! Loading packs, all or nothing.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use crate::finding::Action;

use super::compile::{Workshop, action_under};
use super::error::{PackError, PackWarning};
use super::form::{self, RuleForm};
use super::hint::PatternHints;
use super::index::Index;
use super::prepared::Prepared;
use super::{PackSource, RuleSet, Tuning, builtin, words, yaml};

/// Serial number of the next rule set; 0 is no set's.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A number that no other rule set has.
pub(super) fn next_serial() -> u64 {
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn load(packs: &[PackSource<'_>], tuning: &Tuning<'_>) -> Result<RuleSet, Vec<PackError>> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    // Growing would touch as much memory again, and every start pays for each page.
    let mut rules = Vec::with_capacity(builtin::RULES);
    let mut slots = 0;
    let mut seen = Ids::default();
    seen.first.reserve(builtin::RULES);

    for source in packs {
        let first = errors.len();
        let pack: Arc<str> = source.name.into();
        let (number, written) = match builtin::prepared(source) {
            Some(Prepared { first, rules }) => (Some(first), rules),
            None => (None, read(source, &mut errors, &mut warnings)),
        };
        // Doubling would leave as much room again unused.
        rules.reserve_exact(written.len());
        for (n, (form, hints)) in written.into_iter().enumerate() {
            let number = number.map(|first| n.saturating_add(first));
            seen.check(&form, &pack, number.is_some(), &mut errors, &mut warnings);
            let action = match tuning.overrides.get(&*form.id) {
                Some(action) => *action,
                None => action_under(tuning.profile, &form),
            };
            let mut workshop = Workshop {
                pack: Arc::clone(&pack),
                hints: hints.into_iter(),
                number,
                slots: &mut slots,
                errors: &mut errors,
                warnings: &mut warnings,
            };
            rules.extend(workshop.compile(form, action));
        }
        if let Some(of_this_pack) = errors.get_mut(first..) {
            of_this_pack.sort_by_key(|error| (error.line, error.column));
        }
    }
    for (id, action) in tuning.overrides {
        if !seen.first.contains_key(id.as_str()) {
            warnings.push(unknown_override(id, *action, &seen));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(RuleSet { index: Index::build(&rules), rules, slots, serial: next_serial(), warnings, meaning: None })
}

/// Reads the rules of a pack from its text.
fn read(
    source: &PackSource<'_>,
    errors: &mut Vec<PackError>,
    warnings: &mut Vec<PackWarning>,
) -> Vec<(RuleForm, Vec<PatternHints>)> {
    match yaml::parse(source.name, source.text) {
        Ok(tree) => {
            let mut read = form::read(source.name, &tree);
            errors.append(&mut read.errors);
            warnings.append(&mut read.warnings);
            read.rules.into_iter().map(|form| (form, Vec::new())).collect()
        }
        Err(error) => {
            errors.push(*error);
            Vec::new()
        }
    }
}

/// Which ids have been seen, and where first.
#[derive(Default)]
struct Ids {
    first: FxHashMap<Cow<'static, str>, (Arc<str>, u32, bool)>,
}

impl Ids {
    fn check(
        &mut self,
        form: &RuleForm,
        pack: &Arc<str>,
        built_in: bool,
        errors: &mut Vec<PackError>,
        warnings: &mut Vec<PackWarning>,
    ) {
        let Some((first, line, first_built_in)) = self.first.get(&form.id) else {
            self.first.insert(form.id.clone(), (Arc::clone(pack), form.at.line, built_in));
            return;
        };
        if form.pointers.is_none() {
            let what = format!("the id is taken: {first}:{line} has it too");
            let mend = "Give it an id of its own, e.g. with your team's prefix.";
            errors.push(PackError::new(pack, form.at, Some(&form.id), what, mend));
        } else if !first_built_in {
            // The built-in packs keep the ids of mcp-vanguard 1.5.0, whose own packs must load beside them.
            let what = format!("{first}:{line} has the same id; both run, and an override of the id concerns both");
            warnings.push(PackWarning {
                file: pack.to_string(),
                line: form.at.line,
                rule: Some(form.id.to_string()),
                what,
            });
        }
    }
}

fn unknown_override(id: &str, action: Action, seen: &Ids) -> PackWarning {
    let ids = seen.first.keys().map(|id| &**id);
    let close = ids
        .map(|known| (strsim::jaro_winkler(id, known), known))
        .filter(|(closeness, _)| *closeness >= 0.9)
        // Of equally close ids the first by name, whatever the order of the map.
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    let hint = close.map(|(_, known)| format!("; did you mean `{known}`?")).unwrap_or_default();
    let action = words::PROFILE_ACTIONS.iter().find(|(_, known)| *known == action).map_or("", |(name, _)| name);
    let what = format!("the override `{id}: {action}` concerns no rule{hint}");
    PackWarning { file: String::new(), line: 0, rule: None, what }
}
