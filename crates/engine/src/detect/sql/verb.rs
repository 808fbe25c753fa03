//! How a statement begins: what it would do, where its first words are those of one and not of a sentence.

use super::grammar::{Traits, walk};
use super::token::{Kind, Token};
use super::word::{self, Key, Lower};

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Query,
    Write,
    /// Drops, truncates, deletes.
    Destroy,
    /// Users, roles, grants, settings.
    Account,
    /// Runs a procedure, a block, a command of the server.
    Run,
}

/// The tokens of a statement, counted from its verb.
#[derive(Clone, Copy)]
struct Words<'t> {
    text: &'t str,
    read: &'t [Token],
    at: usize,
}

impl<'t> Words<'t> {
    fn token(self, n: usize) -> Option<&'t Token> {
        self.read.get(self.at.saturating_add(n))
    }

    fn kind(self, n: usize) -> Option<Kind> {
        self.token(n).map(|token| token.kind)
    }

    fn word(self, n: usize) -> &'t str {
        self.token(n).map_or("", |token| token.text(self.text))
    }

    fn is(self, n: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.word(n).eq_ignore_ascii_case(word))
    }

    fn is_key(self, n: usize, key: Key) -> bool {
        self.kind(n) == Some(Kind::Key(key))
    }

    fn is_name(self, n: usize) -> bool {
        matches!(self.kind(n), Some(Kind::Name | Kind::Text | Kind::OpenText | Kind::Variable))
    }

    fn is_text(self, n: usize) -> bool {
        matches!(self.kind(n), Some(Kind::Text | Kind::OpenText))
    }

    fn ends(self, n: usize) -> bool {
        matches!(self.kind(n), None | Some(Kind::Cut | Kind::Semicolon | Kind::Comma))
    }
}

/// What may be created and dropped.
const OBJECTS: &[&str] = &[
    "table",
    "database",
    "schema",
    "view",
    "index",
    "user",
    "role",
    "procedure",
    "function",
    "trigger",
    "login",
    "sequence",
    "column",
    "tablespace",
    "materialized",
];

/// What may be granted.
const PRIVILEGES: &[&str] = &[
    "all",
    "select",
    "insert",
    "update",
    "delete",
    "execute",
    "usage",
    "create",
    "drop",
    "alter",
    "connect",
    "dba",
    "super",
    "file",
    "references",
    "trigger",
    "process",
    "reload",
];

/// What the statement does that begins at `at`, in brackets or not.
pub(super) fn verb(text: &str, read: &[Token], at: usize) -> Option<Verb> {
    let brackets = read.get(at..)?.iter().take_while(|token| token.kind == Kind::Open).count();
    let words = Words { text, read, at: at.saturating_add(brackets) };
    match words.kind(0)? {
        Kind::Key(Key::Select) => query(text, read, at),
        Kind::Key(Key::Set) => {
            let sets = matches!(words.kind(1), Some(Kind::Variable)) || words.is(1, &["global", "session", "password"]);
            sets.then_some(Verb::Run)
        }
        Kind::Key(Key::Direction) => {
            (words.is(0, &["desc"]) && words.kind(1) == Some(Kind::Name) && words.ends(2)).then_some(Verb::Query)
        }
        Kind::Name if words.is(0, &["use"]) => (words.is_name(1) && words.ends(2)).then_some(Verb::Run),
        Kind::Key(Key::Verb) => {
            let lower = Lower::of(words.word(0).as_bytes())?;
            change(words, lower.as_str())
                .or_else(|| run(words, lower.as_str()))
                .or_else(|| other(words, lower.as_str()))
        }
        _ => None,
    }
}

fn query(text: &str, read: &[Token], at: usize) -> Option<Verb> {
    let run = walk(text, read, at, false);
    let shows = run.traits.intersects(Traits::SELECT_FROM | Traits::SELECT_PROBE | Traits::CALL | Traits::SUBQUERY);
    let short = run.whole && run.traits.contains(Traits::SELECT) && run.end.saturating_sub(at) > 1;
    (shows || short).then_some(Verb::Query)
}

