//! Counts trials by family and by tier.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vanguard_engine::verdict::Verdict;

use super::confusion::RuleRow;
use super::corpus::{Case, Direction, Label};
use super::trial::Trial;
use crate::exit::Failure;
use crate::reading;

/// Which family counts in which tier.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Tiers(BTreeMap<String, Vec<String>>);

impl Tiers {
    /// Reads `{tier: [family, …]}`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = reading::bounded(path, 16 << 20)?;
        serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
    }

    fn of<'a>(&'a self, family: &str, label: Label) -> &'a str {
        let tier = self
            .0
            .iter()
            .find(|(_, families)| families.iter().any(|name| name == family))
            .map(|(tier, _)| tier.as_str());
        tier.unwrap_or(if label == Label::Malicious { "malicious" } else { "benign" })
    }
}

/// One case with what became of it, for `--out`.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    id: &'a str,
    family: &'a str,
    label: Label,
    direction: Direction,
    verdict: Verdict,
    stopped: bool,
    rules: &'a [String],
    refusing: usize,
    ns: u64,
}

impl<'a> Line<'a> {
    /// One line.
    pub(super) fn new(case: &'a Case, trial: &'a Trial) -> Self {
        Self {
            id: &case.id,
            family: &case.family,
            label: case.label,
            direction: case.direction,
            verdict: trial.verdict,
            stopped: trial.stopped,
            rules: &trial.rules,
            refusing: trial.refusing,
            ns: trial.ns,
        }
    }
}

/// One family in one direction.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) tier: String,
    pub(super) label: Label,
    pub(super) direction: Direction,
    pub(super) family: String,
    pub(super) cases: usize,
    pub(super) stopped: usize,
    pub(super) percent: f64,
}

/// A tier's families of one side: requests, or replies (responses and descriptions).
#[derive(Debug, Serialize)]
pub(super) struct Total {
    pub(super) tier: String,
    pub(super) side: &'static str,
    pub(super) label: Label,
    pub(super) families: usize,
    pub(super) cases: usize,
    pub(super) stopped: usize,
    /// Over all cases.
    pub(super) pooled_percent: f64,
    /// Each family counting the same.
    pub(super) mean_percent: f64,
}

/// A case and its time.
#[derive(Debug, Serialize)]
pub(super) struct Slow {
    pub(super) id: String,
    pub(super) bytes: usize,
    pub(super) ns: u64,
}

/// Everything that was counted.
#[derive(Debug, Serialize)]
pub(super) struct Tally {
    pub(super) rows: Vec<Row>,
    pub(super) totals: Vec<Total>,
    /// Every rule, those with most false alarms first.
    pub(super) rules: Vec<RuleRow>,
    pub(super) slowest: Vec<Slow>,
    pub(super) median_ns: u64,
    pub(super) p99_ns: u64,
}

impl Tally {
    /// Counts.
    pub(super) fn new(cases: &[Case], trials: &[Trial], tiers: &Tiers, rules: Vec<RuleRow>, top: usize) -> Self {
        let mut groups: BTreeMap<(Label, Direction, &str), (usize, usize)> = BTreeMap::new();
        for (case, trial) in cases.iter().zip(trials) {
            let group = groups.entry((case.label, case.direction, &case.family)).or_default();
            group.0 += 1;
            group.1 += usize::from(trial.stopped);
        }
        let rows: Vec<Row> = groups
            .into_iter()
            .map(|((label, direction, family), (cases, stopped))| Row {
                tier: tiers.of(family, label).to_owned(),
                label,
                direction,
                family: family.to_owned(),
                cases,
                stopped,
                percent: percent(stopped, cases),
            })
            .collect();
        let mut times: Vec<u64> = trials.iter().map(|trial| trial.ns).collect();
        times.sort_unstable();
        Self {
            totals: totals(&rows),
            rows,
            rules,
            slowest: slowest(cases, trials, top),
            median_ns: quantile(&times, 50),
            p99_ns: quantile(&times, 99),
        }
    }

    /// Percentage of malicious cases stopped, mean over families.
    pub(super) fn recall(&self) -> f64 {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.label == Label::Malicious).collect();
        mean(&rows)
    }

    /// Percentage of all benign cases stopped.
    pub(super) fn false_alarms(&self) -> f64 {
        let benign = || self.rows.iter().filter(|row| row.label == Label::Benign);
        percent(benign().map(|row| row.stopped).sum(), benign().map(|row| row.cases).sum())
    }
}

fn totals(rows: &[Row]) -> Vec<Total> {
    let mut groups: BTreeMap<(Label, &str, &'static str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let side = if row.direction == Direction::Request { "requests" } else { "replies" };
        groups.entry((row.label, &row.tier, side)).or_default().push(row);
    }
    groups
        .into_iter()
        .map(|((label, tier, side), rows)| {
            let (cases, stopped) = (rows.iter().map(|r| r.cases).sum(), rows.iter().map(|r| r.stopped).sum());
            Total {
                tier: tier.to_owned(),
                side,
                label,
                families: rows.len(),
                cases,
                stopped,
                pooled_percent: percent(stopped, cases),
                mean_percent: mean(&rows),
            }
        })
        .collect()
}

fn slowest(cases: &[Case], trials: &[Trial], top: usize) -> Vec<Slow> {
    let mut order: Vec<(&Case, &Trial)> = cases.iter().zip(trials).collect();
    order.sort_by_key(|(_, trial)| std::cmp::Reverse(trial.ns));
    order.truncate(top);
    order
        .into_iter()
        .map(|(case, trial)| Slow { id: case.id.clone(), bytes: case.message.len(), ns: trial.ns })
        .collect()
}

fn quantile(sorted: &[u64], hundredths: usize) -> u64 {
    sorted.get((sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "a corpus has far fewer than 2^52 cases")]
pub(super) fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "a corpus has far fewer than 2^52 families")]
fn mean(rows: &[&Row]) -> f64 {
    if rows.is_empty() { 0.0 } else { rows.iter().map(|row| row.percent).sum::<f64>() / rows.len() as f64 }
}
