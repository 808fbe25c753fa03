//! What walls add to the start of a server, beside the limit of 15 ms: the whole program, without and with walls in turns.
//!
//! `cargo xtask bench` brings the program; `E2E_BINARY` names it otherwise.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PAIRS: usize = 41;
const LIMIT: Duration = Duration::from_millis(15);
const LINE: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

fn main() {
    let Some(binary) = std::env::var_os("E2E_BINARY") else {
        println!("start: not measured, for E2E_BINARY names no program; `cargo xtask bench` brings it");
        return;
    };
    let home = tempfile::tempdir().expect("a directory");
    let mut times: [Vec<Duration>; 3] = Default::default();
    for pair in 0..PAIRS {
        let both = if pair % 2 == 0 { ["off", "zones"] } else { ["zones", "off"] };
        let [first, second] = both.map(|mode| start(&binary, home.path(), mode));
        let [off, zones] = if pair % 2 == 0 { [first, second] } else { [second, first] };
        for (all, time) in times.iter_mut().zip([off, zones, zones.saturating_sub(off)]) {
            all.push(time);
        }
    }
    let [off, zones, added] = times.map(|mut all| {
        all.sort_unstable();
        all.get(PAIRS / 2).copied().unwrap_or_default()
    });
    println!(
        "start: {off:.1?} without walls, {zones:.1?} behind them: {added:.1?} added, limit {LIMIT:?} (medians of {PAIRS} pairs)"
    );
}

/// How long it takes until a line has come through a server that gives back what it gets.
fn start(binary: &OsStr, home: &Path, mode: &str) -> Duration {
    let begun = Instant::now();
    let mut proxy = Command::new(binary)
        .args(["start", "--log-file", "none", "--zone", "."])
        .arg(format!("--sandbox={mode}"))
        .args(["--", "cat"])
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (mut to, from) = (proxy.stdin.take().expect("piped"), proxy.stdout.take().expect("piped"));
    to.write_all(LINE).expect("it reads");
    let mut back = Vec::new();
    BufReader::new(from).read_until(b'\n', &mut back).expect("it answers");
    let took = begun.elapsed();
    assert_eq!(back, LINE);
    drop(to);
    proxy.wait().expect("it ends");
    took
}
