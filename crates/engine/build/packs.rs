//! Embeds every pack of the repository's `rules` folder, so that adding a pack is adding a file: read, its patterns'
//! literals found and numbered, and the tables they are looked up in.

use std::fmt::{Debug, Write as _};
use std::path::Path;
use std::{env, fs};

use super::form::{self, RuleForm};
use super::hint::{Hint, PatternHints};
use super::literal::Needle;
use super::places::{Literals, Place};
use super::prepared::Prepared;
use super::table::{Needles, Table};
use super::yaml;

/// Writes `packs.rs`, and a file for each pack.
pub fn prepare() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut packs: Vec<_> = fs::read_dir(&folder)
        .map(|entries| entries.map(|entry| entry.expect("a readable folder").path()).collect())
        .unwrap_or_default();
    packs.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    packs.sort();

    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out);
    let mut packs_code = String::from("static PACKS: &[PackSource<'static>] = &[\n");
    let mut prepared_code = String::from("static PREPARED: &[&[u8]] = &[\n");
    let mut numbers = Numbers::default();
    for path in packs {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().expect("a file").to_string_lossy();
        let text = fs::read_to_string(&path).expect("a readable pack");
        let prepared = read(&name, &text).map(|rules| numbers.number(rules));
        let prepared = prepared.map(|prepared| postcard::to_allocvec(&prepared).expect("memory")).unwrap_or_default();
        fs::write(out.join(format!("{name}.prepared")), prepared).expect("a writable build folder");
        let path = path.canonicalize().expect("an existing file").display().to_string();
        writeln!(packs_code, "    PackSource {{ name: {name:?}, text: include_str!({path:?}) }},").expect("memory");
        writeln!(prepared_code, "    include_bytes!(\"{name}.prepared\"),").expect("memory");
    }
    let rules = format!("/// How many rules were prepared.\npub(super) const RULES: usize = {};\n", numbers.rules);
    let literals = code(&Literals::new(numbers.places.into_iter()));
    let code = format!("{packs_code}];\n{prepared_code}];\n{rules}{literals}");
    fs::write(out.join("packs.rs"), code).expect("a writable build folder");
}

/// Reads a pack and finds its patterns' literals; `None` for one with an error, which loading it from its text will explain.
fn read(name: &str, text: &str) -> Option<Vec<(RuleForm, Vec<PatternHints>)>> {
    let read = form::read(name, &yaml::parse(name, text).ok()?);
    if !read.errors.is_empty() || !read.warnings.is_empty() {
        return None;
    }
    let hints = |rule: &RuleForm| {
        let hints = rule.patterns.iter().map(|pattern| Hint::read(&pattern.text).ok());
        let hints = hints.collect::<Option<Vec<_>>>()?;
        let good = rule.pointers.is_none() && hints.iter().flatten().all(|hint| hint.suits(rule.reads_prose()));
        good.then_some(hints)
    };
    read.rules.into_iter().map(|rule| hints(&rule).map(|hints| (rule, hints))).collect()
}

/// The numbers given out so far: as loading all packs in their order gives them.
#[derive(Default)]
struct Numbers {
    rules: usize,
    slots: usize,
    places: Vec<(Needle, Place)>,
}

impl Numbers {
    fn number(&mut self, rules: Vec<(RuleForm, Vec<PatternHints>)>) -> Prepared {
        let prepared = Prepared { first: self.rules, rules };
        for (form, hints) in &prepared.rules {
            for (probe, hint) in hints.iter().flatten().enumerate() {
                let places = Place::of_pattern(self.rules, probe, self.slots, hint);
                self.places.extend(places.map(|(needle, place)| (needle.clone(), place)));
                self.slots += 1;
            }
            self.slots += usize::from(form.unless.is_some()) + form.also.len();
            self.rules += 1;
        }
        prepared
    }
}

/// The literals as constants: borrowed from the program's file, they take no time to load.
fn code(literals: &Literals) -> String {
    let Literals { needles: Needles { text, literals, long, triple, short, single }, places, starts } = literals;
    let mut code = format!("static TEXT: &[u8] = b\"{}\";\n", text.escape_ascii());
    let mut list = |name: &str, of: &str, items: &dyn Debug| {
        writeln!(code, "static {name}: &[{of}] = &{items:?};").expect("memory");
        format!("Cow::Borrowed({name})")
    };
    let literals = list("LITERALS", "Literal", literals);
    let (places, starts) = (list("PLACES", "Place", places), list("STARTS", "u32", starts));
    let mut table = |name: &str, Table { starts, entries }: &Table| {
        let starts = list(&format!("{name}_STARTS"), "u32", starts);
        format!("Table {{ starts: {starts}, entries: {} }}", list(name, "Entry", entries))
    };
    let (long, triple) = (table("LONG", long), table("TRIPLE", triple));
    let (short, single) = (table("SHORT", short), table("SINGLE", single));
    let tables = format!("long: {long}, triple: {triple}, short: {short}, single: {single}");
    let needles = format!("Needles {{ text: Cow::Borrowed(TEXT), literals: {literals}, {tables} }}");
    format!(
        "{code}/// The literals of the prepared rules.\npub(super) const fn literals() -> Literals {{\n    \
         Literals {{ needles: {needles}, places: {places}, starts: {starts} }}\n}}\n"
    )
}
