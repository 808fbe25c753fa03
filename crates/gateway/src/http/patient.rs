//! Pins in the middle of an asynchronous program: their files are read and written where that holds up no other.

use std::sync::Arc;

use tokio::task::block_in_place;
use vanguard_engine::Session;
use vanguard_engine::pins::{Known, Pins, Seen, Trouble};

#[derive(Debug)]
struct Patient(Arc<dyn Pins>);

impl Pins for Patient {
    fn known(&self) -> Known {
        block_in_place(|| self.0.known())
    }

    fn keep(&self, seen: Seen) -> Result<(), Trouble> {
        block_in_place(|| self.0.keep(seen))
    }
}

/// The same session, whose pins may take their time.
pub(super) fn patient(session: Session) -> Session {
    session.with_pins(|pins| Arc::new(Patient(pins)))
}
