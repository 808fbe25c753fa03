//! `semantic preview`: what would be sent about a message, or read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::meaning::Subject;
use vanguard_semantic::remote::Shown;

use crate::commands::given::Given;
use crate::commands::{plain, print, print_json, warn_all};
use crate::config::Sources;
use crate::config::semantic::ModeName;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::{Failure, Outcome};

/// One question.
#[derive(Serialize)]
struct Asked {
    subject: &'static str,
    /// Where the first text stands.
    pointer: String,
    #[serde(flatten)]
    shown: Is,
}

/// What is given to whom.
#[derive(Serialize)]
#[serde(untagged)]
enum Is {
    Sent {
        url: String,
        headers: BTreeMap<String, String>,
        body: String,
    },
    /// The tokens of each window.
    Read {
        text: String,
        windows: Vec<usize>,
    },
}

impl Is {
    fn new(shown: Shown) -> Self {
        match shown {
            Shown::Sent(request) => {
                let headers = request.shown_headers().into_iter();
                let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                Self::Sent { headers, url: request.url, body: request.body }
            }
            Shown::Read { text, windows } => Self::Read { text, windows },
        }
    }
}

pub(super) fn run(given: &Given, json: bool, sources: &Sources) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = sources.resolve(Vec::new(), &around)?;
    let settings = &resolved.settings;
    let adviser = super::adviser(settings)?;
    if settings.semantic.asked.mode.value == ModeName::Off {
        return Err(Failure::Configuration("nobody is asked: semantic.mode is off".to_owned()));
    }
    let (engine, warnings) = engine::build(settings, &around)?;
    warn_all(resolved.warnings.iter().chain(&warnings));
    let message = given.message(engine.limits().message_bytes)?;
    let session = engine::remembered(engine::session(settings, None), settings)?;
    let judged = given.judge(&engine, &session, &message);
    let passes = judged.decisions.iter().all(|decision| decision.verdict.passes());
    let mut asked = Vec::new();
    for question in &judged.questions {
        let shown = adviser.shows(question).map_err(|error| Failure::Server(error.to_string()))?;
        asked.push(Asked {
            subject: match question.subject() {
                Subject::Call => "call",
                Subject::Result => "result",
                Subject::Description => "description",
            },
            pointer: question.pointer().to_owned(),
            shown: Is::new(shown),
        });
    }
    if json {
        #[derive(Serialize)]
        struct Report<'a> {
            scorer: &'a str,
            passes: bool,
            questions: &'a [Asked],
        }
        print_json(&Report { scorer: adviser.name(), passes, questions: &asked });
    } else {
        print(&text(&asked, passes));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(asked: &[Asked], passes: bool) -> String {
    if asked.is_empty() {
        let why = if passes {
            "nothing is asked: no rule doubts it, and it neither acts nor lists tools"
        } else {
            "nothing is asked: it is refused already"
        };
        return format!("{why}\n");
    }
    let mut text = String::new();
    for (n, Asked { subject, pointer, shown }) in asked.iter().enumerate() {
        let _ = writeln!(text, "question {} of {}: a {subject}, from {}", n + 1, asked.len(), plain(pointer));
        match shown {
            Is::Sent { url, headers, body } => {
                let _ = writeln!(text, "POST {url}");
                for (name, value) in headers {
                    let _ = writeln!(text, "{name}: {value}");
                }
                let _ = writeln!(text, "\n{}\n", plain(body));
            }
            Is::Read { text: read, windows } => {
                let tokens: Vec<String> = windows.iter().map(ToString::to_string).collect();
                let parts =
                    if windows.len() == 1 { "tokens" } else { "tokens, each part with a quarter of the one before" };
                let _ = writeln!(text, "read in this process: {} {parts}\n\n{}\n", tokens.join(" + "), plain(read));
            }
        }
    }
    text
}
