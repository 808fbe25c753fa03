//! What a policy decision point may lift: findings of rules that the policy names, of a call that nothing else speaks against.

use vanguard_wire::Message;

use super::{Case, sort};
use crate::authority::Ruling;
use crate::finding::{Action, Finding, Layer};
use crate::trace::Trace;
use crate::verdict::Decision;

impl Case<'_, '_> {
    /// Asks whether a call that is refused so far may be made all the same. A finding that is lifted stays, with who lifted it.
    ///
    /// Where not all of the message was looked at, since it was refused anyway, nobody is asked: what was not seen cannot be excepted.
    pub(super) fn lift(&mut self, message: &Message<'_, '_>) {
        let (bench, exchange) = (self.bench, self.exchange);
        let policy = &bench.engine.policy;
        let Some(authority) = bench.session.authority() else { return };
        if policy.liftable.is_empty() || self.settled || self.exhausted || !bench.acts(message) {
            return;
        }
        let refuses = |finding: &Finding| finding.effective() >= Action::Review;
        let may_be = |finding: &Finding| {
            matches!(finding.layer, Layer::L1 | Layer::L2) && policy.liftable.contains(&*finding.rule.id)
        };
        let mut findings = self.findings.list.clone();
        sort(&mut findings);
        let (verdict, would_be) = policy.compose(&findings);
        if verdict.passes() || !findings.iter().all(|finding| !refuses(finding) || may_be(finding)) {
            return;
        }
        let decision = Decision {
            flow: bench.flow,
            method: exchange.method.as_deref().map(str::to_owned),
            tool: exchange.tool.as_deref().map(str::to_owned),
            id: message.id().map(|id| id.lexeme().to_owned()),
            trace: exchange.trace.map(Box::<Trace>::new),
            verdict,
            would_be,
            findings,
            places: Vec::new(),
            past: None,
            coverage: self.coverage,
        };
        let Ruling::Excepts { rules, by } = authority.rule(&decision, bench.session.who()) else { return };
        for finding in self.findings.list.iter_mut().filter(|finding| refuses(finding) && may_be(finding)) {
            if rules.iter().any(|rule| *rule == finding.rule.id) {
                finding.excepted = Some(by.as_str().into());
            }
        }
        self.findings.hardest = self.findings.list.iter().map(Finding::effective).max();
        self.ruled = true;
    }
}
