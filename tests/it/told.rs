//! What runs are refused for, as it is told.

use orch::run::Runner;

/// The message, without the numbers of lines in sources.
pub(crate) fn refusal(runner: Runner) -> String {
    let told = runner.run_blocking().unwrap_err().to_string();
    let lines = told.lines().map(|line| match line.split_once(".rs:") {
        Some((before, after)) => {
            format!("{before}.rs{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
