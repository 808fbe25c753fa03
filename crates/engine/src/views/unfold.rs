//! From a field to all its views.
//!
//! Two kinds of step: decodings, whose results are decoded in turn, and readings ([`super::readings`]), which say what
//! a text does and end there. Where several decodings apply to one text, their composition comes first and the rest
//! after everything that follows from it: the plainest form is seen even of a field made to exhaust the limits.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use smallvec::SmallVec;

use super::readings::{OPERATIONAL, readings};
use super::triggers::{self, Triggers, triggers};
use super::{Chain, Sink, ViewKind, ViewLimits, ViewStats, escape, guess, html, json, percent, plain, runs};
use crate::role::Roles;

/// How many decodings a composition takes: each of the four, twice over.
const STEPS: usize = 8;

/// A text that a decoding gave.
struct Node {
    text: String,
    chain: Chain,
    /// Levels of decodings above it; a composition is one level.
    level: usize,
}

struct Unfolding<'a> {
    raw: &'a str,
    roles: Roles,
    limits: &'a ViewLimits,
    sink: &'a mut Sink<'a>,
    /// Whether nobody wants another view.
    over: bool,
    /// Texts given so far by a decoding. Compared whole: a hash could be made to collide.
    decoded: Vec<Rc<Node>>,
    /// Texts given so far by a reading.
    read: Vec<(ViewKind, String)>,
    bytes: usize,
    stats: ViewStats,
    /// What is to be unfolded: first what follows from compositions, then the rest.
    first: VecDeque<Rc<Node>>,
    later: VecDeque<Rc<Node>>,
}

/// See [`super::each_view_while`].
pub(super) fn unfold(text: &str, roles: Roles, limits: &ViewLimits, sink: &mut Sink<'_>) -> ViewStats {
    let raw = Chain::default();
    let stats = ViewStats { views: 1, ..ViewStats::default() };
    if !sink(text, &raw) {
        return stats;
    }
    let found = triggers(text);
    let guesses = if roles.contains(Roles::TEXT) { guess::guesses(text) } else { guess::Guesses::new() };
    if found.is_empty() && guesses.is_empty() && !roles.intersects(OPERATIONAL) {
        return stats;
    }
    let mut unfolding = Unfolding {
        raw: text,
        roles,
        limits,
        sink,
        over: false,
        decoded: Vec::new(),
        read: Vec::new(),
        bytes: 0,
        stats,
        first: VecDeque::new(),
        later: VecDeque::new(),
    };
    unfolding.read(text, &raw);
    unfolding.guess(guesses, &raw);
    unfolding.decode(text, &raw, 0, found);
    while !unfolding.over
        && let Some(node) = unfolding.first.pop_front().or_else(|| unfolding.later.pop_front())
    {
        unfolding.decode(&node.text, &node.chain, node.level, triggers(&node.text));
    }
    unfolding.stats
}

