//! Cosignatures of witnesses on a checkpoint.

use serde::Serialize;

use super::{Asked, Faults, Layer};
use crate::tlog::Note;

/// A witness that has signed the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cosigned {
    /// Its name.
    pub witness: String,
    /// When it did, by its clock (RFC 3339).
    pub time: String,
}

/// Which of the witnesses that are asked for have signed a checkpoint. Where that must be all of them, one that has not is a fault.
pub(super) fn of_checkpoint(note: &[u8], asked: &Asked, faults: &mut Faults) -> Vec<Cosigned> {
    let mut signed = Vec::new();
    let required = asked.required.contains(&Layer::Witnessed);
    let Ok(note) = Note::parse(note) else { return signed };
    for witness in &asked.witnesses {
        let name = witness.name.to_string();
        match note.cosigned(witness) {
            Ok(Some(time)) => {
                let second = i64::try_from(time).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
                let time = second.map(|time| time.to_string()).unwrap_or_default();
                signed.push(Cosigned { witness: name, time });
            }
            Ok(None) if required => {
                faults.add(Layer::Witnessed, "checkpoint", format!("is not signed by the witness {name}"));
            }
            Ok(None) => {}
            Err(error) => faults.add(Layer::Witnessed, "checkpoint", format!("{name}: {error}")),
        }
    }
    if required && asked.witnesses.is_empty() {
        faults.add(Layer::Witnessed, "checkpoint", "no witness is named (--witness)");
    }
    signed
}
