//! What the numbers that a classifier gives mean: which of its labels are attacks, and how likely they are.

use std::collections::BTreeMap;

use serde::Deserialize;
use vanguard_engine::meaning::Unscored;

/// What labels are called that are attacks, where nobody says which are.
const ATTACKS: [&str; 9] = [
    "injection",
    "jailbreak",
    "malicious",
    "attack",
    "unsafe",
    "prompt_injection",
    "prompt injection",
    "prompt-injection",
    "indirect_injection",
];
/// More labels than any classifier of texts has.
const MAX_LABELS: usize = 1_024;

/// The part of a `config.json` that matters here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    pub(super) max_position_embeddings: Option<usize>,
    problem_type: Option<String>,
}

/// The labels of a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Labels {
    /// Their names, where it has some.
    names: BTreeMap<usize, String>,
    /// Those that are attacks.
    attacks: Vec<usize>,
}

/// Why it is not known which labels are attacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nobody says so, and none is called so.
    #[error(
        "it is not known which of its labels {labels} is an attack; name it in semantic.onnx.attack, or say its number (from 0)"
    )]
    Unknown {
        /// What it has.
        labels: String,
    },
    /// It has no such label.
    #[error("it has no label {label:?} (semantic.onnx.attack): its labels are {labels}")]
    None {
        /// Who was named.
        label: String,
        /// What it has.
        labels: String,
    },
    /// All of them are.
    #[error("all of its labels {labels} are attacks: then everything is one")]
    All {
        /// What it has.
        labels: String,
    },
    /// It gives each label a number of its own.
    #[error(
        "its labels do not exclude each other (problem_type {kind:?} in its config.json): take a model that decides between labels"
    )]
    Kind {
        /// What it does.
        kind: String,
    },
}

impl Labels {
    /// The labels of `config`, those among them that `said` are attacks, or that are called so.
    pub(super) fn new(config: &Config, said: &[String]) -> Result<Self, LabelError> {
        if let Some(kind) = config.problem_type.as_ref().filter(|kind| *kind != "single_label_classification") {
            return Err(LabelError::Kind { kind: kind.clone() });
        }
        let names: BTreeMap<usize, String> =
            config.id2label.iter().filter_map(|(id, name)| Some((id.parse().ok()?, name.clone()))).collect();
        let called = |label: &str| names.iter().find(|(_, name)| name.eq_ignore_ascii_case(label)).map(|(id, _)| *id);
        let labels = shown(&names);
        let mut attacks: Vec<usize> = if said.is_empty() {
            ATTACKS.iter().filter_map(|label| called(label)).collect()
        } else {
            let number = |label: &str| {
                label.parse().ok().filter(|id| if names.is_empty() { *id < MAX_LABELS } else { names.contains_key(id) })
            };
            let find = |label: &String| {
                let found = called(label).or_else(|| number(label));
                found.ok_or_else(|| LabelError::None { label: label.clone(), labels: labels.clone() })
            };
            said.iter().map(find).collect::<Result<_, _>>()?
        };
        attacks.sort_unstable();
        attacks.dedup();
        if attacks.is_empty() {
            return Err(LabelError::Unknown { labels });
        }
        if attacks.len() == names.len() {
            return Err(LabelError::All { labels });
        }
        Ok(Self { names, attacks })
    }

    /// How likely one of the attacks is, and which of all labels is the likeliest.
    pub(super) fn score(&self, logits: &[f32]) -> Result<(f32, String), Unscored> {
        let fits = (2..=MAX_LABELS).contains(&logits.len())
            && (self.names.is_empty() || self.names.len() == logits.len())
            && self.attacks.last().is_some_and(|last| *last < logits.len())
            && self.attacks.len() < logits.len()
            && logits.iter().all(|logit| logit.is_finite());
        if !fits {
            return Err(Unscored::NoScore);
        }
        let top = logits.iter().enumerate().max_by(|(_, one), (_, two)| one.total_cmp(two));
        let (best, most) = top.map_or((0, 0.0), |(id, most)| (id, f64::from(*most)));
        let weigh = |logit: &f32| (f64::from(*logit) - most).exp();
        let all: f64 = logits.iter().map(weigh).sum();
        let attacks: f64 = self.attacks.iter().filter_map(|id| logits.get(*id)).map(weigh).sum();
        #[expect(clippy::cast_possible_truncation, reason = "a share lies between 0 and 1")]
        let score = (attacks / all).clamp(0.0, 1.0) as f32;
        if !score.is_finite() {
            return Err(Unscored::NoScore);
        }
        Ok((score, self.names.get(&best).cloned().unwrap_or_else(|| format!("label {best}"))))
    }
}

