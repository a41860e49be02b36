use std::sync::Arc;

use super::itself::Itself;
use super::partitions::asset_of;
use super::{Run, Runner};
use crate::config::{ConfigPath, ConfigProblem, ConfigProblemKind, Origin, RunConfig, of_step};
use crate::ids::RunId;
use crate::partition::KeySets;
use crate::plan::{GivenInputs, Part, Problem, ProblemKind, Program};
use crate::select::{SelectionError, StepSelection};
use crate::value::{Data, TypeInfo, Value};

/// Running a part of a job.
impl Runner {
    /// Runs only a part of the job. What a selected step takes from one that is not selected comes from
    /// [`Runner::input`] or from [`Runner::upstream`]; if it comes from neither, that is a problem of the plan.
    ///
    /// Steps that are not selected are not waited for either, and no event tells of them.
    ///
    /// ```
    /// # use orch_core::define::{JobOptions, One, OpDef};
    /// # use orch_core::graph::{Call, Job};
    /// # type Number = One<i64, 0>;
    /// # let extract = OpDef::builder("extract").returns::<Number>().blocking(|_| Ok(1)).into();
    /// # let load = OpDef::builder("load").input::<i64>("page").returns::<Number>().blocking(|mut args| args.take::<i64>(0));
    /// # let load = load.into();
    /// # let job = Job::compose(JobOptions::new("job"), || {
    /// #     let page = Call::of(&extract).place::<Number>();
    /// #     Call::of(&load).input::<i64>(page).place::<Number>();
    /// # });
    /// let whole = job.run_blocking()?;
    /// let again = job.runner().select("load".parse()?).upstream(&whole).run_blocking()?;
    /// let other = job.runner().select("load".parse()?).input("load", "page", 7_i64).run_blocking()?;
    /// # let _ = (again, other);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn select(mut self, selection: StepSelection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// Feeds an input with this value instead of what feeds it in the job; in a map, for each item. The step and the
    /// input are named as in the plan, and the value must be of the input's type.
    #[must_use]
    pub fn input<T: Data>(mut self, step: impl Into<String>, input: impl Into<String>, value: T) -> Self {
        self.inputs.insert((step.into(), input.into()), (TypeInfo::of::<T>(), Value::new(value)));
        self
    }

    /// Takes what steps that are not selected have made from an earlier run that kept its outputs, also a failed one. It
    /// is asked for what it ran itself, and else the run that it took its values from. All of these are kept as long as
    /// the new run is.
    #[must_use]
    pub fn upstream(mut self, run: &Run) -> Self {
        self.earlier = Some(Arc::clone(&run.known));
        self
    }

    /// Takes what steps that are not selected have made from what IO managers stored in the run of this identifier, if
    /// [`Runner::upstream`] does not have it: the outputs of ops that name an IO manager. All that is needed is loaded
    /// before the first step begins; what cannot be loaded is then a problem of the plan.
    ///
    /// Which items a dynamic output had is stored nowhere. So those of a source that does not run are at hand only by
    /// name, as in `load[100]`, and cannot be collected. Nor is it stored whether a step succeeded after its outputs had
    /// been stored: of a run that failed, what an IO manager has of a failed step is taken too.
    #[must_use]
    pub fn upstream_stored(mut self, run: RunId) -> Self {
        self.stored = Some(run);
        self
    }

    /// Says for which partitions the run is, as [`Keyspace::select`](crate::partition::Keyspace::select) reads it: one,
    /// `2024-01-31`, from one to another, `2024-01-01..2024-01-31`, the last, `latest`, or all, `*`. Each of the steps that make
    /// assets with partitions runs once for each, `sales[2024-01-31]`.
    ///
    /// It is of the partitions that all others of the run follow from: where `daily` sales are summed up to `weekly` ones, days
    /// are told, and the weeks are made that these are in.
    #[must_use]
    pub fn partition(mut self, selection: impl Into<String>) -> Self {
        self.partition = Some(selection.into());
        self
    }

