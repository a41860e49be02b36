use std::process::ExitCode;

/// How a program that [`run_main`](super::run_main) runs ends. These numbers do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: what was asked for is done; a run ended without a failed step.
    Success,
    /// 1: the run ended with failed steps, or a resource could not be opened or closed; a run that was
    /// followed was interrupted.
    RunFailed,
    /// 2: wrong arguments, an unknown job or run, definitions that cannot be made, a job that cannot be planned, or something
    /// to mend that a check has found. No step began.
    Usage,
    /// 3: the machine refused what the program needs: no thread can be started, a file or stdout cannot be written, what is
    /// recorded cannot be read.
    Machine,
    /// 4: code of the program outside its steps panicked: the function that makes the definitions or the body of a job, and
    /// no step began; or a sink or the `Drop` of a value, and the run broke off.
    Broken,
    /// 130: the run was canceled by Ctrl-C, as shells have it (128 + SIGINT), on Unix by SIGTERM, or on Linux by SIGHUP.
    Canceled,
}

impl Exit {
    /// The number that the program's caller sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::RunFailed => 1,
            Self::Usage => 2,
            Self::Machine => 3,
            Self::Broken => 4,
            Self::Canceled => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
