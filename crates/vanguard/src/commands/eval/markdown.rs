//! The record as a section of a page.

use std::fmt::Write as _;
use std::path::Path;

use super::corpus::Label;
use super::provenance::Provenance;
use super::report::{direction, label};
use super::tally::Tally;
use crate::exit::Failure;
use crate::reading;

/// What a page has in front of the section, and behind it.
const MARKS: [&str; 2] = ["<!-- eval:begin -->", "<!-- eval:end -->"];

/// The order in which a reader asks for tiers; others follow by name.
const TIERS: [&str; 4] = ["must", "hard", "benign", "hard_negative"];

/// Provenance, totals and families.
pub(super) fn section(of: &Provenance, tally: &Tally) -> String {
    let mut text = format!(
        "Measured on {} with vanguard {}, profile `{}`, over {} files of {} bytes.\n\n    {}\n\n\
         Corpus: `sha256sum *.jsonl | sha256sum` gives `{}`.\n",
        of.date, of.version, of.profile, of.corpus.files, of.corpus.bytes, of.command, of.corpus.sha256
    );
    text.push_str(
        "\n| tier | label | side | families | lines | stopped | mean of families % | of all lines % |\n\
         | --- | --- | --- | --: | --: | --: | --: | --: |\n",
    );
    let mut totals: Vec<_> = tally.totals.iter().collect();
    totals.sort_by_key(|total| (order(&total.tier), total.tier.clone(), std::cmp::Reverse(total.side)));
    for total in totals {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {:.2} | {:.2} |",
            total.tier,
            label(total.label),
            total.side,
            total.families,
            total.cases,
            total.stopped,
            total.mean_percent,
            total.pooled_percent
        );
    }
    for (wanted, title) in [(Label::Malicious, "Attacks stopped"), (Label::Benign, "False alarms")] {
        let mut rows: Vec<_> = tally.rows.iter().filter(|row| row.label == wanted).collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by_key(|row| (order(&row.tier), row.tier.clone(), row.family.clone()));
        let _ = write!(
            text,
            "\n### {title}, by family\n\n| tier | family | direction | lines | stopped | % |\n| --- | --- | --- | --: | --: | --: |\n"
        );
        for row in rows {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {:.1} |",
                row.tier,
                row.family,
                direction(row.direction),
                row.cases,
                row.stopped,
                row.percent
            );
        }
    }
    text
}

fn order(tier: &str) -> usize {
    TIERS.iter().position(|known| *known == tier).unwrap_or(TIERS.len())
}

/// Puts the section into a page, in the place of the one between the marks.
pub(super) fn put(page: &Path, section: &str) -> Result<(), Failure> {
    let failed = |what: String| Failure::Usage(format!("{}: {what}", page.display()));
    let text =
        String::from_utf8(reading::bounded(page, 16 << 20)?).map_err(|_| failed("is not UTF-8 text".to_owned()))?;
    let replaced = replaced(&text, section)
        .ok_or_else(|| failed(format!("has no {} and {} to put it between", MARKS[0], MARKS[1])))?;
    std::fs::write(page, replaced).map_err(|error| failed(format!("cannot be written: {error}")))
}

fn replaced(text: &str, section: &str) -> Option<String> {
    let begin = text.find(MARKS[0])? + MARKS[0].len();
    let end = begin + text[begin..].find(MARKS[1])?;
    Some(format!("{}\n\n{section}\n{}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_the_one_before() {
        let page = "a\n<!-- eval:begin -->\nold\n<!-- eval:end -->\nb\n";
        let once = replaced(page, "new\n").expect("marked");
        assert_eq!(once, "a\n<!-- eval:begin -->\n\nnew\n\n<!-- eval:end -->\nb\n");
        assert_eq!(replaced(&once, "new\n").as_deref(), Some(once.as_str()));
        assert_eq!(replaced("no marks", "new"), None);
        assert_eq!(replaced("<!-- eval:end --> <!-- eval:begin -->", "new"), None);
    }
}
