//! Configuration files: YAML, TOML and JSON, as trees in which every value and every name knows its line and column.

mod json;
mod source;
mod toml;
mod yaml;

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

pub(super) use source::Source;
pub(super) use yaml::flow;

use super::{ConfigError, ConfigPath, ConfigProblem, ConfigProblemKind as Kind, Node, Value};

/// How deep a file may nest its values.
pub(super) const DEPTH: usize = 64;

/// How large a file may be, in bytes.
const SIZE: u64 = 16 << 20;

/// A format of configuration files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileFormat {
    /// YAML 1.2, one document: `yes` is a text, and `<<` a name as any other.
    Yaml,
    /// TOML 1.0. Dates are texts.
    Toml,
    /// JSON, without comments.
    Json,
}

impl FileFormat {
    /// The format that the extension of a file name says: `.yaml`, `.yml`, `.toml` or `.json`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Json => "JSON",
        })
    }
}

impl Node {
    /// Reads a configuration file in the format that its extension says.
    ///
    /// # Errors
    /// If the file cannot be read or is of no known format, and as [`parse`](Self::parse).
    pub fn read_file(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string().replace('\\', "/");
        let wrong = |message: String| ConfigProblem::new(Kind::File, ConfigPath::root(), message);
        let Some(format) = FileFormat::of_path(path) else {
            let message = match path.extension() {
                Some(extension) => {
                    format!(
                        "the configuration file `{name}` ends in `.{}`, which is no known format",
                        extension.display()
                    )
                }
                None => format!("the configuration file `{name}` has no extension that says its format"),
            };
            return Err(wrong(message).hint("known are .yaml, .yml, .toml and .json").into());
        };
        let unread = |why: &std::io::Error| match why.kind() {
            ErrorKind::NotFound => wrong(format!("there is no configuration file `{name}`"))
                .hint("a relative path begins at the working directory"),
            ErrorKind::IsADirectory => wrong(format!("the configuration file `{name}` is a folder")),
            _ => wrong(format!("the configuration file `{name}` cannot be read: {why}")),
        };
        let kind = std::fs::metadata(path).map_err(|why| unread(&why))?.file_type();
        // What is no file, a pipe or a device, may never end, or never begin.
        if !kind.is_file() && !kind.is_dir() {
            let message = format!("the configuration file `{name}` is no regular file");
            return Err(wrong(message).hint("copy what it gives into a file").into());
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|why| unread(&why))?;
        file.take(SIZE + 1).read_to_end(&mut bytes).map_err(|why| unread(&why))?;
        if bytes.len() as u64 > SIZE {
            let message = format!("the configuration file `{name}` is larger than {} MiB", SIZE >> 20);
            return Err(wrong(message).into());
        }
        let text = String::from_utf8(bytes).map_err(|why| {
            let line =
                1 + why.as_bytes()[..why.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            wrong(format!("the configuration file `{name}` is not in UTF-8, first in line {line}"))
                .hint("save it as UTF-8")
        })?;
        Self::parse(format, &name, &text)
    }

    /// Reads the text of a configuration file. The name is the one that places bear. A text without a value is an empty
    /// map.
    ///
    /// # Errors
    /// What is not as the format asks, names that stand twice, values that are nested deeper than 64 maps and lists or
    /// that aliases make larger than 16 MiB, numbers that do not fit 64 bits; and whatever is no map as a whole.
    ///
    /// ```
    /// use orch_core::config::{FileFormat, Node};
    ///
    /// let error = Node::parse(FileFormat::Yaml, "conf.yaml", "batch: 5\nbatch: 6\n").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the configuration cannot be used\n\
    ///      error: the name `batch` stands twice in one map\n  \
    ///        --> conf.yaml:2:1\n  \
    ///        --> conf.yaml:1:1 (first)",
    /// );
    /// ```
    pub fn parse(format: FileFormat, name: &str, text: &str) -> Result<Self, ConfigError> {
        // Editors of some systems begin files with a mark of the byte order, and it says nothing here.
        let source = Source::new(name, text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut problems = Vec::new();
        let node = match format {
            FileFormat::Yaml => yaml::read(&source, &mut problems),
            FileFormat::Toml => toml::read(&source, &mut problems),
            FileFormat::Json => json::read(&source, &mut problems),
        };
        if !problems.is_empty() {
            return Err(ConfigError::new(problems));
        }
        let empty = || Self { value: Value::Map(Vec::new()), origin: source.origin(0) };
        match node {
            Some(Self { value: Value::Null, .. }) | None => Ok(empty()),
            Some(node @ Self { value: Value::Map(_), .. }) => Ok(node),
            Some(node) => {
                let found = super::words::found(&node);
                let message = format!("a configuration is a map, but `{name}` is {found}");
                let problem =
                    ConfigProblem::new(Kind::WrongType, ConfigPath::root(), message).at(node.origin);
                Err(problem.hint("write names with values: `name: value`").into())
            }
        }
    }
}

/// A name that stands twice in one map.
fn duplicate(path: &ConfigPath, key: &str, again: super::Origin, first: super::Origin) -> ConfigProblem {
    let message = format!("the name {} stands twice in one map", super::words::cut(key));
    ConfigProblem::new(Kind::DuplicateKey, path.clone().key(key), message).at(again).at_as("first", first)
}

/// A value that is nested too deep.
fn too_deep(path: &ConfigPath, origin: super::Origin) -> ConfigProblem {
    let message = format!("maps and lists are nested deeper than {DEPTH}");
    ConfigProblem::new(Kind::TooLarge, path.clone(), message).at(origin)
}
