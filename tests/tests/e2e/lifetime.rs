//! Deaths: of the server, of the proxy, of the client. What was pending is answered, and nobody is left behind.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Client, Event, Proxy, Puppet, alive, marked, python_script, settle, zombies};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// Longer than the shutdown of the specification: two seconds until SIGTERM, two more until SIGKILL.
const SHUTDOWN: Duration = Duration::from_secs(15);

fn wrapped() -> (Puppet, Client) {
    let puppet = Puppet::new();
    let client = Proxy::of(puppet.command_line()).start();
    (puppet, client)
}

fn signal(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// The puppet itself; the proxy's command line holds its marker as well.
fn server_of(puppet: &Puppet, client: &Client) -> u32 {
    loop {
        let mut others = marked(&puppet.marker());
        others.retain(|process| *process != client.process_id());
        // A process that the proxy has just forked still shows the proxy's command line.
        if let [server] = others[..] {
            return server;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_server_killed_leaves_no_request_unanswered() {
    let (mut puppet, mut client) = wrapped();
    client.send(r#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#);
    client.send(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#);
    puppet.line();
    puppet.line();
    signal(server_of(&puppet, &client), Signal::KILL);
    for id in ["\"a\"", "2"] {
        let answer = client.answer(id);
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    // As a shell tells it: 128 and the number of the signal.
    assert_eq!(client.wait().code(), Some(137), "{}", client.stderr());
    assert!(marked(&puppet.marker()).is_empty());
}

#[test]
fn a_server_that_leaves_early_passes_its_code_on() {
    let (mut puppet, mut client) = wrapped();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    puppet.line();
    puppet.leave(42);
    assert!(client.answer("1")["error"].is_object());
    assert_eq!(client.wait().code(), Some(42));
}

#[test]
fn what_the_server_said_before_it_died_still_arrives() {
    let (mut puppet, mut client) = wrapped();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    client.send(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#);
    puppet.line();
    puppet.line();
    puppet.say(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    puppet.leave(0);
    assert_eq!(client.answer("1"), json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    assert!(client.answer("2")["error"].is_object());
    assert_eq!(client.wait().code(), Some(0));
}

#[test]
fn a_proxy_killed_takes_the_server_with_it() {
    let (mut puppet, mut client) = wrapped();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    puppet.line();
    client.kill();
    assert!(settle(SHUTDOWN, || marked(&puppet.marker()).is_empty()), "left: {:?}", marked(&puppet.marker()));
}

#[test]
fn a_client_killed_ends_the_proxy_and_the_server() {
    let puppet = Puppet::new();
    let proxy = Proxy::of(puppet.command_line()).command_line();
    let home = tempfile::tempdir().unwrap();
    let mut client = Command::new(&python_script("drive.py")[0])
        .args(&python_script("drive.py")[1..])
        .args(["legacy", "[]", "--"])
        .args(proxy)
        .current_dir(home.path())
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut puppet = puppet;
    assert!(String::from_utf8(puppet.line()).unwrap().contains("initialize"));
    client.kill().unwrap();
    client.wait().unwrap();
    assert_eq!(puppet.event(), Event::End);
    // The puppet takes no notice of the end of its input; the proxy sees to it.
    assert!(settle(SHUTDOWN, || marked(&puppet.marker()).is_empty()), "left: {:?}", marked(&puppet.marker()));
}

#[test]
fn a_stubborn_server_is_killed_after_the_grace_of_the_specification() {
    let puppet = Puppet::new();
    let script = "trap '' TERM; \"$0\" \"$1\"; while :; do sleep 1; done";
    let server = ["sh", "-c", script].map(String::from).into_iter().chain(puppet.command_line());
    let mut client = Proxy::of(server).start();
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let mut puppet = puppet;
    puppet.line();
    let started = Instant::now();
    client.close();
    client.wait();
    assert!((2..15).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    // The whole group: the shell, the puppet below it, the sleep beside it.
    assert!(settle(SHUTDOWN, || marked(&puppet.marker()).is_empty()), "left: {:?}", marked(&puppet.marker()));
}

#[test]
fn a_signal_to_the_proxy_ends_the_server_too() {
    for sent in [Signal::TERM, Signal::INT] {
        let (mut puppet, mut client) = wrapped();
        client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        puppet.line();
        signal(client.process_id(), sent);
        client.wait();
        assert!(settle(SHUTDOWN, || marked(&puppet.marker()).is_empty()), "left: {:?}", marked(&puppet.marker()));
    }
}

#[test]
fn an_answer_still_arrives_after_the_client_has_closed_its_side() {
    let mut client = Proxy::of(Puppet::echo()).start();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    client.close();
    assert!(client.answer("1")["result"].is_object());
    assert_eq!(client.wait().code(), Some(0));
}

#[test]
fn no_zombie_while_the_session_lasts() {
    // The server's own child ends at once; the shell reaps it, and the proxy has no other children.
    let puppet = Puppet::new();
    let script = "true & \"$0\" \"$1\" & wait";
    let server = ["sh", "-c", script].map(String::from).into_iter().chain(puppet.command_line());
    let mut client = Proxy::of(server).start();
    let mut puppet = puppet;
    // A background job of a shell reads from /dev/null: the server's input ends at once, the session goes on.
    assert_eq!(puppet.event(), Event::End);
    puppet.say(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"up"}}"#);
    client.line().unwrap();
    assert_eq!(zombies(client.process_id()), 0);
    assert!(alive(client.process_id()));
    client.close();
    client.wait();
    assert!(settle(SHUTDOWN, || marked(&puppet.marker()).is_empty()));
}
