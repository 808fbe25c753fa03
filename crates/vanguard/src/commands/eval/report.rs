//! The tally as a person reads it.

use std::fmt::Write as _;

use super::corpus::{Direction, Label};
use super::tally::Tally;
use crate::table::{plain as table, text as lines};

/// Tables of families, tiers, rules and slow cases.
pub(super) fn text(tally: &Tally) -> String {
    let mut families = table(&["label", "direction", "family", "n", "stopped", "%"], 3);
    for row in &tally.rows {
        families.add_row([
            label(row.label).to_owned(),
            direction(row.direction).to_owned(),
            row.family.clone(),
            row.cases.to_string(),
            row.stopped.to_string(),
            format!("{:.1}", row.percent),
        ]);
    }
    let mut totals = table(&["label", "tier", "side", "families", "n", "stopped", "pooled %", "mean of families %"], 3);
    for total in &tally.totals {
        totals.add_row([
            label(total.label).to_owned(),
            total.tier.clone(),
            total.side.to_owned(),
            total.families.to_string(),
            total.cases.to_string(),
            total.stopped.to_string(),
            format!("{:.2}", total.pooled_percent),
            format!("{:.2}", total.mean_percent),
        ]);
    }
    let mut text = format!("{}\n{}", lines(&families), lines(&totals));
    if !tally.rules.is_empty() {
        let mut rules = table(&["rule", "benign refused", "malicious refused", "malicious, alone"], 1);
        for busy in &tally.rules {
            let counts = [busy.benign, busy.malicious, busy.alone].map(|count| count.to_string());
            rules.add_row(std::iter::once(busy.rule.clone()).chain(counts));
        }
        let _ = write!(text, "\nrules that refused most benign cases\n{}", lines(&rules));
    }
    let _ = writeln!(text, "\ntime to judge: median {}, p99 {}", time(tally.median_ns), time(tally.p99_ns));
    for slow in &tally.slowest {
        let _ = writeln!(text, "  slow: {} {} ({} bytes)", time(slow.ns), slow.id, slow.bytes);
    }
    let _ = writeln!(
        text,
        "recall {:.2} % (mean over families) · false alarms {:.3} % (of all benign cases)",
        tally.recall(),
        tally.false_alarms()
    );
    text
}

fn label(label: Label) -> &'static str {
    match label {
        Label::Malicious => "malicious",
        Label::Benign => "benign",
        Label::Ambiguous => "ambiguous",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Request => "request",
        Direction::Response => "response",
        Direction::ToolsList => "tools_list",
    }
}

/// Nanoseconds, for people.
pub(crate) fn time(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{:.1} µs", to_f64(ns) / 1e3),
        10_000..10_000_000 => format!("{:.0} µs", to_f64(ns) / 1e3),
        _ => format!("{:.1} ms", to_f64(ns) / 1e6),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn to_f64(ns: u64) -> f64 {
    ns as f64
}
