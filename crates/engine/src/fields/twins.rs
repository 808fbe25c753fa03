//! Names that a model or a person takes for one another: `read_fi1e` beside `read_file`, and one name given twice.

use std::collections::HashMap;

use vanguard_wire::Value;

use super::catalogue::MOST;
use crate::views::is_invisible;

/// The longest name that is compared.
const NAME: usize = 128;

/// Calls `found` with the later of two entries whose names look the same, or are. `known` are names of before: an entry may
/// take the place of one, and must not imitate it.
pub(super) fn find<'t, 'a>(catalogue: Value<'t, 'a>, known: &[Box<str>], found: &mut dyn FnMut(Value<'t, 'a>, String)) {
    let mut seen: HashMap<String, (String, Option<Value<'t, 'a>>)> =
        known.iter().map(|name| (skeleton(name), (name.to_string(), None))).collect();
    for entry in catalogue.elements().take(MOST) {
        let Some(place) = entry.get("name") else { continue };
        let Some(name) = place.string().filter(|name| !name.is_empty() && name.len() <= NAME) else { continue };
        match seen.get(&skeleton(&name)) {
            Some((earlier, _)) if *earlier != *name => found(place, format!("twins {earlier} {name}")),
            Some((_, Some(same))) if same.lexeme() != entry.lexeme() => found(place, format!("twice {name}")),
            _ => {
                seen.insert(skeleton(&name), (name.into_owned(), Some(entry)));
            }
        }
    }
}

/// Calls `found` with each entry whose name is that of another server's, or looks like it.
pub(super) fn among<'t, 'a>(
    catalogue: Value<'t, 'a>,
    others: &[Box<str>],
    found: &mut dyn FnMut(Value<'t, 'a>, String),
) {
    let others: HashMap<String, &str> = others.iter().map(|name| (skeleton(name), &**name)).collect();
    for place in catalogue.elements().take(MOST).filter_map(|entry| entry.get("name")) {
        let Some(name) = place.string().filter(|name| !name.is_empty() && name.len() <= NAME) else { continue };
        match others.get(&skeleton(&name)) {
            Some(other) if *other == name => found(place, format!("shared {name}")),
            Some(other) => found(place, format!("twins {other} {name}")),
            None => {}
        }
    }
}

/// What a name looks like: without case and what is not seen, digits as the letters that they are drawn like. Letters of
/// other scripts are rule TP-009's.
fn skeleton(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !is_invisible(*c))
        .map(|c| match c {
            '0' => 'o',
            '1' | 'I' | '|' => 'l',
            _ => c.to_ascii_lowercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_another_server_s_is_shared_and_one_that_looks_like_it_is_a_twin() {
        let line = r#"[{"name":"read_file"},{"name":"read_fi1e"},{"name":"list"},{"name":"Send"}]"#;
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{line}}}}}"#);
        let mut tape = vanguard_wire::Tape::default();
        let packet = vanguard_wire::read(line.as_bytes(), &vanguard_wire::Limits::default(), &mut tape).unwrap();
        let vanguard_wire::Packet::Single(message) = packet else { panic!("one message") };
        let tools = message.value.get("result").and_then(|result| result.get("tools")).unwrap();
        let others: Vec<Box<str>> = ["read_file", "send"].map(Into::into).into();
        let mut found = Vec::new();
        among(tools, &others, &mut |_, text| found.push(text));
        assert_eq!(found, ["shared read_file", "twins read_file read_fi1e", "twins send Send"]);
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("read_fi1e", "read_file"),
            ("send_emaiI", "send_email"),
            ("list_users ", "list_users"),
            ("Read_File", "read_file"),
            ("query\u{200b}", "query"),
            ("l0gin", "login"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one}");
        }
        for (one, other) in
            [("list_file", "list_files"), ("user1", "user2"), ("get_user", "getUser"), ("get_v2", "get_v3")]
        {
            assert_ne!(skeleton(one), skeleton(other), "{one}");
        }
    }
}
