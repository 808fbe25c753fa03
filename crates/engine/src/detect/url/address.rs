//! Classes of addresses, by the special-purpose registries of IANA (RFC 6890 and what updates it).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::names::Names;

/// What reaches an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Anybody: the open network, and the addresses of documentation (RFC 5737, RFC 3849).
    Public,
    /// This machine, by a name or address that developers write.
    Loopback,
    /// This machine, by one that they do not.
    LoopbackAlias,
    /// `0.0.0.0` and `::`: this machine, where it is connected to (RFC 1122).
    Unspecified,
    /// The rest of `0.0.0.0/8`, which a small number in place of a host becomes: nothing answers.
    Nowhere,
    /// This network: RFC 1918, RFC 4193, RFC 6598.
    Private,
    /// The interface of a cluster to those who run in it.
    Cluster,
    /// This link: RFC 3927, RFC 4291.
    LinkLocal,
    /// Groups, reserved blocks, protocol assignments, benchmarks: no server.
    Special,
    /// A cloud's metadata service.
    Metadata,
}

impl Class {
    /// The class of a host in its canonical spelling.
    pub(super) fn of_host(host: &str) -> Self {
        let host = host.strip_suffix('.').unwrap_or(host);
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // A zone leads nowhere else: `fe80::1%25eth0`.
        let bare = bare.split('%').next().unwrap_or(bare);
        match bare.parse::<IpAddr>() {
            Ok(address) => Self::of_address(address),
            Err(_) => of_name(host),
        }
    }

    /// The class of an address.
    pub(super) fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => of_v6(v6),
        }
    }
}

fn of_name(host: &str) -> Class {
    let is = |name: &str| host.eq_ignore_ascii_case(name);
    let below = |name: &str| {
        let Some(at) = host.len().checked_sub(name.len()) else { return false };
        host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(name)) && at > 0
    };
    if is("localhost") || below(".localhost") {
        return Class::Loopback;
    }
    if ["localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "loopback", "localhost.localdomain"]
        .iter()
        .any(|name| is(name))
        || below(".localdomain4")
        || below(".localdomain6")
    {
        return Class::LoopbackAlias;
    }
    if is("kubernetes.default") || is("kubernetes.default.svc") || is("kubernetes.default.svc.cluster.local") {
        return Class::Cluster;
    }
    if Names::get().is_metadata(host) { Class::Metadata } else { Class::Public }
}

pub(super) fn of_v4(v4: Ipv4Addr) -> Class {
    match v4.octets() {
        // EC2, GCP, Azure, OpenStack, OCI, DigitalOcean, Hetzner; ECS tasks and EKS pods; Scaleway; Nutanix; Tencent; Alibaba;
        // Oracle classic; Azure's wire server.
        [169, 254, 169, 254 | 253 | 123 | 250]
        | [169, 254, 170, 2 | 23]
        | [169, 254, 42, 42]
        | [169, 254, 0, 23]
        | [169, 254, 43, 43]
        | [169, 254, 10, 10]
        | [100, 100, 100, 200]
        | [192, 0, 0, 192]
        | [168, 63, 129, 16] => Class::Metadata,
        [0, 0, 0, 0] => Class::Unspecified,
        [0, ..] => Class::Nowhere,
        // The second is what Debian calls a machine by its name.
        [127, 0, 0 | 1, 1] => Class::Loopback,
        [127, ..] => Class::LoopbackAlias,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Class::Private,
        [169, 254, ..] => Class::LinkLocal,
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [224..=255, ..] => Class::Special,
        _ => Class::Public,
    }
}

pub(super) fn of_v6(v6: Ipv6Addr) -> Class {
    if v6.is_loopback() {
        return Class::Loopback;
    }
    if v6.is_unspecified() {
        return Class::Unspecified;
    }
    if let Some(v4) = embedded_v4(v6) {
        return match of_v4(v4) {
            // In this spelling it is no developer's.
            Class::Loopback | Class::Unspecified => Class::LoopbackAlias,
            class => class,
        };
    }
    match v6.segments() {
        // EC2 and EKS; GCP; Oracle; Scaleway; and those that follow them.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254 | 0x23]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]
        | [0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe] => Class::Metadata,
        [first, ..] if first & 0xfe00 == 0xfc00 => Class::Private,
        [first, ..] if first & 0xffc0 == 0xfe80 => Class::LinkLocal,
        // Multicast, the deprecated site-local, discard-only, ORCHID, and the segment-routing block.
        [first, ..] if first & 0xff00 == 0xff00 || first & 0xffc0 == 0xfec0 => Class::Special,
        [0x100, 0, 0, 0, ..] | [0x2001, 0x10..=0x2f, ..] | [0x5f00, ..] => Class::Special,
        _ => Class::Public,
    }
}

