#![expect(clippy::disallowed_types, reason = "a test reads what it was sent")]

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::*;
use crate::config::AuditConfig;
use crate::evidence::{EvidenceConfig, Journal};
use crate::log::Log;
use crate::send::SendConfig;
use crate::send::tests::Fake;

/// A record of a verdict, and whether something was found.
fn record(seq: u64, found: bool) -> String {
    let (verdict, findings) = if found {
        (
            "block",
            r#"{"rule":"FS-003","title":"Climbs\nout","layer":"l1","severity":"high","pointer":"/params","evidence":"=../|etc"}"#,
        )
    } else {
        ("allow", "")
    };
    let head =
        r#"{"time":"2026-11-23T02:13:20.007Z","session":"s","server":"files","method":"tools/call","tool":"read""#;
    format!(r#"{head},"id":"7","seq":{seq},"verdict":"{verdict}","findings":[{findings}]}}"#)
}

/// A log of so many records, every third of which was refused, and of one line that is no verdict.
fn log(many: u64) -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&Home::open(folder.path()).unwrap(), "files", u64::MAX).unwrap().journal;
    journal.append(b"{\"time\":\"2026-11-23T02:13:20.007Z\",\"event\":\"opened\"}\n").unwrap();
    (0..many).for_each(|seq| journal.append(format!("{}\n", record(seq, seq % 3 == 0)).as_bytes()).unwrap());
    journal.seal().unwrap();
    Cursor::begin(journal.path(), 0).unwrap();
    (folder, journal)
}

fn config(to: &str, format: Format) -> ExportConfig {
    ExportConfig { to: to.parse().unwrap(), format, findings: false, token: None }
}

fn run(config: ExportConfig, home: &Path) -> Option<u64> {
    Exporter::new(config).run(home, &|| false)
}

fn cursor(journal: &Journal) -> Cursor {
    Cursor::read(journal.path()).unwrap().unwrap()
}

/// A collector that answers as it is told, and keeps what it took.
fn collector(answers: impl Fn(&[Value]) -> u16 + Send + 'static) -> (Fake, Arc<Mutex<Vec<Value>>>) {
    let taken: Arc<Mutex<Vec<Value>>> = Arc::default();
    let keeps = Arc::clone(&taken);
    let fake = Fake::start(Box::new(move |line, body| {
        assert!(line.starts_with("POST /"), "{line}");
        let events: Vec<Value> = serde_json::from_slice(body).unwrap();
        let status = answers(&events);
        if status == 200 {
            keeps.lock().unwrap().extend(events);
        }
        (status, String::new(), Vec::new())
    }));
    (fake, taken)
}

#[test]
fn each_record_is_sent_once_in_order_and_only_what_is_new_next_time() {
    let (home, journal) = log(1_200);
    let (fake, taken) = collector(|_| 200);
    let asked = config(&fake.url, Format::Record);
    assert_eq!(run(asked.clone(), home.path()), None);
    let seqs = |taken: &Mutex<Vec<Value>>| -> Vec<Option<u64>> {
        taken.lock().unwrap().iter().map(|event| event["seq"].as_u64()).collect()
    };
    let expected: Vec<_> = std::iter::once(None).chain((0..1_200).map(Some)).collect();
    assert!(seqs(&taken) == expected, "{:?}", seqs(&taken));
    assert_eq!(fake.asked(), 3, "in batches");
    assert_eq!(cursor(&journal), Cursor { next: 1_201, sent: 1_201, missed: 0, error: None });
    journal.append(format!("{}\n", record(1_200, true)).as_bytes()).unwrap();
    run(ExportConfig { findings: true, ..asked }, home.path());
    assert_eq!((taken.lock().unwrap().len(), fake.asked()), (1_202, 4));
    assert_eq!(Exported::all(home.path()).unwrap()[0].waiting, 0);
}

#[test]
fn nothing_is_lost_while_the_receiver_is_away_and_it_is_left_alone_longer_each_time() {
    let (home, journal) = log(10);
    let down = Arc::new(Mutex::new(true));
    let says = Arc::clone(&down);
    let (fake, taken) = collector(move |_| if *says.lock().unwrap() { 503 } else { 200 });
    let mut exporter = Exporter::new(config(&fake.url, Format::Ocsf));
    let mut waits = Vec::new();
    for _ in 0..4 {
        let begun = now();
        waits.push(exporter.run(home.path(), &|| false).unwrap().saturating_sub(begun));
        assert!(exporter.run(home.path(), &|| false).is_some(), "not asked again at once");
        exporter.closed_until = 0;
    }
    assert!(waits[0] >= 1 && waits[3] >= 8, "{waits:?}");
    assert_eq!((fake.asked(), cursor(&journal).error.as_deref()), (4, Some("answers 503")));
    *down.lock().unwrap() = false;
    assert_eq!(exporter.run(home.path(), &|| false), None);
    assert_eq!((taken.lock().unwrap().len(), cursor(&journal).error), (10, None), "what is no verdict is no event");
}

