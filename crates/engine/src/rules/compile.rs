//! From a rule as it was written to one that runs.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::detect;
use crate::finding::{Action, Layer, RuleInfo};
use crate::policy::Profile;
use crate::role::Roles;
use crate::views::ViewKind;

use super::cases::Case;
use super::check::Check;
use super::error::{At, PackError, PackWarning};
use super::form::{RuleForm, Written};
use super::hint::{Hint, PatternHints};
use super::pattern::{self, Backtracking, Linear};
use super::syntax::{self, Dialect};
use super::{Direction, builtin, words};

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
    pub tools: Vec<Cow<'static, str>>,
    /// The pack it came from.
    pub pack: Arc<str>,
    /// Line of the pack where it begins.
    pub line: u32,
    /// Its patterns as written; any of them.
    pub patterns: Vec<Cow<'static, str>>,
    /// The detector that it has in place of patterns, as `family.kind`.
    pub detector: Option<Cow<'static, str>>,
    /// Whether what it matches is a secret that no record may show.
    pub secret: bool,
    /// Whether it guards what must not be passed on: what it finds is replaced on its way to the model, and refused on its
    /// way out. Its action says so in `balanced`; a profile or an override may ask for more or less.
    pub guards: bool,
    origin: Origin,
    views: Option<Vec<ViewKind>>,
    pub(super) mask: Mask,
    tool_globs: Option<ToolGlobs>,
    pub(super) matcher: Matcher,
    pub(super) conditions: Conditions,
}

impl Rule {
    /// Its own test cases.
    pub fn cases(&self) -> &[Case] {
        match &self.origin {
            Origin::BuiltIn(_) => builtin::cases(&self.info.id),
            Origin::Read(cases) => cases,
        }
    }

    /// Its number among the built-in rules, where it is one.
    pub(super) fn number(&self) -> Option<usize> {
        match self.origin {
            Origin::BuiltIn(number) => Some(number),
            Origin::Read(_) => None,
        }
    }

    /// The views it reads; `None` for every view.
    pub fn views(&self) -> Option<&[ViewKind]> {
        self.views.as_deref()
    }

    /// Its patterns, when they run in windows.
    pub(super) fn probes(&self) -> &[Probe] {
        match &self.matcher {
            Matcher::Windows { probes, .. } => probes,
            Matcher::Detector { .. } | Matcher::Old { .. } => &[],
        }
    }

    /// All its patterns that run in windows, conditions among them.
    #[cfg(test)]
    pub(super) fn lazies(&self) -> impl Iterator<Item = &Lazy> {
        let Conditions { unless, also, .. } = &self.conditions;
        self.probes().iter().map(|probe| &probe.pattern).chain(unless).chain(also)
    }

    /// The layer that its findings are of.
    pub fn layer(&self) -> Layer {
        if self.asks_scorer() { Layer::L2 } else { Layer::L1 }
    }

    /// Whether it finds nothing without a scorer.
    pub fn asks_scorer(&self) -> bool {
        self.detector.as_deref().is_some_and(detect::asks_scorer)
    }

    /// Whether it is written in the form of mcp-vanguard 1.5.0.
    pub fn is_old_form(&self) -> bool {
        matches!(self.matcher, Matcher::Old { .. })
    }
}

/// Where a rule comes from.
#[derive(Debug)]
enum Origin {
    /// The build prepared it; its number among all that are built in.
    BuiltIn(usize),
    /// From a pack's text, with its test cases.
    Read(Vec<Case>),
}

/// What a rule applies to, in one word: directions, views and roles must each share a bit with the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mask {
    roles: Roles,
    direction: Direction,
    views: u32,
}

impl Mask {
    pub(super) fn new(roles: Roles, direction: Direction, views: Option<&[ViewKind]>) -> Self {
        let views = views.map_or(!guesses(), |views| views.iter().fold(0, |set, view| set | view_bit(*view)));
        Self { roles, direction, views }
    }

    /// What either concerns.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            roles: self.roles | other.roles,
            direction: self.direction | other.direction,
            views: self.views | other.views,
        }
    }

    /// Whether it concerns some view but not the field as it came.
    pub(super) fn skips_raw(self) -> bool {
        self.views & view_bit(ViewKind::Raw) == 0
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.roles.intersects(other.roles)
            && self.direction.intersects(other.direction)
            && self.views & other.views != 0
    }
}

/// What a rule reads only where it names it.
fn guesses() -> u32 {
    [ViewKind::Spaced, ViewKind::Leet, ViewKind::Rot13, ViewKind::Reversed]
        .iter()
        .fold(0, |set, view| set | view_bit(*view))
}

fn view_bit(view: ViewKind) -> u32 {
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
        ViewKind::Base32 => 1 << 10,
        ViewKind::Gzip => 1 << 11,
        ViewKind::Json => 1 << 12,
        ViewKind::Spaced => 1 << 13,
        ViewKind::Leet => 1 << 14,
        ViewKind::Rot13 => 1 << 15,
        ViewKind::Reversed => 1 << 16,
    }
}

