//! From a rule as it was written to one that runs.

use std::sync::{Arc, OnceLock};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex_syntax::hir::Hir;

use crate::finding::{Action, RuleInfo};
use crate::policy::Profile;
use crate::role::Roles;
use crate::views::ViewKind;

use super::cases::Case;
use super::error::{At, PackError, PackWarning};
use super::form::{RuleForm, Written};
use super::pattern::{self, Backtracking, Dialect, Linear};
use super::{Direction, literal};

/// One rule, ready to run.
#[derive(Debug)]
pub struct Rule {
    /// What is true of all its findings.
    pub info: Arc<RuleInfo>,
    /// What it asks for under the active profile and the overrides.
    pub action: Action,
    /// The fields it reads.
    pub roles: Roles,
    /// The directions it reads.
    pub direction: Direction,
    /// Tools it is limited to, as globs; empty for every tool.
    pub tools: Vec<String>,
    /// The pack it came from.
    pub pack: Arc<str>,
    /// Line of the pack where it begins.
    pub line: u32,
    /// Its patterns as written; any of them.
    pub patterns: Vec<String>,
    /// Its `unless` as written.
    pub unless: Option<String>,
    /// Its `also` as written; all of them.
    pub also: Vec<String>,
    /// Whether what it matches is a secret that no record may show.
    pub secret: bool,
    cases: Vec<Case>,
    views: Option<Vec<ViewKind>>,
    pub(super) mask: Mask,
    pub(super) tool_globs: Option<GlobSet>,
    pub(super) matcher: Matcher,
}

impl Rule {
    /// Its own test cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The views it reads; `None` for every view.
    pub fn views(&self) -> Option<&[ViewKind]> {
        self.views.as_deref()
    }

    /// Whether it is written in the form of mcp-vanguard 1.5.0.
    pub fn is_old_form(&self) -> bool {
        matches!(self.matcher, Matcher::Old { .. })
    }
}

/// What a rule applies to, in one word: directions, views and roles must each share a bit with the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mask {
    roles: Roles,
    direction: Direction,
    views: u16,
}

impl Mask {
    pub(super) fn new(roles: Roles, direction: Direction, views: Option<&[ViewKind]>) -> Self {
        let views = views.map_or(u16::MAX, |views| views.iter().fold(0, |set, view| set | view_bit(*view)));
        Self { roles, direction, views }
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.roles.intersects(other.roles)
            && self.direction.intersects(other.direction)
            && self.views & other.views != 0
    }
}

fn view_bit(view: ViewKind) -> u16 {
    match view {
        ViewKind::Raw => 1,
        ViewKind::Plain => 1 << 1,
        ViewKind::Percent => 1 << 2,
        ViewKind::Html => 1 << 3,
        ViewKind::Escape => 1 << 4,
        ViewKind::Base64 => 1 << 5,
        ViewKind::Hex => 1 << 6,
        ViewKind::Shell => 1 << 7,
        ViewKind::Url => 1 << 8,
        ViewKind::Path => 1 << 9,
    }
}

/// How a rule finds what it looks for.
#[derive(Debug)]
pub(super) enum Matcher {
    /// Patterns in windows round required literals.
    Windows {
        /// The most bytes of a match, where it has a bound.
        reach: Option<usize>,
        pattern: Lazy,
        unless: Option<Lazy>,
        also: Vec<Lazy>,
    },
    /// An old-form pattern over whole fields at or below these pointers.
    Old { pointers: Vec<String>, engine: Engine },
}

/// What runs an old-form pattern.
#[derive(Debug)]
pub(super) enum Engine {
    Linear(Linear),
    Backtracking(Backtracking),
}

/// A pattern that is compiled when it is first needed, since most never are.
#[derive(Debug)]
pub(super) struct Lazy {
    source: Hir,
    compiled: OnceLock<Option<Linear>>,
}

impl Lazy {
    fn new(source: Hir) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The compiled pattern; `None` when it is too large, which loading rules out for packs that are not built in.
    pub(super) fn get(&self) -> Option<&Linear> {
        self.compiled.get_or_init(|| pattern::compile(&self.source).ok()).as_ref()
    }
}

