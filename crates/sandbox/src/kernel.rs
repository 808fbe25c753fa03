//! The calls that no safe crate offers, each with its proof.
#![allow(unsafe_code, reason = "seccomp's notifications and close_range have no safe wrapper")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use seccompiler::BpfProgram;

/// The ABI of Landlock; 0 where there is none. Asked of the call, since the file that says it may not be mounted.
pub(crate) fn landlock_abi() -> u32 {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with this flag the call takes no attributes, and returns a number.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION) };
    u32::try_from(abi).unwrap_or(0)
}

/// Takes over a descriptor that the parent left open for us.
pub(crate) fn inherited(fd: i32) -> io::Result<OwnedFd> {
    if fd < 3 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: asks for flags only; a number that is no descriptor is an error.
    check(unsafe { libc::fcntl(fd, libc::F_GETFD) }.into())?;
    // SAFETY: it is open, and called first thing in `main` by the one who was told of it: nobody else here owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Marks every descriptor but the standard three to be closed by the next `exec`.
pub(crate) fn close_on_exec() -> io::Result<()> {
    // SAFETY: takes three integers and touches no memory; closing nothing yet, it breaks no owner.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    check(result).map(drop)
}

/// Installs a filter on this thread. `no_new_privs` must be set.
pub(crate) fn install(program: &BpfProgram) -> io::Result<()> {
    filter(program, 0).map(drop)
}

/// Installs a filter on this thread whose calls wait for whoever listens at the descriptor returned.
pub(crate) fn install_with_listener(program: &BpfProgram) -> io::Result<OwnedFd> {
    let fd = filter(program, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?;
    let fd = i32::try_from(fd).map_err(io::Error::other)?;
    // SAFETY: with this flag the kernel returns a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn filter(program: &BpfProgram, flags: libc::c_ulong) -> io::Result<i64> {
    let length = program.len().try_into().map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: `program` points to `length` instructions of `sock_filter`'s layout (`seccompiler::sock_filter` is
    // `repr(C)` with the same fields), which live until the call returns; the kernel copies and does not write them.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    check(result)
}

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notification {
    /// Its cookie.
    pub(crate) id: u64,
    /// The process (or thread) that made it.
    pub(crate) process: u32,
    /// Its number.
    pub(crate) call: i64,
    /// Its arguments, as the process passed them.
    pub(crate) args: [u64; 6],
}

/// Waits for the next forbidden call.
pub(crate) fn receive(listener: BorrowedFd<'_>) -> io::Result<Notification> {
    let mut notification = MaybeUninit::<libc::seccomp_notif>::zeroed();
    // SAFETY: the request takes a pointer to a `seccomp_notif` that is zeroed, which it fills; all its fields are
    // integers, so zero is a value of each.
    let notification = unsafe {
        check(libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, notification.as_mut_ptr()).into())?;
        notification.assume_init()
    };
    Ok(Notification {
        id: notification.id,
        process: notification.pid,
        call: notification.data.nr.into(),
        args: notification.data.args,
    })
}

/// Whether the call still waits, so that its process number still means the process that made it.
pub(crate) fn still_waits(listener: BorrowedFd<'_>, id: u64) -> bool {
    // SAFETY: the request reads eight bytes at the pointer, which lives across the call.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) };
    result == 0
}

/// Lets a waiting call fail with `error`.
pub(crate) fn refuse(listener: BorrowedFd<'_>, id: u64, error: i32) -> io::Result<()> {
    answer(listener, libc::seccomp_notif_resp { id, val: 0, error: error.saturating_neg(), flags: 0 })
}

/// Lets a waiting call go on, as if nobody had been told. Never a permission: its arguments may have changed since they
/// were read, so whatever must not happen has to be denied by another wall.
pub(crate) fn go_on(listener: BorrowedFd<'_>, id: u64) -> io::Result<()> {
    let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).map_err(io::Error::other)?;
    answer(listener, libc::seccomp_notif_resp { id, val: 0, error: 0, flags })
}

fn answer(listener: BorrowedFd<'_>, mut answer: libc::seccomp_notif_resp) -> io::Result<()> {
    // SAFETY: the request reads a `seccomp_notif_resp` at the pointer, which lives across the call.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
    check(result.into()).map(drop)
}

fn check(result: i64) -> io::Result<i64> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
