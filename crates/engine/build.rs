//! Embeds every pack of the repository's `rules` folder, so that adding a pack is adding a file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut packs: Vec<_> = fs::read_dir(&folder)
        .map(|entries| entries.map(|entry| entry.expect("a readable folder").path()).collect())
        .unwrap_or_default();
    packs.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    packs.sort();
    let mut code = String::from("static PACKS: &[PackSource<'static>] = &[\n");
    for path in packs {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().expect("a file").to_string_lossy();
        let path = path.canonicalize().expect("an existing file").display().to_string();
        writeln!(code, "    PackSource {{ name: {name:?}, text: include_str!({path:?}) }},").expect("memory");
    }
    code.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("packs.rs");
    fs::write(out, code).expect("a writable build folder");
}