    /// Gives the run the keys of dynamic partitions, in the place of those that its instance has: for a run that is not recorded,
    /// or a test. What a step adds goes to the instance all the same; without one it is gone with the run.
    ///
    /// ```
    /// # use orch_core::graph::Job;
    /// use orch_core::partition::{KeySet, KeySets};
    ///
    /// # fn run(job: &Job) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut customers = KeySet::new();
    /// customers.add("acme")?;
    /// let sets = KeySets::new().with("customers", customers);
    /// let run = job.runner().key_sets(sets).partition("acme").run_blocking()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn key_sets(mut self, sets: KeySets) -> Self {
        self.keys = Some(sets);
        self
    }

    /// The part of the program that is to run; all of it if nobody said otherwise.
    pub(super) fn part(
        &self,
        mut program: Program,
        itself: &Itself,
        config: &RunConfig,
        wrong: &mut Vec<ConfigProblem>,
        problems: &mut Vec<Problem>,
    ) -> Program {
        let configured = itself.select.as_ref().filter(|_| self.selection.is_none());
        let configured = configured.and_then(|text| match text.parse() {
            Ok(selection) => Some(selection),
            Err(error) => {
                let error: SelectionError = error;
                let path = ConfigPath::root().key("select");
                let problem = ConfigProblem::new(ConfigProblemKind::WrongValue, path, error.to_string());
                wrong.push(problem.at(Itself::selected_at(config)));
                None
            }
        });
        let selection = self.selection.as_ref().or(configured.as_ref());
        let mut inputs = self.configured_inputs(&mut program, config, wrong);
        inputs.extend(self.inputs.clone());
        if selection.is_none() && inputs.is_empty() {
            return program;
        }
        if !program.plan.partitions.is_empty() {
            problems.push(of_partitions(&program));
            return program;
        }
        let (earlier, before) = (self.earlier.as_deref(), problems.len());
        let part = Part { selection, inputs: &inputs, earlier, stored: self.stored.is_some() };
        let program = program.select(part, problems);
        if configured.is_some() {
            let unknown = problems[before..].iter_mut().filter(|one| one.kind() == ProblemKind::UnknownStep);
            let place = Itself::selected_at(config).place();
            unknown.for_each(|one| *one = one.clone().at("selected", place.clone()));
        }
        program
    }

    /// The values of inputs that the configuration gives: `ops.load.inputs.page`.
    fn configured_inputs(
        &self,
        program: &mut Program,
        config: &RunConfig,
        wrong: &mut Vec<ConfigProblem>,
    ) -> GivenInputs {
        let mut given = GivenInputs::new();
        for (step, op) in program.plan.steps.iter().zip(&program.ops) {
            let path = of_step(&step.name).key("inputs");
            for input in op.inputs() {
                let path = path.clone().key(&*input.name);
                let Some(node) = config.at(&path) else { continue };
                let mut refuse = |message: String, origin: &Origin| {
                    let problem = ConfigProblem::new(ConfigProblemKind::WrongValue, path.clone(), message);
                    wrong.push(problem.at(origin.clone()));
                };
                match input.from_config.map(|read| read(node, &self.env)) {
                    Some(Ok(read)) => {
                        program.secrets.extend(read.secrets);
                        given.insert((step.name.clone(), input.name.to_string()), (input.ty, read.value));
                    }
                    Some(Err(error)) => {
                        // That it is not given would not be true.
                        let unread = (input.ty, Value::new(()));
                        given.insert((step.name.clone(), input.name.to_string()), unread);
                        let inner = path.clone().join(&error.path);
                        refuse(format!("`{inner}`: {}", error.message), &error.origin);
                    }
                    None => refuse(
                        format!(
                            "`{path}` is a `{}`, which cannot be read from configuration",
                            input.ty.name()
                        ),
                        &node.origin,
                    ),
                }
            }
        }
        given
    }
}

/// A part of the steps that make partitions, or look at some, would leave out what waits for all of them.
fn of_partitions(program: &Program) -> Problem {
    let plan = &program.plan;
    let assets = || plan.steps.iter().flat_map(|step| &step.assets);
    let of = plan.partitions.first().map_or(plan.job.as_str(), |of| asset_of(plan, of));
    let (does, asset, instead) = match (assets().find(|asset| asset.partitions.is_some()), assets().next()) {
        (Some(asset), _) => {
            let key = &asset.key;
            let instead = format!(
                "select assets in place of steps, and partitions of them: `materialize {key} --partition ..`"
            );
            ("makes", key.as_str(), instead)
        }
        (None, Some(made)) => {
            ("looks at", of, format!("select assets in place of steps: `materialize {}`", made.key))
        }
        (None, None) => ("looks at", of, "name partitions in place of steps: `--partition ..`".to_owned()),
    };
    let message =
        format!("steps are selected, or given inputs, of a job that {does} partitions of `{asset}`");
    let problem = Problem::new(ProblemKind::InvalidPartition, message);
    problem.hint(format!("{instead}; of a run that failed, `rerun RUN --from-failure`"))
}
