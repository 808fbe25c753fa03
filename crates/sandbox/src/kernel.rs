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

/// Takes the program's code and constants out of this process's memory; what is used again is mapped again, from the
/// system's cache of the file.
pub(crate) fn let_go_of_program() {
    // SAFETY: the callback has the type that is asked for, does not unwind and keeps nothing of what it is given; it is
    // given no data.
    unsafe { libc::dl_iterate_phdr(Some(let_go_of_segments), std::ptr::null_mut()) };
}

/// Takes the first object, which is the program itself, and ends the walk with it.
extern "C" fn let_go_of_segments(
    object: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the walk passes an object that lives as long as this call, and that has so many headers.
    let (base, headers) = unsafe {
        let object = &*object;
        (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
    };
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0) {
        // Whole pages of its own; of the page that it shares with its neighbour nothing is taken.
        let (begin, align) = (base.saturating_add(header.p_vaddr), header.p_align.max(1));
        let end = begin.saturating_add(header.p_memsz);
        let start = begin.next_multiple_of(align);
        let length = usize::try_from((end - end % align).saturating_sub(start)).unwrap_or(0);
        // SAFETY: these pages are mapped from the program's file, privately, and no one may write to them: the loader
        // moves a program by data of its own (`PF_W`) alone, for there are no relocations in the code of a
        // position-independent program. So what a later access reads from the file is what stood there.
        unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED) };
    }
    1
}

fn check(result: i64) -> io::Result<i64> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    /// Constants that take some pages.
    static TABLE: [u64; 64 << 10] = {
        let (mut table, mut n) = ([0; 64 << 10], 0);
        while n < table.len() {
            table[n] = n as u64 * 0x9e37_79b9;
            n += 1;
        }
        table
    };

    fn sum() -> u64 {
        std::hint::black_box(&TABLE).iter().fold(0, |sum, n| sum.wrapping_mul(31).wrapping_add(*n))
    }

    /// KiB of files in this process's memory.
    fn of_files() -> usize {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("RssFile:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn what_was_let_go_of_the_program_is_there_when_it_is_used() {
        let before = (sum(), of_files());
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| (0..200).fold(0, |_, _| sum()))).collect();
        for _ in 0..50 {
            let_go_of_program();
        }
        let after = of_files();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), before.0, "while others use it");
        }
        let_go_of_program();
        let after = after.min(of_files());
        assert!(after + 256 <= before.1, "{after} of {} KiB are left", before.1);
        assert_eq!(sum(), before.0);
        assert!(Command::new("true").status().unwrap().success());
    }
}