/// Statements that change rows, tables or accounts.
fn change(words: Words<'_>, verb: &str) -> Option<Verb> {
    match verb {
        "insert" | "replace" => {
            let into = words.is(1, &["into", "ignore", "overwrite"]);
            let table = if words.is(2, &["into", "table"]) && words.is_name(3) { 3_usize } else { 2 };
            let behind = table.saturating_add(1);
            let rows = matches!(words.kind(behind), Some(Kind::Open | Kind::Key(_))) || words.is(behind, &["default"]);
            (into && words.is_name(table) && rows).then_some(Verb::Write)
        }
        "update" => {
            let sets = (2..6_usize)
                .any(|n| words.is_key(n, Key::Set) && words.kind(n.saturating_add(2)) == Some(Kind::Compare));
            (words.is_name(1) && sets).then_some(Verb::Write)
        }
        "merge" => (words.is(1, &["into"]) && words.is_name(2)).then_some(Verb::Write),
        "delete" => delete(words),
        "drop" => {
            let name = if words.is(2, &["if"]) { 4_usize } else { 2 };
            let behind = name.saturating_add(1);
            let clean = words.ends(behind)
                || words.is_text(behind)
                || words.is(behind, &["cascade", "restrict", "purge", "on", "from"])
                || matches!(words.kind(behind), Some(Kind::Close | Kind::Open));
            // No row is lost with an index or a view.
            let holds = !words.is(1, &["index", "view", "materialized", "trigger", "sequence"]);
            let verb = if holds { Verb::Destroy } else { Verb::Write };
            (words.is(1, OBJECTS) && words.is_name(name) && clean).then_some(verb)
        }
        "truncate" => ((words.is(1, &["table"]) && words.is_name(2)) || (words.is_name(1) && words.ends(2)))
            .then_some(Verb::Destroy),
        "rename" => (words.is(1, &["table", "user"]) && words.is_name(2)).then_some(Verb::Destroy),
        "shutdown" => (words.ends(1) || words.is(1, &["with", "immediate", "abort"])).then_some(Verb::Destroy),
        "create" => create(words),
        "alter" => {
            let object = words.is(1, OBJECTS) || words.is(1, &["system", "session"]);
            let account = words.is(1, &["user", "role", "login", "system"]);
            let alters = object && (words.is_name(2) || words.is(2, &["set", "if"]));
            // A migration drops constraints and defaults, too: rows are lost with columns.
            let kept = ["constraint", "default", "index", "not", "primary", "foreign", "check", "identity"];
            let takes = (3..8).any(|n| words.is(n, &["drop"]) && !words.is(n.saturating_add(1), &kept));
            let verb = if account {
                Verb::Account
            } else if takes {
                Verb::Destroy
            } else {
                Verb::Write
            };
            alters.then_some(verb)
        }
        "grant" | "revoke" => {
            let right = words.is(1, PRIVILEGES) || words.kind(2) == Some(Kind::Comma);
            let whom = (2..10).any(|n| words.is_key(n, Key::On) || words.is(n, &["to", "from"]));
            (right && whom).then_some(Verb::Account)
        }
        _ => None,
    }
}

fn delete(words: Words<'_>) -> Option<Verb> {
    let table = if words.is_key(1, Key::From) { 2_usize } else { 1 };
    let behind = table.saturating_add(1);
    let clause = match words.kind(behind) {
        Some(Kind::Key(key)) => {
            matches!(key, Key::Where | Key::Limit | Key::Using | Key::As | Key::From | Key::Order)
        }
        kind => kind == Some(Kind::Close),
    };
    let follows = clause || words.ends(behind) || words.is(behind, &["returning"]);
    let sure = table == 2 || matches!(words.kind(behind), Some(Kind::Key(Key::From | Key::Where)));
    (words.is_name(table) && !word::is_article(words.word(table)) && follows && sure).then_some(Verb::Destroy)
}

fn create(words: Words<'_>) -> Option<Verb> {
    let object = if words.is(1, &["or"]) {
        3_usize
    } else if words.is(1, &["temp", "temporary", "unique", "global", "materialized", "external"]) {
        2
    } else {
        1
    };
    let known = words.is(object, OBJECTS)
        || words.is(object, &["extension", "server", "library", "alias", "assembly", "language"]);
    let name = object.saturating_add(1);
    let behind = name.saturating_add(1);
    let account = words.is(object, &["user", "role", "login"]);
    let index = words.is(object, &["index"]);
    let ends = words.ends(behind) && (!(account || index) || words.kind(behind).is_some());
    let clean = ends
        || matches!(words.kind(behind), Some(Kind::Open | Kind::Key(_)))
        || words.is(behind, &["identified", "password", "returns", "language"]);
    let creates = known && (words.is(name, &["if"]) || (words.is_name(name) && clean));
    creates.then_some(if account { Verb::Account } else { Verb::Write })
}

