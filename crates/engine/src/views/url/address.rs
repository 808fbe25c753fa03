//! IPv4 addresses inside IPv6 ones.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The IPv4 address that packets to `v6` end at: mapped, compatible, 6to4, NAT64.
pub(super) fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = v6.to_bits();
    let segments = v6.segments();
    let low = || u32::try_from(bits & 0xffff_ffff).ok().map(Ipv4Addr::from_bits);
    match segments {
        // The unspecified address and loopback are no IPv4 addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => low(),
        [0x2002, ..] => u32::try_from((bits >> 80) & 0xffff_ffff).ok().map(Ipv4Addr::from_bits),
        _ => None,
    }
}