#[test]
fn what_is_refused_for_good_is_counted_and_holds_nothing_up() {
    let (home, journal) = log(100);
    let (fake, taken) = collector(|events| if events.iter().any(|event| event["seq"] == 42) { 400 } else { 200 });
    assert_eq!(run(config(&fake.url, Format::Record), home.path()), None);
    assert_eq!(taken.lock().unwrap().len(), 100);
    assert_eq!(cursor(&journal), Cursor { next: 101, sent: 100, missed: 1, error: None });
    // Who sends it is another matter: it is not lost by a wrong token.
    let (home, journal) = log(1);
    let (fake, _) = collector(|_| 401);
    let asked = ExportConfig { token: Some("let-me-in".parse().unwrap()), ..config(&fake.url, Format::Record) };
    assert!(run(asked, home.path()).is_some());
    let cursor = cursor(&journal);
    assert_eq!((cursor.next, cursor.missed, cursor.error.as_deref()), (0, 0, Some("answers 401")));
}

#[test]
fn a_log_that_begins_anew_is_sent_from_its_beginning_and_the_one_set_aside_to_its_end() {
    let (home, journal) = log(10);
    let (fake, taken) = collector(|_| 200);
    let asked = config(&fake.url, Format::Ocsf);
    let path = journal.path().to_owned();
    drop(journal);
    std::fs::remove_file(home.path().join("key")).unwrap();
    let journal = Journal::open(&Home::open(home.path()).unwrap(), "files", u64::MAX).unwrap().journal;
    assert_eq!(journal.path(), path);
    Cursor::begin(&path, journal.count()).unwrap();
    journal.append(format!("{}\n", record(0, true)).as_bytes()).unwrap();
    assert_eq!(run(asked.clone(), home.path()), None);
    assert_eq!(taken.lock().unwrap().len(), 11);
    // A number that the log has not come to yet is not waited for.
    Cursor { next: 100, ..cursor(&journal) }.write(&path).unwrap();
    assert_eq!(run(asked.clone(), home.path()), None);
    journal.append(format!("{}\n", record(1, true)).as_bytes()).unwrap();
    assert_eq!(run(asked, home.path()), None);
    assert_eq!(taken.lock().unwrap().len(), 12);
}

#[test]
fn opentelemetry_takes_them_at_its_own_place() {
    let (home, _journal) = log(2);
    let sent: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let keeps = Arc::clone(&sent);
    let fake = Fake::start(Box::new(move |line, body| {
        keeps.lock().unwrap().push((line.to_owned(), serde_json::from_slice(body).unwrap()));
        (200, String::new(), b"{}".to_vec())
    }));
    assert_eq!(run(config(&fake.url, Format::Otlp), home.path()), None);
    let (line, body) = sent.lock().unwrap().pop().unwrap();
    assert!(line.starts_with("POST /v1/logs "), "{line}");
    let resource = &body["resourceLogs"][0];
    assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "McpVanguard");
    let records = resource["scopeLogs"][0]["logRecords"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(
        records[0].to_string(),
        concat!(
            r#"{"attributes":[{"key":"mcp.method.name","value":{"stringValue":"tools/call"}},{"key":"gen_ai.tool.name","value":{"stringValue":"read"}},"#,
            r#"{"key":"mcp.session.id","value":{"stringValue":"s"}},{"key":"jsonrpc.request.id","value":{"stringValue":"7"}},"#,
            r#"{"key":"mcp_vanguard.server","value":{"stringValue":"files"}},{"key":"mcp_vanguard.verdict","value":{"stringValue":"block"}},"#,
            r#"{"key":"mcp_vanguard.record","value":{"stringValue":"s/0"}},{"key":"security_rule.name","value":{"stringValue":"FS-003"}},"#,
            r#"{"key":"security_rule.description","value":{"stringValue":"Climbs\nout"}},{"key":"security_rule.category","value":{"stringValue":"l1"}},"#,
            r#"{"key":"mcp_vanguard.pointer","value":{"stringValue":"/params"}},{"key":"mcp_vanguard.evidence","value":{"stringValue":"=../|etc"}}],"#,
            r#""body":{"stringValue":"block tools/call read: FS-003 Climbs\nout"},"eventName":"mcp_vanguard.refused","severityNumber":14,"#,
            r#""severityText":"WARN2","timeUnixNano":"1795400000007000000"}"#
        )
    );
    assert_eq!((&records[1]["eventName"], &records[1]["severityNumber"]), (&"mcp_vanguard.passed".into(), &9.into()));
}

