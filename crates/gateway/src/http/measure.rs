//! How much of the gateway somebody may take: how fast, and how much at once.

use std::net::IpAddr;

use vanguard_engine::Identity;

use super::config::Paces;
use super::pace::{Pace, household};
use super::reply::Fault;
use super::shares::{Share, Shares};

/// What holds of those who ask, by their address before anybody knows who they are, and then by who they are.
#[derive(Debug)]
pub(super) struct Measure {
    of_address: Option<Pace<IpAddr>>,
    of_principal: Option<Pace<Identity>>,
    shares: Shares,
}

impl Measure {
    pub(super) fn new(paces: Paces) -> Self {
        let Paces { principal, address, open } = paces;
        Self { of_address: address.map(Pace::new), of_principal: principal.map(Pace::new), shares: Shares::new(open) }
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
