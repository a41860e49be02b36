/// The name that the user most likely meant: a third of its letters is wrong at most, or the one is a part of the other.
/// Capitals and hyphens are no difference. Nobody mistypes a text that is longer than any name: to that nothing is near.
#[doc(hidden)]
#[must_use]
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.len() > LONGEST {
        return None;
    }
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    let wanted = plain(wanted);
    let wanted_letters = letters(&wanted);
    let mut near: Option<(usize, &str)> = None;
    for name in names.filter(|name| name.len() <= LONGEST) {
        let plain = plain(name);
        let apart = wanted_letters.len().abs_diff(plain.chars().count());
        let within = !wanted.is_empty() && (plain.contains(&wanted) || wanted.contains(&plain));
        // The first of those that are equally near is told, so that only a nearer one matters.
        let nearer = near.map_or(usize::MAX, |(distance, _)| distance.saturating_sub(1));
        let most = if within { nearer } else { nearer.min(name.chars().count().max(3) / 3) };
        if near.is_some_and(|(distance, _)| distance == 0) || apart > most {
            continue;
        }
        // What is a part of the other lacks the rest of it.
        let distance = if within { apart } else { distance(&wanted_letters, &letters(&plain)) };
        if distance <= most {
            near = Some((distance, name));
        }
    }
    near.map(|(_, name)| name)
}

/// Longer texts are not compared, in bytes.
const LONGEST: usize = 256;

fn plain(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

/// How many letters are to be added, removed or replaced, or changed with their neighbour, to make one text of the other.
fn distance(a: &[char], b: &[char]) -> usize {
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
        let of = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!((of("kitten", "sitting"), of("", "abc")), (3, 3));
    }

    #[test]
    fn to_a_text_that_is_longer_than_any_name_nothing_is_near() {
        let list = (0..1000).map(|number| format!("key_{number}")).collect::<Vec<_>>();
        assert_eq!(nearest(&list.join(", "), list.iter().map(String::as_str)), None);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(nearest("x", [long.as_str(), "xy"].into_iter()), Some("xy"));
    }
}