/// How a rule finds what it looks for.
#[derive(Debug)]
pub(super) enum Matcher {
    /// Patterns in windows round the literals they require.
    Windows { probes: Vec<Probe> },
    /// A kind of a family of detectors, by index.
    Detector { family: usize, kind: usize },
    /// An old-form pattern over whole fields at or below these pointers.
    Old { pointers: Vec<String>, slot: usize, engine: Engine },
}

/// What a match must meet besides.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Near the match this must not match.
    pub(super) unless: Option<Lazy>,
    /// Somewhere in the view each of these must.
    pub(super) also: Vec<Lazy>,
    /// The match itself must pass each of these.
    pub(super) checks: Vec<Check>,
}

/// One of a rule's patterns, or an alternative of one.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) pattern: Lazy,
    pub(super) hint: Hint,
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
    source: Cow<'static, str>,
    /// Its place in a scan's memory.
    pub(super) slot: usize,
    compiled: OnceLock<Option<Linear>>,
}

impl Lazy {
    fn new(source: Cow<'static, str>, slots: &mut usize) -> Self {
        Self { source, slot: take(slots), compiled: OnceLock::new() }
    }

    /// The compiled pattern; `None` when it is too large, which loading rules out for packs that are not built in.
    pub(super) fn get(&self) -> Option<&Linear> {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref()
    }

    fn compile(&self) -> Result<Linear, String> {
        syntax::parse(&self.source, Dialect::New).and_then(|source| pattern::compile(&source))
    }
}

/// The next free slot of a scan's memory.
fn take(slots: &mut usize) -> usize {
    let slot = *slots;
    *slots = slots.saturating_add(1);
    slot
}

/// Where a rule is compiled.
pub(super) struct Workshop<'w> {
    /// The pack at hand.
    pub(super) pack: Arc<str>,
    /// What the build found out about the rule's patterns, in their order. A pattern with a hint is known to be good.
    pub(super) hints: std::vec::IntoIter<PatternHints>,
    /// The rule's number among those that are built in, if it is one: its patterns are tested, and compiled only when they
    /// are needed.
    pub(super) number: Option<usize>,
    /// Slots of a scan's memory given out so far.
    pub(super) slots: &'w mut usize,
    pub(super) errors: &'w mut Vec<PackError>,
    pub(super) warnings: &'w mut Vec<PackWarning>,
}

