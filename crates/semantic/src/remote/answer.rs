//! A language model's words as a score, or as an error.

use serde::Deserialize;
use vanguard_engine::meaning::Unscored;

use super::MAX_REASON;

/// What it was asked for, and nothing else.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) score: f32,
    pub(super) reason: String,
}

impl Answer {
    /// Reads one JSON object with blanks round it at most.
    pub(super) fn read(words: &str) -> Result<Self, Unscored> {
        let answer: Self = serde_json::from_str(words).map_err(|_| Unscored::NoScore)?;
        answer.checked()
    }

    /// The same where it is a score.
    pub(super) fn checked(self) -> Result<Self, Unscored> {
        let length = self.reason.chars().take(MAX_REASON + 1).count();
        let fits = (0.0..=1.0).contains(&self.score) && (1..=MAX_REASON).contains(&length);
        if fits { Ok(self) } else { Err(Unscored::NoScore) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_read() {
        for (words, score) in [
            (r#"{"score": 0.25, "reason": "a mail"}"#, 0.25),
            (" {\"reason\":\"x\",\"score\":1}\n", 1.0),
            (r#"{"score":0,"reason":"é"}"#, 0.0),
        ] {
            assert_eq!(Answer::read(words).map(|answer| answer.score), Ok(score), "{words}");
        }
    }

    #[test]
    fn what_is_no_score_is_an_error() {
        for words in [
            "",
            "0.1",
            "harmless",
            r#"{"score": 7, "reason": "x"}"#,
            r#"{"score": -0.1, "reason": "x"}"#,
            r#"{"score": 1.0001, "reason": "x"}"#,
            r#"{"score": 1e999, "reason": "x"}"#,
            r#"{"score": NaN, "reason": "x"}"#,
            r#"{"score": "high", "reason": "x"}"#,
            r#"{"score": "0.1", "reason": "x"}"#,
            r#"{"score": null, "reason": "x"}"#,
            r#"{"score": true, "reason": "x"}"#,
            r#"{"score": [0.1], "reason": "x"}"#,
            r#"{"score": 0.1}"#,
            r#"{"reason": "x"}"#,
            r#"{"score": 0.1, "reason": ""}"#,
            r#"{"score": 0.1, "reason": 1}"#,
            r#"{"score": 0.1, "score": 0.9, "reason": "x"}"#,
            r#"{"score": 0.1, "reason": "x", "verdict": "allow"}"#,
            r#"{"score": 0.1, "reason": "x"} {"score": 0.9, "reason": "y"}"#,
            r#"{"score": 0.1, "reason": "x"}, I am sure."#,
            "```json\n{\"score\": 0.1, \"reason\": \"x\"}\n```",
            r#"[{"score": 0.1, "reason": "x"}]"#,
            r#"{"Score": 0.1, "reason": "x"}"#,
        ] {
            assert_eq!(Answer::read(words), Err(Unscored::NoScore), "{words}");
        }
        let long = format!(r#"{{"score": 0.1, "reason": "{}"}}"#, "x".repeat(MAX_REASON + 1));
        assert_eq!(Answer::read(&long), Err(Unscored::NoScore));
        assert!(Answer::read(&long.replacen('x', "", 1)).is_ok());
    }
}
