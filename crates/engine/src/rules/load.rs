//! Loading packs, all or nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::finding::Action;

use super::compile::{Workshop, action_under};
use super::error::{PackError, PackWarning};
use super::form::{self, RuleForm};
use super::hint::PatternHints;
use super::index::Index;
use super::prepared::Prepared;
use super::yaml::{self, Node};
use super::{PackSource, RuleSet, Tuning, builtin, words};

/// Serial number of the next rule set; 0 is no set's.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A number that no other rule set has.
pub(super) fn next_serial() -> u64 {
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn load(packs: &[PackSource<'_>], tuning: &Tuning<'_>) -> Result<RuleSet, Vec<PackError>> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut rules = Vec::new();
    let mut slots = 0;
    let mut seen = Ids::default();

    for source in packs {
        let prepared = builtin::prepared(source);
        let built_in = prepared.is_some();
        let (tree, hints) = match read_source(source, prepared) {
            Ok(read) => read,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        let mut read = form::read(source.name, &tree);
        let first = errors.len();
        errors.append(&mut read.errors);
        warnings.append(&mut read.warnings);
        let pack: Arc<str> = source.name.into();
        let mut hints = hints.into_iter();
        // Doubling would leave as much room again unused.
        rules.reserve_exact(read.rules.len());
        for form in read.rules {
            seen.check(&form, &pack, built_in, &mut errors, &mut warnings);
            let action = match tuning.overrides.get(&*form.id) {
                Some(action) => *action,
                None => action_under(tuning.profile, &form),
            };
            let mut workshop = Workshop {
                pack: Arc::clone(&pack),
                hints: hints.next().unwrap_or_default().into_iter(),
                trusted: built_in,
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
    Ok(RuleSet { index: Index::build(&rules), rules, slots, serial: next_serial(), warnings })
}

/// The pack as a tree, and the hints of its patterns where the build found them.
fn read_source(
    source: &PackSource<'_>,
    prepared: Option<&'static [u8]>,
) -> Result<(Node, Vec<Vec<PatternHints>>), Box<PackError>> {
    if let Some(read) = prepared.and_then(Prepared::read) {
        return Ok(read);
    }
    Ok((yaml::parse(source.name, source.text)?, Vec::new()))
}

/// Which ids have been seen, and where first.
#[derive(Default)]
struct Ids {
    first: HashMap<Cow<'static, str>, (Arc<str>, u32, bool)>,
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
