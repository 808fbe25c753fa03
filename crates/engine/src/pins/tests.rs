//! The canonical form, by many spellings of the same definition and small changes of it; and a book that grows.

use proptest::prelude::*;
use vanguard_wire::{Body, Limits, Packet, Tape, reply};

use super::*;

/// A definition as a tree, to be spelt in many ways.
#[derive(Debug, Clone, PartialEq)]
enum Json {
    Null,
    Bool(bool),
    /// Digits and how many of them stand behind the point.
    Number(u32, u8),
    Text(String),
    List(Vec<Json>),
    Members(Vec<(String, Json)>),
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (any::<u32>(), 0_u8..4).prop_map(|(digits, point)| Json::Number(digits, point)),
        "[a-zé\"\\\\/ \n]{0,8}".prop_map(Json::Text),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::List),
            proptest::collection::btree_map("[a-cé]{1,2}", inner, 0..4)
                .prop_map(|members| Json::Members(members.into_iter().collect())),
        ]
    })
}

/// One of its spellings: the order of keys, the escapes, the blanks and the zeros turn with `way`.
fn spell(json: &Json, way: u64) -> String {
    let blank = if way & 1 == 0 { "" } else { " " };
    match json {
        Json::Null => "null".into(),
        Json::Bool(yes) => yes.to_string(),
        Json::Number(digits, point) => match way & 6 {
            0 => format!("{digits}e-{point}"),
            2 => format!("{digits}0.0E-{}", point + 1),
            _ => {
                let digits = format!("{digits:0>width$}", width = usize::from(*point) + 1);
                let (whole, rest) = digits.split_at(digits.len() - usize::from(*point));
                if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
            }
        },
        Json::Text(text) if way & 8 == 0 => String::from_utf8(reply::string(text)).unwrap(),
        Json::Text(text) => {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", units.collect::<String>())
        }
        Json::List(list) => {
            let list: Vec<String> = list.iter().map(|each| spell(each, way.rotate_right(1))).collect();
            format!("[{blank}{}]", list.join(&format!(",{blank}")))
        }
        Json::Members(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(key, value)| {
                    let key = spell(&Json::Text(key.clone()), way.rotate_right(2));
                    format!("{key}{blank}:{}", spell(value, way.rotate_right(3)))
                })
                .collect();
            if way & 16 != 0 {
                members.reverse();
            }
            format!("{{{}{blank}}}", members.join(","))
        }
    }
}

/// The pin of the tool that is written so.
pub(crate) fn pin(tool: &str) -> Option<(String, Pin)> {
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{tool}}}"#);
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = vanguard_wire::read(line.as_bytes(), &Limits::default(), &mut tape) else {
        panic!("{line} is no message");
    };
    let Body::Response { result, .. } = message.body else { panic!("{line} is no response") };
    Pin::of(result, "1")
}

