//! Secrets that are split over two values of one call.

use smallvec::SmallVec;

use crate::engine::Engine;
use crate::finding::{Action, Evidence, Finding, Layer};
use crate::policy::Place;
use crate::principal::Principal;
use crate::role::Roles;
use crate::rules::{BudgetExceeded, Direction, ScanScratch, Target};
use crate::views::Chain;

/// Short values of a request that stand side by side, two and two: a secret may have been split over them.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    text: String,
    /// Where in the text the second value of each pair begins.
    seams: SmallVec<[usize; 8]>,
    last: String,
}

impl Pairs {
    /// The longest value that counts, and the most bytes of all pairs.
    const VALUE: usize = 96;
    const MAX: usize = 4096;

    /// Takes the next value of a request.
    pub(crate) fn add(&mut self, value: &str) {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'=' | b'.');
        if !(3..=Self::VALUE).contains(&value.len()) || !value.bytes().all(is_part) {
            self.last.clear();
            return;
        }
        if !self.last.is_empty() && self.text.len() < Self::MAX {
            self.text.push_str(&self.last);
            self.seams.push(self.text.len());
            self.text.push_str(value);
            self.text.push('\n');
        }
        self.last.clear();
        self.last.push_str(value);
    }

    /// Looks for a secret that neither of two values shows, but both together. Nobody splits one but to hide it, so it is
    /// refused whatever the tool.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] where that could not be found out.
    pub(crate) fn find(
        self,
        engine: &Engine,
        (tool, who, now): (Option<&str>, Option<&Principal>, i64),
        scan: &mut ScanScratch,
    ) -> Result<Option<Finding>, BudgetExceeded> {
        let Self { text, seams, .. } = self;
        if seams.is_empty() {
            return Ok(None);
        }
        let target = Target { roles: Roles::TEXT, direction: Direction::REQUEST, tool, pointer: &String::new };
        let mut split = None;
        engine.rules().scan(&text, &Chain::default(), false, &target, scan, &mut |rule, span| {
            let astride = seams.iter().any(|seam| span.start < *seam && *seam < span.end);
            if rule.guards && rule.action > Action::Warn && astride && split.is_none() {
                split = Some((rule.info.clone(), span));
            }
        })?;
        let Some((rule, found)) = split else { return Ok(None) };
        let place = Place { tool, pointer: ARGUMENTS, value: "", who, now };
        Ok(Some(Finding {
            excepted: engine.policy().excepted(&rule.id, &place).map(Into::into),
            evidence: Evidence::new(text.get(found.clone()).unwrap_or_default(), true),
            rule,
            layer: Layer::L1,
            action: Action::Block,
            pointer: ARGUMENTS.to_owned(),
            span: found,
            chain: Chain::default(),
        }))
    }
}

/// Where all of them stand.
const ARGUMENTS: &str = "/params/arguments";
