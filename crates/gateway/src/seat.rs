//! The seat of the judge: another engine may take it while conversations go on.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use vanguard_engine::Engine;

use crate::desks::Desks;

/// Who judges. Its clones are the same seat.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    engine: Arc<ArcSwap<Engine>>,
    /// Where the threads of all its sessions judge.
    pub(crate) desks: Arc<Desks>,
}

impl Seat {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine: Arc::new(ArcSwap::new(engine)), desks: Arc::default() }
    }

    /// The engine that judges now.
    pub(crate) fn engine(&self) -> Guard<Arc<Engine>> {
        self.engine.load()
    }

    /// From the next message on `engine` judges. Zones stay, for they stand on the ground that the session has.
    pub(crate) fn take(&self, engine: &Arc<Engine>) {
        let zones = self.engine().policy().zones.clone();
        let engine = if zones.is_empty() { Arc::clone(engine) } else { Arc::new(engine.in_zones(zones)) };
        self.engine.store(engine);
    }
}