fn tool(schema: &str) -> Pin {
    pin(&format!(r#"{{"name":"t","inputSchema":{schema}}}"#)).unwrap().1
}

/// By value: numbers without the zeros behind them.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(0, _) => Json::Number(0, 0),
        Json::Number(digits, point) if *point > 0 && digits % 10 == 0 => plain(&Json::Number(digits / 10, point - 1)),
        Json::List(list) => Json::List(list.iter().map(plain).collect()),
        Json::Members(members) => {
            Json::Members(members.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn a_definition_has_one_pin_however_it_is_spelt(json in json(), one in any::<u64>(), other in any::<u64>()) {
        prop_assert_eq!(tool(&spell(&json, one)), tool(&spell(&json, other)));
    }

    #[test]
    fn another_definition_has_another(one in json(), other in json(), way in any::<u64>()) {
        let same = plain(&one) == plain(&other);
        prop_assert_eq!(tool(&spell(&one, way)).digest == tool(&spell(&other, way)).digest, same);
    }

    #[test]
    fn any_change_of_a_text_changes_it(text in "[a-z\"\\\\ ]{1,12}", at in any::<prop::sample::Index>(), to in "[a-zA-Z]") {
        let mut changed: Vec<char> = text.chars().collect();
        let at = at.index(changed.len());
        changed[at] = to.chars().next().unwrap();
        let changed: String = changed.into_iter().collect();
        let spelt = |text: &str| String::from_utf8(reply::string(text)).unwrap();
        let of = |text: &str| pin(&format!(r#"{{"name":"t","description":{}}}"#, spelt(text))).unwrap().1.digest;
        prop_assert_eq!(of(&text) == of(&changed), text == changed);
    }
}

#[test]
fn only_what_a_model_and_its_client_go_by_is_pinned() {
    let (name, plain) = pin(r#"{"name":"t","description":"d"}"#).unwrap();
    assert_eq!(name, "t");
    let of = |tool: &str| pin(tool).unwrap().1;
    assert_eq!(of(r#"{"name":"t","description":"d","_meta":{"at":1},"icons":[]}"#), plain);
    for changed in [
        r#"{"name":"t","description":"D"}"#,
        r#"{"name":"t","description":"d","title":"T"}"#,
        r#"{"name":"t","description":"d","annotations":{"readOnlyHint":true}}"#,
        r#"{"name":"t","description":"d","outputSchema":{}}"#,
        r#"{"name":"t","description":"d","inputSchema":{"type":"object"}}"#,
    ] {
        assert_ne!(of(changed).digest, plain.digest, "{changed}");
    }
    assert!(pin(r#"{"description":"d"}"#).is_none() && pin(r#"{"name":1}"#).is_none() && pin("[]").is_none());
}

#[test]
fn what_is_kept_of_a_huge_definition_is_bounded() {
    let long = "ü".repeat(100_000);
    let arguments: Vec<String> = (0..1_000).map(|n| format!(r#""a{n}":{{"description":"{long}"}}"#)).collect();
    let arguments = arguments[..20].join(",");
    let huge = format!(r#"{{"name":"{long}","description":"{long}","inputSchema":{{"properties":{{{arguments}}}}}}}"#);
    let (name, huge) = pin(&huge).unwrap();
    assert!(name.len() < 300 && name.starts_with("üü"));
    assert!(huge.text() < 20_000, "{}", huge.text());
    let many: Vec<String> = (0..1_000).map(|n| format!(r#""a{n}":{{}}"#)).collect();
    let many = pin(&format!(r#"{{"name":"t","inputSchema":{{"properties":{{{}}}}}}}"#, many.join(","))).unwrap().1;
    assert!(many.parts.len() <= 65);
}

fn sighting(digest: &str, over: Option<&str>, passed: bool) -> (String, Sighting<Pin>) {
    let pin = |digest: &str| Pin { digest: digest.into(), version: String::new(), parts: [].into() };
    ("t".into(), Sighting { now: pin(digest), over: over.map(pin), passed })
}

fn seen(tool: (String, Sighting<Pin>)) -> Seen {
    Seen { tools: vec![tool], ..Seen::default() }
}

#[test]
fn a_book_pins_what_passed_and_keeps_what_was_refused_waiting() {
    let mut book = Book::default();
    let digest = |book: &Book| book.tools["t"].pinned.digest.clone();
    assert!(book.take(seen(sighting("a", None, true)), 1).changed);
    assert!(!book.take(seen(sighting("a", None, true)), 2).changed);
    assert!(book.take(seen(sighting("b", Some("a"), false)), 3).changed);
    assert!(!book.take(seen(sighting("b", Some("a"), false)), 4).changed);
    assert_eq!((digest(&book), book.tools["t"].since), ("a".into(), 1));
    assert!(book.tools.get_mut("t").unwrap().accept(5) && !book.tools.get_mut("t").unwrap().accept(6));
    assert_eq!((digest(&book), book.tools["t"].since), ("b".into(), 5));
    assert!(book.take(seen(sighting("c", Some("b"), true)), 7).changed);
    assert_eq!(digest(&book), "c");
}

#[test]
fn who_pinned_first_is_not_overwritten_by_who_judged_before() {
    let mut book = Book::default();
    book.take(seen(sighting("a", None, true)), 1);
    assert!(!book.take(seen(sighting("x", None, true)), 2).changed);
    assert!(!book.take(seen(sighting("x", Some("before"), true)), 2).changed);
    assert_eq!(book.tools["t"].pinned.digest, "a");
    assert!(!Book::default().take(seen(sighting("x", None, false)), 2).changed);
}

#[test]
fn a_book_has_room_for_so_many_tools_and_so_much_text() {
    let mut book = Book::default();
    let text = "x".repeat(4096);
    let tool = |n: usize| {
        let parts = [("description".to_owned(), Part::Whole(text.clone()))].into();
        (n.to_string(), Sighting { now: Pin { parts, ..sighting("a", None, true).1.now }, over: None, passed: true })
    };
    let taken = book.take(Seen { tools: (0..MAX_TOOLS).map(tool).collect(), ..Seen::default() }, 1);
    assert_eq!(taken, Taken { changed: true, full: false });
    let kept: usize = book.tools.values().map(|held| held.pinned.text()).sum();
    assert!(kept <= MAX_TEXT && kept > MAX_TEXT - 8192, "{kept}");
    assert_eq!(book.take(seen(tool(MAX_TOOLS)), 1), Taken { changed: false, full: true });
    assert_eq!(book.tools.len(), MAX_TOOLS);
}
