//! Seeds × random stacks of disguises → still refused in `balanced`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use vanguard_engine::rules::{self, RuleSet, Tuning};
use vanguard_engine::{Clock, Engine, Flow, Limits, Policy, Role, Scratch, Session, Verdict};

/// The most disguises over one another.
const MAX_STACK: usize = 3;
/// The most lost examples that a failure prints.
const MAX_SHOWN: usize = 25;

/// A plain attack, which the built-in rules must find as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    subject: Subject,
    text: String,
}

/// Where a seed's text stands in a message.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "a family uses the kinds it needs")]
pub(crate) enum Subject {
    /// An argument of a call.
    Call {
        /// The tool's name.
        tool: &'static str,
        /// The argument's name.
        argument: &'static str,
    },
    /// An argument of a tool whose name says nothing; its own name gives it this role.
    Value(Role),
    /// The text of a tool's result.
    Result,
    /// The description of a tool.
    Description,
}

impl Subject {
    /// This text there.
    pub(crate) fn of(self, text: impl Into<String>) -> Seed {
        Seed { subject: self, text: text.into() }
    }

    /// Each of these texts there.
    pub(crate) fn each<'t>(self, texts: impl IntoIterator<Item = &'t str>) -> Vec<Seed> {
        texts.into_iter().map(|text| self.of(text)).collect()
    }
}

/// A disguise that keeps the meaning for whoever consumes the field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transformation {
    /// What failures call it.
    pub(crate) name: &'static str,
    /// Whether it keeps the meaning of this text, which may wear other disguises already.
    pub(crate) applies: fn(&str) -> bool,
    /// The text in disguise; any choice is made by the generator, so that a run repeats.
    pub(crate) apply: fn(&str, &mut Rng) -> String,
}

/// A generator of choices that gives the same ones in every run.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

#[allow(dead_code, reason = "a family uses what it needs")]
impl Rng {
    /// The next 64 bits: `SplitMix64`.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % end as u64).expect("it is below a usize")
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Each character as `change` gives it, with this chance; as it is otherwise.
    pub(crate) fn some_chars(
        &mut self,
        text: &str,
        percent: usize,
        mut change: impl FnMut(char, &mut Self) -> String,
    ) -> String {
        let each = |c: char| if self.chance(percent) { change(c, self) } else { c.to_string() };
        text.chars().map(each).collect()
    }
}

/// Judges `seeds` as they stand, all of which must be refused, then each `rounds` times in a random stack of up to three
/// of the disguises that apply, of which at least `min_share` (0 to 1) must be refused. A failure prints those that are lost.
pub(crate) fn assert_found(seeds: &[Seed], transformations: &[Transformation], rounds: usize, min_share: f64) {
    let plain: Vec<&Seed> = seeds.iter().filter(|seed| !refused(seed.subject, &seed.text)).collect();
    assert!(plain.is_empty(), "these are not found as they stand: {plain:#?}");
    let mut lost = Vec::new();
    let mut worn: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (n, seed) in seeds.iter().enumerate() {
        for round in 0..rounds {
            let mut rng = Rng((n as u64) << 32 | round as u64);
            let (text, stack) = disguise(&seed.text, transformations, &mut rng);
            let found = refused(seed.subject, &text);
            for name in &stack {
                let count = worn.entry(name).or_default();
                count.0 += 1;
                count.1 += usize::from(!found);
            }
            if !found {
                lost.push((seed, stack, text));
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a test makes far fewer than 2^52 examples")]
    let share = 1.0 - lost.len() as f64 / (seeds.len() * rounds).max(1) as f64;
    if share >= min_share {
        return;
    }
    let mut report = format!("{} of {} are lost: {:.2} % found", lost.len(), seeds.len() * rounds, 100.0 * share);
    for (name, (all, lost)) in worn.iter().filter(|(_, (_, lost))| *lost > 0) {
        let _ = write!(report, "\n  {name}: {lost} lost of {all} that wear it");
    }
    // The least disguised say most.
    lost.sort_by_key(|(_, stack, text)| (stack.len(), text.len()));
    for (seed, stack, text) in lost.iter().take(MAX_SHOWN) {
        let shown: String = text.chars().take(300).collect();
        let _ = write!(report, "\n  [{}] {:?}\n      of {seed:?}", stack.join(", "), shown);
    }
    panic!("{report}");
}

/// The text in a random stack of disguises, and their names, innermost first.
fn disguise(text: &str, transformations: &[Transformation], rng: &mut Rng) -> (String, Vec<&'static str>) {
    let (mut text, mut stack) = (text.to_owned(), Vec::new());
    for _ in 0..rng.below(MAX_STACK + 1) {
        let fit: Vec<&Transformation> = transformations.iter().filter(|t| (t.applies)(&text)).collect();
        if fit.is_empty() {
            break;
        }
        let chosen = rng.pick(&fit);
        text = (chosen.apply)(&text, rng);
        stack.push(chosen.name);
    }
    (text, stack)
}

/// Whether the built-in rules refuse (or redact) a message with `text` there.
fn refused(subject: Subject, text: &str) -> bool {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let policy = Policy::default();
        let tuning = Tuning { profile: policy.profile, overrides: &BTreeMap::new() };
        let rules = RuleSet::load(rules::builtin(), &tuning).expect("the built-in packs load");
        Engine::new(rules, policy, Limits::default())
    });
    let text = serde_json::to_string(text).expect("a string is JSON");
    let (session, mut scratch) = (Session::new(), Scratch::default());
    let mut judge = |flow, line: &str| {
        let judged = ENGINE.judge(&session, flow, line.as_bytes(), &mut scratch, &Still);
        judged.decisions.iter().any(|decision| decision.verdict > Verdict::Warn)
    };
    let request =
        |method: &str, params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let call = |tool: &str, argument: &str| {
        request("tools/call", &format!(r#"{{"name":"{tool}","arguments":{{"{argument}":{text}}}}}"#))
    };
    match subject {
        Subject::Call { tool, argument } => judge(Flow::ToServer, &call(tool, argument)),
        Subject::Value(role) => judge(Flow::ToServer, &call("acme", &format!("{role:?}").to_lowercase())),
        Subject::Result => {
            assert!(!judge(Flow::ToServer, &request("tools/call", r#"{"name":"acme"}"#)), "the call itself passes");
            let result =
                format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":{text}}}]}}}}"#);
            judge(Flow::ToClient, &result)
        }
        Subject::Description => {
            assert!(!judge(Flow::ToServer, &request("tools/list", "{}")), "the request itself passes");
            let tools = format!(
                r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":[{{"name":"acme","description":{text},"inputSchema":{{"type":"object"}}}}]}}}}"#
            );
            judge(Flow::ToClient, &tools)
        }
    }
}

/// No time passes.
struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}
