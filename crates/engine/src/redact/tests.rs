use proptest::prelude::*;

use super::*;
use crate::finding::Action;
use crate::finding::tests::finding;
use crate::views::ViewKind;

fn rule() -> Arc<RuleInfo> {
    finding("SEC-GITHUB-PAT", Action::Redact).rule
}

fn chain(kinds: &[ViewKind]) -> Chain {
    Chain(kinds.iter().copied().collect())
}

fn cut(text: &str, marks: Marks, clean: bool) -> String {
    let seal = Seal::default();
    let cuts = marks.cuts(text, Roles::TEXT, &ViewLimits::default(), &seal, &mut |_| clean);
    apply(text, &cuts)
}

/// The text with the digits of its placeholders as `#`.
fn plain(text: &str) -> String {
    let mut parts = text.split(":github-pat:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| format!("{out}:github-pat:####{}", &part[4..]))
}

#[test]
fn equal_secrets_have_equal_placeholders_and_no_two_processes_the_same() {
    let seal = Seal::default();
    let [one, again, other] = ["alpha", "alpha", "beta"].map(|secret| seal.placeholder(&rule(), secret));
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert!(one.starts_with("[REDACTED:github-pat:") && one.len() == "[REDACTED:github-pat:1a2b]".len());
    let keys: std::collections::HashSet<_> = (0..8).map(|_| Seal::default().placeholder(&rule(), "alpha")).collect();
    assert!(keys.len() > 1);
}

#[test]
fn what_is_shown_is_cut_out_where_it_stands() {
    let text = "a key SECRET1, twice: SECRET1.";
    let mut marks = Marks::default();
    for at in [6, 22] {
        marks.add(&rule(), text, &Chain::default(), at..at + 7);
    }
    assert_eq!(plain(&cut(text, marks, true)), "a key [REDACTED:github-pat:####], twice: [REDACTED:github-pat:####].");
}

#[test]
fn what_hides_is_cut_out_with_the_piece_that_hides_it() {
    let text = "see {\"k\": \"%53ECRET1\"}, and U0VDUkVUMSBhbmQgbW9yZSB0ZXh0 too";
    let mut marks = Marks::default();
    let percent = "see {\"k\": \"SECRET1\"}";
    marks.add(&rule(), percent, &chain(&[ViewKind::Percent]), 11..18);
    assert_eq!(
        plain(&cut(text, marks, true)),
        "see {\"k\": \"[REDACTED:github-pat:####]\"}, and [REDACTED:github-pat:####] too"
    );
}

#[test]
fn where_no_piece_is_to_blame_or_something_is_left_the_whole_field_goes() {
    let mut marks = Marks::default();
    marks.add(&rule(), "SECRET1", &chain(&[ViewKind::Hex]), 0..7);
    assert_eq!(plain(&cut("nothing that decodes", marks, true)), "[REDACTED:github-pat:####]");
    let mut marks = Marks::default();
    marks.add(&rule(), "a SECRET1", &Chain::default(), 2..9);
    assert_eq!(plain(&cut("a SECRET1", marks, false)), "[REDACTED:github-pat:####]");
}

proptest! {
    /// Whatever is marked is gone, and everything else is there, in its order.
    #[test]
    fn only_what_is_marked_changes(text in "[a-zé \\n]{0,60}", cuts in proptest::collection::vec((0_usize..60, 1_usize..9), 0..6)) {
        let mut marks = Marks::default();
        let mut kept: Vec<Option<char>> = text.chars().map(Some).collect();
        for (start, length) in cuts {
            let end = (start + length).min(kept.len());
            let byte = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
            if start >= end { continue }
            // As the redactor does: to the end of a token.
            let span = secret::whole(&text, byte(start)..byte(end));
            let end = text[..span.end].chars().count();
            marks.add(&rule(), &text, &Chain::default(), byte(start)..byte(end));
            kept[start..end].fill(None);
        }
        let outcome = cut(&text, marks, true);
        let rest: String = outcome.split("[REDACTED:github-pat:").enumerate()
            .map(|(n, part)| if n == 0 { part } else { &part[5..] }).collect();
        prop_assert_eq!(rest, kept.into_iter().flatten().collect::<String>());
    }
}
