//! What stands for the version of code that has none: a hash of its source.
//!
//! Of a package that is all that its compilation reads, as far as it can be found without asking cargo: its manifest, its Rust
//! files, all that lies in `src`, the files and variables that these name, the same of the packages that it depends on by path, the
//! lock file, by which all others are known, and its features. What cannot be found out has no fingerprint, and then no asset is taken to be
//! up to date.

mod lex;
mod manifest;
mod package;
mod reads;

use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;
use std::sync::OnceLock;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ItemFn;

/// The fingerprint of the package that is compiled. It is read once for each.
pub(super) fn of_package() -> Option<String> {
    if cfg!(test) {
        // Expansions are compared as text, and must not change with every change of this crate.
        return Some("f1d0".to_owned());
    }
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = || {
        // The compiler tells a macro the variables that it tells the code, those of a build script among them.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let source = package::of_folder(Path::new(&variable("CARGO_MANIFEST_DIR")?), &variable)?;
        Some(under(&source, std::env::args()))
    };
    FOUND.get_or_init(found).clone()
}

/// The fingerprint of a source that is compiled by this command: with other features it is another program.
fn under(source: &str, mut command: impl Iterator<Item = String>) -> String {
    let mut hash = DefaultHasher::new();
    part(source.as_bytes(), &mut hash);
    while command.by_ref().any(|word| word == "--cfg") {
        command.next().iter().for_each(|condition| part(condition.as_bytes(), &mut hash));
    }
    written(&hash)
}

/// The fingerprint of a function alone, without its documentation: what it calls is not seen.
pub(crate) fn of_function(item: &ItemFn) -> String {
    let mut item = item.clone();
    item.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    let mut hash = DefaultHasher::new();
    tokens(item.to_token_stream(), &mut hash);
    written(&hash)
}

/// Hashes tokens, and not how they are laid out.
fn tokens(stream: TokenStream, hash: &mut DefaultHasher) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                part(format!("{:?}", group.delimiter()).as_bytes(), hash);
                tokens(group.stream(), hash);
                part(b"end", hash);
            }
            other => part(other.to_string().as_bytes(), hash),
        }
    }
}

/// The algorithm is that of the compiler's library, so with a new one all may have to be made anew, once. It costs no program
/// a dependency, and sixty-four bits tell one source from the next: nobody makes up two that are alike.
fn written(hash: &DefaultHasher) -> String {
    format!("{:016x}", hash.finish())
}

/// A part that nothing can be taken for which stands beside it.
fn part(bytes: &[u8], hash: &mut DefaultHasher) {
    hash.write_u64(bytes.len() as u64);
    hash.write(bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use syn::parse_quote;

    use super::*;

    #[test]
    fn features_make_another_program() {
        let of = |command: &str| under("f1d0", command.split(' ').map(str::to_owned));
        let plain = of("rustc --crate-name shop src/main.rs -C opt-level=0");
        assert_eq!(of("rustc --crate-name shop src/main.rs -C opt-level=3"), plain);
        let one = of("rustc --cfg feature=\"euro\" src/main.rs");
        let two = of("rustc --cfg feature=\"euro\" src/main.rs --cfg feature=\"dear\"");
        assert_eq!(BTreeSet::from([&plain, &one, &two]).len(), 3);
    }

    #[test]
    fn a_function_is_its_tokens() {
        let of = |item: ItemFn| of_function(&item);
        let plain = of(parse_quote!(
            fn a(x: i64) -> i64 {
                x + 1
            }
        ));
        assert_eq!(
            of(parse_quote!(
                #[doc = "What it is."]
                fn a(x: i64) -> i64 {
                    x + 1
                }
            )),
            plain
        );
        assert_ne!(
            of(parse_quote!(
                fn a(x: i64) -> i64 {
                    x + 2
                }
            )),
            plain
        );
        assert_ne!(
            of(parse_quote!(
                fn a(x: i64) -> i64 {
                    (x) + 1
                }
            )),
            plain
        );
    }
}