/// The labels for a person.
fn shown(names: &BTreeMap<usize, String>) -> String {
    if names.is_empty() {
        return "(unnamed: there is no config.json beside it)".to_owned();
    }
    names.iter().take(16).map(|(id, name)| format!("{id} {name:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(config: &str, said: &[&str]) -> Result<Labels, LabelError> {
        let config: Config = serde_json::from_str(config).expect("JSON");
        Labels::new(&config, &said.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn attacks_are_found_by_name_or_named() {
        let safe = r#"{"id2label": {"0": "SAFE", "1": "INJECTION"}, "max_position_embeddings": 512, "x": [1]}"#;
        let three = r#"{"id2label": {"0": "BENIGN", "1": "INJECTION", "2": "JAILBREAK"}}"#;
        let plain = r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#;
        for (config, said, attacks) in [
            (safe, &[][..], &[1][..]),
            (safe, &["safe"], &[0]),
            (safe, &["1", "injection"], &[1]),
            (three, &[], &[1, 2]),
            (three, &["JAILBREAK"], &[2]),
            (plain, &["LABEL_1"], &[1]),
            ("{}", &["1"], &[1]),
        ] {
            assert_eq!(labels(config, said).map(|labels| labels.attacks), Ok(attacks.to_vec()), "{config} {said:?}");
        }
        for (config, said, why) in [
            (plain, &[][..], "0 \"LABEL_0\", 1 \"LABEL_1\" is an attack"),
            ("{}", &[], "no config.json"),
            (safe, &["HARM"], "no label \"HARM\""),
            (safe, &["2"], "no label \"2\""),
            ("{}", &["-1"], "no label \"-1\""),
            (safe, &["0", "1"], "all of its labels"),
            (r#"{"problem_type": "multi_label_classification"}"#, &["1"], "do not exclude each other"),
        ] {
            let failed = labels(config, said).expect_err(config).to_string();
            assert!(failed.contains(why), "{failed}");
        }
    }

    #[test]
    fn a_score_is_the_share_of_the_attacks() {
        let two = labels("{}", &["1"]).expect("labels");
        let of = |logits: &[f32]| two.score(logits).map(|(score, _)| score);
        assert_eq!(of(&[0.0, 0.0]), Ok(0.5));
        assert!((of(&[2.0, -1.0]).expect("a score") - 0.047_425_87).abs() < 1e-7);
        assert_eq!(of(&[-3e38, 3e38]), Ok(1.0));
        assert_eq!(of(&[3e38, -3e38]), Ok(0.0));
        assert_eq!(two.score(&[1.0, 2.0]).expect("a score").1, "label 1");
        let three =
            labels(r#"{"id2label": {"0": "BENIGN", "1": "INJECTION", "2": "JAILBREAK"}}"#, &[]).expect("labels");
        let (score, named) = three.score(&[1.0, 1.0, 1.0]).expect("a score");
        assert!((score - 2.0 / 3.0).abs() < 1e-7, "{score} {named}");
    }

    #[test]
    fn what_is_no_score_is_an_error() {
        let two = labels("{}", &["1"]).expect("labels");
        let named = labels(r#"{"id2label": {"0": "SAFE", "1": "INJECTION"}}"#, &[]).expect("labels");
        for logits in [&[][..], &[1.0], &[f32::NAN, 0.0], &[0.0, f32::INFINITY], &[f32::NEG_INFINITY, 0.0]] {
            assert_eq!(two.score(logits), Err(Unscored::NoScore), "{logits:?}");
        }
        assert_eq!(named.score(&[1.0, 2.0, 3.0]), Err(Unscored::NoScore));
        assert!(two.score(&[1.0, 2.0, 3.0]).is_ok());
    }
}
