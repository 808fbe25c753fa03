//! The gateway over HTTP beside the plainest streaming reverse proxy on the same library, which looks at nothing: requests a second at
//! least 0.7 times as many, the slowest percent at most 1.5 times as slow; and the memory of a stream that only listens.
//!
//! Both stand before the same server, in processes of their own, and take turns. `cargo xtask bench` brings the program;
//! `E2E_BINARY` names it otherwise, and `soak MINUTES` behind `--` runs a [`soak`]. On a machine that does other things as well, only the ratios mean something.

mod load;
mod process;
mod relay;
mod soak;
mod upstream;

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use load::Figures;
use process::Process;

/// Connections that send one request after the other.
const CONNECTIONS: [usize; 3] = [1, 64, 512];
/// Turns of each proxy, and how long one takes. Medians of them are printed.
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);
/// The least requests a second, the longest slowest percent, as parts of the plain proxy's.
const LEAST: f64 = 0.7;
const SLOWEST: f64 = 1.5;
/// Streams that only listen, and what each may take.
const STREAMS: usize = 2_000;
const STREAM_BYTES: usize = 30 * 1024;

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "upstream"] => return upstream::serve().await,
        [_, "relay", upstream] => return relay::serve(upstream).await,
        [_, "echo"] => return upstream::echo(),
        _ => {}
    }
    let Some(binary) = std::env::var_os("E2E_BINARY") else {
        println!("gateway: not measured, for E2E_BINARY names no program; `cargo xtask bench` brings it");
        return Ok(());
    };
    if let Some(minutes) = arguments.iter().skip_while(|argument| *argument != "soak").nth(1) {
        let minutes = minutes.parse().map_err(io::Error::other)?;
        return soak::run(&binary, Duration::from_mins(minutes)).await;
    }
    let upstream = Process::of_ours(&["upstream"])?;
    let url = format!("http://{}/mcp", upstream.address);
    let before = ["--upstream".as_ref(), OsStr::new(&url)];
    let plain = Process::of_ours(&["relay", &upstream.address])?;
    let gateway = Process::gateway(&binary, &before)?;
    for connections in CONNECTIONS {
        let mut turns: [Vec<Figures>; 2] = Default::default();
        for _ in 0..TURNS {
            for (proxy, turns) in [&plain, &gateway].into_iter().zip(&mut turns) {
                turns.push(load::run(proxy, connections, TURN).await?);
            }
        }
        let [plain, gateway] = turns.map(|turns| Figures::medians(&turns));
        println!("gateway: {connections} connections: {gateway}; plain proxy: {plain}");
        println!(
            "gateway: {connections} connections: {:.2} times its requests, limit {LEAST}; {:.1} times its slowest percent, limit {SLOWEST}",
            gateway.rate / plain.rate,
            gateway.p99.as_secs_f64() / plain.p99.as_secs_f64()
        );
    }
    // One that has held nothing yet.
    let gateway = Process::gateway(&binary, &before)?;
    let before = gateway.memory()?;
    let streams = load::listen(&gateway, STREAMS).await?;
    let each = gateway.memory()?.saturating_sub(before) / STREAMS;
    println!("gateway: {:.1} KiB for each of {STREAMS} idle streams, limit {} KiB", kib(each), kib(STREAM_BYTES));
    drop(streams);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn kib(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
