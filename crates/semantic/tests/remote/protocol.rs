//! Every byte of three protocols, and answers that are none.

use std::net::TcpListener;
use std::time::Duration;

use e2e::{Authority, Protocol, Reply, SCORER_KEY, SCORER_MODEL, Scorer};
use vanguard_engine::meaning::Unscored;
use vanguard_semantic::remote::{Adviser as _, Backend, BackendError, Client, Format, Kind, Prompt};

use crate::support::{Edge, PATIENCE, answer, ask, client, limits, remote};

const ALL: [Protocol; 3] = [Protocol::Ollama, Protocol::OpenAi, Protocol::Anthropic];

#[test]
fn each_protocol_is_spoken_to_the_byte() {
    let mut edge = Edge::new();
    for protocol in ALL {
        let scorer = Scorer::start(protocol, Reply::Honest);
        let remote = remote(&scorer, protocol, limits());
        for (text, score) in [("See you on Friday.", 0.02), ("é \"quoted\" \u{2028} \n\\ exfiltrate all of it", 0.97)]
        {
            let given = answer(&remote, edge.about(text)).expect("a score");
            assert!((given.score - score).abs() < 1e-6 && &*given.reason == "by a word", "{given:?}");
            assert!(given.by.ends_with(" judge-1") && !given.took.is_zero(), "{given:?}");
        }
        scorer.is_content();
        let asked = scorer.asked();
        assert_eq!(asked[0].text, "tool: send_message\nat /params/arguments/body:\nSee you on Friday.\n");
        assert_eq!(vanguard_engine::meaning::Counsel::figures(&remote).tokens, 840);
        // One connection serves both.
        assert_eq!(scorer.connections(), 1);
    }
}

#[test]
fn an_authority_of_ones_own_vouches_and_nobody_else() {
    let scorer = Scorer::start(Protocol::OpenAi, Reply::Honest);
    let (authority, stranger) = (Authority::default(), Authority::default());
    let port = authority.stand_before(scorer.address());
    let url = format!("https://localhost:{port}/v1");
    for (roots, score) in [
        (Some(authority.pem()), Ok(())),
        (Some(stranger.pem()), Err(Unscored::Unreachable)),
        (None, Err(Unscored::Unreachable)),
    ] {
        let backend = Backend::new(Kind::OpenAi, &url, SCORER_MODEL, Some(SCORER_KEY), Format::Schema);
        let client = Client::new(backend.expect("it can be asked"), PATIENCE, roots.as_ref().map(String::as_bytes));
        let [harmless, _] = client.expect("roots").try_out();
        assert_eq!(harmless.scored.map(|_| ()), score);
    }
    scorer.is_content();
}

#[test]
fn secrets_do_not_leave() {
    let scorer = Scorer::start(Protocol::Ollama, Reply::Honest);
    let remote = remote(&scorer, Protocol::Ollama, limits());
    let (token, password) = ("Zq9fK2mP7xW4tR8sV1bN3cL6", "hunter2");
    let text = format!("log in with {token} at postgres://app:{password}@db/x and tell me what you see");
    let mut edge = Edge::new();
    assert!(edge.asks(&text));
    answer(&remote, edge.about(&text)).expect("a score");
    let asked = scorer.asked();
    assert!(!asked[0].text.contains(&token[4..]) && !asked[0].text.contains(password), "{}", asked[0].text);
    assert!(asked[0].text.contains("tell me what you see"), "{}", asked[0].text);
}

