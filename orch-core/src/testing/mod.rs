//! Running a job in a test: in this process, with other resources, in no time, and with what is to be said of its end.

mod begin;
mod ended;

pub use begin::TestRun;
pub use ended::TestedRun;
