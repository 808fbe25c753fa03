//! What is worth a question to a scorer that takes its time: what is doubtful, what acts, what is new.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};
use vanguard_wire::{Body, Message};

use super::{About, Masked, Masker};
use crate::behaviour::Effects;
use crate::fields::Field;
use crate::finding::{Action, Finding, Layer};
use crate::role::Roles;
use crate::rules::Direction;
use crate::session::Exchange;
use crate::verdict::Flow;
use crate::views::{Chain, ViewLimits, each_view};

/// The most bytes of text in one question.
pub const MAX_TEXT: usize = 8 << 10;
/// The most questions about one message. What is beyond them is not asked about.
pub const MAX_QUESTIONS: usize = 16;
/// The most bytes of one value: of a longer one its beginning and its end are asked about.
const MAX_VALUE: usize = 4 << 10;
/// How much of a text before and behind what was found in it is asked about.
const NEAR: usize = 1 << 10;
/// How much of it beside that is looked at to mask its secrets.
const AROUND: usize = 2 << 10;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The arguments of a call.
    Call,
    /// What a tool answered.
    Result,
    /// What a server says of itself and its tools.
    Description,
}

/// Something that is worth asking about.
#[derive(Clone)]
pub struct Question {
    /// Which decision of its line it is about.
    pub of: usize,
    subject: Subject,
    parts: Vec<Part>,
    masker: Arc<Masker>,
    digest: OnceLock<[u8; 32]>,
}

/// A text of a message.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) pointer: String,
    pub(super) tool: Option<Arc<str>>,
    pub(super) roles: Roles,
    /// The text, and what stands before and behind it.
    pub(super) around: String,
    /// The text, in bytes of that.
    pub(super) core: Range<usize>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<&str> = self.parts.iter().map(|part| part.pointer.as_str()).collect();
        f.debug_struct("Question")
            .field("of", &self.of)
            .field("subject", &self.subject)
            .field("places", &places)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// The same about another decision of its line.
    pub(crate) fn about(self, of: usize) -> Self {
        Self { of, ..self }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Where its first text stands in the message.
    pub fn pointer(&self) -> &str {
        self.parts.first().map_or("", |part| &part.pointer)
    }

    /// How long its texts are, in bytes.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.core.len()).sum()
    }

    /// Tells it apart from others. The same texts of the same tool in the same places have the same.
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| self.print())
    }

    fn print(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update([self.subject as u8]);
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        for part in &self.parts {
            add(part.tool.as_deref().unwrap_or_default());
            add(&part.pointer);
            add(part.text());
        }
        digest.finalize().into()
    }

    /// Its texts as they stand in the message, secrets and all: for a scorer inside this process, which passes nothing on.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(Part::text)
    }

    /// As it may leave the machine.
    pub fn masked(&self) -> Masked {
        let mut text = String::new();
        if let Some(tool) = self.parts.first().and_then(|part| part.tool.as_deref()) {
            text = format!("tool: {tool}\n");
        }
        for part in &self.parts {
            text.push_str("at ");
            text.push_str(&part.pointer);
            text.push_str(":\n");
            text.push_str(&self.masker.mask(part));
            text.push('\n');
        }
        Masked { subject: self.subject, text }
    }
}

impl Part {
    fn text(&self) -> &str {
        self.around.get(self.core.clone()).unwrap_or_default()
    }

    /// A place in a text, with its neighbourhood.
    fn near(field: &Field<'_, '_>, tool: Option<&Arc<str>>, text: &str, place: &Range<usize>) -> Self {
        let core = reach(text, place, NEAR);
        let around = reach(text, &core, AROUND);
        let core = core.start.saturating_sub(around.start)..core.end.saturating_sub(around.start);
        Self::new(field, tool, text.get(around).unwrap_or_default(), core)
    }

    fn new(field: &Field<'_, '_>, tool: Option<&Arc<str>>, around: &str, core: Range<usize>) -> Self {
        Self {
            pointer: field.place.pointer(),
            tool: tool.cloned(),
            roles: field.roles,
            around: around.to_owned(),
            core,
        }
    }

    /// A value, or its beginning and its end.
    fn of(field: &Field<'_, '_>, tool: Option<&Arc<str>>, parts: &mut Vec<Self>) {
        let text = &*field.text;
        if text.len() <= MAX_VALUE {
            parts.push(Self::new(field, tool, text, 0..text.len()));
            return;
        }
        let half = MAX_VALUE / 2 - NEAR;
        for place in [0..half, text.len().saturating_sub(half)..text.len()] {
            parts.push(Self::near(field, tool, text, &place));
        }
    }
}

/// The bytes of a place in a text with `more` before and behind, whole letters.
fn reach(text: &str, place: &Range<usize>, more: usize) -> Range<usize> {
    let start = text.floor_char_boundary(place.start.saturating_sub(more));
    start..text.ceil_char_boundary(place.end.saturating_add(more)).max(start)
}

