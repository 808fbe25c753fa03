//! Redaction as an edge sees it: the line that goes on, by the built-in rules.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use support::Still;
use vanguard_engine::rules::{self, RuleSet, Tuning};
use vanguard_engine::{Effect, Engine, Flow, Limits, Policy, Profile, Scratch, Session, Verdict};

/// Keys made up for these tests, in pieces so that no scanner takes them for real ones.
fn pat() -> String {
    ["gh", "p_a8Kd93LmQp27VxZr51TbYw64NsHc0eUj"].concat()
}

fn stripe() -> String {
    ["sk_", "live_51Kd93LmQp27VxZr51TbYw64"].concat()
}

struct Wire {
    engine: Engine,
    session: Session,
    scratch: Scratch,
}

impl Wire {
    fn new(policy: Policy) -> Self {
        let overrides = policy.overrides.clone();
        let tuning = Tuning { profile: policy.profile, overrides: &overrides };
        let rules = RuleSet::load(rules::builtin(), &tuning).expect("the built-in packs load");
        let engine = Engine::new(rules, policy, Limits::default());
        Self { engine, session: Session::new(), scratch: Scratch::default() }
    }

    /// The verdict and what goes on, if anything does.
    fn judge(&mut self, flow: Flow, line: &str) -> (Verdict, Option<String>) {
        let judged = self.engine.judge(&self.session, flow, line.as_bytes(), &mut self.scratch, &Still);
        let verdict = judged.decisions.iter().map(|decision| decision.verdict).max().expect("a decision");
        match judged.effect {
            Effect::Forward(permit) => (verdict, Some(String::from_utf8(permit.line().to_vec()).expect("UTF-8"))),
            Effect::Refuse(_) => (verdict, None),
        }
    }

    /// What becomes of a result with `text` in it, given as JSON.
    fn result(&mut self, text: &str) -> (Verdict, Option<String>) {
        self.judge(
            Flow::ToServer,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{}}}"#,
        );
        self.judge(Flow::ToClient, &result_line(text))
    }
}

fn result_line(text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0", "id":1,"result":{{"content":[{{"type":"text","text":{text}}}],"n":1.50e0}}}}"#)
}

/// The text with each character written as `spell` does.
fn each(text: &str, spell: fn(char) -> String) -> String {
    text.chars().map(spell).collect()
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// The placeholders of a text, and the text with `#` in their place.
fn without_placeholders(text: &str) -> (Vec<String>, String) {
    let mut parts = text.split("[REDACTED:");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    let mut placeholders = Vec::new();
    for part in parts {
        let (placeholder, after) = part.split_once(']').expect("a placeholder ends");
        placeholders.push(placeholder.to_owned());
        rest.push('#');
        rest.push_str(after);
    }
    (placeholders, rest)
}

#[test]
fn only_the_secret_changes_and_the_rest_of_the_line_goes_on_to_the_byte() {
    let mut wire = Wire::new(Policy::default());
    let text = r#""a \u00e9 \"key\": __ \/ and __,\n then""#;
    let (verdict, line) = wire.result(&text.replace("__", &pat()));
    let (placeholders, rest) = without_placeholders(&line.expect("it goes on"));
    assert_eq!(verdict, Verdict::Redact);
    assert_eq!(rest, result_line(&text.replace("__", "#")));
    assert!(placeholders[0].starts_with("github-pat:") && placeholders[0] == placeholders[1], "{placeholders:?}");
}

#[test]
fn a_secret_spelt_with_escapes_is_cut_out_with_them() {
    let mut wire = Wire::new(Policy::default());
    let escaped: String = each(&pat(), |c| format!("\\u{:04x}", u32::from(c)));
    let (verdict, line) = wire.result(&format!("\"is {escaped} it\""));
    assert_eq!((verdict, without_placeholders(&line.unwrap()).1), (Verdict::Redact, result_line("\"is # it\"")));
}

#[test]
fn a_secret_in_an_encoding_goes_with_the_encoding() {
    let mut wire = Wire::new(Policy::default());
    let percent: String = each(&pat(), |c| format!("%{:02X}", u32::from(c)));
    let html: String = each(&pat(), |c| format!("&#{};", u32::from(c)));
    let full_width = each(&pat(), |c| char::from_u32(u32::from(c) + 0xfee0).expect("a full-width letter").to_string());
    for secret in [percent, html, full_width] {
        let (verdict, line) = wire.result(&json(&format!("see {secret} there")));
        let line = line.expect("it goes on");
        assert_eq!(verdict, Verdict::Redact, "{secret}");
        assert_eq!(without_placeholders(&line).1, result_line("\"see # there\""), "{secret}");
    }
}

#[test]
fn a_key_goes_with_all_its_lines() {
    let mut wire = Wire::new(Policy::default());
    let body = "MIIEowIBAAKCAQEAqT0nWv7sKQ1hB7\n".repeat(60);
    let key = format!("-----BEGIN RSA PRIVATE {0}-----\n{body}-----END RSA PRIVATE {0}-----", "KEY");
    let (_, line) = wire.result(&json(&format!("before\n{key}\nafter")));
    assert_eq!(without_placeholders(&line.unwrap()).1, result_line(&json("before\n#\nafter")));
}

#[test]
fn profiles_say_how_hard() {
    let text = json(&format!("key {}", stripe()));
    let with = |profile| Policy { profile, ..Policy::default() };
    assert_eq!(Wire::new(with(Profile::Monitor)).result(&text), (Verdict::Warn, Some(result_line(&text))));
    assert_eq!(Wire::new(with(Profile::Strict)).result(&text), (Verdict::Block, None));
    let off = BTreeMap::from([("SEC-STRIPE-KEY".to_owned(), vanguard_engine::Action::Off)]);
    let mut wire = Wire::new(Policy { overrides: off, ..Policy::default() });
    assert_eq!(wire.result(&text), (Verdict::Allow, Some(result_line(&text))));
}

#[test]
fn a_request_is_refused_where_the_tool_sends_outward_and_never_altered() {
    let mut wire = Wire::new(Policy::default());
    let mut call = |tool: &str, argument: &str, value: &str| {
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"{argument}":{}}}}}}}"#,
            value.len(),
            json(value)
        );
        let (verdict, sent) = wire.judge(Flow::ToServer, &line);
        assert!(sent.is_none_or(|sent| sent == line), "a request goes on as it came");
        verdict
    };
    assert_eq!(call("send_email", "body", &format!("here: {}", pat())), Verdict::Block);
    assert_eq!(call("write_file", "content", &format!("TOKEN={}", pat())), Verdict::Warn);
    assert_eq!(call("send_message", "token", &pat()), Verdict::Allow);
    assert_eq!(call("write_file", "content", "TOKEN=${GITHUB_TOKEN}"), Verdict::Allow);
}

