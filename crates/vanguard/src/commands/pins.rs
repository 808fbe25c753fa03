//! `pins`: what servers' tools were pinned as, and what waits to be accepted.

mod show;

use std::process::ExitCode;

use vanguard_engine::pins::Trouble;
use vanguard_state::pins::{Document, Known, Store, now};

use crate::commands::{plain, print, print_json, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};
use crate::pins::store;

/// Flags of `pins`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the servers that are known, and how much of each waits to be accepted
    List(Common),
    /// Show how what was refused differs from what is pinned
    #[command(after_help = "\
Examples:
  vanguard pins diff
  vanguard pins diff files read_file --json

Exit codes: 0 nothing waits, 1 something does.")]
    Diff {
        /// The server: its key, the beginning of that, or its name; all servers when absent
        server: Option<String>,
        /// Its tools; all when absent
        tools: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Pin what was refused: it passes from now on
    #[command(after_help = "\
Examples:
  vanguard pins accept files
  vanguard pins accept files read_file")]
    Accept {
        /// The server: its key, the beginning of that, or its name
        server: String,
        /// Its tools; all that waits, and who the server says it is, when absent
        tools: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Forget a server: what it says next is pinned as if it were new
    Reset {
        /// The server: its key, the beginning of that, or its name
        #[arg(required_unless_present = "all")]
        server: Option<String>,
        /// Forget every server
        #[arg(long, conflicts_with = "server")]
        all: bool,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::List(common) => {
            let servers = common.store()?.all()?;
            if common.json {
                print_json(&show::listed(&servers));
            } else {
                print(&show::table(&servers));
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Diff { server, tools, common } => {
            let store = common.store()?;
            let servers = match server {
                Some(server) => vec![find(&store, server)?],
                None => store.all()?,
            };
            let mut all = Vec::new();
            for (key, document) in &servers {
                all.push(show::waiting(key, document.as_ref().map_err(Clone::clone)?, tools));
            }
            let waits = all.iter().any(|server| !server.waits.is_empty());
            if common.json {
                print_json(&all);
            } else {
                print(&show::told(&all));
            }
            if waits { Err(Failure::Refused) } else { Ok(ExitCode::SUCCESS) }
        }
        What::Accept { server, tools, common } => {
            let store = common.store()?;
            let (key, _) = find(&store, server)?;
            let mut accepted = Vec::new();
            store.update(&key, |found| {
                let Some(mut document) = found? else { return Ok(None) };
                accepted = accept(&mut document, tools);
                Ok((!accepted.is_empty()).then_some(document))
            })?;
            if let Some(idle) = tools.iter().find(|tool| !accepted.contains(tool)) {
                return Err(Failure::Usage(format!("nothing of a tool {idle} waits to be accepted")));
            }
            common.say("accepted", &accepted);
            Ok(ExitCode::SUCCESS)
        }
        What::Reset { server, all, common } => {
            let store = common.store()?;
            let keys: Vec<String> = match server {
                Some(server) if !all => vec![find(&store, server)?.0],
                _ => store.all()?.into_iter().map(|(key, _)| key).collect(),
            };
            for key in &keys {
                store.reset(key)?;
            }
            common.say("forgotten", &keys);
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Common {
    fn store(&self) -> Result<Store, Failure> {
        let around = Surroundings::of_process();
        let resolved = self.sources.resolve(Vec::new(), &around)?;
        warn_all(&resolved.warnings);
        let what = "there is no home directory to keep pins in; name a directory in pins.path";
        store(&resolved.settings, &around).ok_or_else(|| Failure::Configuration(what.to_owned()))
    }

    fn say(&self, done: &str, what: &[String]) {
        if self.json {
            print_json(&std::collections::BTreeMap::from([(done, what)]));
        } else if what.is_empty() {
            print(&format!("nothing {done}\n"));
        } else {
            for what in what {
                print(&format!("{done} {}\n", plain(what)));
            }
        }
    }
}

/// Pins what waits, and says what that was.
fn accept(document: &mut Document, tools: &[String]) -> Vec<String> {
    let now = now();
    let mut accepted = Vec::new();
    if tools.is_empty() && document.book.server.as_mut().is_some_and(|server| server.accept(now)) {
        accepted.push("the server itself".to_owned());
    }
    for (name, held) in &mut document.book.tools {
        if (tools.is_empty() || tools.contains(name)) && held.accept(now) {
            accepted.push(name.clone());
        }
    }
    accepted
}

/// The one server that is meant.
fn find(store: &Store, meant: &str) -> Result<Known, Failure> {
    let mut fit = store.all()?;
    let is = |key: &str, document: &Result<Document, Trouble>| {
        key.starts_with(meant) || document.as_ref().is_ok_and(|document| document.server.name == meant)
    };
    fit.retain(|(key, document)| is(key, document));
    match fit.pop() {
        None => Err(Failure::Usage(format!("no server is known as {meant}; `vanguard pins list` shows all"))),
        Some(one) if fit.is_empty() => Ok(one),
        Some(one) => {
            let keys: Vec<String> = fit.into_iter().chain([one]).map(|(key, _)| key).collect();
            Err(Failure::Usage(format!("several servers are known as {meant}: {}", keys.join(", "))))
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Configuration(trouble.to_string())
    }
}
