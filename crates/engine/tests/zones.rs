//! Calls whose paths must keep to zones, on a ground that is made up.

mod support;

use std::collections::BTreeMap;

use support::{Still, engine};
use vanguard_engine::zone::{Ground, HardLinks, Rights, Standing, Trouble, What, Within, Zone};
use vanguard_engine::{Engine, Flow, Policy, Profile, Scratch, Session, Verdict};

/// A file system in which everything plain below `/srv/data` lies in zone 0, below `/srv/out` in zone 1, and the rest is as told.
#[derive(Debug, Default)]
struct Made(BTreeMap<&'static str, Standing>);

const ROOTS: [&str; 2] = ["/srv/data", "/srv/out"];

impl Ground for Made {
    fn resolve(&self, path: &str) -> Standing {
        let full = if path.starts_with('/') { path.to_owned() } else { format!("/srv/data/{path}") };
        let full = full.trim_end_matches('/').to_owned();
        if let Some(standing) = self.0.get(full.as_str()) {
            return standing.clone();
        }
        let within = ROOTS.iter().enumerate().filter_map(|(zone, root)| {
            let rest = full.strip_prefix(root)?;
            let names = rest.split('/').filter(|name| !name.is_empty());
            let below = (rest.is_empty() || rest.starts_with('/')) && !rest.contains("..");
            below.then(|| Within {
                zone,
                depth: names.clone().count(),
                hidden: names.clone().any(|name| name.starts_with('.')),
                link: false,
                mount: false,
            })
        });
        let within = within.collect();
        let what = match &*full {
            _ if full.starts_with("/api") => What::Nowhere,
            _ if full.ends_with("absent.txt") || full.ends_with("Zurich") => What::Missing,
            _ => What::File(1),
        };
        Standing { place: full, what, within, left: [].into_iter().collect(), trouble: None }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        (name == "HOME").then_some("/home/anna")
    }
}

struct Desk {
    engine: Engine,
    session: Session,
    scratch: Scratch,
    last: u32,
}

impl Desk {
    fn new(zones: Vec<Zone>) -> Self {
        Self::on(zones, Policy::default(), Made::default())
    }

    fn on(zones: Vec<Zone>, policy: Policy, ground: Made) -> Self {
        let engine = engine(Policy { zones, ..policy });
        Self { engine, session: Session::on(Box::new(ground)), scratch: Scratch::default(), last: 0 }
    }

    fn judge(&mut self, flow: Flow, line: &str) -> (Verdict, Vec<String>, usize) {
        let judged = self.engine.judge(&self.session, flow, line.as_bytes(), &mut self.scratch, &Still);
        let decision = &judged.decisions[0];
        let rules = decision.findings.iter().map(|finding| finding.rule.id.to_string()).collect();
        (decision.verdict, rules, decision.places.len())
    }

    /// The rules that a call sets off.
    fn call(&mut self, tool: &str, arguments: &str) -> Vec<String> {
        self.last += 1;
        let id = self.last;
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        );
        self.judge(Flow::ToServer, &line).1
    }
}

fn data() -> Zone {
    Zone::new("/srv/data")
}

fn out() -> Zone {
    Zone::new("/srv/out")
}