/// A rule and the literals of which one stands in each of its matches.
pub(super) struct Compiled {
    pub(super) rule: Rule,
    pub(super) literals: Vec<Vec<u8>>,
}

/// Compiles one rule. With `eager` its patterns are compiled now, so that one that is too large is found out now.
pub(super) fn compile(
    form: RuleForm,
    pack: &Arc<str>,
    action: Action,
    eager: bool,
    warnings: &mut Vec<PackWarning>,
) -> Result<Compiled, Vec<PackError>> {
    let mut errors = Vec::new();
    let mut literals = Vec::new();
    let mut error =
        |at: At, what: String, mend: &str| errors.push(PackError::new(pack, at, Some(&form.id), what, mend));

    let tool_globs = tool_globs(&form.tools, &mut error);
    let matcher = match &form.pointers {
        Some(pointers) => old_engine(&form, pack, warnings, &mut error)
            .map(|engine| Matcher::Old { pointers: pointers.clone(), engine }),
        None => windows(&form, &mut literals, eager, &mut error),
    };
    let Some(matcher) = matcher.filter(|_| errors.is_empty()) else {
        return Err(errors);
    };
    let texts = |written: Vec<Written>| written.into_iter().map(|written| written.text).collect::<Vec<_>>();
    let rule = Rule {
        info: Arc::new(RuleInfo {
            id: form.id.into(),
            title: form.title.into(),
            family: form.family.into(),
            message: form.message.into(),
            severity: form.severity,
            confidence: form.confidence,
            references: form.references.into_iter().map(Into::into).collect(),
        }),
        action,
        roles: form.roles,
        direction: form.direction,
        tools: texts(form.tools),
        pack: Arc::clone(pack),
        line: form.at.line,
        patterns: texts(form.patterns),
        unless: form.unless.map(|written| written.text),
        also: texts(form.also),
        secret: form.secret,
        cases: form.cases,
        mask: Mask::new(form.roles, form.direction, form.views.as_deref()),
        views: form.views,
        tool_globs,
        matcher,
    };
    Ok(Compiled { rule, literals })
}

/// What a rule asks for under `profile`.
pub(super) fn action_under(profile: Profile, form: &RuleForm) -> Action {
    match form.profiles.iter().find(|(named, _)| *named == profile) {
        Some((_, action)) => *action,
        None if profile == Profile::Strict && form.action == Action::Review => Action::Block,
        None => form.action,
    }
}

fn tool_globs(tools: &[Written], error: &mut dyn FnMut(At, String, &str)) -> Option<GlobSet> {
    if tools.is_empty() {
        return None;
    }
    let mut set = GlobSetBuilder::new();
    for tool in tools {
        match GlobBuilder::new(&tool.text).case_insensitive(true).build() {
            Ok(glob) => {
                set.add(glob);
            }
            Err(cause) => error(tool.at, format!("`tools`: {cause}"), "Use `*`, `?`, `[ab]` and `{a,b}` only."),
        }
    }
    set.build().ok()
}