#[test]
fn what_is_no_score_is_an_error_with_a_name() {
    let mut edge = Edge::new();
    let elsewhere = Scorer::start(Protocol::Ollama, Reply::Honest);
    let cases = [
        (Reply::Raw(401, "{}"), Unscored::Key(401)),
        (Reply::Raw(403, SCORER_KEY), Unscored::Key(403)),
        (Reply::Raw(429, "slow down"), Unscored::TooOften),
        (Reply::Raw(500, "oops"), Unscored::Broken(500)),
        (Reply::Raw(503, "oops"), Unscored::Broken(503)),
        (Reply::Raw(404, "no such model"), Unscored::Status(404)),
        (Reply::Raw(204, ""), Unscored::Status(204)),
        (Reply::Redirect(format!("{}/api/chat", elsewhere.url())), Unscored::Status(307)),
        (Reply::Raw(200, ""), Unscored::Garbage),
        (Reply::Raw(200, "\u{1}\u{2}garbage"), Unscored::Garbage),
        (Reply::Raw(200, "<html><body>Sign in</body></html>"), Unscored::Garbage),
        (Reply::Raw(200, "[]"), Unscored::Garbage),
        (Reply::Raw(200, r#"{"choices": [], "message": {}, "content": 1}"#), Unscored::Garbage),
        (Reply::Endless, Unscored::TooLong),
        (Reply::Never, Unscored::Timeout),
        (Reply::Words(r#"{"score": 7, "reason": "x"}"#), Unscored::NoScore),
        (Reply::Words(r#"{"score": -1, "reason": "x"}"#), Unscored::NoScore),
    ];
    for protocol in ALL {
        for (n, (reply, expected)) in cases.iter().enumerate() {
            let scorer = Scorer::start(protocol, reply.clone());
            let timeout = if *expected == Unscored::Timeout { Duration::from_millis(200) } else { PATIENCE };
            let limits = vanguard_semantic::remote::Limits { timeout, ..limits() };
            let remote = remote(&scorer, protocol, limits);
            let failed = answer(&remote, edge.about(&format!("case {n}"))).expect_err("no score");
            assert_eq!(failed, *expected, "{protocol:?} {reply:?}");
            assert!(!failed.to_string().contains("hunter2"));
            scorer.is_content();
        }
    }
    assert_eq!(elsewhere.connections(), 0, "nobody is sent elsewhere");
}

#[test]
fn words_that_are_no_score_are_an_error() {
    let mut edge = Edge::new();
    for protocol in [Protocol::Ollama, Protocol::OpenAi] {
        let scorer = Scorer::start(protocol, Reply::Honest);
        let remote = remote(&scorer, protocol, limits());
        for words in [
            "",
            "0.02",
            "I would say 0.02.",
            r#"{"score": "high", "reason": "x"}"#,
            "```json\n{\"score\": 0.02, \"reason\": \"x\"}\n```",
            r#"{"score": 0.02, "reason": "x"} {"score": 0.97, "reason": "y"}"#,
        ] {
            scorer.now(Reply::Words(words));
            assert_eq!(answer(&remote, edge.about(&format!("say {words}"))), Err(Unscored::NoScore), "{words}");
        }
    }
    let scorer = Scorer::start(Protocol::Anthropic, Reply::Words(r#"{"score": "high", "reason": "x"}"#));
    let remote = remote(&scorer, Protocol::Anthropic, limits());
    assert_eq!(answer(&remote, edge.about("a")), Err(Unscored::Garbage));
}

#[test]
fn who_tries_a_server_out_sees_what_it_wrote_and_no_key() {
    let echoed = Box::leak(format!("{{\"error\": \"no json_schema here, {SCORER_KEY}\"}}").into_boxed_str());
    for (reply, failed, wrote) in [
        (Reply::Words("The score is 1."), Unscored::NoScore, "The score is 1."),
        (Reply::Raw(400, echoed), Unscored::Status(400), "no json_schema here, ***"),
        (Reply::Raw(401, echoed), Unscored::Key(401), ""),
        (Reply::Endless, Unscored::TooLong, ""),
    ] {
        let scorer = Scorer::start(Protocol::OpenAi, reply);
        let [harmless, attack] = client(Protocol::OpenAi, &scorer.url(), PATIENCE).try_out();
        assert_eq!((harmless.scored, attack.scored), (Err(failed), Err(failed)));
        assert!(harmless.wrote.contains(wrote) && !harmless.wrote.contains(SCORER_KEY), "{}", harmless.wrote);
        assert!(harmless.wrote.chars().count() <= 301 && harmless.wrote.is_empty() == wrote.is_empty());
    }
}

#[test]
fn nobody_answers_and_nobody_is_there() {
    let mut edge = Edge::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let client = client(Protocol::Ollama, &format!("http://{free}"), PATIENCE);
    let remote = vanguard_semantic::remote::Remote::new(Box::new(client), limits());
    assert_eq!(answer(&remote, edge.about("a")), Err(Unscored::Unreachable));
    let torn = Scorer::start(Protocol::Ollama, Reply::Torn);
    let remote = crate::support::remote(&torn, Protocol::Ollama, limits());
    let failed = answer(&remote, edge.about("b")).expect_err("half an answer");
    assert!(matches!(failed, Unscored::Garbage | Unscored::Unreachable), "{failed:?}");
    assert!(ask(&remote, edge.about("c")).is_ok());
}

#[test]
fn a_key_is_in_no_word_of_ours() {
    let backend = |url: &str| Backend::new(Kind::OpenAi, url, "m", Some(SCORER_KEY), Format::Object).expect("valid");
    let prompt = Prompt { system: "s".into(), user: "u".into() };
    let request = backend("https://a.example/openai/deployments/m?api-version=2024-10-21").request(&prompt);
    assert_eq!(request.url, "https://a.example/openai/deployments/m/chat/completions?api-version=2024-10-21");
    assert!(request.headers.contains(&("api-key", SCORER_KEY.to_owned())));
    for shown in
        [format!("{request:?}"), format!("{:?}", backend("https://a/v1")), format!("{:?}", request.shown_headers())]
    {
        assert!(!shown.contains(SCORER_KEY) && shown.contains("***"), "{shown}");
    }
    for (url, key, error) in [
        ("http://a.example/v1", Some(SCORER_KEY), BackendError::Open),
        ("http://localhost.a.example/v1", Some(SCORER_KEY), BackendError::Open),
        ("https://me:pw@a.example/v1", Some(SCORER_KEY), BackendError::Credentials),
        ("https://a.example/v1", Some("a\r\nb: c"), BackendError::Key),
        ("https://a.example/v1", Some(""), BackendError::Key),
        ("https://api.openai.com/v1", None, BackendError::NoKey),
        ("ftp://a.example", None, BackendError::Url),
        ("https://", None, BackendError::Url),
        ("https://a b", None, BackendError::Url),
    ] {
        let failed = Backend::new(Kind::OpenAi, url, "m", key, Format::Schema).expect_err(url);
        assert_eq!(failed, error, "{url}");
        assert!(!failed.to_string().contains("hunter2"));
    }
    for (kind, base, url) in [
        (Kind::OpenAi, "https://a/v1/", "https://a/v1/chat/completions"),
        (Kind::OpenAi, "https://a/v1/chat/completions", "https://a/v1/chat/completions"),
        (Kind::Anthropic, "https://a", "https://a/v1/messages"),
        (Kind::Anthropic, "https://a/v1", "https://a/v1/messages"),
        (Kind::Ollama, "http://a:11434/", "http://a:11434/api/chat"),
    ] {
        let key = (kind != Kind::Ollama).then_some("k");
        let backend = Backend::new(kind, base, "m", key, Format::Words).expect("valid");
        assert_eq!(backend.request(&prompt).url, url);
    }
}
