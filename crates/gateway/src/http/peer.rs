//! The other end of a connection.

use std::net::IpAddr;
use std::sync::Arc;

use vanguard_engine::Principal;

/// Where it is, and what it has proven before it asked for anything.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// Whose certificate it has shown.
    pub(super) certified: Option<Arc<Principal>>,
    /// By whose certificates one entered when the connection began.
    pub(super) authorities: Option<[u8; 32]>,
}
