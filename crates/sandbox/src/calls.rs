//! System calls: seccomp.
//!
//! The list names what is forbidden. A list of what is allowed would have to know every runtime, and would break with
//! each new one; files, ports and signals are Landlock's, and what is left over are the ways round it.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};

use crate::asks;
use crate::walls::{Walls, Watch};

/// What becomes of whoever makes a forbidden call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is ended: no honest server makes this call.
    End,
    /// It gets this error: runtimes try it and do without.
    Fail(i32),
}

/// A forbidden call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forbidden {
    pub(crate) name: &'static str,
    pub(crate) number: i64,
    pub(crate) answer: Answer,
}

macro_rules! forbidden {
    ($answer:expr; $($name:literal $number:ident),* $(,)?) => {
        &[$(Forbidden { name: $name, number: libc::$number, answer: $answer }),*]
    };
}

/// Ways into other processes, into the kernel, and round the mount tree.
const ENDING: &[Forbidden] = forbidden![Answer::End;
    "ptrace" SYS_ptrace, "process_vm_readv" SYS_process_vm_readv, "process_vm_writev" SYS_process_vm_writev,
    "process_madvise" SYS_process_madvise, "pidfd_getfd" SYS_pidfd_getfd,
    "bpf" SYS_bpf, "kexec_load" SYS_kexec_load, "kexec_file_load" SYS_kexec_file_load, "init_module" SYS_init_module, "finit_module" SYS_finit_module,
    "delete_module" SYS_delete_module, "mount" SYS_mount, "umount2" SYS_umount2, "pivot_root" SYS_pivot_root,
    "move_mount" SYS_move_mount, "open_tree" SYS_open_tree, "fsopen" SYS_fsopen, "fsmount" SYS_fsmount,
    "fsconfig" SYS_fsconfig, "fspick" SYS_fspick, "mount_setattr" SYS_mount_setattr,
    "open_by_handle_at" SYS_open_by_handle_at, "name_to_handle_at" SYS_name_to_handle_at, "reboot" SYS_reboot,
    "swapon" SYS_swapon, "swapoff" SYS_swapoff, "acct" SYS_acct, "quotactl" SYS_quotactl,
    "settimeofday" SYS_settimeofday, "clock_settime" SYS_clock_settime,
];

/// What runtimes try and do without.
const FAILING: &[Forbidden] = forbidden![Answer::Fail(libc::EPERM);
    "perf_event_open" SYS_perf_event_open, "keyctl" SYS_keyctl, "add_key" SYS_add_key, "request_key" SYS_request_key,
    "userfaultfd" SYS_userfaultfd, "setns" SYS_setns, "kcmp" SYS_kcmp,
];

/// Rings of calls that no filter sees: libuv and others fall back where there are none.
const RINGS: &[Forbidden] = forbidden![Answer::Fail(libc::ENOSYS);
    "io_uring_setup" SYS_io_uring_setup, "io_uring_enter" SYS_io_uring_enter, "io_uring_register" SYS_io_uring_register,
];

/// Namespaces, in which one would be one's own administrator.
const NAMESPACES: &[Forbidden] = forbidden![Answer::Fail(libc::EPERM); "unshare" SYS_unshare, "chroot" SYS_chroot];

/// Calls that are forbidden with some arguments only.
const SOCKET: Forbidden =
    Forbidden { name: "socket", number: libc::SYS_socket, answer: Answer::Fail(libc::EAFNOSUPPORT) };
const CLONE: Forbidden = Forbidden { name: "clone", number: libc::SYS_clone, answer: Answer::Fail(libc::EPERM) };
const IOCTL: Forbidden = Forbidden { name: "ioctl", number: libc::SYS_ioctl, answer: Answer::Fail(libc::EPERM) };

/// Flags of `clone` that make a namespace.
const NEW_NAMESPACE: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// What is known of a forbidden call, by its number.
pub(crate) fn known(number: i64) -> Option<Forbidden> {
    [ENDING, FAILING, RINGS, NAMESPACES, &[SOCKET, CLONE, IOCTL]]
        .into_iter()
        .flatten()
        .find(|call| call.number == number)
        .copied()
}

/// Why a filter could not be made.
pub(crate) type FilterError = seccompiler::BackendError;

/// A filter that hands every forbidden call to `action`, and every one by which files and ports are asked for, if those are
/// watched.
pub(crate) fn filter(walls: &Walls, action: SeccompAction) -> Result<BpfProgram, FilterError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    if walls.watch != Watch::Calls {
        rules.extend([asks::EVERYWHERE, asks::OLD].into_iter().flatten().map(|call| (call.number, Vec::new())));
    }
    let namespaces = if walls.namespaces { &[] } else { NAMESPACES };
    let rings = if walls.io_uring { &[] } else { RINGS };
    for call in [ENDING, FAILING, rings, namespaces].into_iter().flatten() {
        rules.insert(call.number, Vec::new());
    }
    rules.insert(SOCKET.number, families(walls)?);
    if !walls.namespaces {
        let flags = NEW_NAMESPACE.cast_unsigned();
        let one_of = (0..u32::BITS).map(|bit| flags & (1 << bit)).filter(|flag| *flag != 0);
        let with = |flag: u32| rule(0, SeccompCmpOp::MaskedEq(u64::from(flag)), flag);
        rules.insert(CLONE.number, one_of.map(with).collect::<Result<_, _>>()?);
    }
    // Typing into the terminal of whoever started us.
    let requests = [libc::TIOCSTI, libc::TIOCLINUX].into_iter().filter_map(|request| u32::try_from(request).ok());
    let typing = requests.map(|request| rule(1, SeccompCmpOp::Eq, request));
    rules.insert(IOCTL.number, typing.collect::<Result<_, _>>()?);
    compile(rules, action)
}

/// A filter by which `clone3` seems not to exist: its flags lie in memory, where no filter can look, and every C library
/// falls back to `clone`.
pub(crate) fn without_clone3() -> Result<BpfProgram, FilterError> {
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    compile(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), missing)
}

/// A filter by which the second set of call numbers that some kernels have (x32) seems not to exist: the other filters do not know it.
pub(crate) fn without_x32() -> BpfProgram {
    const X32: u32 = 0x4000_0000;
    let step = |code: u32, jf: u8, k: u32| sock_filter { code: u16::try_from(code).unwrap_or_default(), jt: 0, jf, k };
    vec![
        // The number of the call comes first in what a filter sees.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()),
        step(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

fn compile(rules: BTreeMap<i64, Vec<SeccompRule>>, action: SeccompAction) -> Result<BpfProgram, FilterError> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, action, machine)?.try_into()
}

/// Sockets of every family but those that servers need.
fn families(walls: &Walls) -> Result<Vec<SeccompRule>, FilterError> {
    let mut open = vec![libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    if walls.unix_sockets {
        open.push(libc::AF_UNIX);
    }
    let conditions = open.into_iter().map(|family| condition(0, SeccompCmpOp::Ne, family.cast_unsigned()));
    Ok(vec![SeccompRule::new(conditions.collect::<Result<_, _>>()?)?])
}

fn rule(argument: u8, op: SeccompCmpOp, value: u32) -> Result<SeccompRule, FilterError> {
    SeccompRule::new(vec![condition(argument, op, value)?])
}

fn condition(argument: u8, op: SeccompCmpOp, value: u32) -> Result<SeccompCondition, FilterError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, u64::from(value))
}