fn windows(
    form: &RuleForm,
    literals: &mut Vec<Vec<u8>>,
    eager: bool,
    error: &mut dyn FnMut(At, String, &str),
) -> Option<Matcher> {
    let mut sources = Vec::new();
    for written in &form.patterns {
        let Some(source) = new_form(written, "pattern", error) else { continue };
        if source.properties().minimum_len() == Some(0) {
            error(
                written.at,
                "`pattern` matches the empty text, and so everything".to_owned(),
                "Make a part of it required.",
            );
            continue;
        }
        let found = literal::required(&source);
        match &found {
            Some(found) if strong_enough(found, form.roles, form.direction) => literals.extend_from_slice(found),
            _ => error(written.at, too_common(found.as_deref()), TOO_COMMON),
        }
        sources.push((written.at, source));
    }
    let at = sources.first().map_or(form.at, |(at, _)| *at);
    let source = Hir::alternation(sources.into_iter().map(|(_, source)| source).collect());
    let reach = source.properties().maximum_len();
    let pattern = Lazy::new(source);
    let unless = match &form.unless {
        Some(written) => Some((written.at, Lazy::new(new_form(written, "unless", error)?))),
        None => None,
    };
    let mut also = Vec::new();
    for written in &form.also {
        also.push((written.at, Lazy::new(new_form(written, "also", error)?)));
    }
    if eager {
        let all = [(at, &pattern)].into_iter().chain(unless.iter().chain(&also).map(|(at, lazy)| (*at, lazy)));
        for (at, lazy) in all {
            if let Err(cause) = pattern::compile(&lazy.source) {
                error(
                    at,
                    format!("the pattern is too large: {cause}"),
                    "Make counted repetitions such as {1,500} smaller.",
                );
            }
        }
    }
    Some(Matcher::Windows {
        reach,
        pattern,
        unless: unless.map(|(_, lazy)| lazy),
        also: also.into_iter().map(|(_, lazy)| lazy).collect(),
    })
}

fn new_form(written: &Written, key: &str, error: &mut dyn FnMut(At, String, &str)) -> Option<Hir> {
    match pattern::parse(&written.text, Dialect::New) {
        Ok(source) => Some(source),
        Err(cause) => {
            let mend = if cause.contains("look-") || cause.contains("backreference") {
                "There is no look-around and no back-reference here: say what must not be there with `unless`, and what \
                 must be there too with `also`."
            } else if cause.contains("Unicode not allowed") {
                "Classes are ASCII; write `(?u:[…])` round one with other letters."
            } else {
                "Escape special characters with a backslash; in YAML write patterns in 'single quotes'."
            };
            error(written.at, format!("`{key}` is no valid pattern:\n{cause}"), mend);
            None
        }
    }
}

const TOO_COMMON: &str = "Add a word of three letters or more that every match must contain, outside `?`, `*` and large \
                          classes; or split it into `patterns` that each have one.";

fn too_common(best: Option<&[Vec<u8>]>) -> String {
    match best {
        Some(best) => {
            format!("`pattern` has no literal that is rare enough to look for first; its best is {}", show(best))
        }
        None => "`pattern` has no literal that every match contains, so it would run on every text".to_owned(),
    }
}

/// Three bytes are enough anywhere, two in short fields, one where the byte hardly ever comes.
fn strong_enough(literals: &[Vec<u8>], roles: Roles, direction: Direction) -> bool {
    let prose = roles.intersects(Roles::TEXT) || direction.intersects(Direction::RESPONSE | Direction::DESCRIPTION);
    let least = if prose { 3 } else { 2 };
    literals.iter().all(|literal| {
        literal.len() >= least || literal.iter().any(|byte| matches!(byte, 0..=8 | 11 | 12 | 14..=0x1f | 0x7f..))
    })
}

fn show(literals: &[Vec<u8>]) -> String {
    let shown: Vec<String> = literals.iter().take(5).map(|literal| format!("`{}`", literal.escape_ascii())).collect();
    shown.join(", ")
}

fn old_engine(
    form: &RuleForm,
    pack: &Arc<str>,
    warnings: &mut Vec<PackWarning>,
    error: &mut dyn FnMut(At, String, &str),
) -> Option<Engine> {
    let written = form.patterns.first()?;
    let cause = match pattern::parse(&written.text, Dialect::Old).and_then(|source| pattern::compile(&source)) {
        Ok(linear) => return Some(Engine::Linear(linear)),
        Err(cause) => cause,
    };
    let Ok(backtracking) = Backtracking::new(&written.text) else {
        let what = format!("`pattern` is no valid pattern:\n{cause}");
        error(written.at, what, "Escape special characters with a backslash.");
        return None;
    };
    let what =
        "its pattern has back-references or look-around, so it runs in a slower engine: a field on which it takes \
                too many steps is refused"
            .to_owned();
    warnings.push(PackWarning { file: pack.to_string(), line: written.at.line, rule: Some(form.id.clone()), what });
    Some(Engine::Backtracking(backtracking))
}
