//! Two judgments of the same cases, side by side: another policy's, or another build's.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::corpus::{Case, Label};
use super::tally::percent;
use super::trial::Trial;
use crate::exit::Failure;
use crate::reading;

/// What became of a case in the other judgment.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Past {
    id: String,
    family: String,
    stopped: bool,
    rules: Vec<String>,
    /// How many of the rules refused; records of before say nothing, and then all count.
    #[serde(default = "all")]
    refusing: usize,
}

fn all() -> usize {
    usize::MAX
}

/// What differs.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    /// What it is compared with.
    against: String,
    /// Cases that only one of the two has, and that are not compared.
    unmatched: usize,
    /// Percentage of the malicious cases that are stopped: before, after.
    recall: (f64, f64),
    /// Percentage of the benign cases that are stopped: before, after.
    false_alarms: (f64, f64),
    /// Malicious ones stopped now and not before, with the rules that stop them.
    pub(super) gained: Vec<Change>,
    /// Malicious ones stopped before and not now, with the rules that stopped them.
    pub(super) lost: Vec<Change>,
    /// Benign ones stopped now and not before.
    pub(super) alarms: Vec<Change>,
    /// Benign ones stopped before and not now.
    pub(super) mended: Vec<Change>,
    /// By rule, how many of those.
    pub(super) rules: BTreeMap<String, Counts>,
}

/// A case that is judged otherwise.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) family: String,
    pub(super) rules: Vec<String>,
}

/// How much of what differs a rule has its part in.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) gained: usize,
    pub(super) lost: usize,
    pub(super) alarms: usize,
    pub(super) mended: usize,
}

impl Past {
    /// Reads what `--out` wrote.
    pub(super) fn read(path: &Path) -> Result<Vec<Self>, Failure> {
        let text = String::from_utf8(reading::bounded(path, 1 << 30)?)
            .map_err(|_| Failure::Usage(format!("{}: is not UTF-8 text", path.display())))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let parse = |(number, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| {
                let place = format!("{}:{}", path.display(), number + 1);
                Failure::Usage(format!("{place}: {error}; a baseline is what `vanguard eval … --out FILE` wrote"))
            })
        };
        lines.map(parse).collect()
    }

    /// The judgment of another policy.
    pub(super) fn of(cases: &[Case], trials: &[Trial]) -> Vec<Self> {
        let past = |(case, trial): (&Case, &Trial)| Self {
            id: case.id.clone(),
            family: case.family.clone(),
            stopped: trial.stopped,
            rules: trial.rules.clone(),
            refusing: trial.refusing,
        };
        cases.iter().zip(trials).map(past).collect()
    }

    fn refusing(&self) -> &[String] {
        self.rules.get(..self.refusing).unwrap_or(&self.rules)
    }
}

/// Compares with `past`, called `against`; an error where the two have no case in common.
pub(super) fn compare(cases: &[Case], trials: &[Trial], past: &[Past], against: String) -> Result<Comparison, Failure> {
    let before: HashMap<(&str, &str), &Past> =
        past.iter().map(|past| ((past.family.as_str(), past.id.as_str()), past)).collect();
    let mut comparison = Comparison {
        against,
        unmatched: 0,
        recall: (0.0, 0.0),
        false_alarms: (0.0, 0.0),
        gained: Vec::new(),
        lost: Vec::new(),
        alarms: Vec::new(),
        mended: Vec::new(),
        rules: BTreeMap::new(),
    };
    // All, stopped before, stopped after: malicious, then benign.
    let mut counts = [(0, 0, 0); 2];
    for (case, trial) in cases.iter().zip(trials) {
        let Some(past) = before.get(&(case.family.as_str(), case.id.as_str())) else {
            comparison.unmatched += 1;
            continue;
        };
        let malicious = case.label == Label::Malicious;
        let count = &mut counts[usize::from(!malicious)];
        count.0 += 1;
        count.1 += usize::from(past.stopped);
        count.2 += usize::from(trial.stopped);
        if past.stopped == trial.stopped {
            continue;
        }
        let rules = if past.stopped { past.refusing() } else { &trial.rules[..trial.refusing] };
        let change = Change { id: case.id.clone(), family: case.family.clone(), rules: rules.to_vec() };
        for rule in rules {
            let counts = comparison.rules.entry(rule.clone()).or_default();
            let count = match (malicious, trial.stopped) {
                (true, true) => &mut counts.gained,
                (true, false) => &mut counts.lost,
                (false, true) => &mut counts.alarms,
                (false, false) => &mut counts.mended,
            };
            *count += 1;
        }
        let changes = match (malicious, trial.stopped) {
            (true, true) => &mut comparison.gained,
            (true, false) => &mut comparison.lost,
            (false, true) => &mut comparison.alarms,
            (false, false) => &mut comparison.mended,
        };
        changes.push(change);
    }
    let [malicious, benign] = counts;
    let matched = malicious.0 + benign.0;
    if matched == 0 {
        return Err(Failure::Usage(format!("{} has none of these cases", comparison.against)));
    }
    comparison.unmatched += before.len().saturating_sub(matched);
    comparison.recall = (percent(malicious.1, malicious.0), percent(malicious.2, malicious.0));
    comparison.false_alarms = (percent(benign.1, benign.0), percent(benign.2, benign.0));
    Ok(comparison)
}

impl Comparison {
    /// The line that sums it up.
    pub(super) fn headline(&self) -> String {
        format!(
            "against {}: recall {:.2} → {:.2} % · false alarms {:.3} → {:.3} % (pooled){}",
            self.against,
            self.recall.0,
            self.recall.1,
            self.false_alarms.0,
            self.false_alarms.1,
            if self.unmatched == 0 {
                String::new()
            } else {
                format!(" · {} cases in only one of the two", self.unmatched)
            }
        )
    }
}
