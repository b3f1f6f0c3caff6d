//! Table: rows of text in columns, for people.

use std::fmt;

/// How a column stands: text begins at the left, numbers end at the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under a head. `Display` gives one line for each, without spaces at the end.
pub(crate) struct Table<const N: usize> {
    columns: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these columns.
    pub(crate) fn new(columns: [(&str, Align); N]) -> Table<N> {
        let head = columns.map(|(name, _)| name.to_owned());
        Table { columns: columns.map(|(_, align)| align), rows: vec![head] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }
}

/// Names and values, one pair a line; the values stand as `align` says.
pub(crate) fn facts<'a>(align: Align, facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let rows = facts.into_iter().map(|(name, value)| [name.to_owned(), value]).collect();
    Table { columns: [Align::Left, align], rows }.to_string()
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, align), width) in row.iter().zip(self.columns).zip(widths) {
                line += &match align {
                    Align::Left => format!("{cell:<width$}  "),
                    Align::Right => format!("{cell:>width$}  "),
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Table, facts};

    #[test]
    fn columns_are_as_wide_as_they_must() {
        let mut table = Table::new([("side", Align::Left), ("price", Align::Right), ("note", Align::Left)]);
        table.row(["buy", "1.0000", ""].map(str::to_owned));
        table.row(["sell", "12.5000", "x"].map(str::to_owned));
        let text = "\
side    price  note
buy    1.0000
sell  12.5000  x
";
        assert_eq!(table.to_string(), text);
    }

    #[test]
    fn facts_stand_under_each_other() {
        let text = facts(Align::Right, [("orders", "5000".to_owned()), ("p50", "312 us".to_owned())]);
        assert_eq!(text, "orders    5000\np50     312 us\n");
    }
}
