//! https, and clients that prove who they are by certificates.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Authority, Gateway, KEYS, Upstream, request, response, vanguard};

const PING: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const ATTACK: &[u8] =
    br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"name":"../../../../etc/shadow"}}}"#;

fn upstream() -> Upstream {
    let done = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", done))
}

/// A gateway that speaks https by a certificate of `authority`.
fn gateway(authority: &Authority, upstream: &Upstream, more: &[String]) -> (Gateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let flags = authority.write(folder.path()).into_iter().chain(more.iter().cloned());
    let flags = flags.map(|flag| flag.replace("{}", folder.path().to_str().unwrap()));
    let gateway = Gateway::start(flags.chain(["--upstream".to_owned(), upstream.url()]));
    (gateway, folder)
}

fn strings<const N: usize>(flags: [&str; N]) -> Vec<String> {
    flags.map(str::to_owned).to_vec()
}

fn post(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    request("POST", "/mcp", headers, body)
}

#[test]
fn a_request_passes_over_https_and_not_in_the_clear() {
    let (authority, upstream) = (Authority::default(), upstream());
    let (gateway, _folder) = gateway(&authority, &upstream, &[]);
    gateway.says("listening at https://127.0.0.1:");
    let answer = authority.send(&gateway, None, &post(&[], PING)).unwrap();
    assert_eq!((answer.status, answer.text().contains("result")), (200, true));
    let _ = upstream.arrival();
    assert_eq!(authority.send(&gateway, None, &request("GET", "/health", &[], b"")).unwrap().status, 200);
    assert!(Authority::default().send(&gateway, None, &post(&[], PING)).is_err(), "another authority's certificate");

    let mut plain = TcpStream::connect(("127.0.0.1", gateway.port())).unwrap();
    std::io::Write::write_all(&mut plain, &post(&[], PING)).unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
    assert!(upstream.is_quiet());
}

#[test]
fn where_to_get_a_token_is_told_under_https() {
    let (authority, upstream, issuer) = (Authority::default(), upstream(), e2e::Issuer::default());
    let (gateway, _folder) = gateway(&authority, &upstream, &issuer.flags());
    let refused = authority.send(&gateway, None, &post(&[], PING)).unwrap();
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"="https://localhost/.well-known/oauth-protected-resource/mcp""#), "{challenge}");
}

#[test]
fn who_shows_a_certificate_of_the_authority_enters_and_is_on_record() {
    let (authority, upstream) = (Authority::default(), upstream());
    // Whoever reaches it must show one, so it may be reached.
    let flags = strings(["--tls-client-ca", "{}/ca.pem", "--host", "0.0.0.0"]);
    let (gateway, _folder) = gateway(&authority, &upstream, &flags);
    let desk = authority.certify("desk");
    let theirs = [("Authorization", "Bearer theirs")];
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&theirs, PING)).unwrap().status, 200);
    assert_eq!(upstream.arrival().header("authorization"), Some("Bearer theirs"), "it is not ours");
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&[], ATTACK)).unwrap().status, 200);

    let stranger = Authority::default().certify("desk");
    for shown in [None, Some(&stranger)] {
        assert!(authority.send(&gateway, shown, &post(&[], PING)).is_err(), "{shown:?}");
    }
    assert!(upstream.is_quiet());
    let log = e2e::Log::read(&gateway.home().join(".local/state/vanguard/audit.jsonl"));
    let refused = log.records().iter().find(|record| record.verdict() == "block").expect("a refusal");
    assert_eq!((refused.text("principal"), refused.text("entered_by")), ("desk", "certificate"));
}

