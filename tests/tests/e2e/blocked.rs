//! What the answer to a refused message looks like, from outside.

use serde_json::Value;

/// The rule that a refusal names; fails where the answer is no refusal of ours.
#[track_caller]
pub(crate) fn rule(answer: &Value) -> &str {
    let error = &answer["error"];
    assert!(error.is_object(), "not refused: {answer}");
    assert_eq!(error["code"], -31001, "{answer}");
    assert_eq!(error["data"]["blocked_by"], "McpVanguard", "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| message.starts_with("[McpVanguard] BLOCKED")), "{answer}");
    error["data"]["rule"].as_str().unwrap_or_else(|| panic!("no rule is named: {answer}"))
}

/// The text of a tool's result; fails where the answer is an error.
#[track_caller]
pub(crate) fn text(answer: &Value) -> String {
    let parts = answer["result"]["content"].as_array().unwrap_or_else(|| panic!("no content: {answer}"));
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    parts.iter().filter_map(|part| part["text"].as_str()).collect()
}