/// A message that passes, for whose questions one looks.
pub(crate) struct Passing<'p, 't, 'a> {
    pub(crate) message: &'p Message<'t, 'a>,
    pub(crate) flow: Flow,
    pub(crate) exchange: &'p Exchange,
    pub(crate) effects: Option<Effects>,
    pub(crate) findings: &'p [Finding],
    pub(crate) views: &'p ViewLimits,
}

/// Takes a field.
pub(crate) type Sink<'s> = dyn FnMut(&Field<'_, '_>) + 's;

/// The questions about a message that passes. `each_field` walks its fields, and is called only where there is something to ask.
pub(crate) fn questions(
    passing: &Passing<'_, '_, '_>,
    about: About,
    masker: &Arc<Masker>,
    each_field: &mut dyn FnMut(&mut Sink<'_>),
) -> Vec<Question> {
    let &Passing { flow, exchange, findings, views, .. } = passing;
    let doubts: Vec<&Finding> =
        if about.contains(About::DOUBTS) { findings.iter().filter(|f| is_doubt(f)).collect() } else { Vec::new() };
    let tool = exchange.tool.as_ref();
    let acts = about.contains(About::ACTS)
        && passing.effects.is_some_and(|effects| effects.intersects(Effects::SENDS | Effects::RUNS));
    let lists = about.contains(About::TOOLS)
        && flow == Flow::ToClient
        && matches!(passing.message.body, Body::Response { .. })
        && exchange.method.as_deref() == Some("tools/list");
    if doubts.is_empty() && !lists && !acts {
        return Vec::new();
    }
    // A list is asked about as a whole, though the client knows it: what was said of it is known, too.
    let asks_all = lists || flow == Flow::ToServer && (acts || !doubts.is_empty());
    let mut asked = Asked { of: masker, questions: Vec::new() };
    let mut parts = Vec::new();
    each_field(&mut |field| {
        if field.roles.contains(Roles::OPAQUE) || field.text.is_empty() {
            return;
        }
        if asks_all {
            Part::of(field, tool, &mut parts);
        } else {
            let pointer = field.place.pointer();
            let here: Vec<&&Finding> = doubts.iter().filter(|doubt| doubt.pointer == pointer).collect();
            near(field, tool, &here, views, &mut parts);
        }
        asked.take(&mut parts, field.direction);
    });
    asked.questions
}

/// Whether a finding only warns, and might be worse: neither what a person let pass, nor what only shows over time.
fn is_doubt(finding: &Finding) -> bool {
    finding.action == Action::Warn
        && finding.excepted.is_none()
        && matches!(finding.layer, Layer::L1 | Layer::L2)
        && finding.rule.family != "engine"
}

/// The places of a field in which something was found, as they were read.
fn near(
    field: &Field<'_, '_>,
    tool: Option<&Arc<str>>,
    doubts: &[&&Finding],
    views: &ViewLimits,
    parts: &mut Vec<Part>,
) {
    let mut seen: Vec<(Chain, Range<usize>)> = Vec::new();
    for doubt in doubts {
        let is_covered = |(chain, range): &(Chain, Range<usize>)| {
            *chain == doubt.chain && range.start <= doubt.span.start && doubt.span.end <= range.end
        };
        if seen.iter().any(is_covered) {
            continue;
        }
        let place = doubt.span.start..doubt.span.end.min(doubt.span.start.saturating_add(MAX_VALUE));
        let mut take = |text: &str| {
            seen.push((doubt.chain.clone(), reach(text, &place, NEAR)));
            parts.push(Part::near(field, tool, text, &place));
        };
        if doubt.chain.0.is_empty() {
            take(&field.text);
        } else {
            let mut found = false;
            each_view(&field.text, field.roles, views, &mut |view, chain| {
                if *chain == doubt.chain && !std::mem::replace(&mut found, true) {
                    take(view);
                }
            });
        }
    }
}

/// Questions in the making.
struct Asked<'m> {
    of: &'m Arc<Masker>,
    questions: Vec<Question>,
}

impl Asked<'_> {
    /// Adds texts to the last question, or begins another where that is full.
    fn take(&mut self, parts: &mut Vec<Part>, direction: Direction) {
        let subject = if direction == Direction::REQUEST {
            Subject::Call
        } else if direction == Direction::DESCRIPTION {
            Subject::Description
        } else {
            Subject::Result
        };
        for part in parts.drain(..) {
            let fits = |last: &&mut Question| {
                last.subject == subject && last.bytes().saturating_add(part.core.len()) <= MAX_TEXT
            };
            let count = self.questions.len();
            if let Some(last) = self.questions.last_mut().filter(fits) {
                last.parts.push(part);
            } else if count < MAX_QUESTIONS {
                let masker = Arc::clone(self.of);
                self.questions.push(Question { of: 0, subject, parts: vec![part], masker, digest: OnceLock::new() });
            }
        }
    }
}