impl Workshop<'_> {
    /// Compiles one rule; `None` when it has an error.
    pub(super) fn compile(&mut self, form: RuleForm, action: Action) -> Option<Rule> {
        let before = self.errors.len();
        let tool_globs = self.tool_globs(&form);
        let matcher = match (&form.pointers, &form.detector) {
            (Some(pointers), _) => self.old_engine(&form).map(|engine| Matcher::Old {
                pointers: pointers.clone(),
                slot: take(self.slots),
                engine,
            }),
            (None, Some(written)) => self.detector(&form, written),
            (None, None) => Some(self.windows(&form)),
        };
        let conditions = self.conditions(&form);
        let matcher = matcher.filter(|_| self.errors.len() == before)?;
        let texts = |written: Vec<Written>| written.into_iter().map(|written| written.text).collect::<Vec<_>>();
        Some(Rule {
            info: Arc::new(RuleInfo {
                id: form.id,
                title: form.title,
                family: form.family,
                message: form.message,
                severity: form.severity,
                confidence: form.confidence,
                references: texts(form.references),
                tune: form.tune.map(|written| written.text),
            }),
            action,
            roles: form.roles,
            direction: form.direction,
            tools: texts(form.tools),
            pack: Arc::clone(&self.pack),
            line: form.at.line,
            patterns: texts(form.patterns),
            detector: form.detector.map(|written| written.text),
            secret: form.secret,
            guards: form.action == Action::Redact,
            origin: self.number.map_or(Origin::Read(form.cases), Origin::BuiltIn),
            mask: Mask::new(form.roles, form.direction, form.views.as_deref()),
            views: form.views,
            tool_globs,
            matcher,
            conditions,
        })
    }

    fn error(&mut self, form: &RuleForm, at: At, what: String, mend: &str) {
        self.errors.push(PackError::new(&self.pack, at, Some(&form.id), what, mend));
    }

    fn tool_globs(&mut self, form: &RuleForm) -> Option<ToolGlobs> {
        let unproven = if self.number.is_none() { form.tools.as_slice() } else { &[] };
        for tool in unproven {
            if let Err(cause) = glob(&tool.text) {
                let what = format!("`tools`: {cause}");
                self.error(form, tool.at, what, "Use `*`, `?`, `[ab]` and `{a,b}` only.");
            }
        }
        (!form.tools.is_empty()).then(ToolGlobs::default)
    }

    fn detector(&mut self, form: &RuleForm, written: &Written) -> Option<Matcher> {
        let found = detect::named(&written.text);
        if found.is_none() {
            let names: Vec<String> = detect::names().collect();
            let mend = words::suggestion(&written.text, names.iter().map(String::as_str));
            self.error(form, written.at, format!("`{}` is no detector", written.text), &mend);
        }
        found.map(|(family, kind)| Matcher::Detector { family, kind })
    }

    fn windows(&mut self, form: &RuleForm) -> Matcher {
        let probes = form.patterns.iter().flat_map(|written| self.probes(form, written)).collect();
        Matcher::Windows { probes }
    }

    fn conditions(&mut self, form: &RuleForm) -> Conditions {
        let unless = form.unless.as_ref().and_then(|written| self.condition(form, written, "unless"));
        let also = form.also.iter().filter_map(|written| self.condition(form, written, "also")).collect();
        Conditions { unless, also, checks: form.checks.clone() }
    }

    fn probes(&mut self, form: &RuleForm, written: &Written) -> Vec<Probe> {
        let hints = match self.hints.next() {
            Some(hints) => hints,
            None if !self.check(form, written, "pattern") => return Vec::new(),
            None => match Hint::read(&written.text) {
                Ok(hints) => hints,
                Err(what) => {
                    self.error(form, written.at, format!("`pattern`: {what}"), "Make a part of it required.");
                    return Vec::new();
                }
            },
        };
        if let Some(unfit) = hints.iter().find(|hint| !hint.suits(form.reads_prose())) {
            self.error(form, written.at, unfit.complaint(&written.text), Hint::MEND);
        }
        let mut ready = |hint: Hint| {
            let source = match &written.text {
                Cow::Borrowed(text) => hint.part.of(text),
                Cow::Owned(text) => hint.part.of(text).into_owned().into(),
            };
            Probe { pattern: Lazy::new(source, self.slots), hint }
        };
        hints.into_iter().map(&mut ready).collect()
    }

    /// A pattern that is only asked about matches of others.
    fn condition(&mut self, form: &RuleForm, written: &Written, key: &str) -> Option<Lazy> {
        if self.number.is_none() && !self.check(form, written, key) {
            return None;
        }
        Some(Lazy::new(written.text.clone(), self.slots))
    }

    /// Whether a pattern is a good one, and compiles.
    fn check(&mut self, form: &RuleForm, written: &Written, key: &str) -> bool {
        let source = match syntax::parse(&written.text, Dialect::New) {
            Ok(source) => source,
            Err(cause) => {
                let mend = if cause.contains("look-") || cause.contains("backreference") {
                    "There is no look-around and no back-reference here: say what must not be there with `unless`, and \
                     what must be there too with `also`."
                } else {
                    "Escape special characters with a backslash; in YAML write patterns in 'single quotes'."
                };
                self.error(form, written.at, format!("`{key}` is no valid pattern:\n{cause}"), mend);
                return false;
            }
        };
        if let Err(cause) = pattern::compile(&source) {
            let what = format!("`{key}` is too large a pattern: {cause}");
            self.error(form, written.at, what, "Make counted repetitions such as {1,500} smaller.");
            return false;
        }
        true
    }

    fn old_engine(&mut self, form: &RuleForm) -> Option<Engine> {
        let written = form.patterns.first()?;
        let cause = match syntax::parse(&written.text, Dialect::Old).and_then(|source| pattern::compile(&source)) {
            Ok(linear) => return Some(Engine::Linear(linear)),
            Err(cause) => cause,
        };
        let Ok(backtracking) = Backtracking::new(&written.text) else {
            let what = format!("`pattern` is no valid pattern:\n{cause}");
            self.error(form, written.at, what, "Escape special characters with a backslash.");
            return None;
        };
        let what =
            "its pattern has back-references or look-around, so it runs in a slower engine: a field on which it \
                    takes too many steps is refused"
                .to_owned();
        let file = self.pack.to_string();
        self.warnings.push(PackWarning { file, line: written.at.line, rule: Some(form.id.to_string()), what });
        Some(Engine::Backtracking(backtracking))
    }
}

/// The tools a rule is limited to, compiled when first asked about: a set of globs takes its time.
#[derive(Debug, Default)]
pub(super) struct ToolGlobs(OnceLock<Option<GlobSet>>);

impl Rule {
    /// Whether the rule concerns a call of `tool`, or a message that is no call.
    pub(super) fn concerns_tool(&self, tool: Option<&str>) -> bool {
        let Some(globs) = &self.tool_globs else { return true };
        let globs = globs.0.get_or_init(|| {
            let mut set = GlobSetBuilder::new();
            for tool in &self.tools {
                set.add(glob(tool).ok()?);
            }
            set.build().ok()
        });
        // Globs that could not be built leave the rule in force for every tool.
        globs.as_ref().is_none_or(|globs| tool.is_some_and(|tool| globs.is_match(tool)))
    }
}

fn glob(text: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(text).case_insensitive(true).build()
}

/// What a rule asks for under `profile`.
pub(super) fn action_under(profile: Profile, form: &RuleForm) -> Action {
    match form.profiles.iter().find(|(named, _)| *named == profile) {
        Some((_, action)) => *action,
        None if profile == Profile::Strict && form.action >= Action::Redact => Action::Block,
        None => form.action,
    }
}
