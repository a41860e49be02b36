use std::collections::BTreeSet;

use crate::ids::RunId;

/// How many digits of an identifier are shown at least: they stand for a minute.
const LEAST: usize = 8;

/// How many digits an identifier has.
const DIGITS: usize = 32;

/// How many digits tell these runs from each other, at least eight.
///
/// Identifiers begin with the time of their making, so runs made close together share a long beginning.
#[must_use]
pub fn digits(runs: impl IntoIterator<Item = RunId>) -> usize {
    let runs: BTreeSet<u128> = runs.into_iter().map(RunId::as_u128).collect();
    let neighbours = runs.iter().zip(runs.iter().skip(1));
    let alike = neighbours.map(|(a, b)| (a ^ b).leading_zeros() as usize / 4).max();
    alike.map_or(LEAST, |alike| (alike + 1).max(LEAST))
}

/// The beginning of an identifier, so many digits of it.
#[must_use]
pub fn short(run: RunId, digits: usize) -> String {
    let mut left = digits.min(DIGITS);
    let text = run.to_string();
    let shown = text.chars().take_while(|c| {
        let fits = left > 0;
        left -= usize::from(fits && *c != '-');
        fits
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_digits_are_shown_as_tell_runs_apart() {
        let run = |text: &str| text.parse::<RunId>().expect("an identifier");
        let a = run("019a5f3c-1b2c-7000-8000-000000000001");
        let b = run("019a5f3c-1b3c-7000-8000-000000000001");
        let c = run("019a5f3c-1b3c-7000-8000-000000000002");
        let shown = |runs: &[RunId]| {
            let digits = digits(runs.iter().copied());
            runs.iter().map(|run| short(*run, digits)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&[a]), "019a5f3c");
        assert_eq!(shown(&[a, b]), "019a5f3c-1b2 019a5f3c-1b3");
        assert_eq!(shown(&[b, c]), format!("{b} {c}"));
    }
}
