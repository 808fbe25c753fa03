//! `zones`: where a path leads, and whether a tool may go there.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::finding::Action;
use vanguard_engine::zone::{self, Breach, Ground as _, Rights, Standing, Zone};
use vanguard_sandbox::ground::{Step, StepKind};

use crate::commands::{print, print_json, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};
use crate::zones::{Laid, ZoneFlag, lay};

/// Flags of `zones`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Follow a path step by step, and judge it by the zones
    #[command(after_help = "\
Examples:
  vanguard zones explain --zone ./data data/report.csv
  vanguard zones explain ~/.ssh/id_rsa --tool read_file
  vanguard zones explain build/out.js --tool write_file --write --json

Exit codes: 0 the tool may go there, 1 it may not.")]
    Explain(Explain),
}

#[derive(Debug, clap::Args)]
struct Explain {
    /// The path, as a tool would be given it
    path: String,
    /// The tool that is to go there
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Judge it as written to, whatever the tool's name says
    #[arg(long)]
    write: bool,
    /// The server's working directory
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    #[command(flatten)]
    zone: ZoneFlag,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: Sources,
}

#[derive(Serialize)]
struct Explained<'a> {
    allowed: bool,
    path: &'a str,
    needs: String,
    steps: &'a [Step],
    standing: &'a Standing,
    zones: Vec<Shown<'a>>,
    breaches: Vec<String>,
}

#[derive(Serialize)]
struct Shown<'a> {
    path: &'a str,
    rights: String,
    holds: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let What::Explain(args) = &args.what;
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(args.zone.layer().into_iter().collect(), &around)?;
    let settings = &resolved.settings;
    let directory = args.cwd.clone().or_else(|| settings.server.cwd.value.clone());
    let laid = lay(settings, None, &directory.unwrap_or_else(|| around.directory.clone()), &around)?;
    warn_all(resolved.warnings.iter().chain(&laid.warnings));
    let tool = args.tool.as_deref();
    if !laid.zones.iter().any(|zone| zone.concerns(tool)) {
        let whom = tool.unwrap_or("a tool");
        return Err(Failure::Usage(format!("no zone is for {whom}: name one with --zone, or in vanguard.yaml")));
    }
    let needs = match tool {
        _ if args.write => Rights::READ | Rights::WRITE,
        Some(tool) => zone::of_argument(zone::of_tool(tool, None), tool, ""),
        None => Rights::READ,
    };
    let Laid { zones, ground, .. } = laid;
    let ground = ground.seeing(around.variables);
    let mut allowed = true;
    let mut reports = Vec::new();
    for path in zone::spellings(&args.path, &ground) {
        let path = match path {
            Ok(path) => path,
            Err(trouble) => {
                let standing = Standing::lost(args.path.clone(), trouble);
                reports.push((args.path.clone(), Vec::new(), standing));
                continue;
            }
        };
        let mut steps = Vec::new();
        ground.trace(&path, &mut |step| steps.push(step));
        let standing = ground.resolve(&path);
        reports.push((path, steps, standing));
    }
    let mut text = String::new();
    let mut shown = Vec::new();
    for (path, steps, standing) in &reports {
        let mut breaches = Vec::new();
        zone::breaches(&zones, tool, needs, standing, &mut |breach, action| breaches.push((breach, action)));
        let passes = breaches.iter().all(|(_, action)| *action < Action::Block);
        allowed &= passes;
        let of_tool = zones.iter().enumerate().filter(|(_, zone)| zone.concerns(tool));
        let of_tool = of_tool.map(|(n, zone)| Shown {
            path: &zone.path,
            rights: zone.rights.to_string(),
            holds: standing.within.iter().any(|within| within.zone == n),
        });
        let report = Explained {
            allowed: passes,
            path,
            needs: needs.to_string(),
            steps,
            standing,
            zones: of_tool.collect(),
            breaches: breaches.iter().map(|(breach, _)| breach.id().to_owned()).collect(),
        };
        if args.json {
            shown.push(report);
        } else {
            tell(&mut text, &report, &zones, &breaches);
        }
    }
    if args.json {
        print_json(&shown);
    } else {
        print(&text);
    }
    if allowed { Ok(ExitCode::SUCCESS) } else { Err(Failure::Refused) }
}

fn tell(text: &mut String, report: &Explained<'_>, zones: &[Zone], breaches: &[(Breach, Action)]) {
    let verdict = if report.allowed { "ALLOW" } else { "BLOCK" };
    let _ = writeln!(text, "{verdict}  {} (needs {})", report.path, report.needs);
    for step in report.steps {
        let what = match &step.what {
            StepKind::Directory => "directory".to_owned(),
            StepKind::File => "file".to_owned(),
            StepKind::Special => "device, pipe or socket".to_owned(),
            StepKind::Link(target) => format!("link → {target}"),
            StepKind::Missing => "not there yet".to_owned(),
            StepKind::Up => "up".to_owned(),
        };
        let begins: Vec<String> =
            step.zones.iter().filter_map(|n| zones.get(*n)).map(|zone| format!("zone {}", zone.rights)).collect();
        let begins = if begins.is_empty() { String::new() } else { format!("  ◂ {}", begins.join(", ")) };
        let _ = writeln!(text, "  {:<13} {}{begins}", what, step.place);
    }
    if let Some(trouble) = report.standing.trouble {
        let _ = writeln!(text, "  it {trouble}");
    }
    for zone in &report.zones {
        let holds = if zone.holds { "holds it" } else { "does not" };
        let _ = writeln!(text, "  zone {} ({}) {holds}", zone.path, zone.rights);
    }
    for (breach, action) in breaches {
        let _ = writeln!(
            text,
            "  {} {} ({})",
            breach.id(),
            breach.title(),
            if *action == Action::Warn { "recorded" } else { "refused" }
        );
    }
    text.push('\n');
}
