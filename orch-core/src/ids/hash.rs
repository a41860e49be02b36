use std::collections::{HashMap, HashSet};

/// A map that is asked all the time: with the hash of the standard library a third of the time to hand on the steps of a run
/// that goes on would be hashing. Its keys may come from data; whoever could choose them to make it slow would slow down
/// only the run that reads them.
pub(crate) type QuickMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A set of this kind.
pub(crate) type QuickSet<T> = HashSet<T, foldhash::fast::RandomState>;

/// FNV-1a of 128 bits. It must be the same in every version and on every system, as no hash of the standard library is.
pub(crate) fn stable_hash(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}
