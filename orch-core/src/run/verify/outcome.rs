use std::fmt;

use serde::Serialize;

use super::Finding;

/// What was looked at by [`Definitions::check`](crate::run::Definitions::check).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckSummary {
    /// How many jobs.
    pub jobs: usize,
    /// How many presets, of all jobs.
    pub presets: usize,
    /// How many environments that have a name.
    pub environments: usize,
    /// How many assets.
    pub assets: usize,
    /// How many checks of assets.
    pub checks: usize,
}

impl fmt::Display for CheckSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jobs, presets, environments, assets, checks } = *self;
        let count = |n, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        write!(
            f,
            "{}, {}, {}",
            count(jobs, "job"),
            count(presets, "preset"),
            count(environments, "environment")
        )?;
        // Of what a program has none, many have never heard.
        let rare = [(assets, "asset"), (checks, "check")];
        rare.iter().filter(|(n, _)| *n > 0).try_for_each(|(n, one)| write!(f, ", {}", count(*n, one)))
    }
}

/// All that is to be mended in a program, told at once.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CheckError {
    #[serde(flatten)]
    summary: CheckSummary,
    findings: Vec<Finding>,
}

impl CheckError {
    /// What holds at the same places is told together, in the order of the first.
    pub(super) fn new(summary: CheckSummary, findings: Vec<Finding>) -> Self {
        let mut groups: Vec<Vec<Finding>> = Vec::new();
        for finding in findings {
            match groups.iter_mut().find(|group| group[0].holds() == finding.holds()) {
                Some(group) => group.push(finding),
                None => groups.push(vec![finding]),
            }
        }
        Self { summary, findings: groups.into_iter().flatten().collect() }
    }

    /// What was looked at.
    #[must_use]
    pub fn summary(&self) -> CheckSummary {
        self.summary
    }

    /// What was found: first what is of the program, then by job.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.findings.len();
        let problems = if found == 1 { "problem" } else { "problems" };
        write!(f, "the check of {} found {found} {problems}", self.summary)?;
        let mut last = String::new();
        for finding in &self.findings {
            let holds = finding.holds();
            if holds != last {
                write!(f, "\n{holds}:")?;
                last = holds;
            }
            write!(f, "\n{finding}")?;
        }
        Ok(())
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for CheckError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Problem, ProblemKind};

    #[test]
    fn all_findings_are_told_also_in_debug() {
        let mut finding = Finding::of_plan(
            &Problem::new(ProblemKind::InvalidLimit, "the pool `db` has size 0").hint("write 1 or more"),
        );
        let program = finding.clone();
        finding.jobs.push("load".into());
        let summary = CheckSummary { jobs: 1, presets: 0, environments: 0, assets: 0, checks: 0 };
        let error = CheckError::new(summary, vec![program, finding]);
        insta::assert_snapshot!(format!("{error:?}"), @r"
        the check of 1 job, 0 presets, 0 environments found 2 problems
        in the program:
        error: the pool `db` has size 0
          hint: write 1 or more
        in the job `load`:
        error: the pool `db` has size 0
          hint: write 1 or more
        ");
    }
}
