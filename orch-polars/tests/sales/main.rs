//! The guide's walk through the example `sales`, told with its own commands: each is run, and answers what stands there. This
//! program is the example, before and after the change of its code that the guide shows, so it has a `main` of its own.

#[path = "../../../examples/sales/mart.rs"]
mod mart;
#[path = "../../../examples/sales/raw.rs"]
mod raw;

/// `mart` after the change.
mod changed;

mod walk;

use std::process::ExitCode;

/// Which program this is; not set if it is the test.
const PROGRAM: &str = "SALES_PROGRAM";

fn main() -> ExitCode {
    let program = std::env::var(PROGRAM).ok();
    match program.as_deref() {
        Some("changed") => {
            orch::cli::run_main(|| raw::definitions().assets(changed::assets()).checks(changed::checks()))
        }
        Some(_) => orch::cli::run_main(|| raw::definitions().assets(mart::assets()).checks(mart::checks())),
        None => walk::main(),
    }
}
