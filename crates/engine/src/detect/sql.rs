//! SQL: injection in values that are data, and what no honest statement does in fields that are SQL.
//!
//! A value is read as each query would read it into which it may be spliced: as it stands (a number, a list in brackets),
//! and behind each kind of quote that it could end ([`value`]). What counts is structure: tokens that go on being a query
//! where data should have ended. A whole statement ([`statement`]) is judged by what it calls, and by the marks that an
//! injection left in it.

use std::ops::Range;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::ViewKind;

mod danger;
mod grammar;
mod statement;
mod token;
mod value;
mod verb;
mod word;

#[cfg(test)]
mod tests;

/// See the module.
pub(super) const FAMILY: Family = Family { name: "sql", kinds: KINDS, look };

/// What is told apart. The first group is found in data, the second in statements, the third in either.
const KINDS: &[&str] = &[
    "union",
    "condition",
    "stacked",
    "comment",
    "schema",
    "call",
    "query",
    "clause",
    "tautology",
    "probe",
    "breakout",
    "overlong",
    "destructive",
    "account",
    "hidden-write",
    "delay",
    "danger",
];

/// One of [`KINDS`], by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `union select` in data.
    Union,
    /// A condition that breaks out of its place.
    Condition,
    /// A second statement.
    Stacked,
    /// A comment that cuts the query off.
    Comment,
    /// The database's own tables and variables.
    Schema,
    /// Functions within functions of SQL.
    Call,
    /// A whole statement, or a query in brackets.
    Query,
    /// `order by 4--` and its like.
    Clause,
    /// In a statement: a condition that is always true beside an `or`.
    Tautology,
    /// In a statement: constants that count another query's columns.
    Probe,
    /// In a statement: a value that has left its quotes.
    Breakout,
    /// More tokens than are read.
    Overlong,
    /// Drops, truncates, deletes all.
    Destructive,
    /// Changes accounts or settings.
    Account,
    /// Writes where it seems to read.
    HiddenWrite,
    /// Waits, or burns time.
    Delay,
    /// Files, programs, the network, errors that leak.
    Danger,
}

/// What was found in one text, each kind once.
struct Findings<'f, 'g> {
    seen: u32,
    found: &'f mut Found<'g>,
}

impl Findings<'_, '_> {
    fn add(&mut self, kind: Kind, range: Range<usize>) {
        let bit = 1_u32 << (kind as u32);
        if self.seen & bit == 0 {
            self.seen |= bit;
            (self.found)(kind as usize, range);
        }
    }
}

/// Roles of fields that hold data, however a tool may use it.
const DATA: Roles = Roles::ID.union(Roles::URL).union(Roles::SECRET).union(Roles::HOST);

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    // What a text would do in a shell or as an address is not what a database reads.
    if matches!(look.chain.kind(), ViewKind::Shell | ViewKind::Url | ViewKind::Path) {
        return;
    }
    let is_statement = look.roles.contains(Roles::SQL);
    if look.view.len() < SHORTEST || !(is_statement || look.roles.intersects(DATA)) || !is_suspect(look.view) {
        return;
    }
    let mut findings = Findings { seen: 0, found };
    if look.roles.intersects(DATA) {
        value::judge(look.view, &mut findings);
    }
    if is_statement {
        statement::judge(look.view, &mut findings);
    }
}

/// `'#`.
const SHORTEST: usize = 2;

/// Whether there is any sign without which there is no SQL: words alone, paths and identifiers end here.
fn is_suspect(text: &str) -> bool {
    let sign = |b: u8| !(b.is_ascii_alphanumeric() || matches!(b, b'/' | b':' | b'-'));
    text.bytes().any(sign) || memchr::memmem::find(text.as_bytes(), b"--").is_some()
}
