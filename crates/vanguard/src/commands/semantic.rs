//! `semantic`: what a language model or a classifier would be asked, and whether it answers.

mod preview;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::meaning::Scored;
use vanguard_semantic::remote::{Adviser, TriedOut};

use super::given::Given;
use crate::config::sources::Surroundings;
use crate::config::{Settings, Sources};
use crate::exit::{Failure, Outcome};

/// Flags of `semantic`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what would be sent about a message, byte for byte, and send nothing
    #[command(after_help = "\
Examples:
  vanguard semantic preview --tool run_command --arg 'command=make deploy'
  vanguard semantic preview --direction response answer.json --json

Secrets are masked before anything leaves; the key is shown as ***. The mark round the text is
another one each time.")]
    Preview {
        #[command(flatten)]
        given: Given,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        sources: Sources,
    },
    /// Ask about a harmless text and an attack of our own, and show scores and times
    #[command(after_help = "Exit codes: 0 both have the score that they should have, 1 they do not.")]
    Check {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        sources: Sources,
    },
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::Preview { given, json, sources } => preview::run(given, *json, sources),
        What::Check { json, sources } => check(*json, sources),
    }
}

/// Whoever is asked by these settings.
fn adviser(settings: &Settings) -> Result<Box<dyn Adviser>, Failure> {
    settings.semantic.adviser()?.ok_or_else(|| {
        let origin = &settings.semantic.asked.backend.origin;
        Failure::Configuration(format!(
            "nobody is asked: semantic.backend is embedded ({origin}); say ollama, openai, anthropic or onnx"
        ))
    })
}

/// One text, and what came of it.
#[derive(Serialize)]
struct Tried {
    text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrote: Option<String>,
    /// Whether it is what it should be.
    fits: bool,
}

fn check(json: bool, sources: &Sources) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = sources.resolve(Vec::new(), &around)?;
    super::warn_all(&resolved.warnings);
    let adviser = adviser(&resolved.settings)?;
    let semantic = &resolved.settings.semantic;
    let tried = adviser.try_out().map(|out| {
        let attack = out.text == "attack";
        let fits = |score| if attack { score >= semantic.warn.value } else { score < semantic.block.value };
        tried(out, &fits)
    });
    let fits = tried.iter().all(|tried| tried.fits);
    if json {
        #[derive(Serialize)]
        struct Report<'a> {
            scorer: &'a str,
            fits: bool,
            texts: &'a [Tried],
        }
        super::print_json(&Report { scorer: adviser.name(), fits, texts: &tried });
    } else {
        super::print(&text(adviser.name(), &tried));
    }
    if fits { Ok(ExitCode::SUCCESS) } else { Err(Failure::Refused) }
}

fn tried(out: TriedOut, fits: &dyn Fn(f32) -> bool) -> Tried {
    let TriedOut { text, scored, wrote } = out;
    match scored {
        Ok(Scored { score, reason, took, .. }) => {
            let ms = Some((took.as_secs_f64() * 1e4).round() / 10.0);
            let (reason, score) = (Some(super::plain(&reason)), Some(score));
            Tried { text, score, reason, ms, failed: None, wrote: None, fits: fits(score.unwrap_or_default()) }
        }
        Err(why) => {
            let wrote = (!wrote.trim().is_empty()).then(|| super::plain(&wrote));
            Tried { text, score: None, reason: None, ms: None, failed: Some(why.to_string()), wrote, fits: false }
        }
    }
}

fn text(name: &str, tried: &[Tried]) -> String {
    let mut text = format!("{name}\n");
    for Tried { text: what, score, reason, ms, failed, wrote, fits } in tried {
        let _ = match (score, ms, reason, failed) {
            (Some(score), Some(ms), Some(reason), _) => {
                let but = if *fits { "" } else { "  NOT AS IT SHOULD BE" };
                writeln!(text, "{what:9} {score:.2} in {ms:.1} ms: {reason}{but}")
            }
            (_, _, _, failed) => {
                let wrote = wrote.as_ref().map(|wrote| format!(": {wrote}")).unwrap_or_default();
                writeln!(text, "{what:9} {}{wrote}", failed.as_deref().unwrap_or_default())
            }
        };
    }
    text
}
