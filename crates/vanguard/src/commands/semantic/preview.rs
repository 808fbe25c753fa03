//! `semantic preview`: what would be sent about a message.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::meaning::Subject;

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
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
}

pub(super) fn run(given: &Given, json: bool, sources: &Sources) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = sources.resolve(Vec::new(), &around)?;
    let settings = &resolved.settings;
    let client = super::client(settings)?;
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
        let request = client.request(&question.masked()).map_err(|error| Failure::Server(error.to_string()))?;
        let headers = request.shown_headers().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        asked.push(Asked {
            subject: match question.subject() {
                Subject::Call => "call",
                Subject::Result => "result",
                Subject::Description => "description",
            },
            pointer: question.pointer().to_owned(),
            headers: headers.collect(),
            url: request.url,
            body: request.body,
        });
    }
    if json {
        #[derive(Serialize)]
        struct Report<'a> {
            scorer: &'a str,
            passes: bool,
            questions: &'a [Asked],
        }
        print_json(&Report { scorer: client.name(), passes, questions: &asked });
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
    for (n, Asked { subject, pointer, url, headers, body }) in asked.iter().enumerate() {
        let _ = writeln!(text, "question {} of {}: a {subject}, from {}", n + 1, asked.len(), plain(pointer));
        let _ = writeln!(text, "POST {url}");
        for (name, value) in headers {
            let _ = writeln!(text, "{name}: {value}");
        }
        let _ = writeln!(text, "\n{}\n", plain(body));
    }
    text
}
