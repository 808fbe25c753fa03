//! What happened, as a table.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};

use super::agent::Answer;
use super::{Happening, Run};

/// Widest line, so that it fits a plain terminal.
#[cfg(test)]
const WIDTH: usize = 100;

/// Columns of both tables, with the blanks beside them, so that these stand under each other.
const COLUMNS: [u16; 5] = [4, 49, 11, 20, 8];

/// Both tables and the totals.
pub(super) fn text(run: &Run) -> String {
    let bold = Style::new().bold();
    let mut text = format!(
        "\n  {bold}McpVanguard{bold:#}  agent ⇄ vanguard start ⇄ MCP server: all real, nothing leaves this machine\n"
    );
    section(&mut text, "Ordinary work", &run.ordinary, 1);
    section(&mut text, "Attacks", &run.attacks, run.ordinary.len() + 1);
    let stopped = run.attacks.iter().filter(|h| matches!(h.answer, Answer::Stopped { .. })).count();
    let passed = run.ordinary.iter().filter(|h| h.answer == Answer::Passed).count();
    let mark = if run.is_right() { good() } else { bad() };
    let _ = writeln!(
        text,
        "\n  {mark}{stopped} of {} attacks stopped, {passed} of {} ordinary calls passed{mark:#}",
        run.attacks.len(),
        run.ordinary.len(),
    );
    let [p50, p99] =
        [50, 99].map(|hundredths| (quantile(&run.through, hundredths), quantile(&run.without, hundredths)));
    let _ = writeln!(
        text,
        "  a call and its answer, {} of them: p50 {} µs (without the proxy {}), p99 {} µs (without {})",
        run.through.len(),
        p50.0.as_micros(),
        p50.1.as_micros(),
        p99.0.as_micros(),
        p99.1.as_micros(),
    );
    text.push_str("  above: a rule's first use compiles it, and a refusal is on disk before it is answered\n");
    text.push_str(
        "\n  Next: vanguard start -- YOUR SERVER'S COMMAND      Why a rule fired: vanguard rules show ID\n\n",
    );
    text
}

fn section(text: &mut String, title: &str, happenings: &[Happening], first: usize) {
    let expected = |answer: &Answer| {
        if title == "Attacks" { matches!(answer, Answer::Stopped { .. }) } else { *answer == Answer::Passed }
    };
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["#", title, "verdict", "rule", "µs"]);
    for (n, happening) in happenings.iter().enumerate() {
        let (verdict, rule) = match &happening.answer {
            Answer::Passed => ("passed", ""),
            Answer::Stopped { rule } => ("stopped", rule.as_str()),
            Answer::Odd(what) => ("odd", what.as_str()),
        };
        let mark = if expected(&happening.answer) { "✔" } else { "✘" };
        let cells =
            [(first + n).to_string(), happening.step.label.to_owned(), format!("{mark} {verdict}"), rule.to_owned()];
        table.add_row(cells.into_iter().chain([happening.time.as_micros().to_string()]));
    }
    for (column, width) in table.column_iter_mut().zip(COLUMNS) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        if matches!(column.index, 0 | 4) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    text.push('\n');
    for line in table.lines() {
        // The table knows nothing of colours, and counts columns well for that.
        let style = if line.contains('✔') { good() } else { bad() };
        let marked =
            ["✔ passed", "✔ stopped", "✘ passed", "✘ stopped", "✘ odd"].iter().find(|mark| line.contains(**mark));
        let line =
            marked.map_or_else(|| line.clone(), |mark| line.replacen(mark, &format!("{style}{mark}{style:#}"), 1));
        let _ = writeln!(text, "  {line}");
    }
}

fn good() -> Style {
    Style::new().fg_color(Some(AnsiColor::Green.into()))
}

fn bad() -> Style {
    Style::new().bold().fg_color(Some(AnsiColor::Red.into()))
}

fn quantile(sorted: &[Duration], hundredths: usize) -> Duration {
    sorted.get((sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::script::{ATTACKS, ORDINARY};
    use super::*;

    fn happenings(steps: &'static [super::super::Step], answer: &Answer) -> Vec<Happening> {
        let time = Duration::from_micros(12_345);
        steps.iter().map(|step| Happening { step, answer: answer.clone(), time }).collect()
    }

    #[test]
    fn it_fits_a_plain_terminal() {
        let stopped = Answer::Stopped { rule: "WIRE-DUPLICATE-KEY".to_owned() };
        let run = Run {
            ordinary: happenings(ORDINARY, &Answer::Passed),
            attacks: happenings(ATTACKS, &stopped),
            through: vec![Duration::from_micros(900)],
            without: vec![Duration::from_micros(100)],
        };
        let shown = anstream::adapter::strip_str(&text(&run)).to_string();
        assert!(run.is_right());
        assert!(shown.contains("30 of 30 attacks stopped, 20 of 20 ordinary calls passed"), "{shown}");
        for line in shown.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn a_stopped_ordinary_call_is_marked_and_fails_the_demo() {
        let stopped = Answer::Stopped { rule: "CMD-001".to_owned() };
        let run = Run {
            ordinary: happenings(ORDINARY, &stopped),
            attacks: happenings(ATTACKS, &Answer::Passed),
            through: Vec::new(),
            without: Vec::new(),
        };
        let shown = anstream::adapter::strip_str(&text(&run)).to_string();
        assert!(!run.is_right());
        assert!(shown.contains("✘ stopped") && shown.contains("✘ passed"), "{shown}");
    }
}
