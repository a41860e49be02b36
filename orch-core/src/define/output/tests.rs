use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use super::*;
use crate::define::OpDef;
use crate::io::DefaultCoded as _;

/// Neither is serde's.
struct Connection;

/// What the user knows by another name.
type Name = &'static str;

type Value<T> = One<T, { kind::VALUE }>;

/// Each output by name, with the type that its codec writes.
fn told(op: &OpDef) -> Vec<String> {
    let codec = |codec: Codec| codec.ty().name();
    let told = |output: &OutputDef| {
        format!("{}: {}", output.name, output.codec.map_or_else(|| "-".to_owned(), codec))
    };
    op.outputs().iter().map(told).collect()
}

#[test]
fn an_output_has_the_codec_of_its_type() {
    type All = (
        Value<i64>,
        Value<Connection>,
        One<Optional<String>, { <Optional<String>>::__ORCH_KIND }>,
        One<Dynamic<u8>, { <Dynamic<u8>>::__ORCH_KIND }>,
        Value<i64>,
        One<Dynamic<Connection>, { <Dynamic<Connection>>::__ORCH_KIND }>,
    );
    let codecs = [
        Coded::<i64>::CODEC,
        Coded::<Connection>::CODEC,
        Coded::<Optional<String>>::CODEC,
        Coded::<Dynamic<u8>>::CODEC,
        Coded::<Dynamic<Connection>>::CODEC,
        // No output has this type.
        Coded::<Vec<u8>>::CODEC,
    ];
    let op =
        OpDef::builder("all").returns::<All>().coded(codecs).blocking(|_| Err(Failure::new("not called")));
    assert_eq!(
        told(&op),
        ["output_0: i64", "output_1: -", "output_2: String", "output_3: u8", "output_4: i64", "output_5: -"]
    );
    let renamed = op.configured::<crate::config::NoConfig, crate::config::NoConfig>("other", |_| {
        Err(Failure::new("not called"))
    });
    assert_eq!(told(&renamed), told(&op));
}

#[test]
fn what_nobody_says_of_an_op_is_not_known_but_that_nothing_can_be_written() {
    let number = OpDef::builder("number").returns::<Value<i64>>().blocking(|_| Ok(1));
    assert_eq!(told(&number), ["result: -"]);
    let nothing = OpDef::builder("nothing").returns::<Value<()>>().blocking(|_| Ok(()));
    assert_eq!(told(&nothing), ["result: ()"]);
}

#[test]
fn what_borrows_cannot_be_read_and_has_no_codec() {
    let op = OpDef::builder("name").returns::<Value<Name>>().coded([Coded::<Name>::CODEC]);
    assert_eq!(told(&op.blocking(|_| Ok("bulbasaur"))), ["result: -"]);
    type Both = (Value<Vec<&'static [u8]>>, Value<Cow<'static, str>>);
    let codecs = [Coded::<Vec<&'static [u8]>>::CODEC, Coded::<Cow<'static, str>>::CODEC];
    let op = OpDef::builder("both").returns::<Both>().coded(codecs);
    let op = op.blocking(|_| Ok((Vec::new(), Cow::Borrowed(""))));
    assert_eq!(told(&op)[0], "output_0: -");
}

#[test]
fn a_type_without_serde_has_no_codec_wherever_it_stands() {
    let codecs = [
        Coded::<Connection>::CODEC,
        Coded::<Option<Connection>>::CODEC,
        Coded::<Optional<Connection>>::CODEC,
        Coded::<Dynamic<Arc<File>>>::CODEC,
        Coded::<str>::CODEC,
    ];
    assert!(codecs.iter().all(Option::is_none));
}
