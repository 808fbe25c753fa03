//! Filters of databases that speak no SQL, written into a value: operators of document databases, LDAP, `XPath`.
//!
//! A value that is a whole query is what a query tool takes, and passes; one that answers for a query (`{"$ne": null}`
//! for a password) or ends it and begins another does not.

mod ldap;
mod mongo;
mod xpath;

use super::{Family, Found, Look};
use crate::views::ViewKind;

const OPERATOR: usize = 0;
const LDAP: usize = 1;
const XPATH: usize = 2;

/// See the module.
pub(super) const FAMILY: Family = Family { name: "filter", kinds: &["operator", "ldap", "xpath"], look };

/// A longer value is a document.
const LONGEST: usize = 4_000;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    let view = look.view;
    if view.len() > LONGEST || matches!(look.chain.kind(), ViewKind::Shell | ViewKind::Path | ViewKind::Url) {
        return;
    }
    if look.signs.has(b'$') && mongo::is_operator(view) {
        found(OPERATOR, 0..view.len());
    }
    if look.signs.has(b')')
        && let Some(range) = ldap::breakout(view)
    {
        found(LDAP, range);
    }
    if look.signs.any(b"'\"") && xpath::breaks_out(view) {
        found(XPATH, 0..view.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_that_answer_for_a_query_are_found() {
        for value in [
            r#"{"$ne": null}"#,
            "{$gt: ''}",
            r#"{ "$nin": ["x"] }"#,
            "user[$ne]=x&pass[$ne]=y",
            "pass[$regex]=^a",
            "password[$ne]",
            r#"{"user": "ann", "password": {"$ne": ""}}"#,
            "', $where: '1 == 1'",
            r#"{"$where": "sleep(500)"}"#,
            r#"{"a": {"$function": {"body": "function(){}"}}}"#,
            "'}, {$or: [{}, {'a': 'a",
            "true, $where: 'x'",
        ] {
            assert!(mongo::is_operator(value), "{value}");
        }
    }

    #[test]
    fn whole_queries_and_prices_are_not() {
        for value in [
            r#"{"age": {"$gt": 5}, "status": {"$in": ["a", "b"]}}"#,
            r#"{"$or": [{"a": 1}, {"b": {"$gte": 2}}]}"#,
            r#"[{"$match": {"a": 1}}, {"$group": {"_id": "$b"}}]"#,
            r#"{"$set": {"name": "x"}}"#,
            r#"{"deleted": {"$ne": null}}"#,
            "$100",
            "costs $5: free",
            "echo $HOME",
            r#"{"$ref": "Pet"}"#,
        ] {
            assert!(!mongo::is_operator(value), "{value}");
        }
    }

    #[test]
    fn filters_that_end_others_are_found() {
        for value in [
            "*)(uid=*))(|(uid=*",
            "x)(&)",
            "x)(!(&(1=0",
            "*)(|(pw=*)",
            "x)(objectClass=*)",
            "*))\0",
            "a*)(|(mail~=*",
            "a*)((|pw=*)",
        ] {
            assert!(ldap::breakout(value).is_some(), "{value}");
        }
        for value in [
            "(&(uid=ann)(ou=x))",
            "f(x)(y)",
            "notes (draft)",
            "(a)(b)",
            "f(x) (|y|)",
            ":) (a=b)",
            "(uid=*)",
            "print(x) (y = 3)",
        ] {
            assert!(ldap::breakout(value).is_none(), "{value}");
        }
    }

    #[test]
    fn paths_behind_a_quote_are_found() {
        for value in [
            "x'] | //user/*[contains(*,'",
            "1'] | //password | //x['1",
            "' or count(//user)=5 or 'a'='b",
            "a' or true() or '",
            "x' or name()='u' or 'x'='y",
            r#"x" and string-length(//u[1]/p)=5 and "1"="1"#,
            "' or position()=1 or '",
        ] {
            assert!(xpath::breaks_out(value), "{value}");
        }
        for value in [
            "it's 5 or 6",
            "//div[@class='x']",
            "'a' | 'b'",
            "d'or count (noble)",
            "users' names or titles",
            "\"a\" or \"b\"",
        ] {
            assert!(!xpath::breaks_out(value), "{value}");
        }
    }
}
