//! `rules list`.

use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::finding::{Action, RuleInfo};

use crate::commands::{print, print_json, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::Outcome;
use crate::table;

/// A rule as the list shows it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    info: &'a RuleInfo,
    action: Action,
    /// The pack's name; none for a check of the engine itself.
    pack: Option<&'a str>,
}

pub(super) fn run(json: bool, family: Option<&str>, sources: &Sources) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = sources.resolve(Vec::new(), &around)?;
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    warn_all(resolved.warnings.iter().chain(&warnings));
    let packs = engine.rules().rules().iter();
    let packs = packs.map(|rule| Listed { info: &rule.info, action: rule.action, pack: Some(&rule.pack) });
    let own = engine.checks().map(|info| {
        let action = engine.policy().action(&info.id, Action::Block);
        Listed { info, action, pack: None }
    });
    let mut rules: Vec<Listed<'_>> =
        packs.chain(own).filter(|rule| family.is_none_or(|name| rule.info.family == name)).collect();
    rules.sort_by(|a, b| (&a.info.family, &a.info.id).cmp(&(&b.info.family, &b.info.id)));
    if json {
        print_json(&rules);
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table::plain(&["rule", "family", "severity", "action", "title"], 5);
    let word = |what: &dyn std::fmt::Debug| format!("{what:?}").to_lowercase();
    table.add_rows(rules.iter().map(|rule| {
        let info = rule.info;
        [info.id.to_string(), info.family.to_string(), word(&info.severity), word(&rule.action), info.title.to_string()]
    }));
    print(&format!("{}{} rules\n", table::text(&table), rules.len()));
    Ok(ExitCode::SUCCESS)
}
