use proptest::prelude::*;

use super::super::Signs;
use super::*;
use crate::rules::Direction;
use crate::views::Chain;

/// Payloads as tools and lists of them have them, one a line; `%XX`, `\n`, `\t` stand for what they decode to.
const ATTACKS: &str = include_str!("tests/attacks.txt");
/// Names, searches, measures, filters, code, prose.
const INNOCENT: &str = include_str!("tests/innocent.txt");

fn found(text: &str, roles: Roles) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let chain = Chain::default();
    let look = Look {
        view: text,
        signs: &Signs::of(text),
        chain: &chain,
        roles,
        direction: Direction::REQUEST,
        tool: None,
        meaning: None,
        kinds: u64::MAX,
    };
    (FAMILY.look)(&look, &mut |kind, range| {
        assert!(range.start <= range.end && range.end <= text.len(), "{range:?} of {text:?}");
        kinds.push(FAMILY.kinds[kind]);
    });
    kinds
}

/// What the views make of a line before a detector sees it.
fn decoded(line: &str) -> String {
    let mut text = line.replace("\\n", "\n").replace("\\t", "\t");
    for (code, plain) in [("%09", "\t"), ("%0a", "\n"), ("%0b", "\u{b}"), ("%a0", "\u{a0}"), ("%00", "\0")] {
        text = text.replace(code, plain);
    }
    text
}

#[test]
fn kinds_are_those_of_the_enum() {
    assert_eq!(KINDS.len(), Kind::Danger as usize + 1);
    assert_eq!(KINDS[Kind::HiddenWrite as usize], "hidden-write");
}

#[test]
fn injections_are_found_in_data() {
    let missed: Vec<&str> = ATTACKS.lines().filter(|line| found(&decoded(line), Roles::ID).is_empty()).collect();
    assert!(ATTACKS.lines().count() > 200 && missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn data_is_let_be() {
    let found: Vec<(&str, Vec<&str>)> =
        INNOCENT.lines().map(|line| (line, found(line, Roles::ID))).filter(|(_, kinds)| !kinds.is_empty()).collect();
    assert!(INNOCENT.lines().count() > 200 && found.is_empty(), "{found:#?}");
}

#[test]
fn injections_are_found_in_the_query_they_were_put_into() {
    let missed: Vec<&str> = ATTACKS
        .lines()
        .filter(|line| {
            let query = format!("SELECT id FROM staff WHERE name = '{}' LIMIT 5", decoded(line));
            found(&query, Roles::SQL).is_empty()
        })
        .collect();
    // Some are no injection inside quotes, such as a name of the database's own alone.
    assert!(missed.len() * 100 < ATTACKS.lines().count() * 5, "{} missed: {missed:#?}", missed.len());
}

#[test]
fn innocent_values_are_let_be_in_queries() {
    let found: Vec<(String, Vec<&str>)> = INNOCENT
        .lines()
        .filter(|line| !line.contains(['\\', '\'']))
        .map(|line| format!("SELECT id FROM staff WHERE name = '{line}' AND age > 3 ORDER BY id"))
        .map(|query| (query.clone(), found(&query, Roles::SQL)))
        .filter(|(_, kinds)| !kinds.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn hostile_texts_take_little_time() {
    let pieces = [
        "(",
        "'",
        "\"",
        "`",
        "((select",
        "union(",
        "or ",
        "/*",
        "*/",
        "--\n",
        "$$",
        "$a$",
        "[a",
        "''",
        "\\'",
        "if(",
        "explain if(",
        "case when ",
        "1=1 or ",
        ";select ",
        "a.",
        "in(",
        "between ",
        "not ",
        "@",
        "{x ",
        "0x",
        "1e",
        ",null",
        "copy ",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 20) / piece.len());
        for text in [text.clone(), format!("select '{text}"), format!("explain {text}")] {
            let begun = std::time::Instant::now();
            found(&text, Roles::ID | Roles::SQL);
            // Unoptimised and on a busy machine; a quadratic loop takes minutes.
            assert!(begun.elapsed().as_secs() < 5, "{piece:?} took {:?}", begun.elapsed());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,200}") {
        found(&text, Roles::ID | Roles::SQL);
    }

    #[test]
    fn any_tokens_are_read(words in proptest::collection::vec(prop_oneof![
        Just("'"), Just("\""), Just("`"), Just("("), Just(")"), Just(","), Just(";"), Just("--"), Just("/*"), Just("*/"), Just("/*!50000"),
        Just("#"), Just("\n"), Just(" "), Just("union"), Just("select"), Just("or"), Just("and"), Just("1"), Just("="), Just("like"),
        Just("from"), Just("where"), Just("x"), Just("é"), Just("\u{a0}"), Just("case"), Just("when"), Just("end"), Just("between"),
        Just("is"), Just("not"), Just("null"), Just("order"), Just("by"), Just("sleep("), Just("@@x"), Just("$$"), Just("["), Just("]"),
        Just("\\"), Just("+"), Just("insert"), Just("into"), Just("drop"), Just("table"), Just("explain"), Just("with"), Just("."), Just("{x"),
    ], 0..60)) {
        found(&words.concat(), Roles::ID | Roles::SQL);
        found(&words.join(" "), Roles::ID | Roles::SQL);
    }
}
