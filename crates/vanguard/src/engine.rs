//! From settings to an engine: packs gathered, compiled and tuned.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use globset::{Glob, GlobMatcher};
use vanguard_audit::Digest;
use vanguard_audit::pdp::{Panel, Pdp};
use vanguard_engine::authority::Authority;
use vanguard_engine::engine::Engine;
use vanguard_engine::finding::{Action, RuleInfo};
use vanguard_engine::policy::{Exception, Policy};
use vanguard_engine::role::Correction;
use vanguard_engine::rules::{self, PackSource, RuleSet, Tuning};
use vanguard_engine::session::Session;
use vanguard_engine::zone::Zone;
use vanguard_gateway::Resolver;
use vanguard_sandbox::ground::Ground;
use vanguard_wire::Limits;

use crate::config::decision_point;
use crate::config::roles::RoleChange;
use crate::config::show;
use crate::config::sources::Surroundings;
use crate::config::written::{self, Compat};
use crate::config::{Set, Settings};
use crate::exit::Failure;
use crate::reading;
use crate::signing::install::Store;
use crate::suggest::closest;

/// A pack of rules with the name that errors call it by.
#[derive(Debug, Clone)]
pub(crate) struct Pack {
    /// File name or path.
    pub(crate) name: String,
    /// The YAML: of a built-in pack the very text that is built in, so that loading need not page it in.
    pub(crate) text: Cow<'static, str>,
}

/// The file of 1.5.0 that lists safe zones, not rules: [`crate::zones`] reads it.
pub(crate) const SAFE_ZONES: &str = "safe_zones.yaml";

/// The most packs in one directory.
const MAX_PACKS: usize = 500;

/// The engine that `settings` ask for, and what deserves a warning.
pub(crate) fn build(settings: &Settings, around: &Surroundings) -> Result<(Engine, Vec<String>), Failure> {
    build_in_zones(settings, around, Vec::new())
}

/// The same, for a server that is to keep to `zones`.
pub(crate) fn build_in_zones(
    settings: &Settings,
    around: &Surroundings,
    zones: Vec<Zone>,
) -> Result<(Engine, Vec<String>), Failure> {
    let (packs, mut warnings) = packs(settings, around)?;
    let overrides: BTreeMap<String, Action> =
        settings.overrides.iter().map(|(id, set)| (id.clone(), set.value)).collect();
    let rules = load(&packs, &Tuning { profile: settings.profile.value, overrides: &overrides })?;
    let rules = match settings.semantic.meaning()? {
        Some(meaning) => rules.asking(meaning),
        None => rules,
    };
    // Those of no file are about overrides, of which more is known below.
    warnings.extend(rules.warnings().iter().filter(|warning| !warning.file.is_empty()).map(ToString::to_string));
    let policy = Policy {
        profile: settings.profile.value,
        overrides,
        exceptions: settings.exceptions.iter().map(exception).collect::<Result<_, _>>()?,
        liftable: settings.policy.may_lift.value.iter().map(|rule| rule.as_str().into()).collect(),
        roles: corrections(settings)?,
        zones,
        access: settings.tools.iter().map(|set| set.value.1.of(&set.value.0)).collect(),
        behaviour: settings.behaviour.meant(settings.profile.value)?,
        deny_as: settings.deny_as.value,
        expose_block_reason: settings.expose_block_reason.value,
        compat_codes: settings.compat.value == Compat::V1_5,
    };
    let inspection = Duration::from_millis(settings.limits.inspection_ms.value as u64);
    let engine = Engine::new(rules, policy, limits(settings)).within(inspection).marked(&mark(settings, &packs));
    let engine = match settings.semantic.counsel(settings.profile.value)? {
        Some((counsel, asking)) => engine.advised(counsel, asking),
        None => engine,
    };
    may_be_lifted(settings, &engine)?;
    warnings.extend(idle_overrides(settings, &engine));
    Ok((engine, warnings))
}

/// The digest of all that an engine is built from: the settings that hold, and the packs that are not built in. Those that are, are known by
/// the program.
fn mark(settings: &Settings, packs: &[Pack]) -> String {
    let mut text = serde_json::to_string(&show::rows(settings, None)).unwrap_or_default();
    for pack in packs.iter().filter(|pack| matches!(pack.text, Cow::Owned(_))) {
        let _ = write!(text, "\n{} {}", pack.name, Digest::of(pack.text.as_bytes()).hex());
    }
    Digest::of(text.as_bytes()).hex()
}