impl Unfolding<'_> {
    /// Gives everything that one decoding makes of `text`.
    fn decode(&mut self, text: &str, chain: &Chain, level: usize, found: Triggers) {
        if self.over {
            return;
        }
        let level = level.saturating_add(1);
        let singles: SmallVec<[(ViewKind, String); 4]> =
            IN_PLACE.iter().filter_map(|&kind| Some((kind, self.in_place(kind, text, found)?))).collect();
        if singles.len() > 1 {
            let (text, chain) = self.composed(text, chain);
            self.give(Node { text, chain, level }, true);
        }
        let alone = singles.len() == 1;
        for (kind, text) in singles {
            self.give(Node { text, chain: extended(chain, kind), level }, alone);
        }
        let runs: SmallVec<[Range<usize>; 8]> =
            if found.contains(Triggers::RUN) { triggers::runs(text.as_bytes()).collect() } else { SmallVec::new() };
        for (kind, decoder) in RUNS {
            if let Some(text) = decoder(self, text, found, &runs) {
                self.give(Node { text, chain: extended(chain, kind), level }, true);
            }
        }
    }

    /// Decodes in place by everything that applies, until nothing does.
    fn composed(&self, text: &str, chain: &Chain) -> (String, Chain) {
        let mut text = text.to_owned();
        let mut chain = chain.clone();
        for kind in IN_PLACE.iter().cycle().take(STEPS) {
            if let Some(decoded) = self.in_place(*kind, &text, triggers(&text)) {
                text = decoded;
                chain.0.push(*kind);
            }
        }
        (text, chain)
    }

    fn in_place(&self, kind: ViewKind, text: &str, found: Triggers) -> Option<String> {
        let operational = self.roles.intersects(OPERATIONAL);
        match kind {
            ViewKind::Percent if operational || found.contains(Triggers::PERCENT) => percent::decode(text, operational),
            ViewKind::Html if found.contains(Triggers::AMPERSAND) => html::decode(text),
            ViewKind::Escape if found.contains(Triggers::BACKSLASH) => escape::decode(text, operational),
            ViewKind::Plain if found.contains(Triggers::NON_ASCII) => plain::decode(text, !operational),
            _ => None,
        }
    }

    fn room(&self) -> usize {
        self.limits.bytes.saturating_sub(self.bytes)
    }

    /// Gives a decoded text, its readings, and puts it on the list, if it is a new one and within the limits.
    fn give(&mut self, node: Node, first: bool) {
        let known = node.text == self.raw || self.decoded.iter().any(|seen| seen.text == node.text);
        if known || node.text.is_empty() || !self.admit(node.text.len(), node.level) {
            return;
        }
        self.show(&node.text, &node.chain);
        let node = Rc::new(node);
        self.decoded.push(Rc::clone(&node));
        self.read(&node.text, &node.chain);
        if self.roles.contains(Roles::TEXT) && !self.over {
            self.guess(guess::guesses(&node.text), &node.chain);
        }
        let list = if first { &mut self.first } else { &mut self.later };
        list.push_back(node);
    }

    /// Gives what the text does, for each consumer that the roles speak of.
    fn read(&mut self, text: &str, chain: &Chain) {
        if self.over || !self.roles.intersects(OPERATIONAL) {
            return;
        }
        let readings = readings(text, self.roles, self.room());
        self.stats.truncated |= readings.cut;
        self.stats.overrun |= readings.overrun;
        self.over |= readings.overrun;
        for (kind, reading) in readings.list {
            let known = self.read.iter().any(|seen| seen.0 == kind && seen.1 == reading);
            if !known && self.admit(reading.len(), 0) {
                self.show(&reading, &extended(chain, kind));
                self.read.push((kind, reading));
            }
        }
    }

    /// Gives what the text may say to who likes riddles.
    fn guess(&mut self, guesses: guess::Guesses, chain: &Chain) {
        for (kinds, text) in guesses {
            let Some(last) = kinds.last().copied() else { continue };
            let known = self.read.iter().any(|seen| seen.0 == last && seen.1 == text);
            if !known && self.admit(text.len(), 0) {
                let chain = kinds.into_iter().fold(chain.clone(), |chain, kind| extended(&chain, kind));
                self.show(&text, &chain);
                self.read.push((last, text));
            }
        }
    }

    fn show(&mut self, view: &str, chain: &Chain) {
        self.over |= !(self.sink)(view, chain);
    }

    /// Counts one more view, unless nobody wants it or a limit forbids it.
    fn admit(&mut self, size: usize, level: usize) -> bool {
        if self.over {
            return false;
        }
        let count = usize::try_from(self.stats.views).unwrap_or(usize::MAX);
        if level > self.limits.depth || count >= self.limits.count || size > self.room() {
            self.stats.truncated = true;
            return false;
        }
        self.stats.views = self.stats.views.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
        true
    }
}

/// Decodings that rewrite a text in its place.
const IN_PLACE: [ViewKind; 4] = [ViewKind::Percent, ViewKind::Html, ViewKind::Escape, ViewKind::Plain];

type RunDecoder = fn(&Unfolding<'_>, &str, Triggers, &[Range<usize>]) -> Option<String>;

/// Decodings that take a text out of another.
const RUNS: [(ViewKind, RunDecoder); 7] = [
    (ViewKind::Base64, |unfolding, text, _, runs| {
        let announced =
            unfolding.roles.intersects(Roles::COMMAND.union(Roles::CODE)) && runs::base64::is_announced(text);
        if announced { runs::base64::announced(text) } else { runs::base64::decode(text, runs) }
    }),
    (ViewKind::Hex, |_, text, _, runs| runs::hex::decode(text, runs)),
    (ViewKind::Hex, |_, text, found, _| found.contains(Triggers::PAIRS).then(|| runs::hex::spaced(text)).flatten()),
    (ViewKind::Base32, |_, text, _, runs| runs::base32::decode(text, runs)),
    (ViewKind::Gzip, |_, text, _, runs| runs::packed::decode(text, runs)),
    (ViewKind::Json, |_, text, found, _| found.contains(Triggers::BACKSLASH).then(|| json::decode(text)).flatten()),
    (ViewKind::Plain, |_, text, found, _| {
        found.contains(Triggers::NON_ASCII).then(|| plain::hidden::decode(text)).flatten()
    }),
];

fn extended(chain: &Chain, kind: ViewKind) -> Chain {
    let mut chain = chain.clone();
    chain.0.push(kind);
    chain
}