fn for_tool(zone: Zone, tool: &str) -> Zone {
    Zone { tool: Some(globset::Glob::new(tool).unwrap().compile_matcher()), ..zone }
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_path_is_found_wherever_it_sits() {
    let mut desk = Desk::new(vec![data(), out()]);
    for inside in [
        r#"{"path":"/srv/data/a.txt"}"#,
        r#"{"path":"a.txt"}"#,
        r#"{"paths":["/srv/data/a","/srv/out/b"]}"#,
        r#"{"uri":"file:///srv/data/a%20b"}"#,
        r#"{"edits":[{"dest":"/srv/data/a"}]}"#,
        r#"{"query":"how do I list /home"}"#,
        r#"{"route":"/api/users"}"#,
        r#"{"separator":"/"}"#,
        r#"{"source":"https://example.org/home/a"}"#,
    ] {
        assert_eq!(desk.call("frob", inside), NOTHING, "{inside}");
    }
    for outside in [
        r#"{"path":"/home/anna/a.txt"}"#,
        r#"{"path":"../data-secrets/a"}"#,
        r#"{"paths":["/srv/data/a","/home/b"]}"#,
        r#"{"uri":"file:///home/a"}"#,
        r#"{"uri":"file:///srv/data/%2e%2e/x"}"#,
        r#"{"edits":[{"dest":"/home/a"}]}"#,
        r#"{"path":"~/a"}"#,
        r#"{"path":"$HOME/a"}"#,
        r#"{"whatever":"/home/anna/a.txt"}"#,
        r#"{"path":"/srv/data/link/../../x"}"#,
    ] {
        assert!(desk.call("frob", outside).contains(&"ZONE-OUTSIDE".to_owned()), "{outside}");
    }
    assert_eq!(desk.call("frob", r#"{"path":"file://host/share"}"#), ["ZONE-UNRESOLVED"]);
}

#[test]
fn what_no_zone_is_for_goes_anywhere() {
    let mut desk = Desk::new(vec![for_tool(data(), "read_*")]);
    assert_eq!(desk.call("read_file", r#"{"path":"/home/a"}"#), ["ZONE-OUTSIDE"]);
    assert_eq!(desk.call("stat", r#"{"path":"/home/a"}"#), NOTHING);
    assert_eq!(Desk::new(Vec::new()).call("read_file", r#"{"path":"/home/a"}"#), NOTHING);
}

#[test]
fn a_resource_is_read_and_a_zone_of_a_tool_does_not_concern_it() {
    let read = r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///home/a"}}"#;
    let mut desk = Desk::new(vec![data()]);
    assert_eq!(desk.judge(Flow::ToServer, read).1, ["ZONE-OUTSIDE"]);
    let mut desk = Desk::new(vec![for_tool(data(), "read_*")]);
    assert_eq!(desk.judge(Flow::ToServer, read).1, NOTHING);
}

#[test]
fn a_tool_needs_the_rights_of_what_it_does() {
    let mut desk = Desk::new(vec![Zone { rights: Rights::READ, ..data() }, out()]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/a"}"#), NOTHING);
    assert_eq!(desk.call("write_file", r#"{"path":"/srv/data/a"}"#), ["ZONE-RIGHT"]);
    assert_eq!(desk.call("frob", r#"{"path":"/srv/data/a"}"#), ["ZONE-RIGHT"], "it may write");
    assert_eq!(desk.call("copy_file", r#"{"source":"/srv/data/a","destination":"/srv/out/a"}"#), NOTHING);
    assert_eq!(desk.call("copy_file", r#"{"source":"/srv/out/a","destination":"/srv/data/a"}"#), ["ZONE-RIGHT"]);
    assert_eq!(desk.call("move_file", r#"{"source":"/srv/data/a","destination":"/srv/out/a"}"#), ["ZONE-RIGHT"]);
}

#[test]
fn what_a_tool_says_of_itself_counts_where_its_name_says_nothing() {
    let mut desk = Desk::new(vec![Zone { rights: Rights::READ, ..data() }]);
    desk.judge(Flow::ToServer, r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    desk.judge(
        Flow::ToClient,
        r#"{"jsonrpc":"2.0","id":"l","result":{"tools":[{"name":"frob","annotations":{"readOnlyHint":true}},{"name":"write_it","annotations":{"readOnlyHint":true}}]}}"#,
    );
    assert_eq!(desk.call("frob", r#"{"path":"/srv/data/a"}"#), NOTHING);
    assert_eq!(desk.call("write_it", r#"{"path":"/srv/data/a"}"#), ["ZONE-RIGHT"]);
}

#[test]
fn each_limit_of_a_zone_holds() {
    let strict = Zone { recursive: false, hidden: false, ..data() };
    let mut desk = Desk::new(vec![strict]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/a"}"#), NOTHING);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/a/b"}"#), ["ZONE-DEEP"]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/.env.local"}"#), ["ZONE-HIDDEN"]);
}

/// Facts of the ground become findings.
#[test]
fn what_the_ground_says_decides() {
    let at = |what| Standing { what, ..Made::default().resolve("/srv/data/x") };
    let linked = |zone: Zone, path| (zone, path);
    let within = Within { zone: 0, depth: 1, hidden: false, link: true, mount: true };
    let mut facts = Made::default();
    facts.0.insert("/srv/data/twin", at(What::File(2)));
    facts.0.insert("/srv/data/pipe", at(What::Special));
    let through = Standing { within: [within].into_iter().collect(), ..at(What::File(1)) };
    facts.0.insert("/srv/data/link", through);
    let left = Standing { left: [0].into_iter().collect(), within: [].into_iter().collect(), ..at(What::File(1)) };
    facts.0.insert("/srv/data/out", left);
    for (path, trouble) in [
        ("/srv/data/magic", Trouble::MagicLink),
        ("/srv/data/loop", Trouble::Loop),
        ("/srv/data/denied", Trouble::Denied),
    ] {
        facts.0.insert(path, Standing::lost(path, trouble));
    }
    for ((zone, path), rules) in [
        (linked(data(), "twin"), &["ZONE-HARD-LINK"][..]),
        (linked(Zone { hard_links: HardLinks::Allow, ..data() }, "twin"), &[]),
        (linked(data(), "pipe"), &["ZONE-SPECIAL"]),
        (linked(data(), "link"), &[]),
        (linked(Zone { links: false, ..data() }, "link"), &["ZONE-LINK"]),
        (linked(Zone { mounts: false, ..data() }, "link"), &["ZONE-MOUNT"]),
        (linked(data(), "out"), &["ZONE-LINK"]),
        (linked(data(), "magic"), &["ZONE-MAGIC-LINK"]),
        (linked(data(), "loop"), &["ZONE-UNRESOLVED"]),
        (linked(data(), "denied"), &["ZONE-UNRESOLVED"]),
    ] {
        let mut desk = Desk::on(vec![zone], Policy::default(), Made(facts.0.clone()));
        assert_eq!(desk.call("read_file", &format!(r#"{{"path":"/srv/data/{path}"}}"#)), rules, "{path}");
    }
}

/// A second list confines what the first allows, and widens nothing.
#[test]
fn lists_confine_one_another() {
    let mut desk = Desk::new(vec![data(), Zone { list: 1, ..for_tool(out(), "read_file") }]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/out/a"}"#), ["ZONE-OUTSIDE"]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/a"}"#), ["ZONE-OUTSIDE"]);
    assert_eq!(desk.call("stat_file", r#"{"path":"/srv/data/a"}"#), NOTHING);
}

#[test]
fn a_relative_path_must_not_lead_out_from_any_root_of_the_client() {
    let mut desk = Desk::new(vec![data(), out()]);
    let roots = |desk: &mut Desk, uri: &str| {
        desk.judge(Flow::ToClient, r#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#);
        let answer = format!(r#"{{"jsonrpc":"2.0","id":"r","result":{{"roots":[{{"uri":"{uri}"}}]}}}}"#);
        assert_eq!(desk.judge(Flow::ToServer, &answer).0, Verdict::Allow);
    };
    roots(&mut desk, "file:///srv/out");
    assert_eq!(desk.call("write_file", r#"{"path":"a.txt"}"#), NOTHING);
    roots(&mut desk, "file:///home/anna");
    assert_eq!(desk.call("read_file", r#"{"path":"absent.txt"}"#), NOTHING, "nothing is there to be read outside");
    assert_eq!(desk.call("write_file", r#"{"path":"absent.txt"}"#), ["ZONE-OUTSIDE"], "it could be made outside");
    assert_eq!(desk.call("read_file", r#"{"path":"a.txt"}"#), ["ZONE-OUTSIDE"]);
    assert_eq!(desk.call("read_file", r#"{"path":"/srv/data/a.txt"}"#), NOTHING);
}

/// The server runs outside of its zones, as with `--zone ./data`.
#[test]
fn a_word_is_no_path_because_an_argument_is_called_location() {
    let mut desk = Desk::new(vec![for_tool(data(), "nobody"), out()]);
    assert_eq!(desk.call("get_weather", r#"{"location":"Zurich"}"#), NOTHING);
    assert_eq!(desk.call("set_weather", r#"{"location":"Zurich"}"#), NOTHING);
    assert_eq!(desk.call("get_weather", r#"{"location":"here"}"#), ["ZONE-OUTSIDE"], "something of that name is there");
    assert_eq!(
        desk.call("read_file", r#"{"path":"absent.txt"}"#),
        NOTHING,
        "in the zone, to a server that looks there first"
    );
    assert_eq!(desk.call("write_file", r#"{"path":"absent.txt"}"#), ["ZONE-OUTSIDE"]);
}

/// The server runs outside of its zones, and the call says where its files are.
#[test]
fn a_call_may_say_where_its_relative_paths_are_meant_from() {
    let mut facts = Made::default();
    for directory in ["/srv/out/repo", "/srv/data/elsewhere"] {
        let at = Made::default().resolve(directory);
        facts.0.insert(directory, Standing { what: What::Directory, ..at });
    }
    facts.0.insert("/srv/data/only-here", Made::default().resolve("/srv/data/only-here"));
    for missing in ["/srv/data/a.txt", "/srv/out/repo/only-here"] {
        let at = Made::default().resolve(missing);
        facts.0.insert(missing, Standing { what: What::Missing, ..at });
    }
    let mut desk = Desk::on(vec![for_tool(data(), "nobody"), out()], Policy::default(), facts);
    assert_eq!(desk.call("git_add", r#"{"repo_path":"/srv/out/repo","files":["a.txt"]}"#), NOTHING);
    let elsewhere = desk.call("git_add", r#"{"repo_path":"/srv/data/elsewhere","files":["a.txt"]}"#);
    assert!(elsewhere.contains(&"ZONE-OUTSIDE".to_owned()));
    let only_outside = desk.call("git_diff", r#"{"repo_path":"/srv/out/repo","files":["only-here"]}"#);
    assert_eq!(only_outside, ["ZONE-OUTSIDE"], "a server that takes it from its own directory would read that");
    // An argument that the tool does not have is passed over by the server.
    desk.judge(Flow::ToServer, r#"{"jsonrpc":"2.0","id":"l","method":"tools/list"}"#);
    desk.judge(
        Flow::ToClient,
        r#"{"jsonrpc":"2.0","id":"l","result":{"tools":[{"name":"git_add","inputSchema":{"properties":{"files":{"type":"array"}}}}]}}"#,
    );
    assert_eq!(desk.call("git_add", r#"{"repo_path":"/srv/out/repo","files":["a.txt"]}"#), ["ZONE-OUTSIDE"]);
}

#[test]
fn where_nobody_can_be_asked_nothing_passes() {
    let engine = engine(Policy { zones: vec![data()], ..Policy::default() });
    let line = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/srv/data/a"}}}"#;
    let judged = engine.judge(&Session::new(), Flow::ToServer, line, &mut Scratch::default(), &Still);
    assert_eq!(judged.decisions[0].findings[0].rule.id, "ZONE-UNRESOLVED");
}

#[test]
fn what_is_written_may_be_too_random() {
    let mut desk = Desk::new(vec![Zone { max_entropy: Some(6.0), ..data() }]);
    let noise: String =
        (0..4096_u32).map(|n| char::from_u32(0xa1 + (n.wrapping_mul(2_654_435_761) >> 9) % 0x5e).unwrap()).collect();
    let write = |desk: &mut Desk, content: &str| {
        desk.call("write_file", &format!(r#"{{"path":"/srv/data/a","content":"{content}"}}"#))
    };
    assert_eq!(write(&mut desk, &"some words, and then some more. ".repeat(50)), NOTHING);
    assert_eq!(write(&mut desk, &noise), ["ZONE-ENTROPY"]);
}

#[test]
fn it_is_recorded_overridden_and_only_watched_as_any_rule_is() {
    let mut desk = Desk::new(vec![data()]);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"a","to":"/home/b"}}}"#;
    assert_eq!(desk.judge(Flow::ToServer, call), (Verdict::Block, vec!["ZONE-OUTSIDE".into()], 2));
    let policy = Policy { profile: Profile::Monitor, ..Policy::default() };
    let mut desk = Desk::on(vec![data()], policy, Made::default());
    assert_eq!(desk.judge(Flow::ToServer, call).0, Verdict::Warn);
    let overrides = [("ZONE-OUTSIDE".to_owned(), vanguard_engine::Action::Off)].into();
    let mut desk = Desk::on(vec![data()], Policy { overrides, ..Policy::default() }, Made::default());
    assert_eq!(desk.judge(Flow::ToServer, call).0, Verdict::Allow);
}
