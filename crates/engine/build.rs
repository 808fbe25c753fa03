//! Embeds every pack of the repository's `rules` folder, so that adding a pack is adding a file, and prepares each so
//! that no start of the program has to read YAML.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use hint::Hint;
use prepared::Prepared;
use yaml::Value;

/// The very modules that load packs, so that what is prepared is what would be loaded.
macro_rules! shared {
    ($($name:ident $path:literal),* $(,)?) => {$(
        #[path = $path]
        #[allow(dead_code, unreachable_pub, reason = "the build needs a part of each")]
        mod $name;
    )*};
}

shared! {
    error "src/rules/error.rs",
    hint "src/rules/hint.rs",
    literal "src/rules/literal.rs",
    prepared "src/rules/prepared.rs",
    syntax "src/rules/syntax.rs",
    yaml "src/rules/yaml.rs",
}

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/rules");
    let mut packs: Vec<_> = fs::read_dir(&folder)
        .map(|entries| entries.map(|entry| entry.expect("a readable folder").path()).collect())
        .unwrap_or_default();
    packs.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    packs.sort();

    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out);
    let mut packs_code = String::from("static PACKS: &[PackSource<'static>] = &[\n");
    let mut prepared_code = String::from("static PREPARED: &[&[u8]] = &[\n");
    for path in packs {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().expect("a file").to_string_lossy();
        let text = fs::read_to_string(&path).expect("a readable pack");
        let prepared = prepare(&name, &text)
            .map(|prepared| postcard::to_allocvec(&prepared).expect("no rule has a number outside its tests"))
            .unwrap_or_default();
        fs::write(out.join(format!("{name}.prepared")), prepared).expect("a writable build folder");
        let path = path.canonicalize().expect("an existing file").display().to_string();
        writeln!(packs_code, "    PackSource {{ name: {name:?}, text: include_str!({path:?}) }},").expect("memory");
        writeln!(prepared_code, "    include_bytes!(\"{name}.prepared\"),").expect("memory");
    }
    let code = format!("{packs_code}];\n{prepared_code}];\n");
    fs::write(out.join("packs.rs"), code).expect("a writable build folder");
}

/// Prepares a pack; `None` for one with an error, which loading it from its text will explain.
fn prepare(name: &str, text: &str) -> Option<Prepared> {
    let mut pack = yaml::parse(name, text).ok()?;
    let (mut hints, mut lines) = (Vec::new(), Vec::new());
    let Value::List(rules) = &mut pack.value else { return None };
    for rule in rules {
        lines.push(rule.at.line);
        let Value::Map(members) = &mut rule.value else { return None };
        members.retain(|(key, _)| key.name != "tests");
        let of = |name: &str| members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
        let mut of_rule = Vec::new();
        for node in [of("pattern"), of("patterns")].into_iter().flatten() {
            let texts = match &node.value {
                Value::List(nodes) => nodes.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for node in texts {
                let Value::Text(text) = &node.value else { return None };
                of_rule.push(Hint::read(text).ok()?);
            }
        }
        hints.push(of_rule);
    }
    Some(Prepared { pack, lines, hints })
}
