use std::fmt::Write as _;
use std::sync::LazyLock;

use rusqlite::ToSql;

use crate::sum::Columns;
use crate::write::{Prepared, Writing};

/// So many events are inserted by one statement: to begin and to end one costs as much as a row.
const SIZES: [usize; 3] = [16, 4, 1];

/// The statements for these.
static INSERTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| SIZES.map(insert));

const COLUMNS: [&str; 8] = ["number", "time", "step", "attempt", "kind", "fields", "sum", "value"];

fn insert(rows: usize) -> String {
    let mut sql = format!("INSERT OR FAIL INTO event ({}) VALUES ", COLUMNS.join(", "));
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let places = ["?"; COLUMNS.len()].join(", ");
        // Nothing that is written to a text fails.
        let _ = write!(sql, "{comma}({places})");
    }
    sql
}

/// Events on their way into their table.
pub(super) struct Rows<'a> {
    /// Of which size the statement under way is, and how many rows it has.
    size: usize,
    bound: usize,
    /// By size, as far as there was need.
    statements: [Option<Prepared<'a>>; SIZES.len()],
    /// How many are to come.
    left: usize,
}

impl<'a> Rows<'a> {
    /// For so many.
    pub(super) fn new(left: usize) -> Self {
        Self { size: 0, bound: 0, statements: [const { None }; SIZES.len()], left }
    }

    /// Inserts one of them, at the latest with the last.
    pub(super) fn insert(&mut self, writing: &Writing<'a>, row: &Columns<'_>) -> rusqlite::Result<()> {
        if self.bound == 0 {
            self.size = SIZES.iter().position(|&size| size <= self.left).unwrap_or(SIZES.len() - 1);
        }
        let statement = match &mut self.statements[self.size] {
            Some(statement) => statement,
            none => none.insert(writing.prepare(&INSERTS[self.size])?),
        };
        let Columns { number, time, step, attempt, kind, fields, value } = *row;
        let sum = row.sum();
        let values: [&dyn ToSql; COLUMNS.len()] =
            [&number, &time, &step, &attempt, &kind, &fields, &sum, &value];
        statement.bind(self.bound * COLUMNS.len(), values)?;
        self.bound += 1;
        self.left -= 1;
        if self.bound == SIZES[self.size] {
            self.bound = 0;
            statement.run_bound()?;
        }
        Ok(())
    }
}
