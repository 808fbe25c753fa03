//! What every built-in rule brings with it.

use super::*;

/// Whether `reference` names an entry of a catalogue of weaknesses, attacks or standards.
fn known(reference: &str) -> bool {
    let of = |prefix: &str| reference.strip_prefix(prefix);
    let number = |text: &str| !text.is_empty() && text.split(['.', '-', ':']).all(|part| part.parse::<u32>().is_ok());
    if let Some(weakness) = of("CWE-").or_else(|| of("CVE-")).or_else(|| of("RFC ")) {
        return number(weakness);
    }
    if let Some(top_ten) = of("OWASP ") {
        return ["LLM", "MCP", "A"].iter().any(|list| top_ten.strip_prefix(list).is_some_and(number));
    }
    of("ATLAS ").unwrap_or(reference).strip_prefix("AML.T").is_some_and(number)
        || of("ATT&CK ").unwrap_or(reference).strip_prefix('T').is_some_and(number)
}

/// Rules that stop by length alone: a case would be longer than their pack, and their detectors' own tests show them.
const BY_SIZE: &[&str] = &["SQLI-012b"];

#[test]
fn every_built_in_rule_has_cases_both_ways_a_reference_and_a_hint_how_to_tune_it() {
    let mut wanting = Vec::new();
    for rule in built_in().rules() {
        let has = |expect| rule.cases().iter().any(|case| case.expect == expect);
        for (missing, what) in [
            (!has(Expect::Stop) && !BY_SIZE.contains(&&*rule.info.id), "a case that it stops"),
            (!has(Expect::Pass), "a case that it lets pass"),
            (
                !rule.info.references.iter().any(|reference| known(reference)),
                "a reference to CWE, CVE, OWASP, ATT&CK, ATLAS or RFC",
            ),
            (rule.info.tune.as_ref().is_none_or(|hint| hint.len() < 12), "a hint how to tune it (`tune:`)"),
        ] {
            if missing {
                wanting.push(format!("{}: rule {} lacks {what}", rule.pack, rule.info.id));
            }
        }
    }
    assert!(wanting.is_empty(), "\n{}", lines(&wanting));
}

#[test]
fn references_are_known_by_their_form() {
    for reference in [
        "CWE-22",
        "CVE-2021-44228",
        "RFC 6943",
        "OWASP LLM01",
        "OWASP MCP03",
        "OWASP A05:2021",
        "T1059.004",
        "ATT&CK T1048",
        "ATLAS AML.T0051.001",
    ] {
        assert!(known(reference), "{reference}");
    }
    for reference in ["CWE", "CWE-", "T", "Tuesday", "OWASP", "see the wiki", "UTS #39"] {
        assert!(!known(reference), "{reference}");
    }
}
