//! What the server tries behind its walls, recorded.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use vanguard_audit::Entry;
use vanguard_engine::finding::{Action, Confidence, Evidence, Finding, Layer, RuleInfo, Severity};
use vanguard_engine::verdict::{Coverage, Decision, Flow, Timing, Verdict};
use vanguard_engine::views::Chain;
use vanguard_sandbox::{Outcome, Sighting, Walls, Witness};

use crate::link::{Happening, Link};
use crate::report::Event;

/// The most different files and ports outside that are recorded; beyond it a server only repeats itself.
const MAX_OUTSIDE: usize = 256;

/// Answers and records every forbidden call, and each file or port outside once, until no process is left behind the walls.
pub(crate) fn watch(witness: &Witness, walls: &Walls, link: &Link) {
    let mut outside = HashSet::new();
    let mut note = |sighting: Sighting| match &sighting.outcome {
        Outcome::Asked(ask) if outside.len() >= MAX_OUTSIDE || !outside.insert(ask.clone()) => {}
        _ => note(sighting, link),
    };
    if witness.watch(walls, &mut note).is_err() {
        // Unanswered calls wait for ever, so nothing passes; but nobody would know.
        link.happened(Happening::Broken("the sandbox cannot be watched any more"));
    }
}

fn note(sighting: Sighting, link: &Link) {
    let (rule, evidence) = match &sighting.outcome {
        Outcome::Asked(ask) => (&OUTSIDE, format!("{ask} by {} of process {}", sighting.call, sighting.process)),
        _ => (&FORBIDDEN_CALL, format!("{} by process {}", sighting.call, sighting.process)),
    };
    let decision = decision(rule, Action::Block, Verdict::Block, &evidence);
    record(&decision, link);
    if sighting.outcome == Outcome::Ended {
        link.walled(&sighting);
    }
    link.talk.reports.tell(Event::Walled(sighting));
}

/// Records that the kernel keeps less of the walls than was meant.
pub(crate) fn weak(lacks: &str, link: &Link) {
    let decision = decision(&WEAK, Action::Warn, Verdict::Warn, lacks);
    record(&decision, link);
}

/// Records what no message is behind.
fn record(decision: &Decision, link: &Link) {
    let (timing, digest, bytes, material) = (Timing::default(), None, 0, None);
    // A record that is lost shows in `failing`, and nothing passes from there on where the setting is to block.
    let _ = link.talk.log.record_blocked(&Entry { decision, timing, digest, bytes, material });
    link.talk.watch_audit();
}

fn decision(rule: &Arc<RuleInfo>, action: Action, verdict: Verdict, evidence: &str) -> Decision {
    let finding = Finding {
        rule: Arc::clone(rule),
        layer: Layer::Sandbox,
        action,
        pointer: String::new(),
        span: 0..0,
        chain: Chain::default(),
        evidence: Evidence::new(evidence, false),
        excepted: None,
    };
    Decision {
        flow: Flow::ToClient,
        method: None,
        tool: None,
        id: None,
        trace: None,
        verdict,
        would_be: None,
        findings: vec![finding],
        places: Vec::new(),
        past: None,
        coverage: Coverage::default(),
    }
}

/// The id of the rule that a server ended by its sandbox broke.
pub(crate) const RULE: &str = "SBX-CALL";

static OUTSIDE: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    rule(
        "SBX-FILE",
        "A file, port or process outside of the sandbox",
        "The server asked for what its walls are not open for. Name a zone, if it needs it.",
        Severity::Medium,
        ["CWE-552", "T1083"],
    )
});

static FORBIDDEN_CALL: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    rule(
        RULE,
        "A system call that the sandbox forbids",
        "The server tried to leave its sandbox by a system call that no honest server needs.",
        Severity::Critical,
        ["CWE-250", "T1611"],
    )
});

static WEAK: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    rule(
        "SBX-WEAK",
        "The kernel keeps less of the sandbox than was meant",
        "The server runs behind weaker walls, since this kernel cannot keep all of them. Use a newer kernel.",
        Severity::Medium,
        ["CWE-250", "T1611"],
    )
});

fn rule(
    id: &'static str,
    title: &'static str,
    message: &'static str,
    severity: Severity,
    references: [&'static str; 2],
) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        id: Cow::Borrowed(id),
        title: Cow::Borrowed(title),
        family: Cow::Borrowed("sandbox"),
        message: Cow::Borrowed(message),
        severity,
        confidence: Confidence::High,
        references: references.map(Cow::Borrowed).into(),
        tune: None,
    })
}
