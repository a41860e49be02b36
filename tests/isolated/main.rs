//! Steps in processes of their own. A run starts its own program once more for them, so this one has a `main` of its own.
//! What other systems than Linux are asked of processes is not all there is to see, so it runs on Linux alone.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod asked;
#[cfg(target_os = "linux")]
mod crash;
#[cfg(target_os = "linux")]
mod observed;
#[cfg(target_os = "linux")]
mod ops;
#[cfg(target_os = "linux")]
#[path = "../outcome/mod.rs"]
mod outcome;
#[cfg(target_os = "linux")]
mod stories;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return stories::main();
    #[cfg(not(target_os = "linux"))]
    ExitCode::SUCCESS
}
