//! Bytes that are not those of the value.

use super::*;

/// The way to everything that a reader could do with bytes: recursion, copies, sizes told beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Expression {
    Not(Box<Self>),
    All { of: Vec<Self>, names: HashMap<String, Vec<u64>> },
    Any(Untagged),
    Nothing,
}

/// It can be told of what type the bytes are not.
fn told<T: Data + Serialize + DeserializeOwned + Clone>(bytes: &[u8], ty: &str) -> Result<(), TestCaseError> {
    if let Err(error) = read::<T>(bytes) {
        prop_assert!(error.starts_with(&format!("what is stored is no `{ty}`: ")), "{}", error);
    }
    Ok(())
}

fn told_of_all(bytes: &[u8]) -> Result<(), TestCaseError> {
    told::<Page>(bytes, "Page")?;
    told::<Expression>(bytes, "Expression")?;
    told::<Internal>(bytes, "Internal")?;
    told::<Untagged>(bytes, "Untagged")?;
    told::<Vec<(u64, Option<String>)>>(bytes, "Vec<(u64, Option<String>)>")?;
    told::<HashMap<i128, Box<[f64]>>>(bytes, "HashMap<i128, Box<[f64]>>")?;
    told::<serde_json::Value>(bytes, "Value")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn bytes_that_are_cut_off_or_too_many_are_no_value(page in page(), at in any::<prop::sample::Index>()) {
        let whole = bytes(page);
        let error = read::<Page>(&whole[..at.index(whole.len())]).expect_err("a part");
        prop_assert_eq!(error, "what is stored is no `Page`: it is cut off");
        let twice = whole.repeat(2);
        let error = read::<Page>(&twice).expect_err("two");
        prop_assert!(error.ends_with("bytes follow its end"), "{}", error);
    }

    #[test]
    fn any_bytes_are_a_value_or_a_failure(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        told_of_all(&bytes)?;
    }

    #[test]
    fn a_wrong_byte_makes_another_value_or_a_failure(
        page in page(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = bytes(page);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        told_of_all(&bytes)?;
    }

    /// Containers that say to be huge, in containers that are there.
    #[test]
    fn sizes_are_not_believed(depth in 0_usize..400, marker in 0xc4_u8.., size in any::<u32>()) {
        let mut bytes = vec![0x91; depth];
        bytes.push(marker);
        bytes.extend(size.to_be_bytes());
        told_of_all(&bytes)?;
    }
}

#[test]
fn a_size_that_cannot_be_is_told_before_memory_is_taken_for_it() {
    let huge = [0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2];
    assert_snapshot!(read::<Vec<u64>>(&huge).expect_err("there are two"), @"what is stored is no `Vec<u64>`: it is cut off");
    let huge = [0xdb, 0xff, 0xff, 0xff, 0xff, b'a'];
    assert_snapshot!(read::<String>(&huge).expect_err("there is one"), @"what is stored is no `String`: it is cut off");
    assert_snapshot!(read::<String>(&[0xc1]).expect_err("it means nothing"), @"what is stored is no `String`: it has a byte that means nothing");
    assert_snapshot!(read::<u8>(&bytes("a text".to_owned())).expect_err("a text"), @"what is stored is no `u8`: wrong msgpack marker FixStr(6)");
}

#[test]
fn bytes_that_are_nested_without_end_do_not_exhaust_the_stack() {
    // `Not(Not(..` and `[[..`, of which the reader of enums would follow the first to its end.
    let mut not = b"\x81\xa3Not".repeat(100_000);
    not.extend(b"\xa7Nothing");
    assert_snapshot!(read::<Expression>(&not).expect_err("too deep"), @"what is stored is no `Expression`: it is nested more than 400 containers deep");
    let mut lists = vec![0x91; 100_000];
    lists.push(1);
    assert_snapshot!(read::<Untagged>(&lists).expect_err("too deep"), @"what is stored is no `Untagged`: it is nested more than 400 containers deep");
    // As deep as bytes may be at most.
    let deepest = usize::from(DEEPEST) * 2;
    let mut lists = vec![0x91; deepest];
    lists.push(1);
    assert!(read::<Untagged>(&lists).is_ok());
    let mut not = b"\x81\xa3Not".repeat(deepest);
    not.extend(b"\xa7Nothing");
    assert!(read::<Expression>(&not).is_ok());
}
