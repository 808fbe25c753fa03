//! What an administrator may do and a server must not.

use rustix::io::{self, Errno};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, remove_capability_from_bounding_set, set_capabilities,
};

/// What programs that run as root count on within their own files, and ports below 1024.
///
/// Not among them: `PERFMON` and `SYS_ADMIN`, by which `/proc/<pid>/environ` opens in spite of Landlock, and `SYS_PTRACE`.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Gives up every other capability, for ever.
pub(crate) fn shed() -> io::Result<()> {
    let held = capabilities(None)?;
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if KEPT.contains(capability) {
            continue;
        }
        match remove_capability_from_bounding_set(capability) {
            // A capability that this kernel does not know, or a process that has none to pass on.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(Errno::PERM) if held.permitted.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    let left = CapabilitySets {
        effective: held.effective & KEPT,
        permitted: held.permitted & KEPT,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, left)
}
