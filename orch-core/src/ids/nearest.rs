/// The name that the user most likely meant: a third of its letters is wrong at most, or the one is a part of the other.
/// Capitals and hyphens are no difference.
#[doc(hidden)]
#[must_use]
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = plain(wanted);
    names
        .map(|name| {
            let plain = plain(name);
            let within = !wanted.is_empty() && (plain.contains(&wanted) || wanted.contains(&plain));
            (distance(&wanted, &plain), within, name)
        })
        .filter(|(distance, within, name)| *within || distance * 3 <= name.chars().count().max(3))
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., name)| name)
}

/// How many letters are to be added, removed or replaced, or changed with their neighbour, to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["static_job", "dynamic_job", "prio_dynamic_job"];
        let near = |wanted| nearest(wanted, names.into_iter());
        assert_eq!(near("dinamic_job"), Some("dynamic_job"));
        assert_eq!(near("prio"), Some("prio_dynamic_job"));
        assert_eq!(near("Static-Job"), Some("static_job"));
        assert_eq!(near("satitc_ojb"), Some("static_job"));
        assert_eq!(near("xyz"), None);
        assert_eq!(near(""), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc")), (3, 3));
    }
}
