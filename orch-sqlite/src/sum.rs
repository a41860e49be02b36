//! What tells a row that has changed on the disk from the one that was written: SQLite itself would not notice.

/// An odd number without a pattern, so that each bit moves many others.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum over the columns of a row. Each step of it can be undone, so that a single change always changes it.
pub(crate) struct Sum(u64);

impl Sum {
    /// Of a row of this number: a row in the place of another is as wrong as one that has changed.
    pub(crate) fn of(number: i64) -> Self {
        Self(FACTOR).word(number.cast_unsigned())
    }

    /// What events and log lines have in common.
    fn of_row(number: i64, time: i64, step: Option<&str>, attempt: u32) -> Self {
        Self::of(number).word(time.cast_unsigned()).bytes(step.map(str::as_bytes)).word(attempt.into())
    }

    pub(crate) fn word(self, word: u64) -> Self {
        let mixed = (self.0 ^ word).wrapping_mul(FACTOR);
        Self(mixed ^ (mixed >> 32))
    }

    /// A column that may be null, which is something else than empty.
    pub(crate) fn bytes(self, bytes: Option<&[u8]>) -> Self {
        let Some(bytes) = bytes else { return self.word(u64::MAX) };
        let mut words = bytes.chunks_exact(8);
        let mut sum = self.word(bytes.len() as u64);
        for word in &mut words {
            sum = sum.word(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        let mut rest = [0; 8];
        rest[..words.remainder().len()].copy_from_slice(words.remainder());
        sum.word(u64::from_le_bytes(rest))
    }

    /// In as many bytes as a row should spend on it.
    pub(crate) fn short(self) -> i64 {
        i64::from((self.0 >> 32) as i32)
    }
}

/// The columns of an event that its sum is made of.
pub(crate) struct Columns<'a> {
    pub(crate) number: i64,
    pub(crate) time: i64,
    pub(crate) step: Option<&'a str>,
    pub(crate) attempt: u32,
    pub(crate) kind: &'a str,
    pub(crate) fields: Option<&'a str>,
    pub(crate) value: Option<&'a [u8]>,
}

/// The columns of a log line that its sum is made of.
pub(crate) struct Line<'a> {
    pub(crate) number: i64,
    pub(crate) time: i64,
    pub(crate) step: Option<&'a str>,
    pub(crate) attempt: u32,
    pub(crate) level: u8,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    pub(crate) fields: Option<&'a str>,
}

/// The columns of a fact that its sum is made of; its value has a sum of its own, so that it is read only if it is wanted.
pub(crate) struct Fact<'a> {
    pub(crate) run: &'a str,
    pub(crate) event: i64,
    pub(crate) asset: &'a str,
    pub(crate) partition: Option<&'a str>,
    pub(crate) time: i64,
    pub(crate) fact: &'a str,
}

impl Fact<'_> {
    pub(crate) fn sum(&self) -> i64 {
        Sum::of(self.event)
            .bytes(Some(self.run.as_bytes()))
            .bytes(Some(self.asset.as_bytes()))
            .bytes(self.partition.map(str::as_bytes))
            .word(self.time.cast_unsigned())
            .bytes(Some(self.fact.as_bytes()))
            .short()
    }

    /// That of its value.
    pub(crate) fn value_sum(event: i64, value: &[u8]) -> i64 {
        Sum::of(event).bytes(Some(value)).short()
    }
}

impl Line<'_> {
    pub(crate) fn sum(&self) -> i64 {
        Sum::of_row(self.number, self.time, self.step, self.attempt)
            .word(self.level.into())
            .bytes(Some(self.target.as_bytes()))
            .bytes(Some(self.message.as_bytes()))
            .bytes(self.fields.map(str::as_bytes))
            .short()
    }
}

impl Columns<'_> {
    pub(crate) fn sum(&self) -> i64 {
        Sum::of_row(self.number, self.time, self.step, self.attempt)
            .bytes(Some(self.kind.as_bytes()))
            .bytes(self.fields.map(str::as_bytes))
            .bytes(self.value)
            .short()
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn whatever_changes_changes_the_sum() {
        let sum = |bytes: Option<&[u8]>| Sum::of(1).bytes(bytes).short();
        let text = b"load[17] and what follows";
        for at in 0..text.len() * 8 {
            let mut flipped = *text;
            flipped[at / 8] ^= 1 << (at % 8);
            assert_ne!(sum(Some(&flipped)), sum(Some(text)));
        }
        assert_ne!(sum(None), sum(Some(b"")));
        assert_ne!(sum(Some(b"a")), sum(Some(b"a\0")));
        assert_ne!(Sum::of(1).bytes(Some(b"a")).short(), Sum::of(2).bytes(Some(b"a")).short());
    }
}
