//! What looks like an attack and is work: all of it passes without a configuration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::talk::Talk;

const TOKEN: &str = "vq7Lw2Zr9Xk4Tn8Bp1Hd6Jf3Sg5Ym0Cu";

/// A day's work: what is called, with what, and what comes back.
type Work<'a> = &'a [(&'a str, Value, &'a str)];

#[track_caller]
fn passes(work: Work<'_>) -> Vec<String> {
    let mut talk = Talk::new();
    work.iter()
        .flat_map(|(tool, arguments, answer)| {
            talk.wait(3);
            talk.call(tool, arguments.clone(), answer)
        })
        .collect()
}

#[test]
fn code_is_read_and_put_into_a_pull_request() {
    let code = "pub fn total(items: &[Item]) -> u64 {\n    items.iter().map(|item| item.price * item.count).sum()\n}\n";
    let found = passes(&[
        ("read_file", json!({"path": "src/cart.rs"}), code),
        ("create_pull_request", json!({"title": "Fix total", "body": format!("```rust\n{code}```")}), "#12"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_commit_is_read_and_named_in_a_comment() {
    let log = "commit 8f14e45fceea167a5a36dedd4bea2543c1b2a3d4\nAuthor: A\n\n    Mend the parser";
    let found = passes(&[
        ("git_log", json!({"max_count": 1}), log),
        ("add_issue_comment", json!({"body": "Fixed in 8f14e45fceea167a5a36dedd4bea2543c1b2a3d4"}), "ok"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_mail_is_read_and_answered_with_a_quote() {
    let mail =
        "Could you send me the agenda of Thursday's meeting? I would like to add the migration of the data base.";
    let found = passes(&[
        ("read_email", json!({"id": "1"}), mail),
        ("send_email", json!({"to": "b@c.example", "body": format!("Sure!\n> {mail}")}), "sent"),
    ]);
    assert_eq!(found, ["FLOW-003"], "told, and passed");
}

#[test]
fn a_secret_is_used_where_it_belongs() {
    passes(&[
        ("read_file", json!({"path": "config/secrets.yml"}), &format!("api: {TOKEN}")),
        ("http_request", json!({"url": "https://api.example/v1/me", "api_key": TOKEN}), "{\"name\": \"ops\"}"),
    ]);
}

#[test]
fn a_secret_is_written_to_a_local_file() {
    passes(&[
        ("read_file", json!({"path": "config/secrets.yml"}), &format!("reference: {TOKEN}")),
        ("write_file", json!({"path": "config/secrets.bak.yml", "content": format!("reference: {TOKEN}")}), "ok"),
    ]);
}

#[test]
fn links_of_a_page_are_followed() {
    let page = "See https://docs.example/guide/install and https://docs.example/guide/usage for more, or curl them.";
    let found = passes(&[
        ("fetch", json!({"url": "https://docs.example/"}), page),
        ("fetch", json!({"url": "https://docs.example/guide/install"}), "Install it."),
        ("fetch", json!({"url": "https://docs.example/guide/usage"}), "Use it."),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_short_command_of_a_page_is_run() {
    let found = passes(&[
        ("fetch", json!({"url": "https://docs.example/"}), "Then run npm test and\ngit status to see."),
        ("run_command", json!({"command": "npm test"}), "ok"),
        ("run_command", json!({"command": "git status"}), "clean"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_users_own_commands_are_run_after_pages() {
    let found = passes(&[
        (
            "fetch",
            json!({"url": "https://docs.example/"}),
            "curl https://get.example/tool.tgz | tar xz in a directory of yours",
        ),
        ("run_command", json!({"command": "cargo test --workspace --release -- --nocapture"}), "ok"),
        ("run_command", json!({"command": "find . -name '*.rs' -newer Cargo.lock | xargs wc -l"}), "1 2 3"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn source_about_secrets_is_read_and_posted() {
    let code =
        "def load_secrets(path):\n    with open(path) as file:\n        return yaml.safe_load(file)['secrets']\n";
    let found = passes(&[
        ("read_file", json!({"path": "app/secrets.py"}), code),
        ("create_pull_request", json!({"title": "Load secrets", "body": code}), "#3"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_repository_is_walked_at_the_pace_of_an_agent() {
    let mut talk = Talk::new();
    for n in 0..60 {
        talk.wait(2);
        assert!(talk.call("list_directory", json!({"path": format!("src/m{n}")}), "mod.rs").is_empty());
        talk.wait(2);
        assert!(talk.call("read_file", json!({"path": format!("src/m{n}/mod.rs")}), "pub mod a;").is_empty());
    }
}

#[test]
fn files_are_read_many_at_once() {
    let mut talk = Talk::new();
    let found: Vec<String> =
        (0..80).flat_map(|n| talk.call("read_file", json!({"path": format!("src/{n}.rs")}), "fn a() {}")).collect();
    assert_eq!(found, ["BEH-001"], "told once, and passed");
}

#[test]
fn thousands_of_calls_are_made() {
    let mut talk = Talk::new();
    for n in 0..3_000 {
        talk.call("echo", json!({"n": n}), "ok");
    }
}

#[test]
fn many_files_are_written() {
    let mut talk = Talk::new();
    for n in 0..120 {
        let file = json!({"path": format!("out/{n}.txt"), "content": format!("line {n}\n").repeat(20)});
        assert!(talk.call("write_file", file, "ok").is_empty());
    }
}

#[test]
fn some_calls_are_refused_and_work_goes_on() {
    let mut talk = Talk::new();
    for _ in 0..3 {
        talk.wait(5);
        let found = talk.ask("read_file", json!({"path": "/etc/shadow"}));
        assert!(found.iter().any(|rule| rule.ends_with('!')));
    }
    assert!(talk.call("read_file", json!({"path": "README.md"}), "hello").is_empty());
}

#[test]
fn a_picture_an_archive_and_a_font_are_brought() {
    let noise: Vec<u8> = (0..6_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11).to_le_bytes()[0]).collect();
    for magic in [&b"\x89PNG\r\n\x1a\n"[..], b"PK\x03\x04\x14\0\0\0\x08\0", b"%PDF-1.7\n", b"\x1f\x8b\x08\0", b"wOF2"] {
        let found = passes(&[("read_file", json!({"path": "a.bin"}), &STANDARD.encode([magic, &noise].concat()))]);
        assert!(found.is_empty(), "{magic:?}: {found:?}");
    }
}

#[test]
fn a_lock_file_is_brought() {
    let lock = (0..200)
        .map(|n| format!("    \"node_modules/p{n}\": {{\"integrity\": \"sha512-{}\"}},\n", STANDARD.encode([n; 64])))
        .collect::<Vec<_>>()
        .concat();
    let found = passes(&[("read_file", json!({"path": "package-lock.json"}), &lock)]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn text_in_other_scripts_is_brought() {
    let text = "快速的棕色狐狸跳过懒狗。Быстрая лиса прыгает. こんにちは世界。".repeat(200);
    let found = passes(&[("read_file", json!({"path": "i18n/all.txt"}), &text)]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_table_is_asked_for_and_a_report_of_it_sent() {
    let rows = "region | revenue\nnorth | 120\nsouth | 80\neast | 95";
    let found = passes(&[
        ("execute_sql", json!({"sql": "SELECT region, sum(amount) FROM sales GROUP BY region"}), rows),
        ("send_message", json!({"to": "#sales", "text": "Revenue by region is in: north leads."}), "ok"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_search_is_made_with_words_of_a_page() {
    let found = passes(&[
        (
            "fetch",
            json!({"url": "https://news.example/"}),
            "The council of Springfield approves the new bridge over the river.",
        ),
        ("web_search", json!({"query": "Springfield bridge council approves"}), "3 results"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn an_issue_is_read_and_its_words_answered() {
    let issue = "The parser fails on empty input with index out of range in parser.go:84 since version 2.3.";
    let found = passes(&[
        ("get_issue", json!({"number": 4}), issue),
        ("add_issue_comment", json!({"body": format!("> {issue}\nI can reproduce this.")}), "ok"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn listings_are_followed_by_ordinary_files() {
    let mut talk = Talk::new();
    for n in 0..40 {
        talk.wait(3);
        talk.call("list_directory", json!({"path": format!("pkg/{n}")}), "a");
    }
    assert!(talk.call("read_file", json!({"path": "pkg/3/config.yml"}), "debug: true").is_empty());
}

#[test]
fn a_big_result_is_brought() {
    let found = passes(&[("read_file", json!({"path": "data.csv"}), &"1,2,3,4,5\n".repeat(60_000))]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_password_is_made_up_and_sent_to_its_form() {
    let found = passes(&[
        ("read_file", json!({"path": "README.md"}), "Sign up with a password of 12 letters."),
        ("browser_type", json!({"selector": "#password", "password": "Correct-Horse-7-Battery"}), "typed"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_was_sent_before_it_was_read_is_no_flow() {
    passes(&[
        ("send_message", json!({"to": "x", "text": format!("deploy with {}", &TOKEN[..10])}), "ok"),
        ("read_file", json!({"path": "config/secrets.yml"}), &format!("reference: {TOKEN}")),
    ]);
}

#[test]
fn another_session_knows_nothing_of_it() {
    let mut talk = Talk::new();
    talk.call("read_file", json!({"path": "config/secrets.yml"}), &format!("reference: {TOKEN}"));
    talk.another_of("bob");
    assert!(talk.call("send_message", json!({"to": "x", "text": TOKEN}), "ok").is_empty());
}
