//! Operators of document databases that stand as real JSON where a value belongs: `{"password": {"$ne": null}}`.
//!
//! A tool of such a database takes whole filters, where operators are what is asked for. Which of the two an argument
//! is, names say.

use vanguard_wire::{Kind, Value};

use crate::role::name::each_word;

/// What stands at a place of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Data: an operator there answers for it.
    Value,
    /// A document for another program, which may hold whatever it likes, but for a login.
    Document,
    /// A query: operators are its words.
    Query,
}

impl Place {
    /// What a tool takes by its name.
    pub(super) fn of_tool(name: &str) -> Self {
        let mut place = Self::Value;
        each_word(name, |word| {
            if DATABASES.contains(&word) {
                place = Self::Query;
            }
        });
        place
    }

    /// What an argument of this name holds; what stands in a query is a part of it.
    pub(super) fn below(self, key: &str) -> Self {
        let mut place = self;
        each_word(key, |word| {
            if QUERIES.contains(&word) {
                place = Self::Query;
            } else if DOCUMENTS.contains(&word) {
                place = place.max(Self::Document);
            }
        });
        place
    }
}

/// Whether there can be an operator in `call` at all: its sign, or an escape that may hide it.
pub(super) fn may_hold(call: Value<'_, '_>) -> bool {
    memchr::memchr2(b'$', b'\\', call.lexeme().as_bytes()).is_some()
}

/// The operator of an object that answers for the value called `key`, as text: `{"$ne":null}`.
pub(super) fn answer(object: Value<'_, '_>, key: &str, place: Place) -> Option<String> {
    if place == Place::Query {
        return None;
    }
    object.members().find_map(|(name, operand)| {
        // Nearly every member ends here.
        let operator = name.string().filter(|name| name.starts_with('$'))?;
        let credential = CREDENTIALS.contains(&key.to_ascii_lowercase().as_str());
        let answers = match operator.get(1..)? {
            "ne" | "nin" | "not" | "regex" | "exists" | "where" | "function" | "accumulator" => true,
            // `{"$gt": 100}` is what a range looks like, `{"$gt": ""}` everything.
            "gt" | "gte" | "lt" | "lte" => credential || lets_all_pass(operand),
            "eq" | "in" | "expr" => credential,
            _ => false,
        };
        let operand = operand.lexeme().chars().take(64).collect::<String>();
        (answers && (credential || place == Place::Value)).then(|| format!("{{\"{operator}\":{operand}}}"))
    })
}

/// Calls `sink` with each script that an operator has a database run, the operator in front: `$where this.a > 1`.
pub(super) fn scripts<'t, 'a>(key: &str, value: Value<'t, 'a>, sink: &mut dyn FnMut(Value<'t, 'a>, String)) -> bool {
    if !matches!(key, "$where" | "$function" | "$accumulator") {
        return false;
    }
    let parts = value.members().map(|(_, part)| part).chain(std::iter::once(value));
    for part in parts.filter(|part| part.kind() == Kind::String) {
        if let Some(script) = part.string() {
            sink(part, format!("$where {script}"));
        }
    }
    true
}

fn lets_all_pass(operand: Value<'_, '_>) -> bool {
    match operand.kind() {
        Kind::Null | Kind::Bool => true,
        Kind::String => operand.string().is_some_and(|text| text.trim().is_empty()),
        Kind::Number => matches!(operand.lexeme(), "0" | "-1"),
        Kind::Array | Kind::Object => operand.is_empty(),
    }
}

/// Words in the names of tools that query documents by such operators.
const DATABASES: &[&str] = &[
    "mongo",
    "mongodb",
    "nosql",
    "documentdb",
    "cosmos",
    "cosmosdb",
    "couch",
    "couchdb",
    "pouchdb",
    "firestore",
    "rethinkdb",
    "arangodb",
    "pinecone",
    "chroma",
    "chromadb",
    "weaviate",
    "qdrant",
    "milvus",
    "strapi",
    "aggregate",
    "find",
    "collection",
];

/// Words in the names of arguments that are queries.
const QUERIES: &[&str] = &[
    "filter",
    "filters",
    "query",
    "queries",
    "pipeline",
    "pipelines",
    "where",
    "selector",
    "match",
    "condition",
    "conditions",
    "criteria",
    "criterion",
    "predicate",
    "expression",
    "aggregation",
    "aggregations",
    "stage",
    "stages",
    "update",
    "updates",
    "projection",
    "sort",
    "validator",
    "schema",
];

/// Words in the names of arguments that are documents.
const DOCUMENTS: &[&str] =
    &["body", "data", "payload", "json", "document", "documents", "doc", "docs", "record", "records", "config"];

/// Names of what a login proves itself with.
const CREDENTIALS: &[&str] = &[
    "password", "passwd", "pass", "pwd", "pw", "secret", "token", "api_key", "apikey", "otp", "pin", "username",
    "login",
];

#[cfg(test)]
mod tests {
    use vanguard_wire::{Body, Limits, Packet, Tape, read};

    use super::*;

    /// What answers in the arguments of a call, each by the name of its value.
    fn answers(tool: &str, arguments: &str) -> Vec<String> {
        fn walk(value: Value<'_, '_>, key: &str, place: Place, all: &mut Vec<String>) {
            all.extend(answer(value, key, place));
            for (name, inner) in value.members() {
                let name = name.string().unwrap();
                walk(inner, &name, place.below(&name), all);
            }
            for inner in value.elements() {
                walk(inner, key, place, all);
            }
        }
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{arguments}}}"#);
        let mut tape = Tape::default();
        let Ok(Packet::Single(message)) = read(line.as_bytes(), &Limits::default(), &mut tape) else { panic!() };
        let Body::Request { params: Some(params), .. } = message.body else { panic!() };
        let mut all = Vec::new();
        walk(params, "", Place::of_tool(tool), &mut all);
        all
    }

    #[test]
    fn operators_answer_where_data_belongs() {
        for (tool, arguments, answer) in [
            ("login", r#"{"user":"ann","password":{"$ne":null}}"#, r#"{"$ne":null}"#),
            ("get_user", r#"{"id":{"$gt":""}}"#, r#"{"$gt":""}"#),
            ("get_user", r#"{"names":[{"$regex":"^a"}]}"#, r#"{"$regex":"^a"}"#),
            ("get_user", r#"{"$where":"1"}"#, r#"{"$where":"1"}"#),
            ("get_user", r#"{"id":{"$gte":"a","$ne":null}}"#, r#"{"$ne":null}"#),
            ("http_request", r#"{"body":{"password":{"$in":["a","b"]}}}"#, r#"{"$in":["a","b"]}"#),
        ] {
            assert_eq!(answers(tool, arguments), [answer], "{arguments}");
        }
    }

    #[test]
    fn operators_are_the_words_of_a_query() {
        for (tool, arguments) in [
            ("find", r#"{"collection":"users","filter":{"password":{"$ne":null}}}"#),
            ("mongodb_count", r#"{"q":{"deleted":{"$exists":false}}}"#),
            ("list_orders", r#"{"filter":{"$or":[{"a":{"$ne":1}},{"b":{"$gt":0}}]}}"#),
            ("list_orders", r#"{"total":{"$gt":100},"state":{"$in":["new","paid"]}}"#),
            ("post_record", r#"{"record":{"$type":"app.bsky.feed.post","text":"x"}}"#),
            ("http_request", r#"{"body":{"deleted":{"$ne":null}}}"#),
            ("validate", r##"{"value":{"$ref":"#/a"}}"##),
        ] {
            assert!(answers(tool, arguments).is_empty(), "{arguments}");
        }
    }
}