/// A session with a server on `ground`, or with one that stands elsewhere. Nobody remembers yet what it does.
pub(crate) fn session(settings: &Settings, ground: Option<Ground>) -> Session {
    let session = ground.map_or_else(Session::new, |ground| Session::on(Box::new(ground)));
    if settings.resolve_hosts.value { session.asking(Box::new(Resolver::default())) } else { session }
}

/// The same where policies or a policy decision point have a say in what of `server` is called, if they are to.
pub(crate) fn governed(
    session: Session,
    settings: &Settings,
    around: &Surroundings,
    server: &str,
) -> Result<Session, Failure> {
    let token = around.variable(decision_point::TOKEN).map(str::to_owned);
    let here = settings.policy.rego()?.map(|rego| -> Arc<dyn Authority> { Arc::new(rego.about(server)) });
    let elsewhere = settings.policy.meant(token)?;
    let elsewhere = elsewhere.map(|config| -> Arc<dyn Authority> { Arc::new(Pdp::new(config, server)) });
    Ok(match (here, elsewhere) {
        // What is decided here costs nobody a question.
        (Some(here), Some(elsewhere)) => session.under(Arc::new(Panel(vec![here, elsewhere]))),
        (Some(authority), None) | (None, Some(authority)) => session.under(authority),
        (None, None) => session,
    })
}

/// The same where what it does is remembered, if it is to be: by one memory for all that this proxy stands before.
pub(crate) fn remembered(session: Session, settings: &Settings) -> Result<Session, Failure> {
    Ok(match settings.behaviour.memory(settings.profile.value)? {
        Some(memory) => session.remembering(Arc::new(memory)),
        None => session,
    })
}

/// Compiles packs; every fault of every pack is in the failure, one line each.
pub(crate) fn load(packs: &[Pack], tuning: &Tuning<'_>) -> Result<RuleSet, Failure> {
    let sources: Vec<_> = packs.iter().map(|pack| PackSource::new(&pack.name, &pack.text)).collect();
    RuleSet::load(&sources, tuning).map_err(|errors| {
        let mut text = String::from("the rules cannot be loaded");
        for error in errors {
            let _ = write!(text, "\n  {error}");
        }
        Failure::Configuration(text)
    })
}

/// Built-in packs (or the installed ones of the same name), further installed ones, and those of the rule directories.
pub(crate) fn packs(settings: &Settings, around: &Surroundings) -> Result<(Vec<Pack>, Vec<String>), Failure> {
    let mut packs: Vec<Pack> =
        rules::builtin().iter().map(|pack| Pack { name: pack.name.to_owned(), text: pack.text.into() }).collect();
    if let Some(dir) = around.data_home().and_then(|home| Store::below(&home).current()) {
        for installed in directory(&dir)?.0 {
            let name = Path::new(&installed.name).file_name().map(|name| name.to_string_lossy().into_owned());
            packs.retain(|pack| Some(&pack.name) != name.as_ref());
            packs.push(installed);
        }
    }
    let mut warnings = Vec::new();
    for dir in &settings.rule_dirs {
        let (more, zones) = directory(&dir.value)?;
        if more.is_empty() && zones.is_none() {
            warnings.push(format!("{} ({}) holds no rule pack (*.yaml)", dir.value.display(), dir.origin));
        }
        packs.extend(more);
    }
    Ok((packs, warnings))
}

/// The packs in a directory by name, and its safe zones if it has any.
pub(crate) fn directory(dir: &Path) -> Result<(Vec<Pack>, Option<PathBuf>), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Configuration(format!("{}: the rule directory cannot be read: {error}", dir.display()))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
    if paths.len() > MAX_PACKS {
        let count = paths.len();
        return Err(Failure::Configuration(format!("{}: {count} packs; at most {MAX_PACKS} are read", dir.display())));
    }
    paths.sort();
    let zones = paths.iter().position(|path| path.ends_with(SAFE_ZONES)).map(|n| paths.remove(n));
    Ok((paths.iter().map(|path| file(path)).collect::<Result<_, _>>()?, zones))
}

/// One pack file.
pub(crate) fn file(path: &Path) -> Result<Pack, Failure> {
    let content = reading::require_regular(path)
        .map_err(|error| Failure::Usage(format!("{}: cannot be read: {error}", path.display())))
        .and_then(|()| reading::bounded(path, rules::MAX_PACK_BYTES as u64))
        .map_err(|failure| Failure::Configuration(failure.to_string()))?;
    let text = String::from_utf8(content)
        .map_err(|_| Failure::Configuration(format!("{}: is not UTF-8 text", path.display())))?;
    Ok(Pack { name: path.display().to_string(), text: text.into() })
}

