use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Value as Json, json};

use super::model::{JobModel, StepModel};
use super::{DescriptorError, DescriptorProblem, DescriptorProblemKind as Kind, job};
use crate::config::{EnvVars, FileFormat, Node, Origin, for_editors};
use crate::define::OpDef;
use crate::graph::{Job, Op};

/// The op kinds of which descriptors build jobs, by name.
///
/// ```
/// use orch_core::config::FileFormat;
/// use orch_core::define::{DefaultFed as _, Fed, One, OpDef};
/// use orch_core::descriptor::Registry;
///
/// // With #[op]: fn double(x: i64) -> i64 { x * 2 }, and `.op::<double>()`.
/// let double = OpDef::builder("double")
///     .input::<i64>("x")
///     .fed::<0>(Fed::<i64>::READ, [])
///     .returns::<One<i64, 0>>()
///     .blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
/// let registry = Registry::new().op_def(&double.into());
/// let text = "
/// job: four_times
/// steps:
///   once:
///     op: double
///     inputs: { x: { value: 3 } }
///   twice:
///     op: double
///     inputs: { x: once }
/// ";
/// let job = registry.read_text(FileFormat::Yaml, "four_times.yaml", text)?;
/// assert_eq!(job.plan().steps.len(), 2);
/// # Ok::<(), orch_core::descriptor::DescriptorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    ops: BTreeMap<String, Arc<OpDef>>,
    problems: Vec<DescriptorProblem>,
    env: EnvVars,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// No op kinds yet. References in descriptors, `{ env: NAME }`, lead to the environment of this process.
    #[must_use]
    pub fn new() -> Self {
        Self { ops: BTreeMap::new(), problems: Vec::new(), env: EnvVars::process() }
    }

    /// Adds the op of a function with `#[op]`, under the op's name: `.op::<load>()`.
    #[must_use]
    pub fn op<O: Op>(self) -> Self {
        self.op_def(O::def())
    }

    /// Adds an op, under its name.
    #[must_use]
    pub fn op_def(self, op: &Arc<OpDef>) -> Self {
        self.op_as(op.name(), op)
    }

    /// Adds an op under another name. Two op kinds of the same name are a problem of every descriptor that is read.
    #[must_use]
    pub fn op_as(mut self, name: impl Into<String>, op: &Arc<OpDef>) -> Self {
        let name = name.into();
        if let Some(first) = self.ops.get(&name).filter(|first| !Arc::ptr_eq(first, op)) {
            let message = format!("two op kinds are named `{name}`");
            let problem = DescriptorProblem::new(Kind::DuplicateOp, message)
                .at_as("first", Origin::Code(first.place.clone()))
                .at_as("second", Origin::Code(op.place.clone()))
                .hint(format!("add one of them under another name: `.op_as(\"other_{name}\", ..)`"));
            self.problems.push(problem);
        }
        self.ops.entry(name).or_insert_with(|| Arc::clone(op));
        self
    }

    /// Takes what `{ env: NAME }` refers to from here instead.
    #[must_use]
    pub fn env(mut self, env: EnvVars) -> Self {
        self.env = env;
        self
    }

    /// The names of the op kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.ops.keys().map(String::as_str)
    }

    pub(super) fn get(&self, kind: &str) -> Option<&Arc<OpDef>> {
        self.ops.get(kind)
    }

    pub(super) fn env_vars(&self) -> &EnvVars {
        &self.env
    }

    /// The JSON Schema of descriptors, for editors: the op kinds of this registry are proposed.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut schema = SchemaGenerator::default().into_root_schema_for::<JobModel<StepModel>>();
        let kinds = self.ops.iter().map(|(name, op)| match &op.description {
            Some(description) => json!({ "const": name, "description": description }),
            None => json!({ "const": name }),
        });
        if let Some(Json::Object(op)) = schema.pointer_mut("/$defs/Step/properties/op") {
            op.insert("oneOf".to_owned(), Json::Array(kinds.collect()));
        }
        for_editors(&schema)
    }

    /// Builds a job of a descriptor that was read or made otherwise.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn job(&self, descriptor: &Node) -> Result<Job, DescriptorError> {
        let mut problems = self.problems.clone();
        match job::build(descriptor, self, &mut problems).job {
            Some(job) if problems.is_empty() => Ok(job),
            _ => Err(DescriptorError::new(problems)),
        }
    }

    /// Builds a job of the text of a descriptor. The name is the one that places bear.
    ///
    /// # Errors
    /// As [`Registry::job`], and if the text is not written as its format asks.
    pub fn read_text(&self, format: FileFormat, name: &str, text: &str) -> Result<Job, DescriptorError> {
        self.job(&Node::parse(format, name, text)?)
    }

    /// Builds a job of a file whose name ends in `.yaml`, `.yml`, `.toml` or `.json`.
    ///
    /// # Errors
    /// As [`Registry::job`], and if the file cannot be read.
    pub fn read_file(&self, path: impl AsRef<Path>) -> Result<Job, DescriptorError> {
        self.job(&Node::read_file(path.as_ref())?)
    }

    /// Builds the jobs of all descriptors of a folder, by the names of the files: `.yaml`, `.yml`, `.toml` and `.json`. Other
    /// files and folders within are passed over.
    ///
    /// # Errors
    /// If the folder cannot be read, and everything that is wrong with any of the files, or with two of them: jobs of the
    /// same name.
    pub fn read_folder(&self, path: impl AsRef<Path>) -> Result<Vec<Job>, DescriptorError> {
        let mut problems = self.problems.clone();
        let mut jobs = Vec::new();
        let mut names: BTreeMap<String, Origin> = BTreeMap::new();
        for file in files(path.as_ref())? {
            let node = match Node::read_file(&file) {
                Ok(node) => node,
                Err(error) => {
                    problems.extend(DescriptorError::from(error).into_problems());
                    continue;
                }
            };
            let described = job::build(&node, self, &mut problems);
            jobs.extend(described.job);
            let Some((name, at)) = described.name else { continue };
            match names.get(&name) {
                Some(first) => problems.push(
                    DescriptorProblem::new(Kind::DuplicateJob, format!("two jobs are named `{name}`"))
                        .at(at)
                        .at_as("first", first.clone())
                        .hint("give one of them another name"),
                ),
                None => drop(names.insert(name, at)),
            }
        }
        if problems.is_empty() { Ok(jobs) } else { Err(DescriptorError::new(problems)) }
    }
}

/// The descriptors of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, DescriptorError> {
    let unread = |why: std::io::Error| {
        let name = folder.display().to_string().replace('\\', "/");
        let message = match why.kind() {
            std::io::ErrorKind::NotFound => format!("there is no folder `{name}` of job descriptors"),
            std::io::ErrorKind::NotADirectory => format!("`{name}` is no folder of job descriptors"),
            _ => format!("the folder `{name}` of job descriptors cannot be read: {why}"),
        };
        let problem = DescriptorProblem::new(Kind::Folder, message);
        DescriptorError::new(vec![problem.hint("a relative path begins at the working directory")])
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if FileFormat::of_path(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
