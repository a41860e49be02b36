//! What a Rust file has read at its compilation beside itself.

use std::path::{Path, PathBuf};

use super::lex::{Token, closed, tokens};

/// The variables that a package is compiled with.
pub(super) trait Variables {
    /// What is in this one, if it is set; none if nobody can know. One that a macro by example reads may be read in another package.
    fn variable(&self, name: &str, in_macro: bool) -> Option<Option<String>>;
}

/// What a file reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Files of code, by `#[path]` and `include!`.
    pub(super) code: Vec<PathBuf>,
    /// Other files.
    pub(super) data: Vec<PathBuf>,
    /// The variables that are compiled into it, with what is in them.
    pub(super) variables: Vec<(String, Option<String>)>,
    /// Whether modules of it lie in files somewhere in its folder.
    pub(super) has_modules: bool,
}

/// What is read by a file with this text; none if that cannot be found out.
pub(super) fn of(file: &Path, text: &str, variables: &dyn Variables) -> Option<Reads> {
    let tokens = tokens(text);
    let mut reader = Reader { folder: file.parent()?, tokens: &tokens, variables, in_macro: false };
    let (mut reads, mut at, mut depth, mut end_of_macro) = (Reads::default(), 0, 0_usize, 0);
    while let Some(token) = tokens.get(at) {
        reader.in_macro = at < end_of_macro;
        match token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => depth = depth.saturating_sub(1),
            Token::Sign('#') => {
                for path in reader.paths(at) {
                    let path = path?;
                    if depth == 0 || reader.in_macro {
                        reads.code.push(reader.found(path)?);
                    } else if is_below(path) {
                        // From which folder it leads depends on the modules around it.
                        reads.has_modules = true;
                    } else {
                        return None;
                    }
                }
            }
            Token::Word("mod") => reads.has_modules |= reader.is_elsewhere(at),
            Token::Word("macro_rules") => {
                end_of_macro = end_of_macro.max(reader.arguments(at).map_or(at, |(_, end)| end));
            }
            Token::Word(name @ ("include" | "include_str" | "include_bytes")) => {
                if let Some((from, end)) = reader.arguments(at) {
                    let path = reader.found(&reader.text(from, end)?)?;
                    if *name == "include" { &mut reads.code } else { &mut reads.data }.push(path);
                    at = end;
                }
            }
            Token::Word("env" | "option_env") => {
                if let Some((from, end)) = reader.arguments(at) {
                    // Behind it there may be what is told if it is not set.
                    let comma = (from..end).find(|&at| tokens[at] == Token::Sign(','));
                    let name = reader.text(from, comma.unwrap_or(end))?;
                    let value = variables.variable(&name, reader.in_macro)?;
                    reads.variables.push((name, value));
                    at = end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    Some(reads)
}

/// Whether a text says anything of that, so that it is worth while to read its tokens. Most do not.
pub(super) fn are_said(text: &str) -> bool {
    let signs = [("include", '!'), ("_str", '!'), ("_bytes", '!'), ("env", '!'), ("path", '=')];
    let is_said = |(word, sign): (&str, char)| {
        text.match_indices(word).any(|(at, word)| text[at + word.len()..].trim_start().starts_with(sign))
    };
    signs.into_iter().any(is_said)
}

/// Whether a path leads nowhere else than to a folder or below it.
fn is_below(path: &str) -> bool {
    !Path::new(path).is_absolute() && !path.split(['/', '\\']).any(|part| part == "..")
}

struct Reader<'a> {
    folder: &'a Path,
    tokens: &'a [Token<'a>],
    variables: &'a dyn Variables,
    /// Whether this is what a macro by example writes.
    in_macro: bool,
}

impl<'a> Reader<'a> {
    fn is(&self, at: usize, token: Token<'_>) -> bool {
        self.tokens.get(at) == Some(&token)
    }

    /// Where the arguments of a macro lie that is called by this word, or what a macro of that name is made of.
    fn arguments(&self, word: usize) -> Option<(usize, usize)> {
        let open = word + if self.is(word, Token::Word("macro_rules")) { 3 } else { 2 };
        let is_call = self.is(word + 1, Token::Sign('!'))
            && matches!(self.tokens.get(open), Some(Token::Sign('(' | '[' | '{')));
        is_call.then(|| (open + 1, closed(self.tokens, open)))
    }

    /// What an attribute says of the paths of a module; none of a path that is not written there.
    fn paths(&self, sign: usize) -> Vec<Option<&'a str>> {
        let from = sign + 2;
        let end = if self.is(sign + 1, Token::Sign('[')) { closed(self.tokens, sign + 1) } else { from };
        let is_path = |&at: &usize| {
            let is_said = self.is(at, Token::Word("path")) && self.is(at + 1, Token::Sign('='));
            is_said && (at == from || self.is(from, Token::Word("cfg_attr")))
        };
        let written = |at: usize| match self.tokens.get(at + 2) {
            Some(Token::Text(path)) => Some(*path),
            _ => None,
        };
        (from..end).filter(is_path).map(written).collect()
    }

    /// Whether the module that begins here is not written here.
    fn is_elsewhere(&self, word: usize) -> bool {
        let mut after = self.tokens[word + 1..].iter();
        after.find(|token| matches!(token, Token::Sign(';' | '{'))) == Some(&Token::Sign(';'))
    }

    /// The text that stands here, or is put together of such.
    fn text(&self, from: usize, end: usize) -> Option<String> {
        let end = if end > from && self.is(end - 1, Token::Sign(',')) { end - 1 } else { end };
        match self.tokens.get(from)? {
            Token::Text(text) if from + 1 == end => Some((*text).to_owned()),
            Token::Word(name @ ("concat" | "env")) => {
                let (inner, close) = self.arguments(from).filter(|(_, close)| close + 1 == end)?;
                if *name == "env" {
                    return self.variables.variable(&self.text(inner, close)?, self.in_macro)?;
                }
                let (mut whole, mut at) = (String::new(), inner);
                while at < close {
                    let is_end = |&next: &usize| self.is(next, Token::Sign(','));
                    let comma = self.outermost(at, close).find(is_end).unwrap_or(close);
                    whole.push_str(&self.text(at, comma)?);
                    at = comma + 1;
                }
                Some(whole)
            }
            _ => None,
        }
    }

    /// The tokens from here on that stand in no group.
    fn outermost(&self, from: usize, end: usize) -> impl Iterator<Item = usize> {
        let next = move |&at: &usize| Some(closed(self.tokens, at) + 1).filter(|next| *next < end);
        std::iter::successors(Some(from).filter(|from| *from < end), next)
    }

    /// The file to which a path leads that is written here. From a macro by example it leads from where that is called.
    fn found(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        if self.in_macro && path.is_relative() {
            return None;
        }
        self.folder.join(path).canonicalize().ok().filter(|path| path.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RATE` is set, `NONE` is not, and of another one nobody knows.
    struct Known;

    impl Variables for Known {
        fn variable(&self, name: &str, in_macro: bool) -> Option<Option<String>> {
            match name {
                "RATE" => Some(Some("7".to_owned())),
                "NONE" => Some(None),
                "HERE" if !in_macro => Some(Some(env!("CARGO_MANIFEST_DIR").to_owned())),
                _ => None,
            }
        }
    }

    /// The names of the files and the variables that this text reads in the file of the crate.
    fn read(text: &str) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
        let Some(Reads { code, data, variables, has_modules }) = of(&file, text, &Known) else {
            return "nobody knows".to_owned();
        };
        let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
        let code = code.iter().map(|path| format!("code {}", name(path)));
        let data = data.iter().map(|path| format!("data {}", name(path)));
        let variables =
            variables.iter().map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("none")));
        let mut all: Vec<_> = code.chain(data).chain(variables).collect();
        all.extend(has_modules.then(|| "modules".to_owned()));
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }

    #[test]
    fn what_is_written_in_a_file_is_what_it_reads() {
        let cases = [
            r#"const A: &str = include_str!("../Cargo.toml");"#,
            r#"include!{ "diag.rs", } fn a() { std::include_bytes!(r"lib.rs") }"#,
            r#"include_str!(concat!(env!("HERE"), "/", concat!("Cargo", ".toml"),))"#,
            r#"#[doc = include_str!("../Cargo.toml")] mod a {}"#,
            r#"// include_str!(a)"#,
            r#"const A: &str = "include_str!(a)"; fn include() { include(); env::var("X"); }"#,
            r#"env!("RATE", "it is said so") option_env!("NONE")"#,
            r#"#[path = "diag.rs"] mod a; mod b { fn c() {} }"#,
            r#"#[cfg_attr(unix, path = "diag.rs")] #[cfg_attr(not(unix), path = "lib.rs")] mod a;"#,
            r#"mod a { #[path = "diag.rs"] mod b; }"#,
            r#"#[serde(path = "a")] struct A { path: String }"#,
            r#"macro_rules! a { () => { env!("RATE") } }"#,
        ];
        for text in cases.iter().filter(|text| !matches!(read(text).as_str(), "nothing" | "modules")) {
            assert!(are_said(text), "{text}");
        }
        let told: Vec<_> = cases.iter().map(|text| format!("{text}\n  {}", read(text))).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        const A: &str = include_str!("../Cargo.toml");
          data Cargo.toml
        include!{ "diag.rs", } fn a() { std::include_bytes!(r"lib.rs") }
          code diag.rs, data lib.rs
        include_str!(concat!(env!("HERE"), "/", concat!("Cargo", ".toml"),))
          data Cargo.toml
        #[doc = include_str!("../Cargo.toml")] mod a {}
          data Cargo.toml
        // include_str!(a)
          nothing
        const A: &str = "include_str!(a)"; fn include() { include(); env::var("X"); }
          nothing
        env!("RATE", "it is said so") option_env!("NONE")
          RATE=7, NONE=none
        #[path = "diag.rs"] mod a; mod b { fn c() {} }
          code diag.rs, modules
        #[cfg_attr(unix, path = "diag.rs")] #[cfg_attr(not(unix), path = "lib.rs")] mod a;
          code diag.rs, code lib.rs, modules
        mod a { #[path = "diag.rs"] mod b; }
          modules
        #[serde(path = "a")] struct A { path: String }
          nothing
        macro_rules! a { () => { env!("RATE") } }
          RATE=7
        "#);
    }

    #[test]
    fn what_is_not_written_there_nobody_knows() {
        let cases = [
            r#"include_str!("nowhere.txt")"#,
            r#"include_str!("lib\x2ers")"#,
            r#"include_str!(concat!("lib", NAME))"#,
            r#"include_str!(concat!(env!("NONE"), "lib.rs"))"#,
            r#"include!(concat!(env!("OTHER"), "/made.rs"))"#,
            r#"macro_rules! a { ($name:literal) => { include_str!($name) } }"#,
            // It leads from where it is called.
            r#"macro_rules! a { () => { include_str!("lib.rs") } }"#,
            r#"macro_rules! a { () => { include_str!(concat!(env!("HERE"), "/src/lib.rs")) } }"#,
            r#"env!("OTHER")"#,
            r#"#[path = "nowhere.rs"] mod a;"#,
            r#"macro_rules! a { ($path:literal) => { #[path = $path] mod a; } }"#,
            r#"mod a { #[path = "../lib.rs"] mod b; }"#,
        ];
        for text in cases {
            assert_eq!(read(text), "nobody knows", "{text}");
            assert!(are_said(text), "{text}");
        }
    }
}
