//! Every argument of a server's tools with its roles, and why it has them.

use std::collections::HashMap;

use vanguard_wire::{Kind, Value};

use super::reason::{Reason, Why};
use super::schema::{self, Said, ToolRoles};
use super::{Correction, Roles, Tool, name};

/// One tool and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedTool {
    /// Its name.
    pub name: String,
    /// Its arguments in the order of its schema.
    pub arguments: Vec<Argument>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Property path without array indices, e.g. `edits/newText`.
    pub path: String,
    /// Whether it may be a text. Others are not read, but for numbers that are hosts.
    pub text: bool,
    /// What it is before any value is seen: what schema, name and configuration say. Empty where they say nothing, and
    /// then its value decides.
    pub roles: Roles,
    /// What gives it these, strongest first.
    pub reasons: Vec<Reason>,
}

/// Explains the tools of a `tools/list` result.
pub fn explain(result: Value<'_, '_>, corrections: &[Correction]) -> Vec<ExplainedTool> {
    let tools = result.get("tools").into_iter().flat_map(|tools| tools.elements().collect::<Vec<_>>());
    tools.filter_map(|tool| of_tool(&tool, corrections)).collect()
}

fn of_tool(tool: &Value<'_, '_>, corrections: &[Correction]) -> Option<ExplainedTool> {
    let mut arguments: Vec<Argument> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let roles = ToolRoles::read_with(tool, &mut |path, said| {
        let at = *places.entry(path.to_owned()).or_insert_with(|| {
            arguments.push(Argument { path: path.to_owned(), text: false, roles: Roles::empty(), reasons: Vec::new() });
            arguments.len().saturating_sub(1)
        });
        let Some(argument) = arguments.get_mut(at) else { return };
        match said {
            Said::Schema(schema) => argument.text |= schema::is_text(&schema) && !is_container(&schema),
            Said::Reason(reason) if !argument.reasons.contains(&reason) => argument.reasons.push(reason),
            Said::Reason(_) => {}
        }
    })?;
    let corrections = Correction::of_tool(corrections, &roles.name);
    let tool = Tool::new(name::says(&roles.name), Some(&roles), &corrections);
    for argument in &mut arguments {
        let key = argument.path.rsplit('/').next().unwrap_or_default();
        let closed = argument.reasons.iter().any(|reason| matches!(reason.why, Why::Choices(_)));
        if !closed {
            name::each_reason(key, &mut |roles, why| argument.reasons.push(Reason { roles, why }));
            let lent = tool.lends(name::says(key));
            if !lent.is_empty() {
                argument.reasons.push(Reason { roles: lent, why: Why::Tool });
            }
        }
        let mut all = argument.reasons.iter().fold(Roles::empty(), |all, reason| all | reason.roles);
        for correction in &corrections {
            let corrected = correction.apply(&argument.path, all);
            if corrected != all {
                let place = format!("{}.{}", correction.tool.glob(), correction.argument.glob());
                argument.reasons.push(Reason { roles: corrected, why: Why::Correction(place) });
                all = corrected;
            }
        }
        argument.roles = all;
    }
    Some(ExplainedTool { name: roles.name.clone(), arguments })
}

/// An object whose properties are arguments of their own.
fn is_container(schema: &Value<'_, '_>) -> bool {
    schema.get("properties").is_some_and(|properties| properties.kind() == Kind::Object)
}
