//! What a process asks for by a call: its arguments, read from its memory while it waits.
//!
//! For records and for learning only. The process may change its memory before the kernel reads it, so nothing here may
//! decide what is denied: Landlock does that.

mod others;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rustix::net::SocketType;
use rustix::net::sockopt::socket_type;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::kernel::Notification;
use vanguard_engine::zone::Rights;

use crate::walls::Ask;

/// The longest path that the kernel takes, with its end.
const PATH_MAX: usize = 4096;
/// The longest socket address that is looked at.
const ADDRESS_MAX: usize = 28;

/// A call by which files or ports are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) name: &'static str,
    pub(crate) number: i64,
    form: Form,
}

/// What a call's arguments mean, by their places.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// To open a path in a directory; flags in this argument.
    Open(Place, usize),
    /// The same, with the flags in a `struct open_how`.
    OpenHow(Place, usize),
    /// These rights over each path; to write, over its name.
    Paths(&'static [Place], Rights),
    /// To connect by a socket address.
    Connect,
    /// To listen at a socket address.
    Listen,
    /// To see where a link leads.
    Link(Place),
    /// To signal the process (or, below zero, the group) of this argument.
    Signal(usize),
}

/// The arguments that hold a directory's descriptor, if there is one, and a path.
type Place = (Option<usize>, usize);

macro_rules! watched {
    ($($name:literal $number:ident $form:expr),* $(,)?) => {
        &[$(Watched { name: $name, number: libc::$number, form: $form }),*]
    };
}

const AT: Place = (Some(0), 1);
const PLAIN: Place = (None, 0);

/// The calls of every machine.
pub(crate) const EVERYWHERE: &[Watched] = watched![
    "openat" SYS_openat Form::Open(AT, 2),
    "openat2" SYS_openat2 Form::OpenHow(AT, 2),
    "execve" SYS_execve Form::Paths(&[PLAIN], Rights::EXECUTE),
    "execveat" SYS_execveat Form::Paths(&[AT], Rights::EXECUTE),
    "unlinkat" SYS_unlinkat Form::Paths(&[AT], Rights::WRITE),
    "mkdirat" SYS_mkdirat Form::Paths(&[AT], Rights::WRITE),
    "renameat2" SYS_renameat2 Form::Paths(&[AT, (Some(2), 3)], Rights::WRITE),
    "linkat" SYS_linkat Form::Paths(&[AT, (Some(2), 3)], Rights::WRITE),
    "symlinkat" SYS_symlinkat Form::Paths(&[(Some(1), 2)], Rights::WRITE),
    "connect" SYS_connect Form::Connect,
    "bind" SYS_bind Form::Listen,
    "readlinkat" SYS_readlinkat Form::Link(AT),
    "kill" SYS_kill Form::Signal(0),
    "tkill" SYS_tkill Form::Signal(0),
];

/// Those that newer machines left out.
#[cfg(target_arch = "x86_64")]
pub(crate) const OLD: &[Watched] = watched![
    "open" SYS_open Form::Open(PLAIN, 1),
    "creat" SYS_creat Form::Paths(&[PLAIN], Rights::WRITE),
    "unlink" SYS_unlink Form::Paths(&[PLAIN], Rights::WRITE),
    "rmdir" SYS_rmdir Form::Paths(&[PLAIN], Rights::WRITE),
    "mkdir" SYS_mkdir Form::Paths(&[PLAIN], Rights::WRITE),
    "rename" SYS_rename Form::Paths(&[PLAIN, (None, 1)], Rights::WRITE),
    "renameat" SYS_renameat Form::Paths(&[AT, (Some(2), 3)], Rights::WRITE),
    "link" SYS_link Form::Paths(&[PLAIN, (None, 1)], Rights::WRITE),
    "symlink" SYS_symlink Form::Paths(&[(None, 1)], Rights::WRITE),
    "readlink" SYS_readlink Form::Link(PLAIN),
];
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const OLD: &[Watched] = &[];

/// The watched call of this number.
pub(crate) fn watched(number: i64) -> Option<Watched> {
    [EVERYWHERE, OLD].into_iter().flatten().find(|call| call.number == number).copied()
}

/// What a waiting call asks for; nothing where its arguments are of no interest or cannot be read.
pub(crate) fn of(call: Watched, notification: &Notification) -> Vec<Ask> {
    let process = Process(notification);
    match call.form {
        Form::Open(place, flags) => process.open(place, process.argument(flags)).into_iter().collect(),
        Form::OpenHow(place, how) => {
            let flags = process.memory(process.argument(how), 8);
            let flags = flags.ok().and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_ne_bytes);
            process.open(place, flags).into_iter().collect()
        }
        Form::Paths(places, rights) => {
            let entry = rights == Rights::WRITE;
            let paths = places.iter().filter_map(|place| process.path(*place, !entry));
            // A shell looks for programs where they are not.
            paths.filter(|path| entry || path.exists()).map(|path| Ask::File { path, rights, entry }).collect()
        }
        Form::Connect => process.address(Ask::Connect).into_iter().collect(),
        Form::Listen => process.address(Ask::Listen).into_iter().collect(),
        Form::Link(place) => process.path(place, false).and_then(|path| others::kept(&path)).into_iter().collect(),
        Form::Signal(whom) => others::signalled(process.argument(whom))
            .map(|whom| Ask::Process(format!("{whom}, by a signal")))
            .into_iter()
            .collect(),
    }
}

