//! `update`: installs signed rules, all of them or none.

use std::path::Path;
use std::process::ExitCode;

use vanguard_engine::rules;

use crate::commands::rules::test;
use crate::config::sources::Surroundings;
use crate::config::{Layer, Origin, Sources, Written};
use crate::engine::Pack;
use crate::exit::{Failure, Outcome};
use crate::signing::bundle::{self, Bundle};
use crate::signing::fetch;
use crate::signing::install::Store;
use vanguard_audit::key as keys;

/// Flags of `update`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The source holds packs, rules.manifest and rules.sig (see `vanguard rules sign`). Nothing is installed
unless the signature fits the pinned key, every listed file is the one that was signed, the rule set is
not older than the installed one, all packs load, and all their tests pass.

A pack of the name of a built-in one replaces it; others are added.

Examples:
  vanguard update --source https://rules.example.org/stable --key ed25519:…
  vanguard update                        with update.source and update.key in the configuration")]
pub(crate) struct Args {
    /// Directory or https URL of a signed rule set
    #[arg(long, alias = "repo", value_name = "SOURCE")]
    source: Option<String>,
    /// The only public key to accept, as printed by `vanguard keygen`
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let around = Surroundings::of_process();
    let settings = args.sources.resolve(flags(args), &around)?.settings;
    let missing = |what: &str| Failure::Usage(format!("name {what}, by flag or in the configuration"));
    let source = settings.update_source.value.ok_or_else(|| missing("a source: --source or update.source"))?;
    let key = settings.update_key.value.ok_or_else(|| missing("the key to accept: --key or update.key"))?;
    let key = keys::parse_public(&key).map_err(Failure::Configuration)?;
    let home = around.data_home().ok_or_else(|| missing("a home for rules: HOME or XDG_DATA_HOME"))?;
    let store = Store::below(&home);
    let bundle =
        if fetch::is_url(&source) { fetch::fetch(&source, &key) } else { bundle::open(Path::new(&source), &key) };
    let bundle = bundle.map_err(Failure::Configuration)?;
    store.accepts(bundle.manifest.version).map_err(Failure::Configuration)?;
    prove(&bundle)?;
    store.install(&bundle).map_err(Failure::Configuration)?;
    let (version, packs) = (bundle.manifest.version, bundle.files.len());
    super::print(&format!("rule set version {version} installed: {packs} packs, in effect from the next start\n"));
    Ok(ExitCode::SUCCESS)
}

fn flags(args: &Args) -> Vec<Layer> {
    let mut layers = Vec::new();
    if args.source.is_some() {
        let mut written = Written::default();
        written.update.source.clone_from(&args.source);
        layers.push(Layer { origin: Origin::Flag("--source"), written });
    }
    if args.key.is_some() {
        let mut written = Written::default();
        written.update.key.clone_from(&args.key);
        layers.push(Layer { origin: Origin::Flag("--key"), written });
    }
    layers
}

/// Loads the packs as a start would, beside the built-in ones they do not replace, and runs their tests.
fn prove(bundle: &Bundle) -> Result<(), Failure> {
    let kept = rules::builtin().iter().filter(|pack| !bundle.files.contains_key(pack.name));
    let mut packs: Vec<Pack> = kept.map(|pack| Pack { name: pack.name.to_owned(), text: pack.text.into() }).collect();
    packs.extend(bundle.files.iter().map(|(name, text)| Pack { name: name.clone(), text: text.clone().into() }));
    let (_, _, failures) = test::outcome(&packs)?;
    match failures.first() {
        None => Ok(()),
        Some(first) => {
            Err(Failure::Configuration(format!("a rule fails its own test; nothing was installed: {first}")))
        }
    }
}