/// The limits of a message.
pub(crate) fn limits(settings: &Settings) -> Limits {
    let limits = &settings.limits;
    Limits {
        message_bytes: limits.message_bytes.value,
        string_bytes: limits.string_bytes.value,
        depth: limits.depth.value,
        batch: limits.batch.value,
        nodes: limits.nodes.value,
    }
}

/// An exception as the policy takes it.
fn exception(set: &Set<written::Exception>) -> Result<Exception, Failure> {
    let written = &set.value;
    let failed =
        |what: String| Failure::Configuration(format!("exception for {} ({}): {what}", written.rule, set.origin));
    let glob = |text: &str| -> Result<GlobMatcher, Failure> {
        Glob::new(text)
            .map(|glob| glob.compile_matcher())
            .map_err(|error| failed(format!("`{text}` is not a glob: {error}")))
    };
    let maybe = |text: &Option<String>| text.as_deref().map(glob).transpose();
    if written.reason.trim().is_empty() {
        return Err(failed("its reason is empty; say why the finding is harmless".to_owned()));
    }
    let expires = written.expires.as_deref().map(|day| end_of_day(day).ok_or(day)).transpose();
    Ok(Exception {
        rule: glob(&written.rule)?,
        tool: maybe(&written.tool)?,
        argument: maybe(&written.argument)?,
        value: maybe(&written.value)?,
        role: written.role.as_deref().map(Into::into),
        reason: written.reason.clone(),
        expires: expires.map_err(|day| failed(format!("`{day}` is not a day; write YYYY-MM-DD")))?,
    })
}

/// What the settings say of arguments' roles.
pub(crate) fn corrections(settings: &Settings) -> Result<Vec<Correction>, Failure> {
    let of = |((tool, argument), set): (&(String, String), &Set<RoleChange>)| {
        set.value
            .correction(tool, argument)
            .map_err(|what| Failure::Configuration(format!("roles.{tool}.{argument} ({}): {what}", set.origin)))
    };
    settings.roles.iter().map(of).collect()
}

/// The first second after the day, in UTC.
fn end_of_day(day: &str) -> Option<i64> {
    let next: jiff::civil::Date = day.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Refuses to let a policy decision point lift what nobody may, or what is not there.
fn may_be_lifted(settings: &Settings, engine: &Engine) -> Result<(), Failure> {
    let Set { value, origin } = &settings.policy.may_lift;
    let wrong = |rule: &str, why: &str| Failure::Configuration(format!("policy.may_lift ({origin}): {rule}: {why}"));
    for rule in value {
        if let Some(why) = engine.never_lifted(rule) {
            return Err(wrong(rule, &format!("it can never be lifted, since {why}")));
        }
        let infos = || engine.rules().rules().iter().map(|rule| &*rule.info).chain(engine.checks());
        if !infos().any(|info| info.id == rule.as_str()) {
            let near = closest(rule, infos().map(|info| &*info.id));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(wrong(rule, &format!("there is no such rule{near}")));
        }
    }
    Ok(())
}

/// Overrides that change nothing: of a rule that does not exist, or of a check that always holds.
fn idle_overrides(settings: &Settings, engine: &Engine) -> Vec<String> {
    let rules = engine.rules().rules().iter().map(|rule| &*rule.info);
    let known: Vec<&RuleInfo> = rules.chain(engine.checks()).collect();
    let why = |id: &str| match known.iter().find(|info| info.id == id) {
        Some(info) if info.family == "wire" => {
            Some("an unreadable message is never forwarded, so this always holds".to_owned())
        }
        Some(_) => None,
        None => {
            let near = closest(id, known.iter().map(|info| &*info.id));
            Some(format!(
                "there is no such rule{}",
                near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
            ))
        }
    };
    let overrides = settings.overrides.iter();
    overrides.filter_map(|(id, set)| Some(format!("rules.overrides.{id} ({}): {}", set.origin, why(id)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::end_of_day;

    #[test]
    fn an_exception_holds_to_the_end_of_its_last_day() {
        assert_eq!(end_of_day("1970-01-01"), Some(86_400));
        assert_eq!(end_of_day("2026-02-30"), None);
        assert_eq!(end_of_day("tomorrow"), None);
    }
}
