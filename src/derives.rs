//! The derives, each with all that it takes.

#[expect(unused_imports, reason = "what is said of the derives names them")]
use orch_core::{config, define};

#[expect(unused_imports, reason = "as above")]
use crate::op;

/// Makes named outputs of the fields of a struct that an op returns.
///
/// Each field is an output named after it, or by `#[output(name = "other")]`; its type is `T`,
/// [`Optional<T>`](define::Optional) or [`Dynamic<T>`](define::Dynamic). A call of the op gives a struct with the same
/// fields, which are handles: for a struct `Split` it is called `SplitHandles`.
///
/// ```
/// use orch::prelude::*;
///
/// #[derive(Outputs)]
/// struct Split {
///     small: i64,
///     large: Optional<i64>,
/// }
///
/// #[op]
/// fn split(n: i64) -> Split {
///     Split { small: n % 10, large: (n > 9).then_some(n / 10).into() }
/// }
///
/// #[op]
/// fn print(n: i64) {
///     println!("{n}");
/// }
///
/// #[job]
/// fn numbers() {
///     let Split { small, large: rest } = split(lit(12));
///     print(small);
///     print(rest).named("print_if_large");
/// }
///
/// assert_eq!(numbers().name(), "numbers");
/// ```
pub use orch_macros::Outputs;

/// Makes configuration of a struct or enum: what can be read from files, checked before a run begins, and described to
/// editors.
///
/// An op takes it as [`Config<T>`](config::Config), which is a `T` by reference.
///
/// ```
/// use orch::prelude::*;
///
/// /// Where the pages come from.
/// #[derive(Config)]
/// struct Source {
///     server: Server,
///     /// How many rows a page has.
///     #[config(default = 50, range = 1..=1000)]
///     batch: u32,
///     /// At which page to begin, if not at the first.
///     first: Option<u32>,
/// }
///
/// #[derive(Config)]
/// enum Server {
///     Local,
///     Remote { url: String, token: Secret<String> },
/// }
///
/// fn pages(source: Config<Source>) -> u32 {
///     source.first.unwrap_or(1) * source.batch
/// }
///
/// // In a test it is made of a value.
/// let source = Source { server: Server::Local, batch: 10, first: Some(2) };
/// assert_eq!(pages(Config::new(source)), 20);
/// ```
///
/// In a file that is
///
/// ```yaml
/// server:
///   remote:
///     url: https://example.org
///     token: { env: TOKEN }
/// batch: 100
/// ```
///
/// It includes the derives `Serialize`, `Deserialize` and `JsonSchema`, so these must not stand beside it; a program needs
/// neither serde nor schemars for it. Doc comments are the descriptions. Fields can be of any type that has these three
/// traits: numbers, texts, lists, maps, other types that derive `Config`, and [`Secret`](config::Secret) for what nobody
/// may see. Unknown keys are refused. Fields of type `Option` may be absent, and so may those with a default.
///
/// # Enums
///
/// The variants have their names in `snake_case`. One without fields is chosen by its name, `server: local`, one with
/// fields by a map with one key, as above. With `#[config(tag = "kind")]` the choice is a field among the others:
/// `server: { kind: remote, url: .., token: .. }`.
///
/// # Options
///
/// | option | of | says |
/// |---|---|---|
/// | `default = 50` | a field | what it is if it is absent: any expression of its type; a text in quotes is a `String` too |
/// | `default` | a field, a struct | the same, with `Default::default()`; of a struct, for each field what the struct's default has there |
/// | `range = 1..=1000` | a field | the numbers allowed; also `1..`, `..10` and `0.0..1.0` |
/// | `length = 1..=64` | a field | how many characters a text has, or items a list |
/// | `rename = "other"` | a field, a variant | its name in configuration |
/// | `rename_all = "kebab-case"` | a type, a variant | how names of fields (of an enum: of variants) are written |
/// | `tag = "kind"` | an enum | the field that tells the variants apart |
///
/// All that serde and schemars understand can be said as well, `#[serde(flatten)]`, `#[schemars(regex(pattern = ".."))]`,
/// and goes before what is said above of names.
pub use orch_macros::Config;
