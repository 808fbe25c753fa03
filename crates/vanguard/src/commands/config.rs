//! `config`: what holds and why, and the schema of the file.

use std::process::ExitCode;

use crate::config::sources::Surroundings;
use crate::config::{Sources, schema, show};
use crate::exit::Outcome;
use crate::table;

/// Flags of `config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print every key, its value and where it came from; secrets are masked
    Show {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        sources: Sources,
    },
    /// Print the JSON Schema of vanguard.yaml, for editors
    Schema {
        /// Print the reference of keys and variables as Markdown instead
        #[arg(long, hide = true)]
        markdown: bool,
    },
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::Schema { markdown: false } => super::print(&schema::json()),
        What::Schema { markdown: true } => super::print(&schema::reference()),
        What::Show { json, sources } => {
            let around = Surroundings::of_process();
            let resolved = sources.resolve(Vec::new(), &around)?;
            resolved.warnings.iter().for_each(|warning| super::warn(warning));
            let record = super::wrap::default_record(&around);
            let rows = show::rows(&resolved.settings, record.as_deref());
            if *json {
                super::print_json(&rows);
            } else {
                let mut table = table::plain(&["key", "value", "from"], 3);
                table.add_rows(rows.into_iter().map(|row| [row.key, row.value, row.origin]));
                super::print(&table::text(&table));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
