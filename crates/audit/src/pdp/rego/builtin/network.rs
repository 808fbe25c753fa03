//! Networks, as Go reads them.

use std::net::{IpAddr, Ipv6Addr};

use regorus::Value;

use super::{Given, text};

/// A network: its addresses from the first to the last.
#[derive(Clone, Copy)]
struct Network {
    is_v4: bool,
    first: u128,
    last: u128,
}

/// An address as both have it. IPv4 within IPv6 is IPv4 to Go, whatever the length of the network.
fn address(written: &str) -> Result<Option<IpAddr>, String> {
    match written.parse() {
        Ok(IpAddr::V6(inside)) if Ipv6Addr::to_ipv4_mapped(&inside).is_some() => {
            Err("an IPv4 address in an IPv6 one is not held to OPA: write it as 10.0.0.1".to_owned())
        }
        Ok(address) => Ok(Some(address)),
        Err(_) => Ok(None),
    }
}

fn network(written: &str) -> Result<Option<Network>, String> {
    let Some((of, length)) = written.split_once('/') else { return Ok(None) };
    let length = length.parse::<u32>().ok().filter(|_| length.bytes().all(|byte| byte.is_ascii_digit()));
    let (Some(of), Some(length)) = (address(of)?, length) else { return Ok(None) };
    Ok(Network::of(of, length))
}

impl Network {
    fn of(address: IpAddr, length: u32) -> Option<Self> {
        let (is_v4, bits, number) = match address {
            IpAddr::V4(v4) => (true, 32, u128::from(v4.to_bits())),
            IpAddr::V6(v6) => (false, 128, v6.to_bits()),
        };
        let hosts = u128::MAX.checked_shr(128 - (bits - length.min(bits))).unwrap_or_default();
        (length <= bits).then_some(Self { is_v4, first: number & !hosts, last: number | hosts })
    }

    fn contains(self, other: Self) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.first && other.last <= self.last
    }
}

pub(super) fn is_valid(arguments: &[Value]) -> Given {
    let Some(written) = text(arguments.first()) else { return Ok(Some(false.into())) };
    Ok(Some(network(written)?.is_some().into()))
}

/// Whether a network contains another, or an address.
pub(super) fn contains(arguments: &[Value]) -> Given {
    let (Some(outer), Some(inner)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    let Some(outer) = network(outer)? else { return Ok(None) };
    let alone = address(inner)?.and_then(|address| Network::of(address, if address.is_ipv4() { 32 } else { 128 }));
    let inner = if alone.is_some() { alone } else { network(inner)? };
    Ok(inner.map(|inner| outer.contains(inner).into()))
}

pub(super) fn intersects(arguments: &[Value]) -> Given {
    let (Some(a), Some(b)) = (text(arguments.first()), text(arguments.get(1))) else { return Ok(None) };
    Ok(network(a)?.zip(network(b)?).map(|(a, b)| (a.contains(b) || b.contains(a)).into()))
}
