//! Several that have a say: each can refuse, and each can except what the policy lets them, where none is silent.

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
            match (one.rule(decision, who), &mut said) {
                // Where somebody says nothing, nobody lifts anything. It passes, and is told; somebody else may still refuse it.
                (silent @ Ruling::Silent { passes: true, .. }, _) => said = silent,
                (Ruling::Allows, _) | (Ruling::Excepts { .. }, Ruling::Silent { .. }) => {}
                (Ruling::Excepts { rules: more, by: too }, Ruling::Excepts { rules, by }) => {
                    rules.extend(more);
                    *by = format!("{by}; {too}");
                }
                (excepts @ Ruling::Excepts { .. }, _) => said = excepts,
                (refuses, _) => return refuses,
            }
        }
        said
    }
}
