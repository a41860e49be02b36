//! Sizes as text: `"512MiB"`, `"2 GB"`.

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

/// Reads a size in bytes, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let Ok(number) = number.parse::<u64>() else {
        return Err(format!("`{text}` does not begin with a whole number"));
    };
    let unit = unit.trim_start();
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(match unit {
            "" => format!("`{number}` has no unit (B, KiB, MiB, GiB)"),
            unit => format!("`{unit}` is not a unit (B, KiB, MiB, GiB)"),
        });
    };
    match number.checked_mul(*factor) {
        None => Err("it is too large".to_owned()),
        Some(0) => Err("with 0 nothing could run".to_owned()),
        Some(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("2 GB"), Ok(2_000_000_000));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text| parse(text).expect_err(text);
        assert_eq!(wrong("512"), "`512` has no unit (B, KiB, MiB, GiB)");
        assert_eq!(wrong("512 pages"), "`pages` is not a unit (B, KiB, MiB, GiB)");
        assert_eq!(wrong("1.5GiB"), "`.5GiB` is not a unit (B, KiB, MiB, GiB)");
        assert_eq!(wrong("much"), "`much` does not begin with a whole number");
        assert_eq!(wrong("0MiB"), "with 0 nothing could run");
        assert_eq!(wrong("99999999999TiB"), "it is too large");
    }
}
