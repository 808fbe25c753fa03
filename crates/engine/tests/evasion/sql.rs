//! Injections into SQL, in the spellings that databases read alike and the encodings that servers undo.

use vanguard_engine::Role;

use super::coats::{BASE64, CASE, ESCAPE, FULL_WIDTH, HEX, HTML, INVISIBLE, PERCENT};
use super::harness::{Rng, Subject, Transformation, assert_found};

/// Letters in any case, before they are encoded.
const LETTERS: Transformation =
    Transformation { name: "letters", applies: is_sql, apply: |text, rng| (CASE.apply)(text, rng) };

/// Some spaces as other gaps: tabs, form feeds, no-break spaces, comments.
const GAPS: Transformation = Transformation {
    name: "gaps",
    // Comments do not nest.
    applies: |text| is_sql(text) && !text.contains("/*") && !text.contains('#') && !text.contains('\n'),
    apply: |text, rng| {
        each_outside_quotes(text, rng, |c, rng| {
            if c != ' ' || rng.chance(30) {
                return c.to_string();
            }
            rng.pick(&[
                "\t",
                "\n",
                "\r\n",
                "\u{b}",
                "\u{c}",
                "\u{a0}",
                "  ",
                "/**/",
                "/*x*/",
                " /* q */ ",
                "--\n",
                "-- w\n",
                "#\n",
            ])
            .to_owned()
        })
    },
};

/// Spaces as `+`, as in the query of a URL.
const PLUS: Transformation = Transformation {
    name: "plus",
    applies: |text| is_sql(text) && !text.contains('+'),
    apply: |text, _| text.replace(' ', "+"),
};

/// Keywords in `/*!…*/`, whose content runs.
const VERSION: Transformation = Transformation {
    name: "version comments",
    applies: is_sql,
    apply: |text, rng| {
        words(text, |word| {
            let keyword = ["union", "select", "or", "and", "from"].iter().any(|known| word.eq_ignore_ascii_case(known));
            if keyword && rng.chance(60) {
                format!("{}{word}*/", rng.pick(&["/*!", "/*!50000", "/*!00000 "]))
            } else {
                word.to_owned()
            }
        })
    },
};

/// Numbers in other notations.
const NUMBERS: Transformation = Transformation {
    name: "numbers",
    applies: is_sql,
    apply: |text, rng| {
        words(text, |word| match word.parse::<u32>() {
            Ok(n) if n < 1000 && rng.chance(60) => match rng.below(5) {
                0 => format!("0x{n:x}"),
                1 => format!("{n}.0"),
                2 => format!("{n}e0"),
                3 => format!("({n})"),
                _ => format!("+{n}"),
            },
            _ => word.to_owned(),
        })
    },
};

/// Operators by their other names.
const SYNONYMS: Transformation = Transformation {
    name: "synonyms",
    applies: is_sql,
    apply: |text, rng| {
        words(text, |word| match word.to_ascii_lowercase().as_str() {
            "or" if rng.chance(50) => "||".to_owned(),
            "and" if rng.chance(50) => "&&".to_owned(),
            _ => word.to_owned(),
        })
    },
};

/// Something before and behind that changes nothing.
const PADDING: Transformation = Transformation {
    name: "padding",
    applies: is_sql,
    apply: |text, rng| {
        let front = rng.pick(&["", "7", "ann", "ann lee", "x@y.example", "  "]);
        let back = rng.pick(&["", " ", "\n", "  \t"]);
        // Behind a number and a word the rest would be no query.
        let front = if text.starts_with(['\'', '"']) { front } else { "" };
        format!("{front}{text}{back}")
    },
};

/// Still written as SQL, not yet encoded.
fn is_sql(text: &str) -> bool {
    text.len() < 4_000 && text.contains(' ') && !text.contains(['%', '&', '\\']) && text.is_ascii()
}

/// Each character that is in no quotes, as `change` gives it.
fn each_outside_quotes(text: &str, rng: &mut Rng, mut change: impl FnMut(char, &mut Rng) -> String) -> String {
    // The first quote ends the text that the value is put into.
    let code = text.find("--").map_or(text, |at| &text[..at]);
    let mut quotes = code.matches(['\'', '"']).count() % 2 == 1;
    let mut result = String::new();
    let comment = text.find("--").unwrap_or(text.len());
    for (at, c) in text.char_indices() {
        if at >= comment {
            result.push(c);
            continue;
        }
        if matches!(c, '\'' | '"') {
            quotes = !quotes;
        }
        result.push_str(&if quotes { c.to_string() } else { change(c, rng) });
    }
    result
}

/// Each word of letters and digits, as `change` gives it.
fn words(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        if word == 0 {
            result.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            result.push_str(&change(&rest[..word]));
            rest = &rest[word..];
        }
    }
    result
}

const DISGUISES: &[Transformation] = &[
    GAPS, PLUS, VERSION, NUMBERS, SYNONYMS, PADDING, LETTERS, PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH, INVISIBLE,
];

#[test]
fn no_spelling_hides_an_injection() {
    let seeds = Subject::Value(Role::Id).each([
        "1 or 1=1",
        "1 and 5=6",
        "' or 1=1 -- ",
        "' or 'a'='a",
        "') or ('a'='a",
        "\" or 1 like 1 or \"",
        "' or email is not null or '",
        "-1 union select 1,2,3",
        "-1' union all select null,null from staff -- ",
        "1 union select login, secret from staff",
        "1; drop table staff",
        "1'; exec xp_cmdshell 'dir'; -- ",
        "1 and sleep(9)",
        "1'; waitfor delay '0:0:9' -- ",
        "1 and (select count(*) from staff) > 3",
        "1' and ascii(substring((select pw from staff limit 1),1,1)) > 77 -- ",
        "1 and updatexml(1,concat(1,user()),1)",
        "(select secret from staff where id = 1)",
        "select login from staff where id = 1",
        "1 order by 9 -- ",
        "1' having 1=1 -- ",
    ]);
    assert_found(&seeds, DISGUISES, 200, 0.99);
}

#[test]
fn no_spelling_hides_what_a_statement_does() {
    let seeds = Subject::Value(Role::Sql).each([
        "select id from staff where name = '' or 1=1",
        "select id from staff where id = -1 union select null, null, null",
        "select load_file('/srv/x') from staff",
        "select id from staff into outfile '/srv/x'",
        "copy staff from program 'id'",
        "exec xp_cmdshell 'dir'",
        "select pg_sleep(9) from staff",
        "select 1; drop table staff",
        "select id from staff where name = 'ann' -- ' and pw = 'x'",
    ]);
    // No client of a database undoes character references twice.
    let html = Transformation { applies: |text| !text.contains('&') && (HTML.applies)(text), ..HTML };
    let disguises = [GAPS, VERSION, LETTERS, PERCENT, html, ESCAPE, FULL_WIDTH, INVISIBLE];
    assert_found(&seeds, &disguises, 200, 0.99);
}
