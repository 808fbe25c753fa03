//! What the build is made of: licences, banned features, and the one way that dependencies point.
//!
//! deny.toml says the same to cargo-deny, for those who have it; this check needs nothing beyond cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use crate::workspace::{Outcome, cargo, output};

/// Licences that a dependency may have. The same list stands in deny.toml.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Features that would open a hole: each lets the peer write through a magic key into `serde_json::Value`.
const BANNED_FEATURES: &[(&str, &str)] = &[("serde_json", "raw_value"), ("serde_json", "arbitrary_precision")];

/// What a crate of ours must never reach, at any depth, in what it ships.
const UNREACHABLE: &[(&str, &[&str])] = &[
    ("vanguard-wire", &["tokio", "async-std", "vanguard-engine", "vanguard-audit", "vanguard-gateway"]),
    ("vanguard-engine", &["tokio", "async-std", "vanguard-state", "vanguard-audit", "vanguard-gateway"]),
    ("vanguard-state", &["vanguard-audit", "vanguard-sandbox", "vanguard-gateway"]),
    ("vanguard-audit", &["vanguard-state", "vanguard-gateway"]),
    ("vanguard-sandbox", &["tokio", "async-std", "vanguard-state", "vanguard-audit", "vanguard-gateway"]),
];

/// The part of `cargo metadata` that matters here.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    pub(crate) target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// Where it comes from; none for the crates of this repository.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    /// None for an ordinary dependency, else `dev` or `build`.
    kind: Option<String>,
}

pub(crate) fn metadata() -> Outcome<Metadata> {
    // With what some builds have and others lack: all of it is shipped to somebody.
    let text = output(&mut cargo(["metadata", "--format-version", "1", "--locked", "--all-features"]))?;
    serde_json::from_slice(&text).map_err(|e| format!("cargo metadata cannot be read: {e}"))
}

pub(crate) fn check() -> Outcome {
    let metadata = metadata()?;
    let mut faults = Vec::new();
    licences(&metadata, &mut faults);
    features(&metadata, &mut faults);
    directions(&metadata, &mut faults);
    if faults.is_empty() {
        eprintln!("licences, features and directions: {} packages, nothing wrong", metadata.packages.len());
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn licences(metadata: &Metadata, faults: &mut Vec<String>) {
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        let licence = package.license.as_deref().unwrap_or("none named");
        if !allowed(licence) {
            faults.push(format!("{} {}: its licence ({licence}) is not on the list", package.name, package.version));
        }
    }
}

fn features(metadata: &Metadata, faults: &mut Vec<String>) {
    let names = names(metadata);
    for node in &metadata.resolve.nodes {
        for (package, feature) in BANNED_FEATURES {
            if names.get(node.id.as_str()) == Some(package) && node.features.iter().any(|on| on == feature) {
                faults.push(format!("{package}: its feature `{feature}` is on; some dependency enables it"));
            }
        }
    }
}

fn directions(metadata: &Metadata, faults: &mut Vec<String>) {
    let names = names(metadata);
    let nodes: BTreeMap<_, _> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    for (from, never) in UNREACHABLE {
        let Some(start) = names.iter().find(|(_, name)| *name == from).map(|(id, _)| *id) else {
            faults.push(format!("{from}: no such crate in the workspace"));
            continue;
        };
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(node) = open.pop().and_then(|id| nodes.get(id)) {
            let shipped = node.deps.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            open.extend(shipped.map(|edge| edge.pkg.as_str()).filter(|id| seen.insert(id)));
        }
        let reached: BTreeSet<_> = seen.iter().filter_map(|id| names.get(id)).collect();
        let wrong = never.iter().filter(|name| reached.contains(name));
        faults.extend(wrong.map(|name| format!("{from} reaches {name}, which it must not (see ARCHITECTURE.md)")));
    }
}

fn names(metadata: &Metadata) -> BTreeMap<&str, &str> {
    metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect()
}

/// Whether an SPDX expression can be met with the licences on the list. `/` is the old spelling of `OR`.
fn allowed(expression: &str) -> bool {
    let expression = expression.trim();
    for (operator, enough) in [(" OR ", Enough::One), ("/", Enough::One), (" AND ", Enough::All)] {
        let parts = split_outside_parentheses(expression, operator);
        if parts.len() > 1 {
            return match enough {
                Enough::One => parts.iter().any(|part| allowed(part)),
                Enough::All => parts.iter().all(|part| allowed(part)),
            };
        }
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => allowed(inner),
        None => LICENCES.contains(&expression),
    }
}

enum Enough {
    One,
    All,
}

fn split_outside_parentheses<'e>(expression: &'e str, operator: &str) -> Vec<&'e str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= start && expression[at..].starts_with(operator) => {
                parts.push(&expression[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::{LICENCES, allowed};

    #[test]
    fn an_expression_is_met_as_spdx_says() {
        for met in
            ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(MIT OR GPL-2.0) AND Unicode-3.0", "GPL-2.0 OR (MIT AND ISC)"]
        {
            assert!(allowed(met), "{met}");
        }
        for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-2.0", "none named", ""] {
            assert!(!allowed(unmet), "{unmet}");
        }
    }

    #[test]
    fn deny_toml_has_the_same_list() {
        let deny = include_str!("../../deny.toml");
        for licence in LICENCES {
            assert!(deny.contains(&format!("\"{licence}\"")), "deny.toml lacks {licence}");
        }
    }
}