/// Statements that run something.
fn run(words: Words<'_>, verb: &str) -> Option<Verb> {
    let runs = match verb {
        "exec" | "execute" => {
            let called = words.is_name(1)
                || matches!(words.kind(1), Some(Kind::Open | Kind::Number))
                || words.is(1, &["immediate", "as"]);
            let system = is_system(words.word(1)) || words.word(1).contains('.') || words.kind(1) != Some(Kind::Name);
            let argument = words.is_text(2) || matches!(words.kind(2), Some(Kind::Number | Kind::Variable));
            called && (system || argument || words.ends(2))
        }
        "declare" => words.kind(1) == Some(Kind::Variable),
        "waitfor" => words.is(1, &["delay", "time"]),
        "begin" => {
            words.ends(1) || words.is(1, &["declare", "execute", "dbms_output", "transaction", "exec", "select"])
        }
        "copy" => {
            let way = (2..12).any(|n| words.is_key(n, Key::From) || words.is(n, &["to"]));
            let end = (3..14).any(|n| words.is(n, &["program", "stdin", "stdout"]) || words.is_text(n));
            (words.is_name(1) || words.kind(1) == Some(Kind::Open)) && way && end
        }
        "call" => words.is_name(1) && words.kind(2) == Some(Kind::Open),
        "attach" => words.is(1, &["database"]) || words.is_text(1),
        "load" => words.is(1, &["data", "xml"]) && (2..5).any(|n| words.is(n, &["infile"])),
        "prepare" => words.is_name(1) && words.is(2, &["from", "as"]),
        "do" => words.is_text(1),
        "while" => {
            matches!(words.kind(1), Some(Kind::Number | Kind::Open | Kind::Variable))
                && (2..5).any(|n| words.kind(n) == Some(Kind::Compare))
        }
        "if" if words.is(1, &["exists"]) => words.kind(2) == Some(Kind::Open),
        "if" => {
            let begins = matches!(words.kind(1), Some(Kind::Open | Kind::Number)) || words.is(1, &["not"]);
            begins
                && walk(words.text, words.read, words.at.saturating_add(1), false)
                    .traits
                    .intersects(Traits::COMPARE | Traits::CALL | Traits::SELECT)
        }
        _ => false,
    };
    runs.then_some(Verb::Run)
}

/// Statements about the database itself.
fn other(words: Words<'_>, verb: &str) -> Option<Verb> {
    let does = match verb {
        "handler" => words.is_name(1) && words.is(2, &["open", "read"]),
        "show" => {
            let what =
                ["tables", "databases", "columns", "grants", "variables", "schemas", "processlist", "create", "full"];
            return words.is(1, &what).then_some(Verb::Query);
        }
        "vacuum" => words.ends(1) || words.is(1, &["into", "full"]),
        "pragma" => words.is_name(1) && (words.ends(2) || matches!(words.kind(2), Some(Kind::Compare | Kind::Open))),
        "kill" => words.kind(1) == Some(Kind::Number) && words.ends(2),
        "backup" => words.is(1, &["database", "log"]),
        "print" => (words.is_text(1) || words.kind(1) == Some(Kind::Variable)) && words.ends(2),
        "lock" => words.is(1, &["table", "tables"]),
        _ => false,
    };
    does.then_some(Verb::Run)
}

/// Whether a statement begins at `at` that changes rows, tables or accounts.
pub(super) fn changes(text: &str, read: &[Token], at: usize) -> bool {
    let words = Words { text, read, at };
    let Some(lower) = Lower::of(words.word(0).as_bytes()) else { return false };
    matches!(change(words, lower.as_str()), Some(Verb::Write | Verb::Destroy | Verb::Account))
}

/// Names that only a database's own programs have.
pub(super) fn is_system(name: &str) -> bool {
    ["xp_", "sp_", "master", "@", "immediate"]
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}
