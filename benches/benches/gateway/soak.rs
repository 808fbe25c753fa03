//! Minutes at half load, to see what grows: `cargo bench -p benches --bench gateway -- soak MINUTES`.
//!
//! Calls come at half the pace that the gateway can keep. Beside them sessions begin and end all the time, before a URL and before a command,
//! half of them by a client that goes without a word. What each gateway holds is looked at when it has warmed up and at the end; what lies
//! idle is forgotten after [`IDLE`] seconds, so that a minute is enough to come to rest.

use std::ffi::OsStr;
use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::load::{self, Connection};
use crate::process::{Held, Process};

const CONNECTIONS: usize = 64;
/// How long the full load is measured, of which half is put on.
const FULL: Duration = Duration::from_secs(3);
/// Sessions that begin in a second, before a URL and before a command.
const SESSIONS: [u32; 2] = [20, 4];
const IDLE: u32 = 20;
/// Until as many sessions are forgotten as begin.
const WARM: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_secs(10);

/// Loads both for so long, and prints what they held.
pub(crate) async fn run(binary: &OsStr, within: Duration) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("vanguard.yaml");
    std::fs::write(&config, format!("gateway: {{idle_seconds: {IDLE}, processes: 512}}\n"))?;
    let config = ["--config".as_ref(), config.as_os_str()];
    let upstream = Process::of_ours(&["upstream"])?;
    let url = format!("http://{}/mcp", upstream.address);
    let this = std::env::current_exe()?;
    let before_url = Process::gateway(binary, &[&config[..], &["--upstream".as_ref(), url.as_ref()]].concat())?;
    let command = ["--".as_ref(), this.as_os_str(), "echo".as_ref()];
    let before_command = Process::gateway(binary, &[&config[..], &command[..]].concat())?;

    let full = load::run(&before_url, CONNECTIONS, FULL).await?.rate;
    println!("soak: {:.0} calls/s of {full:.0}, {SESSIONS:?} sessions/s, {} min", full / 2.0, within.as_secs() / 60);
    let (begun, until) = (Instant::now(), Instant::now() + WARM + within);
    let mut clients = JoinSet::new();
    for client in 0..CONNECTIONS {
        let every = Duration::from_secs_f64(2.0 * 64.0 / full);
        clients.spawn(calls(before_url.address.clone(), client, every, until));
    }
    clients.spawn(sessions(before_url.address.clone(), SESSIONS[0], until));
    clients.spawn(sessions(before_command.address.clone(), SESSIONS[1], until));

    let mut seen: [Vec<Held>; 2] = Default::default();
    while begun.elapsed() < WARM + within {
        sleep(LOOK).await;
        for (gateway, seen) in [&before_url, &before_command].into_iter().zip(&mut seen) {
            if begun.elapsed() >= WARM {
                seen.push(gateway.held()?);
            }
        }
    }
    let mut done = 0;
    while let Some(client) = clients.join_next().await {
        done += client.map_err(io::Error::other)??;
    }
    for (name, seen) in ["a URL", "a command"].into_iter().zip(&seen) {
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { continue };
        println!("soak: before {name}, warm: {first}");
        println!("soak: before {name}, end:  {last}");
        println!("soak: before {name}, most: {}", seen.iter().copied().fold(*first, Held::most));
    }
    println!("soak: {done} calls and sessions, none of them failed");
    Ok(())
}

/// Calls at an even pace. How many there were.
async fn calls(address: String, client: usize, every: Duration, until: Instant) -> io::Result<usize> {
    let mut connection = Connection::open(&address).await?;
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut calls = 0;
    while Instant::now() < until {
        pace.tick().await;
        connection.call(client, calls).await?;
        calls += 1;
    }
    Ok(calls)
}

/// Begins so many sessions a second, each of which listens and calls; one ends by its client's word, the next without. How many there were.
async fn sessions(address: String, each_second: u32, until: Instant) -> io::Result<usize> {
    let mut pace = interval(Duration::from_secs(1) / each_second);
    let mut sessions = 0;
    while Instant::now() < until {
        pace.tick().await;
        let (mut calls, mut listens) = (Connection::open(&address).await?, Connection::open(&address).await?);
        let session = calls.initialize().await?;
        listens.listen(&session).await?;
        calls.call_in(&session).await?;
        if sessions % 2 == 0 {
            calls.delete(&session).await?;
        }
        sessions += 1;
    }
    Ok(sessions)
}