/// The IPv4 address that packets to `v6` end at: mapped, compatible, translated (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo
/// (RFC 4380), ISATAP (RFC 5214).
pub(super) fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high).wrapping_shl(16) | u32::from(low)));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0x2001, 0, .., high, low] => v4(!high, !low),
        [0x2002, high, low, ..]
        | [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, .., high, low]
        | [.., 0 | 0x200, 0x5efe, high, low] => v4(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// <https://www.iana.org/assignments/iana-ipv4-special-registry>, the blocks that are not globally reachable.
    const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
        (Ipv4Addr::UNSPECIFIED, 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 24),
        (Ipv4Addr::new(192, 88, 99, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(224, 0, 0, 0), 3),
        // No block of the registry, but a service of one cloud.
        (Ipv4Addr::new(168, 63, 129, 16), 32),
    ];

    fn is_in(v4: Ipv4Addr, (block, length): (Ipv4Addr, u32)) -> bool {
        let shift = 32 - length;
        v4.to_bits() >> shift == block.to_bits() >> shift
    }

    proptest! {
        #[test]
        fn classes_follow_the_registry(bits: u32, block in 0..SPECIAL_V4.len(), inside: bool) {
            let (base, length) = SPECIAL_V4[block];
            let bits = if inside { base.to_bits() | bits.checked_shr(length).unwrap_or(0) } else { bits };
            let v4 = Ipv4Addr::from_bits(bits);
            let special = SPECIAL_V4.iter().any(|block| is_in(v4, *block));
            prop_assert_eq!(of_v4(v4) != Class::Public, special, "{}", v4);
            prop_assert!(!v4.is_loopback() || matches!(of_v4(v4), Class::Loopback | Class::LoopbackAlias));
            prop_assert!(!v4.is_private() || of_v4(v4) == Class::Private);
            prop_assert!(!v4.is_link_local() || matches!(of_v4(v4), Class::LinkLocal | Class::Metadata));
            prop_assert!(!v4.is_multicast() || of_v4(v4) == Class::Special);
        }

        #[test]
        fn what_holds_an_address_has_its_class(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            prop_assume!(bits > 1);
            for v6 in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low),
                Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0x5efe, high, low),
            ] {
                prop_assert_eq!(embedded_v4(v6), Some(v4), "{}", v6);
                prop_assert_eq!(of_v6(v6) == Class::Public, of_v4(v4) == Class::Public, "{}", v6);
            }
        }

        #[test]
        fn networks_of_their_own_are_no_public_ones(bits: u128) {
            let v6 = Ipv6Addr::from_bits(bits);
            prop_assert!(!v6.is_unique_local() || matches!(of_v6(v6), Class::Private | Class::Metadata));
            prop_assert!(!v6.is_unicast_link_local() || matches!(of_v6(v6), Class::LinkLocal | Class::Metadata) || embedded_v4(v6).is_some());
            prop_assert!(!v6.is_multicast() || of_v6(v6) == Class::Special || embedded_v4(v6).is_some());
        }
    }

    #[test]
    fn hosts_have_classes() {
        for (host, class) in [
            ("localhost", Class::Loopback),
            ("app.LOCALHOST.", Class::Loopback),
            ("[::1]", Class::Loopback),
            ("127.0.0.1", Class::Loopback),
            ("127.0.0.2", Class::LoopbackAlias),
            ("ip6-localhost", Class::LoopbackAlias),
            ("[::ffff:127.0.0.1]", Class::LoopbackAlias),
            ("0.0.0.0", Class::Unspecified),
            ("[::]", Class::Unspecified),
            ("192.168.1.1", Class::Private),
            ("[fd12:3456::1]", Class::Private),
            ("[::ffff:10.0.0.1]", Class::Private),
            ("[fe80::1%25eth0]", Class::LinkLocal),
            ("169.254.1.1", Class::LinkLocal),
            ("169.254.169.254", Class::Metadata),
            ("[64:ff9b::a9fe:a9fe]", Class::Metadata),
            ("[fd00:ec2::254]", Class::Metadata),
            ("metadata.google.internal", Class::Metadata),
            ("[ff02::1]", Class::Special),
            ("255.255.255.255", Class::Special),
            ("203.0.113.7", Class::Public),
            ("localhost.example.com", Class::Public),
            ("notlocalhost", Class::Public),
            ("example.com", Class::Public),
            ("", Class::Public),
        ] {
            assert_eq!(Class::of_host(host), class, "{host}");
        }
    }
}