#[test]
fn spans_go_where_traces_are_taken_and_what_belongs_to_none_goes_nowhere() {
    let (home, journal) = log(2);
    let trace = r#""trace":{"id":"0af7651916cd43dd8448eb211c80319c","span":"b7ad6b7169203331"},"verdict""#;
    journal.append(format!("{}\n", record(2, true).replace(r#""verdict""#, trace)).as_bytes()).unwrap();
    journal.seal().unwrap();
    let sent: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let keeps = Arc::clone(&sent);
    let fake = Fake::start(Box::new(move |line, body| {
        keeps.lock().unwrap().push((line.to_owned(), serde_json::from_slice(body).unwrap()));
        (200, String::new(), b"{}".to_vec())
    }));
    assert_eq!(run(config(&fake.url, Format::Spans), home.path()), None);
    let (line, body) = sent.lock().unwrap().pop().unwrap();
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!((spans.len(), &spans[0]["parentSpanId"]), (1, &"b7ad6b7169203331".into()));
}

#[test]
fn syslog_takes_a_line_each_with_its_severity() {
    const FIRST: &str = "<107>1 2026-11-23T02:13:20.007Z - mcp-vanguard - verdict - CEF:0|McpVanguard|";
    let (home, _journal) = log(3);
    let check = |first: &str| assert!(first.starts_with(FIRST) && !first.contains('\n'), "{first}");
    let mut datagram = [0; 4096];

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let to = format!("syslog+udp://{}", udp.local_addr().unwrap());
    assert_eq!(run(config(&to, Format::Cef), home.path()), None);
    let length = udp.recv(&mut datagram).unwrap();
    check(std::str::from_utf8(&datagram[..length]).unwrap());
    let length = udp.recv(&mut datagram).unwrap();
    assert!(datagram[..length].starts_with(b"<110>1 "), "what passed is information");

    let (home, _journal) = log(3);
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("syslog+tcp://{}", tcp.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut all = String::new();
        tcp.accept().unwrap().0.read_to_string(&mut all).unwrap();
        all
    });
    assert_eq!(run(config(&to, Format::Cef), home.path()), None);
    let all = server.join().unwrap();
    let (mut rest, mut many) = (all.as_str(), 0);
    while let Some((length, after)) = rest.split_once(' ') {
        let (one, next) = after.split_at(length.parse().unwrap());
        if many == 0 {
            check(one);
        }
        (rest, many) = (next, many + 1);
    }
    assert_eq!((many, rest), (3, ""));

    #[cfg(unix)]
    {
        let (home, journal) = log(3);
        let path = home.path().join("log.socket");
        let to = format!("syslog+unix:{}", path.display());
        assert!(run(config(&to, Format::Cef), home.path()).is_some(), "there is none yet");
        assert!(cursor(&journal).error.is_some());
        let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        assert_eq!(run(config(&to, Format::Cef), home.path()), None);
        let length = socket.recv(&mut datagram).unwrap();
        check(std::str::from_utf8(&datagram[..length]).unwrap());
    }
}

#[test]
fn from_the_moment_that_it_is_asked_for_records_reach_a_file_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, path) = (folder.path().join("audit"), folder.path().join("siem.jsonl"));
    let open = |to: Option<&str>| {
        let export = to.map(|to| config(to, Format::Ecs));
        let send = SendConfig { export, ..SendConfig::default() };
        let evidence = EvidenceConfig { dir: dir.clone(), name: "files".to_owned(), max_bytes: u64::MAX, send };
        let sync = AuditConfig::new("").sync;
        let base = AuditConfig::new(folder.path().join("audit.jsonl"));
        Log::open(&AuditConfig { evidence: Some(evidence), sync, ..base }).unwrap()
    };
    let decision = crate::log::tests::decision();
    let entry = crate::log::tests::entry(&decision);
    let before = open(None);
    before.session("before", "files", None).record_allowed(&entry);
    before.close().unwrap();
    let log = open(Some(&format!("file:{}", path.display())));
    log.session("after", "files", None).record_allowed(&entry);
    let begun = Instant::now();
    let text = loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains("after") || begun.elapsed() > Duration::from_secs(20) {
            break text;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(text.contains("\"after\"") && !text.contains("\"before\""), "{text}");
    assert_eq!(text.lines().count(), 1);
    log.close().unwrap();
}
