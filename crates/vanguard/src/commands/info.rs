//! `info`: layers, rules and limits at a glance.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use vanguard_engine::finding::Action;

use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::Outcome;
use crate::table;

/// Flags of `info`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(Vec::new(), &around)?;
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    resolved.warnings.iter().chain(&warnings).for_each(|warning| super::warn(warning));
    let settings = &resolved.settings;

    let mut families: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    for rule in engine.rules().rules() {
        let counts = families.entry(&rule.info.family).or_default();
        counts[0] += 1;
        match rule.action {
            Action::Block => counts[1] += 1,
            Action::Review => counts[2] += 1,
            Action::Redact => counts[3] += 1,
            Action::Warn => counts[4] += 1,
            Action::Off => {}
        }
    }
    let mut rules = table::plain(&["family", "rules", "block", "review", "redact", "warn"], 1);
    rules.add_rows(families.iter().map(|(family, counts)| {
        std::iter::once((*family).to_owned()).chain(counts.iter().map(ToString::to_string)).collect::<Vec<_>>()
    }));
    let mut text = format!("McpVanguard {}\n\n", env!("CARGO_PKG_VERSION"));
    let profile = format!("{:?}", settings.profile.value).to_lowercase();
    let _ = writeln!(text, "profile   {profile} ({})", settings.profile.origin);
    let count = engine.rules().rules().len();
    let _ =
        writeln!(text, "layer 1   on: strict reading, {} checks of the engine, {count} rules", engine.checks().count());
    let scored = match settings.semantic.adviser()? {
        _ if !settings.semantic.enabled.value => "off".to_owned(),
        None => "on: the embedded scorer".to_owned(),
        Some(adviser) => {
            let mode = serde_json::to_value(settings.semantic.asked.mode.value).unwrap_or_default();
            format!("on: the embedded scorer, and {} ({})", adviser.name(), mode.as_str().unwrap_or_default())
        }
    };
    let _ = writeln!(text, "layer 2   {scored} ({})", settings.semantic.enabled.origin);
    text.push_str("layer 3   pins of servers; behavioural limits: not in this release\n");
    let record = match &settings.audit.path.value {
        Some(path) => path.clone(),
        None => super::wrap::default_record(&around)
            .map_or("nowhere: no home directory".to_owned(), |p| p.display().to_string()),
    };
    let _ = writeln!(text, "record    {record}");
    let limits = engine.limits();
    let _ = writeln!(
        text,
        "limits    message {} bytes, string {} bytes, depth {}, batch {}, values {}",
        limits.message_bytes, limits.string_bytes, limits.depth, limits.batch, limits.nodes
    );
    text.push('\n');
    text.push_str(&table::text(&rules));
    super::print(&text);
    Ok(ExitCode::SUCCESS)
}
