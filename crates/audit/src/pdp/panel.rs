//! Several that have a say: each can refuse.

use std::sync::Arc;

use vanguard_engine::Principal;
use vanguard_engine::authority::{Authority, Ruling};
use vanguard_engine::verdict::Decision;

/// Asks one after the other, until somebody refuses.
#[derive(Debug)]
pub struct Panel(pub Vec<Arc<dyn Authority>>);

impl Authority for Panel {
    fn rule(&self, decision: &Decision, who: Option<&Principal>) -> Ruling {
        let mut said = Ruling::Allows;
        for one in &self.0 {
            match one.rule(decision, who) {
                Ruling::Allows => {}
                // It passes, and is told; somebody else may still refuse it.
                silent @ Ruling::Silent { passes: true, .. } => said = silent,
                refuses => return refuses,
            }
        }
        said
    }
}
