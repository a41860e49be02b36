use std::sync::Arc;

/// The small ones of the values in a log. They are kept as the log is read, since to ask for each by itself takes longer
/// than to read it, and a wide fan-out has a hundred thousand of them.
#[derive(Debug, Default)]
pub(super) struct SmallValues {
    bytes: Vec<u8>,
    /// Of each the number of its event, in ascending order, and where it ends.
    ends: Vec<(u64, u32)>,
    /// Of all values, small or not, their hashes in the same order, if they are asked for.
    hashes: Option<Vec<(u64, blake3::Hash)>>,
}

impl SmallValues {
    /// A value of so many bytes at most is a small one.
    const LARGEST: usize = 64;

    /// So many bytes are kept of a run at most.
    const ROOM: usize = 16 << 20;

    /// Those of a log of whose values the versions are needed too, or not.
    pub(super) fn new(versioned: bool) -> Self {
        Self { hashes: versioned.then(Vec::new), ..Self::default() }
    }

    /// Whether the versions of values are known.
    pub(super) fn is_versioned(&self) -> bool {
        self.hashes.is_some()
    }

    /// The version of the value of an event.
    pub(super) fn version(&self, event: u64) -> Option<Arc<str>> {
        let hashes = self.hashes.as_ref()?;
        let at = hashes.binary_search_by_key(&event, |(event, _)| *event).ok()?;
        Some(hashes[at].1.to_hex().as_str().into())
    }

    /// Keeps the value of an event that comes after all before, if it is a small one.
    pub(super) fn keep(&mut self, event: u64, value: &[u8]) {
        if let Some(hashes) = &mut self.hashes {
            hashes.push((event, blake3::hash(value)));
        }
        if value.len() <= Self::LARGEST && self.bytes.len() + value.len() <= Self::ROOM {
            self.bytes.extend_from_slice(value);
            self.ends.push((event, self.bytes.len() as u32));
        }
    }

    /// The value of an event; none if it is not kept here.
    pub(super) fn get(&self, event: u64) -> Option<&[u8]> {
        let at = self.ends.binary_search_by_key(&event, |(event, _)| *event).ok()?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some(&self.bytes[start as usize..self.ends[at].1 as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_are_found_by_their_events() {
        let mut values = SmallValues::default();
        let large = vec![7; SmallValues::LARGEST + 1];
        let all: [(u64, &[u8]); 5] = [(1, b"a"), (3, b""), (7, &large), (8, &large[1..]), (9, b"bc")];
        all.iter().for_each(|(event, value)| values.keep(*event, value));
        for (event, value) in all {
            assert_eq!(values.get(event), (event != 7).then_some(value), "{event}");
        }
        assert_eq!([0, 2, 10].map(|event| values.get(event)), [None; 3]);
    }

    #[test]
    fn there_is_room_for_some() {
        let mut values = SmallValues::default();
        let fits = (SmallValues::ROOM / SmallValues::LARGEST) as u64;
        (0..=fits).for_each(|event| values.keep(event, &[0; SmallValues::LARGEST]));
        assert!(values.get(fits - 1).is_some() && values.get(fits).is_none());
    }
}
