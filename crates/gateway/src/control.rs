//! A socket that tells the user's own programs which sessions are open: one for each proxy, in a directory that only the user may enter.

use std::fs::{DirBuilder, Permissions, set_permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::roster::{OpenSession, Roster};

/// How long a reader may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes that are read of one proxy's answer: that of ten thousand sessions and more.
const MAX_ANSWER: u64 = 16 << 20;

/// The socket, which goes away with it.
#[derive(Debug)]
pub(crate) struct Control(PathBuf);

impl Control {
    /// Tells whoever connects to a socket in `directory` what is on `roster`, on a thread of its own.
    pub(crate) fn listen(directory: &Path, roster: Arc<Roster>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let path = directory.join(format!("{}.sock", std::process::id()));
        // Of one who had this number and was killed.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        set_permissions(&path, Permissions::from_mode(0o600))?;
        std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                // A reader that goes away hears nothing more.
                let _ = stream.and_then(|stream| tell(&stream, &roster));
            }
        })?;
        Ok(Self(path))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tell(mut stream: &UnixStream, roster: &Roster) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut text = Vec::new();
    for open in roster.open() {
        serde_json::to_writer(&mut text, &open)?;
        text.push(b'\n');
    }
    stream.write_all(&text)
}

/// The sessions of all proxies that have a socket in `directory`, those of one proxy after those of another. A socket that nobody listens at is
/// removed.
///
/// # Errors
/// The directory cannot be read; that it is not there means that no proxy runs.
pub fn open_sessions(directory: &Path) -> io::Result<Vec<OpenSession>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut sockets: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    sockets.retain(|path| path.extension().is_some_and(|kind| kind == "sock"));
    sockets.sort();
    let mut all = Vec::new();
    for socket in sockets {
        match UnixStream::connect(&socket) {
            Ok(stream) => all.extend(heard(&stream)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                let _ = std::fs::remove_file(&socket);
            }
            Err(_) => {}
        }
    }
    Ok(all)
}

/// What one proxy says, as far as it can be read.
fn heard(stream: &UnixStream) -> Vec<OpenSession> {
    if stream.set_read_timeout(Some(PATIENCE)).is_err() {
        return Vec::new();
    }
    let lines = BufReader::new(stream.take(MAX_ANSWER)).lines();
    lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use vanguard_engine::rules::{RuleSet, Tuning};
    use vanguard_engine::{Engine, Limits, Policy, Profile, Session};

    use super::*;
    use crate::seat::Seat;

    #[test]
    fn who_asks_is_told_of_the_sessions_that_are_open() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("run");
        assert_eq!(open_sessions(&place).unwrap(), [], "no proxy runs");
        let tuning = Tuning { profile: Profile::Balanced, overrides: &std::collections::BTreeMap::new() };
        let rules = RuleSet::load(&[], &tuning).unwrap();
        let seat = Seat::new(Arc::new(Engine::new(rules, Policy::default(), Limits::default())));
        let roster = Arc::new(Roster::default());
        let control = Control::listen(&place, Arc::clone(&roster)).unwrap();
        let mode = std::fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let one = roster.enter("one".to_owned(), "files", &Session::new(), &seat);
        let two = roster.enter("two".to_owned(), "web", &Session::new(), &seat);
        let names = || -> Vec<String> {
            open_sessions(&place).unwrap().into_iter().map(|open| format!("{} {}", open.session, open.server)).collect()
        };
        assert_eq!(names(), ["one files", "two web"]);
        drop(one);
        assert_eq!(names(), ["two web"]);
        // What a proxy left that was killed is cleared away.
        let left = place.join("1.sock");
        drop(UnixListener::bind(&left).unwrap());
        assert_eq!(names(), ["two web"]);
        assert!(!left.exists());
        drop((two, control));
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    }

    #[test]
    fn a_thousand_sessions_that_are_over_are_forgotten() {
        let tuning = Tuning { profile: Profile::Balanced, overrides: &std::collections::BTreeMap::new() };
        let rules = RuleSet::load(&[], &tuning).unwrap();
        let seat = Seat::new(Arc::new(Engine::new(rules, Policy::default(), Limits::default())));
        let roster = Roster::default();
        for n in 0..1_000 {
            drop(roster.enter(n.to_string(), "s", &Session::new(), &seat));
        }
        assert!(roster.open().is_empty());
    }
}
