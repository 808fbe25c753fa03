//! The number of a payment card: digits of a known issuer, alone or in fours, with the right check digit and a word near
//! them that says what they are.

use std::ops::Range;

use crate::secret::checksum::luhn;

/// How far before the number the word may stand.
const REACH: usize = 60;

/// Numbers that issuers and payment services publish for tests, by their digits.
const FOR_TESTS: &[&str] = &[
    "4242424242424242",
    "4111111111111111",
    "4012888888881881",
    "4000056655665556",
    "4000000000000002",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "3566002020360505",
];

pub(super) fn find(view: &str, found: &mut dyn FnMut(Range<usize>)) {
    let bytes = view.as_bytes();
    let mut at = 0;
    // Every card number has a digit among any four bytes but one: looking at each third byte misses none.
    while let Some(byte) = bytes.get(at) {
        if !byte.is_ascii_digit() {
            at = at.saturating_add(3);
            continue;
        }
        let run = run_at(bytes, at);
        if is_card(view, &run) {
            found(run.clone());
        }
        at = run.end.saturating_add(1);
    }
}

/// The digits round `at`, single blanks and hyphens between them.
fn run_at(bytes: &[u8], at: usize) -> Range<usize> {
    let part = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_digit);
    let joins = |n: usize| bytes.get(n).is_some_and(|b| matches!(b, b' ' | b'-'));
    let mut start = at;
    while start > 0
        && (part(start.saturating_sub(1))
            || (joins(start.saturating_sub(1)) && start > 1 && part(start.saturating_sub(2))))
    {
        start = start.saturating_sub(1);
    }
    let mut end = at;
    while part(end) || (joins(end) && part(end.saturating_add(1))) {
        end = end.saturating_add(1);
    }
    start..end
}

fn is_card(view: &str, run: &Range<usize>) -> bool {
    // The cheapest first: most runs of digits are of another length.
    if !(13..=23).contains(&run.len()) {
        return false;
    }
    let Some(text) = view.get(run.clone()) else { return false };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let groups: Vec<usize> = text.split([' ', '-']).map(str::len).collect();
    let grouped = matches!(groups.as_slice(), [_] | [4, 4, 4, 4] | [4, 6, 4 | 5]);
    let beside = |at: Option<usize>| at.and_then(|at| view.as_bytes().get(at)).copied().unwrap_or(b' ');
    let before = beside(run.start.checked_sub(1));
    let alone = !before.is_ascii_alphanumeric()
        && !matches!(before, b'.' | b'_' | b'/' | b'-')
        && !beside(Some(run.end)).is_ascii_alphanumeric();
    grouped
        && alone
        && has_issuer(&digits)
        && luhn(&digits)
        && !FOR_TESTS.contains(&digits.as_str())
        && is_named(view, run.start)
}

fn has_issuer(digits: &str) -> bool {
    let head = |n: usize| digits.get(..n).and_then(|head| head.parse::<u32>().ok()).unwrap_or(0);
    match digits.len() {
        15 => matches!(head(2), 34 | 37),
        14 => matches!(head(3), 300..=305 | 360..=369 | 380..=399),
        13 | 19 => head(1) == 4,
        16 => head(1) == 4 || matches!(head(2), 51..=55 | 60 | 62 | 65) || matches!(head(4), 2221..=2720 | 3528..=3589),
        _ => false,
    }
}

fn is_named(view: &str, start: usize) -> bool {
    const WORDS: &[&str] =
        &["card", "visa", "mastercard", "amex", "credit", "debit", "pan:", "cc:", "ccnum", "payment"];
    let from = view.floor_char_boundary(start.saturating_sub(REACH));
    let near = view.get(from..start).unwrap_or_default().to_ascii_lowercase();
    WORDS.iter().any(|word| near.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(view: &str) -> Vec<&str> {
        let mut found = Vec::new();
        find(view, &mut |range| found.push(&view[range]));
        found
    }

    #[test]
    fn a_card_is_told_from_other_numbers() {
        assert_eq!(all("Card: 4539 1488 0343 6467."), ["4539 1488 0343 6467"]);
        assert_eq!(all("{\"credit_card\":\"4539148803436467\"}"), ["4539148803436467"]);
        assert!(all("id 4539148803436467").is_empty(), "nothing says that it is a card");
        assert!(all("card 4539148803436468").is_empty(), "wrong check digit");
        assert!(all("card 4242 4242 4242 4242").is_empty(), "for tests");
        assert!(all("card 453914-8803436467").is_empty(), "odd groups");
        assert!(all("card 14539148803436467").is_empty());
    }
}
