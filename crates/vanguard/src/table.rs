//! Plain tables: no frame, a header, numbers to the right.

use comfy_table::{CellAlignment, Table, presets};

/// A table whose columns from `numbers` on are right-aligned.
pub(crate) fn plain(head: &[&str], numbers: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The table as text without blanks at the ends of lines.
pub(crate) fn text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
