use orch_core::graph::Job;
use orch_core::run::Definitions;

use super::printer::Printer;
use super::{Exit, program_name};

/// The job of this name, or the only one if none is named; else says what there is.
pub(super) fn find<'a>(
    definitions: &'a Definitions,
    name: Option<&str>,
    command: &str,
    printer: &Printer,
) -> Result<&'a Job, Exit> {
    let jobs = definitions.jobs();
    let listed = || {
        let names: Vec<_> = jobs.iter().map(|job| format!("  {}", job.name())).collect();
        format!("the jobs of this program are:\n{}", names.join("\n"))
    };
    let program = program_name();
    match (name, jobs) {
        (_, []) => {
            let hint = "return them from the function with #[orch::main]: Definitions::new().job(my_job())";
            printer.error(&"this program has no jobs", Some(hint));
        }
        (None, [only]) => return Ok(only),
        (None, [first, ..]) => {
            let hint = format!("name it: `{program} {command} {}`", first.name());
            printer.error(&format!("which job? {}", listed()), Some(&hint));
        }
        (Some(name), jobs) => {
            if let Some(job) = jobs.iter().find(|job| job.name() == name) {
                return Ok(job);
            }
            let near = nearest(name, jobs.iter().map(Job::name));
            let hint = near.map(|near| format!("did you mean `{program} {command} {near}`?"));
            printer.error(&format!("there is no job `{name}`; {}", listed()), hint.as_deref());
        }
    }
    Err(Exit::Usage)
}

/// The name that the user most likely meant: at most a third of its letters are to be changed, or the one is a part of
/// the other.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let within = |name: &str| !wanted.is_empty() && (name.contains(wanted) || wanted.contains(name));
    names
        .map(|name| (if within(name) { 0 } else { distance(wanted, name) }, name))
        .filter(|(distance, name)| distance * 3 <= name.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters are to be added, removed or replaced to make one text of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["static_job", "dynamic_job", "prio_dynamic_job"];
        let near = |wanted| nearest(wanted, names.into_iter());
        assert_eq!(near("dinamic_job"), Some("dynamic_job"));
        assert_eq!(near("prio"), Some("prio_dynamic_job"));
        assert_eq!(near("xyz"), None);
        assert_eq!(near(""), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc")), (3, 3));
    }
}
