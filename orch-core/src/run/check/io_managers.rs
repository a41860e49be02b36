//! Whether the IO managers that a program names are there, and can what is wanted of them.

use super::known_or;
use crate::ids::Place;
use crate::io::IoManagers;
use crate::plan::{Problem, ProblemKind, Program, Step};
use crate::value::TypeInfo;

/// Tells each IO manager that is not defined once, with all places that name it, and what others cannot.
pub(super) fn check(program: &Program, managers: &IoManagers, problems: &mut Vec<Problem>) {
    let mut lacking: Vec<Lacking<'_>> = Vec::new();
    for (number, (step, op)) in program.plan.steps.iter().zip(&program.ops).enumerate() {
        let read_by = step.loads.as_ref().and_then(|asset| asset.read_by.as_deref());
        let Some(io) = step.io.as_deref().or(read_by) else { continue };
        let user = User { program, number, step, reads: read_by.is_some() };
        // What reads several partitions by key reads each by itself.
        let types: Vec<TypeInfo> = match op.reads {
            Some(reads) => vec![reads.ty],
            None => op.outputs().iter().map(|output| output.ty).collect(),
        };
        let columns = step.loads.as_ref().is_some_and(|asset| !asset.columns.is_empty());
        let together = op.reads.is_some_and(|reads| reads.is_together());
        for ty in types {
            if let Some(manager) = managers.get(io, ty) {
                if columns && !manager.takes_columns() {
                    problems.push(no_columns(&user, io, &ty.name()));
                }
                if together && !manager.takes_partitions() {
                    problems.push(no_partitions(&user, io, &ty.name()));
                }
                continue;
            }
            // One of no type at all is one that was forgotten, whatever is stored by it.
            let of = managers.has(io).then_some(ty);
            let place = user.place();
            match lacking.iter_mut().find(|one| one.io == io && one.of == of) {
                Some(one) if one.places.contains(place) => {}
                Some(one) => one.places.push(place.clone()),
                None => {
                    let wants = user.wants(&ty.name());
                    lacking.push(Lacking { io, of, wants, places: vec![place.clone()] });
                }
            }
        }
    }
    problems.extend(lacking.into_iter().map(|one| one.told(managers)));
}

/// An IO manager that is named and not defined.
struct Lacking<'a> {
    io: &'a str,
    /// The type for which it is not, where it is defined for others.
    of: Option<TypeInfo>,
    /// What the first who names it wants of it.
    wants: String,
    places: Vec<Place>,
}

impl Lacking<'_> {
    fn told(self, managers: &IoManagers) -> Problem {
        let Self { io, of, wants, places } = self;
        let of = of.map(|ty| format!(" for `{}`", ty.name())).unwrap_or_default();
        let define = format!(
            "define it for the program, `Definitions::new().io(\"{io}\", manager)`, or for one run, `job.runner().io(\"{io}\", manager)`"
        );
        let message = format!("{wants} by the IO manager `{io}`, which is not defined{of}");
        let problem = Problem::new(ProblemKind::UnknownIo, message);
        let problem = places.into_iter().fold(problem, |problem, place| problem.at("the step", place));
        problem.hint(known_or(io, &managers.names(), "IO managers of this program", &define))
    }
}

/// Who names an IO manager: a step that stores, or one that reads for another.
struct User<'a> {
    program: &'a Program,
    number: usize,
    step: &'a Step,
    reads: bool,
}

impl User<'_> {
    /// Its place, or of what reads for another that of the other one: nobody wrote the step that reads.
    fn place(&self) -> &Place {
        let taker = self.program.reader_of(self.number).filter(|_| self.reads);
        &taker.unwrap_or(self.step).place
    }

    /// What it does with a value of this type, as its author knows it.
    fn wants(&self, ty: &str) -> String {
        match self.taken() {
            Some((taker, asset)) => format!("{taker} reads {asset} as a `{ty}`"),
            None => format!("`{}` has its `{ty}` stored", self.step.name),
        }
    }

    /// Of what reads for another, the parameter and the asset that it takes.
    fn taken(&self) -> Option<(String, String)> {
        let asset = self.step.loads.as_ref().filter(|_| self.reads)?;
        let parameter = self.program.reader_of(self.number).and_then(|taker| {
            let input = taker.inputs.iter().find(|input| input.source.takes(self.number))?;
            Some(format!("the parameter `{}` of `{}`", input.name, taker.name))
        });
        let taker = parameter.unwrap_or_else(|| format!("`{}`", self.step.name));
        Some((taker, format!("`{}`", asset.key)))
    }

    /// The same, in the words of a sentence that says what is read.
    fn reads(&self, what: &str) -> String {
        match self.taken() {
            Some((taker, asset)) => format!("{taker} reads {what} of {asset}"),
            None => format!("`{}` reads {what}", self.step.name),
        }
    }
}

/// Columns are wanted of what is read, and its IO manager knows nothing of columns.
fn no_columns(user: &User<'_>, io: &str, ty: &str) -> Problem {
    let message =
        format!("{} as a `{ty}`, which the IO manager `{io}` reads as a whole", user.reads("columns"));
    Problem::new(ProblemKind::UnknownIo, message)
        .at("the step", user.place().clone())
        .hint("leave them out, `#[stored]`, or have the manager read them: `IoManager::takes_columns`")
}

/// Partitions are wanted as one value, and their IO manager reads each by itself.
fn no_partitions(user: &User<'_>, io: &str, ty: &str) -> Problem {
    let reads = user.reads("partitions");
    let message = format!("{reads} together as a `{ty}`, which the IO manager `{io}` reads of one alone");
    Problem::new(ProblemKind::UnknownIo, message).at("the step", user.place().clone()).hint(format!(
        "take them by key, `#[stored]` before a `&Partitions<{ty}>`, or have the manager read them: `IoManager::load_partitions`"
    ))
}
