//! How much of the gateway somebody may take: from which addresses, how fast, and how much at once.

use std::net::IpAddr;

use hyper::HeaderMap;
use vanguard_engine::Identity;

use super::address::Addresses;
use super::config::Paces;
use super::pace::{Pace, household};
use super::reply::Fault;
use super::shares::{Share, Shares};

/// What holds of those who ask, by their address before anybody knows who they are, and then by who they are.
#[derive(Debug)]
pub(super) struct Measure {
    addresses: Addresses,
    of_address: Option<Pace<IpAddr>>,
    of_principal: Option<Pace<Identity>>,
    shares: Shares,
}

impl Measure {
    pub(super) fn new(addresses: Addresses, paces: Paces) -> Self {
        let Paces { principal, address, open } = paces;
        Self {
            addresses,
            of_address: address.map(Pace::new),
            of_principal: principal.map(Pace::new),
            shares: Shares::new(open),
        }
    }

    /// From where somebody asks, by the other end of the connection.
    pub(super) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, Fault> {
        self.addresses.admit(peer, headers)
    }

    /// One more request comes from there.
    pub(super) fn step(&self, address: IpAddr) -> Result<(), Fault> {
        self.of_address.as_ref().map_or(Ok(()), |pace| pace.step(&household(address)))
    }

    /// It is known who asks. What it takes is given back when the answer is sent.
    pub(super) fn principal(&self, who: &Identity) -> Result<Share, Fault> {
        self.of_principal.as_ref().map_or(Ok(()), |pace| pace.step(who))?;
        self.shares.take(who)
    }

    /// Forgets those who have not asked lately.
    pub(super) fn sweep(&self) {
        self.of_address.iter().for_each(Pace::sweep);
        self.of_principal.iter().for_each(Pace::sweep);
    }
}
