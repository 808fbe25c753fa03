//! The smallest proxy: for the tests of this crate, and for measuring the gateway without the command line around it.
//!
//! `gateway-testbed CMD ARG…`; `TESTBED_LOG` is the audit log, `TESTBED_WAITS` the four waits in milliseconds. It refuses what says FORBIDDEN,
//! either way; with `TESTBED_BUILTIN` it judges by the built-in packs instead.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use vanguard_audit::{AuditConfig, Log};
use vanguard_engine::rules::{PackSource, RuleSet, Tuning, builtin};
use vanguard_engine::{Engine, Limits, Policy, Profile, Session};
use vanguard_gateway::{Event, Reporter, StdioConfig, Waits, run, watchdog};

const PACK: PackSource<'static> = PackSource {
    name: "testbed.yaml",
    text: "
- id: TB-001
  title: Says FORBIDDEN
  family: testbed
  severity: high
  action: block
  direction: [request, response]
  roles: [path, command, url, host, sql, code, text, id]
  pattern: FORBIDDEN
  message: Say something else.
  tests: {stop: [{text: FORBIDDEN}], pass: [{text: fine}]}
",
};

struct Stderr;

impl Reporter for Stderr {
    fn report(&self, event: &Event) {
        eprintln!("{event}");
    }
}

fn main() -> ExitCode {
    if let Some(code) = watchdog() {
        return code;
    }
    match session() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(4)
        }
    }
}

fn session() -> Result<u8, Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let mut config = StdioConfig::new(args.next().ok_or("usage: gateway-testbed CMD ARG...")?, args);
    if let Ok(waits) = std::env::var("TESTBED_WAITS") {
        let wait: Vec<_> =
            waits.split(',').map(|wait| wait.parse().map(Duration::from_millis)).collect::<Result<_, _>>()?;
        let [drain, grace, term, tail] = wait[..] else { return Err("TESTBED_WAITS takes four numbers".into()) };
        config.waits = Waits { drain, grace, term, tail };
    }
    let audit = match std::env::var_os("TESTBED_LOG") {
        Some(path) => Log::open(&AuditConfig::new(path))?,
        None => Log::disabled(),
    };
    let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(if std::env::var_os("TESTBED_BUILTIN").is_some() { builtin() } else { &[PACK] }, &tuning)
        .map_err(|errors| format!("{errors:?}"))?;
    let engine = Engine::new(rules, Policy::default(), Limits::default());
    Ok(run(&config, engine, Session::new(), &audit, Arc::new(Stderr), None)?.code)
}
