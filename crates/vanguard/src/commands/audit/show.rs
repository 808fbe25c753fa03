//! `audit show`: one record, and what others take it as.

use std::fmt::Write as _;
use std::process::ExitCode;

use vanguard_audit::evidence::{Home, Reader};
use vanguard_audit::manifest::{Statement, cerbos, opa};
use vanguard_audit::{Record, Salts};

use super::{Common, Id};
use crate::commands::{plain, print, print_json};
use crate::exit::{Failure, Outcome};

/// Flags of `audit show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard audit show files:12
  vanguard audit show files:12 --as manifest
  vanguard audit show files:12 --as opa | curl -d @- localhost:8181/v1/data/mcp/allow")]
pub(super) struct Args {
    /// The record: its log and number, as `audit tail` shows them
    id: Id,
    /// What to show it as: the record itself, its Secure Tool Manifest, OPA's input, or Cerbos' request
    #[arg(long = "as", value_name = "FORM", default_value = "record")]
    form: Form,
    /// Print the salts of its arguments' digests, which tell somebody who has the arguments that these were they
    #[arg(long, conflicts_with = "form")]
    salts: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Record,
    Manifest,
    Opa,
    Cerbos,
}

pub(super) fn run(args: &Args) -> Outcome {
    let log = args.id.log(&args.common)?;
    let failed = |error: vanguard_audit::evidence::ReadError| Failure::Usage(error.to_string());
    let mut reader = Reader::open(&log).map_err(failed)?;
    let numbers = reader.numbers();
    let none =
        || Failure::Usage(format!("there is no record {}; the log has {} to {}", args.id, numbers.start, numbers.end));
    let entry = reader.record(args.id.index).map_err(failed)?.ok_or_else(none)?;
    if args.salts {
        let home =
            Home::existing(log.parent().unwrap_or(&log)).map_err(|error| Failure::Configuration(error.to_string()))?;
        let material = Record::read(entry).and_then(|record| record.manifest).unwrap_or_default();
        for argument in &material.arguments {
            let salt = Salts::of(home.key()).salt_text(&material.nonce, &argument.pointer);
            print(&format!("{} {salt}\n", plain(&argument.pointer)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.form == Form::Record {
        if args.common.json {
            print(&(String::from_utf8_lossy(entry) + "\n"));
        } else {
            let changed = || Failure::Usage(format!("{} is no record; `vanguard audit verify` says more", args.id));
            print(&told(&Record::read(entry).ok_or_else(changed)?));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let no_verdict = || Failure::Usage(format!("{} is not the record of a verdict", args.id));
    let statement = Statement::of(entry).ok_or_else(no_verdict)?;
    match args.form {
        Form::Opa => print_json(&opa(&statement.predicate)),
        Form::Cerbos => print_json(&cerbos(&statement.predicate, &args.id.to_string())),
        Form::Record | Form::Manifest => print_json(&statement),
    }
    Ok(ExitCode::SUCCESS)
}

/// A record for a person.
fn told(record: &Record) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{key:<10}{}", plain(value));
        }
    };
    line("time", &Some(record.time.clone()));
    line("event", &record.event);
    line("session", &record.session);
    line("number", &record.seq.map(|seq| seq.to_string()));
    line("server", &record.server);
    line("principal", &record.principal);
    line("flow", &record.flow);
    line("method", &record.method);
    line("tool", &record.tool);
    line("id", &record.id);
    line("verdict", &record.verdict);
    line("would be", &record.would_be);
    line("entropy", &record.past.as_ref().and_then(|past| past.entropy).map(|bits| format!("{bits} bits a byte")));
    for found in &record.findings {
        let _ = writeln!(text, "\n{}  {}", plain(&found.rule), plain(&found.title));
        let _ = writeln!(
            text,
            "  {} severity, {} confidence, asks for {}",
            plain(&found.severity),
            plain(&found.confidence),
            plain(&found.action)
        );
        for (key, value) in [("at", &found.pointer), ("as", &found.view), ("matched", &found.evidence)] {
            if !value.is_empty() {
                let _ = writeln!(text, "  {key:<8}{}", plain(value));
            }
        }
        if let Some(reason) = &found.excepted {
            let _ = writeln!(text, "  excepted {}", plain(reason));
        }
        if !found.references.is_empty() {
            let _ = writeln!(text, "  see     {}", plain(&found.references.join(", ")));
        }
    }
    if let Some(manifest) = &record.manifest {
        let _ = writeln!(
            text,
            "\nby McpVanguard {} on {} {}",
            plain(&manifest.version),
            plain(&manifest.os),
            plain(&manifest.arch)
        );
        let _ = writeln!(text, "  program {}\n  policy  {}", plain(&manifest.binary), plain(&manifest.policy));
        for argument in &manifest.arguments {
            let _ = writeln!(text, "  {} {}", plain(&argument.pointer), plain(&argument.sha256));
        }
    }
    text
}