#[test]
fn a_secret_split_over_two_arguments_is_put_together() {
    let mut wire = Wire::new(Policy::default());
    let key = ["AK", "IAQX4TZ7LMNOPR2SVW"].concat();
    let line = |id: u32, one: &str, two: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"save","arguments":{{"parts":["{one}","{two}"]}}}}}}"#
        )
    };
    let (head, tail) = key.split_at(9);
    assert_eq!(wire.judge(Flow::ToServer, &line(1, head, tail)).0, Verdict::Block);
    assert_eq!(wire.judge(Flow::ToServer, &line(2, tail, head)).0, Verdict::Allow);
    assert_eq!(wire.judge(Flow::ToServer, &line(3, "eu-west-1", "t3.micro")).0, Verdict::Allow);
}

#[test]
fn each_message_of_a_batch_keeps_its_place() {
    let mut wire = Wire::new(Policy::default());
    let init = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
    wire.judge(Flow::ToServer, init);
    wire.judge(
        Flow::ToClient,
        r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"t","version":"1"}}}"#,
    );
    for id in 1..=2 {
        wire.judge(
            Flow::ToServer,
            &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"read"}}}}"#),
        );
    }
    let of = |id: u32, text: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
    };
    let (verdict, line) = wire.judge(Flow::ToClient, &format!("[{},{}]", of(1, &pat()), of(2, &stripe())));
    assert_eq!(verdict, Verdict::Redact);
    assert_eq!(without_placeholders(&line.unwrap()).1, format!("[{},{}]", of(1, "#"), of(2, "#")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever stands round the secrets: the outcome is one message that reads as the original but for them, and shows none.
    #[test]
    fn the_outcome_is_the_original_without_its_secrets(
        pieces in proptest::collection::vec((r#"[a-z \n"\\é,.<>-]{0,12}"#, 0_usize..4), 1..6),
    ) {
        let secrets = [pat(), stripe(), ["AK", "IAQX4TZ7LMNOPR2SVW"].concat(), String::new()];
        let text = pieces.iter().fold(String::new(), |text, (prose, n)| text + prose + " " + &secrets[*n] + " ");
        let mut wire = Wire::new(Policy::default());
        let (_, line) = wire.result(&json(&text));
        let line = line.expect("nothing here is refused");
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            prop_assert!(!line.contains(secret.as_str()), "{line}");
        }
        let bare = |text: &str| secrets.iter().filter(|s| !s.is_empty()).fold(text.to_owned(), |text, s| text.replace(s.as_str(), "#"));
        prop_assert_eq!(without_placeholders(&line).1, result_line(&bare(&json(&text))));
        // Judged again it passes as it is.
        let mut again = Wire::new(Policy::default());
        again.judge(Flow::ToServer, r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file"}}"#);
        prop_assert_eq!(again.judge(Flow::ToClient, &line), (Verdict::Allow, Some(line.clone())));
    }
}
