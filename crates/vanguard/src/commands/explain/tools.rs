//! `explain tools`.

use std::path::Path;
use std::process::ExitCode;

use globset::Glob;
use serde::Serialize;
use vanguard_engine::role::{Argument, Correction, ExplainedTool, Role, Roles, Why, explain};
use vanguard_wire::{Body, Kind, Limits, Packet, Tape, Value};

use crate::commands::{print, print_json, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::{reading, table};

/// The longest catalogue.
const MAX_BYTES: u64 = 64 << 20;

pub(super) fn run(file: &Path, tool: Option<&str>, json: bool, sources: &Sources) -> Outcome {
    let resolved = sources.resolve(Vec::new(), &Surroundings::of_process())?;
    warn_all(&resolved.warnings);
    let corrections = engine::corrections(&resolved.settings)?;
    let mut tools = read(file, &corrections)?;
    if let Some(text) = tool {
        let glob = Glob::new(text)
            .map_err(|error| Failure::Usage(format!("`{text}` is not a glob: {error}")))?
            .compile_matcher();
        tools.retain(|tool| glob.is_match(&tool.name));
    }
    if tools.is_empty() {
        return Err(Failure::Usage(format!("{}: there is no such tool in it", file.display())));
    }
    if json {
        print_json(&tools.iter().map(Shown::new).collect::<Vec<_>>());
    } else {
        print(&text(&tools));
    }
    Ok(ExitCode::SUCCESS)
}

/// The tools in the answer to a `tools/list`, in its result, or in a bare list.
fn read(file: &Path, corrections: &[Correction]) -> Result<Vec<ExplainedTool>, Failure> {
    let failed = |what: &str| Failure::Usage(format!("{}: {what}", file.display()));
    let bytes = reading::bounded(file, MAX_BYTES)?;
    // Files are written over several lines, messages are not.
    let line = vanguard_wire::canonical(&bytes);
    let line = std::str::from_utf8(&line).map_err(|_| failed("is not UTF-8 text"))?.trim();
    let most = usize::MAX;
    let limits = Limits { message_bytes: most, string_bytes: most, nodes: most, ..Limits::default() };
    let explained = |message: &str| -> Result<Vec<ExplainedTool>, String> {
        let mut tape = Tape::default();
        match vanguard_wire::read(message.as_bytes(), &limits, &mut tape).map_err(|fault| fault.to_string())? {
            Packet::Single(message) => match message.body {
                Body::Response { result, .. } if lists_tools(&result) => Ok(explain(result, corrections)),
                _ => Err("it has no list of tools".to_owned()),
            },
            Packet::Batch(_) => Err("it has no list of tools".to_owned()),
        }
    };
    let wrapped = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":0,"result":{result}}}"#);
    let outcome = if line.starts_with('[') {
        explained(&wrapped(&format!(r#"{{"tools":{line}}}"#)))
    } else {
        explained(line).or_else(|_| explained(&wrapped(line)))
    };
    outcome.map_err(|what| failed(&format!("is no answer to a tools/list: {what}")))
}

fn lists_tools(result: &Value<'_, '_>) -> bool {
    result.get("tools").is_some_and(|tools| tools.kind() == Kind::Array)
}

fn text(tools: &[ExplainedTool]) -> String {
    let mut table = table::plain(&["tool", "argument", "roles", "why"], 4);
    let (mut count, mut silent, mut unread) = (0_usize, 0_usize, 0_usize);
    for tool in tools {
        if tool.arguments.is_empty() {
            table.add_row([&tool.name, "(none)", "", ""]);
        }
        for (n, argument) in tool.arguments.iter().enumerate() {
            count += 1;
            silent += usize::from(argument.text && argument.roles.is_empty());
            unread += usize::from(!argument.text);
            let name = if n == 0 { tool.name.as_str() } else { "" };
            table.add_row([name, &argument.path, &roles(argument), &reasons(argument)]);
        }
    }
    format!(
        "{}{} tools, {count} arguments: {silent} that only their value says anything of, {unread} that hold no text themselves\n",
        table::text(&table),
        tools.len()
    )
}

fn roles(argument: &Argument) -> String {
    match (argument.text, argument.roles.is_empty()) {
        (false, _) => "no text".to_owned(),
        (true, false) => argument.roles.to_string(),
        (true, true) => "by value".to_owned(),
    }
}

/// The reasons that make a difference, each with the roles it gives where there are several.
fn reasons(argument: &Argument) -> String {
    let mut known = Roles::empty();
    let mut shown = Vec::new();
    for reason in argument.reasons.iter().filter(|_| argument.text) {
        let corrects = matches!(reason.why, Why::Correction(_));
        if corrects || !known.contains(reason.roles) {
            shown.push(reason);
            known |= reason.roles;
        }
    }
    match shown.as_slice() {
        [only] => only.why.to_string(),
        several => several.iter().map(|r| format!("{}: {}", r.roles, r.why)).collect::<Vec<_>>().join("; "),
    }
}

/// A tool for scripts.
#[derive(Serialize)]
struct Shown<'a> {
    tool: &'a str,
    arguments: Vec<ShownArgument<'a>>,
}

#[derive(Serialize)]
struct ShownArgument<'a> {
    path: &'a str,
    text: bool,
    roles: Vec<Role>,
    why: Vec<ShownReason<'a>>,
}

#[derive(Serialize)]
struct ShownReason<'a> {
    roles: Vec<Role>,
    #[serde(flatten)]
    why: &'a Why,
}

impl<'a> Shown<'a> {
    fn new(tool: &'a ExplainedTool) -> Self {
        let arguments = tool.arguments.iter().map(|argument| ShownArgument {
            path: &argument.path,
            text: argument.text,
            roles: argument.roles.each().collect(),
            why: argument
                .reasons
                .iter()
                .map(|reason| ShownReason { roles: reason.roles.each().collect(), why: &reason.why })
                .collect(),
        });
        Self { tool: &tool.name, arguments: arguments.collect() }
    }
}
