//! A finding as a person reads it.

use std::fmt;

use crate::finding::{Action, Finding};

/// Shows a finding with its place, its reason and the way to tune it, over several lines.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The tool it was made on, where there is one.
    pub tool: Option<&'a str>,
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { rule, action, pointer, chain, evidence, excepted, .. } = self.finding;
        writeln!(f, "{} {}", rule.id, rule.title)?;
        let place = if pointer.is_empty() { "the message as a whole" } else { pointer.as_str() };
        writeln!(f, "  where   {place}")?;
        if !evidence.as_str().is_empty() {
            writeln!(f, "  found   {evidence}")?;
        }
        if !chain.0.is_empty() {
            writeln!(f, "  decoded {chain}")?;
        }
        writeln!(f, "  why     {}", rule.message)?;
        writeln!(
            f,
            "  weight  {:?} severity, {:?} confidence, asks to {}",
            rule.severity,
            rule.confidence,
            match action {
                Action::Off => "do nothing",
                Action::Warn => "warn",
                Action::Redact => "redact",
                Action::Review => "have a person look",
                Action::Block => "block",
            }
        )?;
        if !rule.references.is_empty() {
            writeln!(f, "  see     {}", rule.references.join(", "))?;
        }
        if let Some(reason) = excepted {
            return writeln!(f, "  allowed by an exception: {reason}");
        }
        if self.finding.is_binding() {
            return writeln!(
                f,
                "  tune    not possible: a message that two readers may take differently is never forwarded"
            );
        }
        if let Some(tune) = &rule.tune {
            writeln!(f, "  false?  {tune}")?;
        }
        let argument = pointer.strip_prefix("/params/arguments").filter(|a| !a.is_empty());
        write!(f, "  tune    rules.exceptions: [{{rule: {}", rule.id)?;
        if let Some(tool) = self.tool {
            write!(f, ", tool: {tool}")?;
        }
        if let Some(argument) = argument {
            write!(f, ", argument: {argument}")?;
        }
        writeln!(f, ", reason: …}}]  or  rules.overrides: {{{}: warn}}", rule.id)
    }
}
