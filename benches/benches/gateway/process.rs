//! Servers in processes of their own, ended with the benchmark.

use std::ffi::OsStr;
use std::fmt;
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

    /// The gateway before what `arguments` say, with all rules and its log.
    pub(crate) fn gateway(binary: &OsStr, arguments: &[&OsStr]) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args(["serve", "--port", "0", "--log-file", "audit.jsonl"])
            .args(arguments)
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
        self.status("VmRSS:").map(|kib| kib * 1024)
    }

    /// All that it holds.
    pub(crate) fn held(&self) -> io::Result<Held> {
        let of = |folder: &str| std::fs::read_dir(format!("/proc/{}/{folder}", self.child.id()));
        let mut children = 0;
        for thread in of("task")? {
            // It may have ended by now.
            let born = std::fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            children += born.split_whitespace().count();
        }
        let (memory, threads) = (self.memory()?, self.status("Threads:")?);
        Ok(Held { memory, descriptors: of("fd")?.count(), threads, children })
    }

    fn status(&self, field: &str) -> io::Result<usize> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other(format!("/proc tells of no {field}")))
    }

    fn read(&self, file: &str) -> io::Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
    }
}

/// What a process holds of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    memory: usize,
    descriptors: usize,
    threads: usize,
    children: usize,
}

impl Held {
    /// The most of each.
    pub(crate) fn most(self, other: Self) -> Self {
        Self {
            memory: self.memory.max(other.memory),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
            children: self.children.max(other.children),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, descriptors, threads, children } = self;
        write!(f, "{} KiB, {descriptors} descriptors, {threads} threads, {children} children", memory / 1024)
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
