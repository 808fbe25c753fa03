//! What the injection detector sees in a labelled corpus: one line a case, its windows' features, for training.
//!
//! `cargo run -p vanguard-engine --example injection_windows -- FILE.jsonl… > windows.tsv`

#![allow(clippy::disallowed_types, reason = "reads a corpus of ours, no peer's bytes")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};

use serde_json::Value;
use vanguard_engine::Roles;
use vanguard_engine::detect::injection;
use vanguard_engine::rules::Direction;
use vanguard_engine::views::{ViewLimits, each_view};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in std::env::args().skip(1) {
        for line in std::io::BufReader::new(std::fs::File::open(&file)?).lines() {
            let case: Value = serde_json::from_str(&line?)?;
            let mut texts = Vec::new();
            let message = &case["message"];
            for part in ["result", "params", "error"] {
                strings(&message[part], &mut texts);
            }
            let mut windows: BTreeSet<Vec<&'static str>> = BTreeSet::new();
            for text in texts {
                each_view(text, Roles::TEXT, &ViewLimits::default(), &mut |view, _| {
                    windows.extend(injection::explain(view, Direction::RESPONSE).into_iter().map(|(_, names)| names));
                });
            }
            let of = |key: &str| case[key].as_str().unwrap_or("").to_owned();
            let windows: Vec<String> = windows.into_iter().map(|names| names.join(" ")).collect();
            let fields = [of("id"), of("family"), of("label"), of("direction"), of("licence"), windows.join(",")];
            writeln!(out, "{}", fields.join("\t"))?;
        }
    }
    Ok(())
}

fn strings<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(all) => all.iter().for_each(|value| strings(value, out)),
        Value::Object(all) => all.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}
