//! Servers in processes of their own, ended with the benchmark.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// Where its log goes.
    _home: tempfile::TempDir,
}

impl Process {
    /// A server of this benchmark, which says on stdout where it listens.
    pub(crate) fn of_ours(arguments: &[&str]) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let address = first_line(child.stdout.take())?;
        Ok(Self { child, address, _home: home })
    }

    /// The gateway, with all rules and its log.
    pub(crate) fn gateway(binary: &OsStr, upstream: &str) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0", "--log-file", "audit.jsonl", "--upstream"])
            .arg(format!("http://{upstream}/mcp"))
            .env("HOME", home.path())
            .current_dir(home.path())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = first_line(child.stderr.take())?;
        let address = said.split_once("http://").and_then(|(_, rest)| rest.split_once('/')).map(|(address, _)| address);
        let address = address.ok_or_else(|| io::Error::other(said.clone()))?.to_owned();
        Ok(Self { child, address, _home: home })
    }

    /// The time that it has had of the processor.
    pub(crate) fn worked(&self) -> io::Result<Duration> {
        let stat = self.read("stat")?;
        // After the name, which ends with the last parenthesis: hundredths of a second as a user and in the kernel.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The memory that it holds.
    pub(crate) fn memory(&self) -> io::Result<usize> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: Option<usize> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("/proc tells of no memory"))
    }

    fn read(&self, file: &str) -> io::Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_line(from: Option<impl Read>) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(from.ok_or_else(|| io::Error::other("no pipe"))?).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
