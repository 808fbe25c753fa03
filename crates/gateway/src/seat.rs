//! The seat of the judge: another engine may take it while conversations go on.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use vanguard_engine::Engine;

/// Who judges. Its clones are the same seat.
#[derive(Debug, Clone)]
pub(crate) struct Seat(Arc<ArcSwap<Engine>>);

impl Seat {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self(Arc::new(ArcSwap::new(engine)))
    }

    /// The engine that judges now.
    pub(crate) fn engine(&self) -> Guard<Arc<Engine>> {
        self.0.load()
    }

    /// From the next message on `engine` judges. Zones stay, for they stand on the ground that the session has.
    pub(crate) fn take(&self, engine: &Arc<Engine>) {
        let zones = self.engine().policy().zones.clone();
        let engine = if zones.is_empty() { Arc::clone(engine) } else { Arc::new(engine.in_zones(zones)) };
        self.0.store(engine);
    }
}
