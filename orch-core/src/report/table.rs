use super::columns::width;
use super::palette::{Palette, Role};

/// A text in a column, and what it is for.
pub(super) struct Cell {
    text: String,
    role: Option<Role>,
}

impl Cell {
    pub(super) fn of(role: Role, text: impl Into<String>) -> Self {
        Self { text: text.into(), role: Some(role) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), role: None }
    }
}

/// Rows below a head, each column as wide as its widest cell; a column in which nothing stands is left out. Each line ends
/// with a line break.
pub(super) fn table<const N: usize>(head: [&str; N], rows: Vec<[Cell; N]>, palette: Palette) -> String {
    table_of(&head, rows.into_iter().map(Vec::from).collect(), palette)
}

/// As [`table`], where only the data says how many columns there are: each row has as many as the head.
pub(super) fn table_of(head: &[&str], rows: Vec<Vec<Cell>>, palette: Palette) -> String {
    let filled = |at: usize| rows.iter().any(|row| !row[at].text.is_empty());
    let shown: Vec<_> = (0..head.len()).filter(|at| filled(*at)).collect();
    let widest = |at: usize| rows.iter().map(|row| width(&row[at].text)).max().unwrap_or(0);
    let widths: Vec<_> = (0..head.len()).map(|at| widest(at).max(width(head[at]))).collect();
    let head = head.iter().map(|text| Cell::of(Role::Faint, *text)).collect();
    let mut text = String::new();
    for row in std::iter::once(head).chain(rows) {
        let mut gap = 0;
        for (column, at) in shown.iter().enumerate() {
            let cell = &row[*at];
            if !cell.text.is_empty() {
                text.push_str(&" ".repeat(gap));
                gap = 0;
                text.push_str(
                    &cell.role.map_or_else(|| cell.text.clone(), |role| palette.paint(role, &cell.text)),
                );
            }
            if column + 1 < shown.len() {
                gap += widths[*at] - width(&cell.text) + 2;
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let rows = vec![
            ["ピカチュウ".into(), "".into(), Cell::of(Role::Good, "ok"), "".into()],
            ["a".into(), "".into(), "".into(), "last".into()],
        ];
        insta::assert_snapshot!(table(["name", "none", "state", "x"], rows, Palette::Plain), @r"
        name        state  x
        ピカチュウ  ok
        a                  last
        ");
    }
}
