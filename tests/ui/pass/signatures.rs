// Signatures that an op may have.
#![deny(warnings)]
#![allow(dead_code)]
use std::collections::HashMap;
use std::error::Error;

use orch::prelude::*;

#[op]
fn nothing() {}

#[op]
async fn nothing_async() -> Result<()> {
    Ok(())
}

#[op]
fn optional(n: Option<i64>) -> Result<Optional<i64>, Box<dyn Error + Send + Sync>> {
    Ok(n.into())
}

#[op]
fn mixed(map: HashMap<String, Vec<i64>>) -> std::io::Result<(Dynamic<(String, i64)>, Optional<&'static str>, [u8; 3])> {
    let items: Vec<_> = map.into_iter().map(|(key, values)| (key, values.len() as i64)).collect();
    Ok((Dynamic::from_values(items), Optional::some("text"), [1, 2, 3]))
}

#[op]
async fn borrowed(text: &str, numbers: &[i64], map: &HashMap<String, i64>, ctx: &Context) -> usize {
    std::future::ready(()).await;
    text.len() + numbers.len() + map.len() + ctx.step().to_string().len()
}

#[op]
fn paths(context: orch::define::Context, bytes: std::sync::Arc<[u8]>) -> std::result::Result<usize, String> {
    let _ = context;
    Ok(bytes.len())
}

/// References that are not borrowed from another value.
#[op]
fn for_ever(
    names: &[&'static str],
    more: Vec<&'static str>,
    parse: fn(&str) -> usize,
    measure: std::sync::Arc<dyn Fn(&str) -> usize + Send + Sync>,
) -> fn(&str) -> &str {
    let _ = (parse(names[0]), measure(more[0]));
    |text| text
}

#[op]
#[cfg(any())]
fn absent() -> Missing {}

#[op]
#[deprecated = "still an op"]
fn old(n: i64) -> i64 {
    n
}

macro_rules! define {
    ($name:ident, $type:ty) => {
        #[op]
        fn $name(value: $type, reference: &$type) -> $type {
            let _ = reference;
            value
        }
    };
}

define!(echo_text, String);
define!(echo_number, i64);

#[job]
fn all() {
    nothing();
    let seen = nothing_async();
    let (items, text, bytes) = mixed(lit(HashMap::new()));
    let _ = (text, bytes);
    items.map(|_| echo_number(lit(1), lit(2))).after(seen);
    let number = optional(lit(Some(1)));
    echo_text(lit("text"), lit(String::from("text")));
    borrowed(lit("a"), [number, number], lit(HashMap::from([(String::from("a"), 1)])));
}

fn main() {
    let _ = all();
}
