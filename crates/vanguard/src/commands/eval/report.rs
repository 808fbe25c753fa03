//! The tally as a person reads it.

use std::fmt::Write as _;

use super::compare::Comparison;
use super::confusion::RuleRow;
use super::corpus::{Direction, Label};
use super::cost::Cost;
use super::tally::Tally;
use crate::table::{plain as table, text as lines};

/// Tables of families, tiers, rules (the first `top` of them) and slow cases.
pub(super) fn text(tally: &Tally, top: usize) -> String {
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
    text.push_str(&rules(tally, top));
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

/// The rules with most false alarms, and the costliest ones where that was measured.
fn rules(tally: &Tally, top: usize) -> String {
    let mut text = String::new();
    let busy: Vec<&RuleRow> = tally.rules.iter().filter(|rule| rule.found()).take(top).collect();
    if !busy.is_empty() {
        let head = ["rule", "benign found", "refused", "alone", "malicious found", "refused", "alone"];
        let mut table = table(&head, 1);
        for rule in busy {
            let counts =
                [rule.found_benign, rule.benign, rule.alarms_alone, rule.found_malicious, rule.malicious, rule.alone];
            table.add_row(std::iter::once(rule.rule.clone()).chain(counts.map(|count| count.to_string())));
        }
        let silent = tally.rules.iter().filter(|rule| !rule.found()).count();
        let _ = write!(
            text,
            "\nrules by false alarms (alone: no other rule refuses the case); {silent} found nothing (--json names all)\n{}",
            lines(&table)
        );
    }
    let mut costly: Vec<(&str, &Cost)> =
        tally.rules.iter().filter_map(|rule| Some((rule.rule.as_str(), rule.cost.as_ref()?))).collect();
    if !costly.is_empty() {
        costly.sort_by_key(|(_, cost)| std::cmp::Reverse(cost.total_ns));
        let mut table = table(&["rule", "a message", "of all"], 1);
        let all: u64 = costly.iter().map(|(_, cost)| cost.total_ns).sum();
        for (rule, cost) in costly.iter().take(top.max(10)) {
            let share = 100.0 * to_f64(cost.total_ns) / to_f64(all.max(1));
            table.add_row([(*rule).to_owned(), format!("{} ns", cost.ns_per_message), format!("{share:.1} %")]);
        }
        let _ = write!(text, "\ncostliest rules, each timed alone\n{}", lines(&table));
    }
    text
}

/// What differs from another judgment; at most `most` cases of each kind.
pub(super) fn comparison(comparison: &Comparison, most: usize) -> String {
    let mut text = format!("\n{}\n", comparison.headline());
    for (title, changes) in [
        ("malicious, lost", &comparison.lost),
        ("benign, new false alarms", &comparison.alarms),
        ("malicious, gained", &comparison.gained),
        ("benign, mended", &comparison.mended),
    ] {
        let _ = writeln!(text, "{title}: {}", changes.len());
        for change in changes.iter().take(most) {
            let _ = writeln!(text, "  {} {} ({})", change.family, change.id, change.rules.join(", "));
        }
        if changes.len() > most {
            let _ = writeln!(text, "  … and {} more (--json lists all)", changes.len() - most);
        }
    }
    if !comparison.rules.is_empty() {
        let mut table = table(&["rule", "gained", "lost", "new alarms", "mended"], 1);
        for (rule, counts) in &comparison.rules {
            let counts = [counts.gained, counts.lost, counts.alarms, counts.mended].map(|count| count.to_string());
            table.add_row(std::iter::once(rule.clone()).chain(counts));
        }
        text.push_str(&lines(&table));
    }
    text
}

pub(super) fn label(label: Label) -> &'static str {
    match label {
        Label::Malicious => "malicious",
        Label::Benign => "benign",
        Label::Ambiguous => "ambiguous",
    }
}

pub(super) fn direction(direction: Direction) -> &'static str {
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
