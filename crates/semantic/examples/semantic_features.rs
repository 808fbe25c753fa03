//! What the scorer sees in labelled texts, for training: `semantic_features OUT FILE.jsonl…` writes `OUT.tsv` (a line a case)
//! and `OUT.bin` (the features of its passages); `semantic_features OUT --words FILE` writes to `OUT` the buckets of words.

#![allow(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "reads a corpus of ours, no peer's bytes"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};

use serde_json::Value;
use vanguard_engine::Roles;
use vanguard_engine::detect::injection::passages;
use vanguard_engine::rules::Direction;
use vanguard_engine::views::{ViewKind, ViewLimits, each_view};
use vanguard_semantic::features;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("say where to write")?;
    let mut args = args.peekable();
    if args.next_if(|word| word == "--words").is_some() {
        let words = std::fs::read_to_string(args.next().ok_or("say which words")?)?;
        let mut buckets = BufWriter::new(File::create(out)?);
        for word in words.lines() {
            let (plain, first) = features::of_word(word).unwrap_or((features::BUCKETS, features::BUCKETS));
            writeln!(buckets, "{plain} {first}")?;
        }
        return Ok(());
    }
    let mut cases = BufWriter::new(File::create(format!("{out}.tsv"))?);
    let mut bags = BufWriter::new(File::create(format!("{out}.bin"))?);
    for file in args {
        for line in BufReader::new(File::open(&file)?).lines() {
            let case: Value = serde_json::from_str(&line?)?;
            let direction = match case["direction"].as_str() {
                Some("tools_list") => Direction::DESCRIPTION,
                Some("response") => Direction::RESPONSE,
                _ => continue,
            };
            let mut texts = Vec::new();
            for part in ["result", "params", "error"] {
                strings(&case["message"][part], &mut texts);
            }
            let mut seen = BTreeMap::new();
            for text in texts {
                each_view(text, Roles::TEXT, &ViewLimits::default(), &mut |view, chain| {
                    if matches!(chain.kind(), ViewKind::Spaced | ViewKind::Leet | ViewKind::Rot13 | ViewKind::Reversed)
                    {
                        return;
                    }
                    let mut found = Vec::new();
                    passages(view, direction, &mut |passage| {
                        let sentences: Vec<String> =
                            passage.sentences.iter().map(|&sentence| sentence.to_owned()).collect();
                        found.push((sentences, passage.said.features, passage.said.score));
                    });
                    // Among how few it stands anywhere: there it is strongest.
                    let among = found.len() as u32;
                    for passage in found {
                        let fewest = seen.entry(passage).or_insert(among);
                        *fewest = among.min(*fewest);
                    }
                });
            }
            let of = |key: &str| case[key].as_str().unwrap_or("").replace(['\t', '\n'], " ");
            let (id, family, label) = (of("id"), of("family"), of("label"));
            let head = [id, family, label, of("direction"), of("licence"), of("source"), seen.len().to_string()];
            writeln!(cases, "{}", head.join("\t"))?;
            for ((sentences, said, score), among) in seen {
                let mut ids: Vec<u32> = Vec::new();
                for sentence in &sentences {
                    features::each(sentence, &mut |bucket| ids.push(bucket as u32));
                }
                let text = sentences.concat();
                bags.write_all(&score.to_le_bytes())?;
                bags.write_all(&among.to_le_bytes())?;
                bags.write_all(&said.to_le_bytes())?;
                bags.write_all(&(ids.len() as u32).to_le_bytes())?;
                ids.iter().try_for_each(|id| bags.write_all(&id.to_le_bytes()))?;
                bags.write_all(&(text.len() as u32).to_le_bytes())?;
                bags.write_all(text.as_bytes())?;
            }
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
