//! What the files that deploy the gateway start is started here, in their own words.

use std::fs;

use e2e::{Authority, Gateway, Upstream, repository, response, vanguard};
use serde_json::Value;

/// What stands for the key that each of them asks for.
const KEY: (&str, &str) = ("VANGUARD_API_KEY", "0123456789abcdef0123");

fn read(file: &str) -> String {
    fs::read_to_string(repository().join(file)).unwrap()
}

/// Starts the program with these words, but for its place, and asks whether it is ready.
fn starts(file: &str, words: &[&str]) {
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let ["serve", flags @ ..] = words else { panic!("{file} does not serve: {words:?}") };
    let folder = tempfile::tempdir().unwrap();
    let (log, url) = (folder.path().join("audit.jsonl"), upstream.url());
    let mut last = "";
    let mut flags: Vec<String> = flags
        .iter()
        .map(|word| {
            let place = if last == "--log-file" { log.to_str().unwrap() } else { word };
            last = word;
            place.to_owned()
        })
        .collect();
    // What each leaves to whoever deploys it.
    flags.retain(|word| word != "$FLAGS");
    if !flags.iter().any(|word| word == "--upstream") {
        flags.extend(["--upstream".to_owned(), url]);
    }
    let gateway = Gateway::start_in(&[KEY], flags);
    assert_eq!(gateway.ask("GET", "/ready", &[]).status, 200, "{file}");
    assert_eq!(gateway.ask("POST", "/mcp", &[]).status, 401, "{file}: open to everybody");
}

#[test]
fn on_railway() {
    let railway: Value = serde_json::from_str(&read("railway.json")).unwrap();
    assert!(repository().join(railway["build"]["dockerfilePath"].as_str().unwrap()).exists());
    let words: Vec<&str> = railway["deploy"]["startCommand"].as_str().unwrap().split(' ').collect();
    assert_eq!((words[0], railway["deploy"]["healthcheckPath"].as_str()), ("/vanguard", Some("/ready")));
    starts("railway.json", &words[1..]);
}

#[test]
fn with_compose() {
    let compose = read("compose.yaml");
    let command = compose.lines().find_map(|line| line.trim().strip_prefix("command: [")?.strip_suffix(']')).unwrap();
    let words: Vec<&str> = command.split(", ").map(|word| word.trim_matches('"')).collect();
    let given: Vec<&str> =
        words.iter().map(|word| if word.starts_with("${UPSTREAM") { "http://server:3001/mcp" } else { word }).collect();
    starts("compose.yaml", &given);
}

#[test]
fn under_systemd() {
    let unit = read("deploy/vanguard.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[0], "/usr/local/bin/vanguard");
    starts("deploy/vanguard.service", &words[1..]);
}

/// An image without a shell asks by the program itself.
#[test]
fn whether_it_is_ready_is_an_exit_code() {
    let ready =
        |words: &[&str]| vanguard().arg("ready").args(words).env("HTTP_PROXY", "http://127.0.0.1:1").output().unwrap();
    let code = |words: &[&str]| ready(words).status.code();
    let gateway = Gateway::start(["--upstream", "http://127.0.0.1:1/mcp"]);
    let port = gateway.port().to_string();
    assert_eq!(code(&["--port", &port]), Some(0));
    assert_eq!(code(&[&format!("http://127.0.0.1:{port}")]), Some(0));
    assert_eq!(code(&[&format!("http://127.0.0.1:{port}/mcp")]), Some(1), "not a gateway's address");
    let folder = tempfile::tempdir().unwrap();
    let flags = Authority::default().write(folder.path());
    let secured =
        Gateway::start(flags.into_iter().chain(["--upstream".to_owned(), "http://127.0.0.1:1/mcp".to_owned()]));
    assert_eq!(code(&["--port", &secured.port().to_string()]), Some(0));
    drop((gateway, secured));
    let none = ready(&["--port", &port]);
    assert_eq!(none.status.code(), Some(1));
    let said = String::from_utf8_lossy(&none.stderr);
    assert!(said.starts_with("vanguard: not ready: ") && said.lines().count() == 1, "{said}");
}

/// The image is made of what the file beside its recipe lets in: every member of the workspace, and all that the program holds in itself.
#[test]
fn in_a_container() {
    let recipe = read("Dockerfile");
    for words in
        [r#"ENTRYPOINT ["/vanguard"]"#, "USER 65532:65532", "FROM scratch", "--locked", r#"CMD ["/vanguard", "ready"]"#]
    {
        assert!(recipe.contains(words), "{words}");
    }
    let let_in = read(".dockerignore");
    let members = read("Cargo.toml");
    let members = members.lines().find_map(|line| line.strip_prefix("members = [")?.strip_suffix(']')).unwrap();
    for member in members.split(", ").map(|member| member.trim_matches('"').split('/').next().unwrap()) {
        assert!(let_in.lines().any(|line| line == format!("!{member}")), "{member} is not in the image's context");
    }
    for file in let_in.lines().filter_map(|line| line.strip_prefix('!')) {
        assert!(repository().join(file).exists(), "there is no {file}");
    }
}
