//! What each rule did: what it finds, what it alone stops, and what it alone stops wrongly.

use std::collections::BTreeMap;

use serde::Serialize;
use vanguard_engine::engine::Engine;

use super::corpus::{Case, Label};
use super::cost::Cost;
use super::trial::Trial;

/// One rule over all cases. Every count is of cases.
#[derive(Debug, Default, Serialize)]
pub(super) struct RuleRow {
    pub(super) rule: String,
    pub(super) family: String,
    /// Malicious ones with a finding of it.
    pub(super) found_malicious: usize,
    /// Benign ones with a finding of it.
    pub(super) found_benign: usize,
    /// Malicious ones it refuses.
    pub(super) malicious: usize,
    /// Benign ones it refuses.
    pub(super) benign: usize,
    /// Malicious ones that it alone refuses: lost without it.
    pub(super) alone: usize,
    /// Benign ones that it alone refuses: mended without it.
    pub(super) alarms_alone: usize,
    /// What it costs, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost: Option<Cost>,
}

/// A row for each rule and check, those with most false alarms first.
pub(super) fn rows(engine: &Engine, cases: &[Case], trials: &[Trial], costs: &BTreeMap<String, Cost>) -> Vec<RuleRow> {
    let mut rows: BTreeMap<&str, RuleRow> = BTreeMap::new();
    let rules = engine.rules().rules().iter().map(|rule| &*rule.info).chain(engine.checks());
    for info in rules {
        let row = RuleRow { rule: info.id.to_string(), family: info.family.to_string(), ..RuleRow::default() };
        let cost = costs.get(&row.rule).cloned();
        rows.insert(&info.id, RuleRow { cost, ..row });
    }
    for (case, trial) in cases.iter().zip(trials) {
        let malicious = usize::from(case.label == Label::Malicious);
        for (n, id) in trial.rules.iter().enumerate() {
            let Some(row) = rows.get_mut(id.as_str()) else { continue };
            row.found_malicious += malicious;
            row.found_benign += 1 - malicious;
            if n < trial.refusing {
                let alone = usize::from(trial.refusing == 1);
                row.malicious += malicious;
                row.benign += 1 - malicious;
                row.alone += malicious * alone;
                row.alarms_alone += (1 - malicious) * alone;
            }
        }
    }
    let mut rows: Vec<RuleRow> = rows.into_values().collect();
    rows.sort_by(|a, b| {
        let weight = |row: &RuleRow| (row.benign, row.alarms_alone, row.found_benign, row.malicious);
        weight(b).cmp(&weight(a)).then_with(|| a.rule.cmp(&b.rule))
    });
    rows
}

impl RuleRow {
    /// Whether it found anything.
    pub(super) fn found(&self) -> bool {
        self.found_malicious + self.found_benign > 0
    }
}