#[test]
fn a_certificate_that_is_withdrawn_opens_no_more() {
    let (authority, upstream) = (Authority::default(), upstream());
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("crl.pem");
    let (desk, stolen) = (authority.certify("desk"), authority.certify("stolen"));
    std::fs::write(&list, authority.withdraw(&[&stolen], 2099)).unwrap();
    let flags = strings(["--tls-client-ca", "{}/ca.pem", "--tls-client-crl", list.to_str().unwrap()]);
    let (gateway, _folder) = gateway(&authority, &upstream, &flags);
    assert!(authority.send(&gateway, Some(&stolen), &post(&[], PING)).is_err());
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&[], PING)).unwrap().status, 200);

    std::fs::write(&list, "no list").unwrap();
    gateway.signal(rustix::process::Signal::HUP);
    gateway.says("nothing was changed, for what was read again does not do: ");
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&[], PING)).unwrap().status, 200);

    let before = authority.connect(&gateway, Some(&desk)).unwrap();
    std::fs::write(&list, authority.withdraw(&[&stolen, &desk], 2099)).unwrap();
    gateway.signal(rustix::process::Signal::HUP);
    gateway.says("were read again and are in force");
    assert!(authority.send(&gateway, Some(&desk), &post(&[], PING)).is_err());
    assert_eq!(before.send(&post(&[], PING)).unwrap().status, 421, "on a connection that began before");
    // What came after it no list says.
    let fresh = authority.certify("fresh");
    assert_eq!(authority.send(&gateway, Some(&fresh), &post(&[], PING)).unwrap().status, 200);
    std::fs::write(&list, authority.withdraw(&[], 2021)).unwrap();
    gateway.signal(rustix::process::Signal::HUP);
    gateway.says("a list has expired");
    assert!(e2e::settle(e2e::PATIENCE, || authority.send(&gateway, Some(&fresh), &post(&[], PING)).is_err()));
}

#[test]
fn a_session_is_of_the_certificate_that_began_it() {
    let authority = Authority::default();
    let upstream = Upstream::new(|_| {
        let headers = "Content-Type: application/json\r\nMcp-Session-Id: s1\r\n";
        response("200 OK", headers, r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}"#)
    });
    let (gateway, _folder) = gateway(&authority, &upstream, &strings(["--tls-client-ca", "{}/ca.pem"]));
    let (desk, other, again) = (authority.certify("desk"), authority.certify("other"), authority.certify("desk"));
    let begin = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#;
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&[], begin)).unwrap().status, 200);
    for (shown, status) in [(&other, 404), (&again, 200)] {
        let ping = post(&[("Mcp-Session-Id", "s1")], PING);
        assert_eq!(authority.send(&gateway, Some(shown), &ping).unwrap().status, status);
    }
}

#[test]
fn where_keys_are_asked_for_as_well_both_are_needed() {
    let (authority, upstream) = (Authority::default(), upstream());
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let digest = "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a";
    std::fs::write(&keys, format!("one {digest}\n")).unwrap();
    let flags = strings(["--tls-client-ca", "{}/ca.pem", "--keys", keys.to_str().unwrap()]);
    let (gateway, _folder) = gateway(&authority, &upstream, &flags);
    let (desk, key) = (authority.certify("desk"), format!("Bearer {}", KEYS[0]));
    let with_key = post(&[("Authorization", &key)], PING);
    assert_eq!(authority.send(&gateway, Some(&desk), &post(&[], PING)).unwrap().status, 401);
    assert!(authority.send(&gateway, None, &with_key).is_err());
    assert_eq!(authority.send(&gateway, Some(&desk), &with_key).unwrap().status, 200);
}

#[test]
fn half_a_handshake_ends_soon_and_holds_up_nobody() {
    let (authority, upstream) = (Authority::default(), upstream());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("vanguard.yaml");
    std::fs::write(&config, "gateway: {head_seconds: 1}\n").unwrap();
    let (gateway, _folder) = gateway(&authority, &upstream, &strings(["--config", config.to_str().unwrap()]));
    let begun = Instant::now();
    let mut halves: Vec<_> = (0..50).map(|_| TcpStream::connect(("127.0.0.1", gateway.port())).unwrap()).collect();
    for half in &mut halves {
        // The beginning of a record that says hello.
        std::io::Write::write_all(half, &[0x16, 3, 1, 2, 0, 1]).unwrap();
    }
    assert_eq!(authority.send(&gateway, None, &post(&[], PING)).unwrap().status, 200);
    for half in &mut halves {
        half.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = half.read_to_end(&mut Vec::new());
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn files_that_do_not_do_end_the_start_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::default();
    let mut flags = authority.write(folder.path());
    let [_, other] = authority.certify("localhost");
    std::fs::write(folder.path().join("key.pem"), other).unwrap();
    let refused = |flags: &[String]| {
        let run = vanguard().args(["serve", "--upstream", "http://localhost:1/mcp"]).args(flags).output().unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(3), "{said}");
        said
    };
    assert!(refused(&flags).contains("key.pem: is not the key of the certificate"));
    flags.truncate(2);
    assert!(refused(&flags).contains("give both --tls-cert and --tls-key"));
}