/// The process that waits.
struct Process<'n>(&'n Notification);

impl Process<'_> {
    fn argument(&self, n: usize) -> u64 {
        self.0.args.get(n).copied().unwrap_or_default()
    }

    fn memory(&self, at: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let memory = File::open(format!("/proc/{}/mem", self.0.process))?;
        let mut buffer = vec![0; bytes];
        let read = memory.read_at(&mut buffer, at)?;
        buffer.truncate(read);
        Ok(buffer)
    }

    /// A text that ends with a NUL. Read to the end of its page first: what lies behind may be no memory.
    fn text(&self, at: u64) -> Option<Vec<u8>> {
        const PAGE: u64 = 4096;
        let to_page_end = usize::try_from(PAGE.saturating_sub(at % PAGE)).ok()?;
        let mut text = self.memory(at, to_page_end).ok()?;
        if !text.contains(&0) {
            let rest = self.memory(at.saturating_add(to_page_end as u64), PATH_MAX.saturating_sub(text.len()));
            text.extend(rest.ok()?);
        }
        let end = text.iter().position(|byte| *byte == 0)?;
        text.truncate(end);
        Some(text)
    }

    /// The path in these arguments as the kernel will find it, links followed up to the last name, or to the end.
    fn path(&self, (directory, path): Place, follow: bool) -> Option<PathBuf> {
        let text = self.text(self.argument(path)).filter(|text| !text.is_empty())?;
        let path = self.own(PathBuf::from(OsString::from_vec(text)));
        // A descriptor is 32 bits wide, whatever stands in the upper half.
        let directory = directory.map(|n| self.argument(n) & u64::from(u32::MAX));
        let from = match directory {
            _ if path.is_absolute() => None,
            Some(fd) if fd != u64::from(libc::AT_FDCWD.cast_unsigned()) => Some(format!("fd/{fd}")),
            _ => Some("cwd".to_owned()),
        };
        let path = match from {
            Some(link) => fs::read_link(format!("/proc/{}/{link}", self.0.process)).ok()?.join(path),
            None => path,
        };
        if let (true, Ok(real)) = (follow, path.canonicalize()) {
            return Some(real);
        }
        // What is made, removed or renamed is a name in a directory.
        let parent = path.parent()?.canonicalize().ok()?;
        Some(match path.file_name() {
            Some(name) => parent.join(name),
            None => parent,
        })
    }

    /// `/proc/self` and the like would be our own.
    fn own(&self, path: PathBuf) -> PathBuf {
        let own = |rest: &Path, below: &str| Path::new(&format!("/proc/{}{below}", self.0.process)).join(rest);
        for (start, below) in [("/proc/self", ""), ("/proc/thread-self", ""), ("/dev/fd", "/fd")] {
            if let Ok(rest) = path.strip_prefix(start) {
                return own(rest, below);
            }
        }
        path
    }

    fn open(&self, place: Place, flags: u64) -> Option<Ask> {
        let has = |flag: i32| flags & u64::from(flag.cast_unsigned()) == u64::from(flag.cast_unsigned());
        if has(libc::O_PATH) {
            return None;
        }
        let path = self.path(place, !has(libc::O_NOFOLLOW))?;
        let mut rights = match flags & 3 {
            0 => Rights::READ,
            1 => Rights::WRITE,
            _ => Rights::READ | Rights::WRITE,
        };
        if let Some(ask) = others::kept(&path) {
            return Some(ask);
        }
        let exists = path.exists();
        let entry = has(libc::O_CREAT) && !exists;
        if has(libc::O_TRUNC) || has(libc::O_TMPFILE) || entry {
            rights |= Rights::WRITE;
        }
        // Programs look for much that is not there.
        (exists || entry).then_some(Ask::File { path, rights, entry })
    }

    fn address(&self, ask: fn(u16) -> Ask) -> Option<Ask> {
        let length = usize::try_from(self.argument(2)).ok()?.min(ADDRESS_MAX);
        let address = self.memory(self.argument(1), length).ok()?;
        let [a, b, c, d, ..] = *address.as_slice() else { return None };
        match i32::from(u16::from_ne_bytes([a, b])) {
            libc::AF_INET | libc::AF_INET6 => {
                (self.socket_type().ok()? == SocketType::STREAM).then(|| ask(u16::from_be_bytes([c, d])))
            }
            libc::AF_UNIX => Some(Ask::UnixSocket),
            _ => None,
        }
    }

    fn socket_type(&self) -> io::Result<SocketType> {
        let number = i32::try_from(self.0.process).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        // A thread's number names no process.
        let pidfd: OwnedFd = pidfd_open(leader(number), PidfdFlags::empty())?;
        let fd = i32::try_from(self.argument(0) & u64::from(u32::MAX)).map_err(io::Error::other)?;
        Ok(socket_type(pidfd_getfd(pidfd.as_fd(), fd, PidfdGetfdFlags::empty())?)?)
    }
}

/// The process that a thread belongs to.
fn leader(thread: Pid) -> Pid {
    let status = fs::read_to_string(format!("/proc/{}/status", thread.as_raw_nonzero())).unwrap_or_default();
    let number = status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
    number.and_then(Pid::from_raw).unwrap_or(thread)
}
