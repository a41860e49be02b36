use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::output::Tail;
use crate::failure::{ErrorKind, Failure};

/// How a worker ended that nobody had told to.
#[derive(Debug)]
pub(super) struct Death {
    pub(super) status: Option<ExitStatus>,
    /// Whether it had begun to work.
    pub(super) began: bool,
    /// What was wrong with what it sent, if that was the reason.
    pub(super) broken: Option<String>,
    /// Whether it was killed since the run was canceled, and its time was over.
    pub(super) canceled: bool,
    pub(super) tail: Tail,
    /// The limit of its memory, in bytes.
    pub(super) memory: Option<u64>,
    /// Whether the kernel has killed a process of this group of processes for want of memory in the meantime.
    pub(super) out_of_memory: bool,
}

impl Death {
    /// The failure of an attempt that it had in hand.
    pub(super) fn failure(&self) -> Failure {
        if self.canceled {
            return Failure::canceled();
        }
        let failure = Failure::of_kind(ErrorKind::Crash, self.message());
        let failure = match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        };
        let lines: Vec<&str> = self.tail.lines().collect();
        if lines.is_empty() { failure } else { failure.with_metadata("last output", lines) }
    }

    fn message(&self) -> String {
        if let Some(why) = &self.broken {
            return format!("the process of the step was given up: {why}");
        }
        let Some(status) = self.status else {
            return "nobody knows how the process of the step ended".to_owned();
        };
        let core = if status.core_dumped() { ", and left a core dump" } else { "" };
        let when = if self.began { " in the middle of the step" } else { "" };
        match (status.signal(), status.code()) {
            (Some(signal), _) => {
                format!("the process of the step was killed by signal {signal}{}{core}", name(signal))
            }
            (None, Some(0)) => {
                format!("the process of the step ended by itself with exit code 0{when}")
            }
            (None, Some(code)) => {
                format!("the process of the step ended with exit code {code}{when}")
            }
            (None, None) => format!("the process of the step ended: {status}"),
        }
    }

    fn hint(&self) -> Option<String> {
        let signal = self.status?.signal()?;
        if signal == Signal::ABORT.as_raw()
            && let Some(bytes) = self.memory
            && self.tail.lacks_memory()
        {
            return Some(format!(
                "it asked for more memory than its op allows, `memory` of {bytes} bytes: give it more, or let it take less at a time"
            ));
        }
        if signal != Signal::KILL.as_raw() {
            return None;
        }
        Some(match self.out_of_memory {
            true => "the system has killed processes for want of memory in the meantime: give the machine or the \
                     container more, run fewer steps at once, or bound the op with `memory = \"..\"`"
                .to_owned(),
            false => "nobody in this program sent that signal: it may be the memory limit of the machine or the container, \
                      or somebody who ended it"
                .to_owned(),
        })
    }
}

/// ` (SIGSEGV)`, if the signal has a name.
fn name(raw: i32) -> String {
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    let found = names.iter().find(|(signal, _)| signal.as_raw() == raw);
    found.map_or_else(String::new, |(_, name)| format!(" ({name})"))
}

/// How many processes the kernel has killed for want of memory, of those that share a limit with this one; none if
/// nobody counts them.
pub(super) fn killed_for_memory() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let events = PathBuf::from("/sys/fs/cgroup").join(group).join("memory.events");
    let events = fs::read_to_string(events).ok()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn told(raw: i32, out_of_memory: bool, lines: &[&str]) -> String {
        let mut tail = Tail::default();
        lines.iter().for_each(|line| tail.push((*line).to_owned()));
        let status = Some(ExitStatus::from_raw(raw));
        Death {
            status,
            began: true,
            broken: None,
            canceled: false,
            tail,
            memory: Some(64 << 20),
            out_of_memory,
        }
        .failure()
        .info()
        .to_string()
    }

    #[test]
    fn how_it_ended_is_told() {
        assert_snapshot!(told(11 | 0x80, false, &["reading", "page 7"]), @r#"
        the process of the step was killed by signal 11 (SIGSEGV), and left a core dump
          last output: ["reading","page 7"]
        "#);
        assert_snapshot!(told(3 << 8, false, &[]), @"the process of the step ended with exit code 3 in the middle of the step");
        assert_snapshot!(told(0, false, &[]), @"the process of the step ended by itself with exit code 0 in the middle of the step");
        assert_snapshot!(told(9, false, &[]), @r"
        the process of the step was killed by signal 9 (SIGKILL)
          hint: nobody in this program sent that signal: it may be the memory limit of the machine or the container, or somebody who ended it
        ");
        assert_snapshot!(told(9, true, &[]), @r#"
        the process of the step was killed by signal 9 (SIGKILL)
          hint: the system has killed processes for want of memory in the meantime: give the machine or the container more, run fewer steps at once, or bound the op with `memory = ".."`
        "#);
        assert_snapshot!(told(6, false, &["memory allocation of 99 bytes failed"]), @r#"
        the process of the step was killed by signal 6 (SIGABRT)
          last output: ["memory allocation of 99 bytes failed"]
          hint: it asked for more memory than its op allows, `memory` of 67108864 bytes: give it more, or let it take less at a time
        "#);
        assert_snapshot!(told(34, false, &[]), @"the process of the step was killed by signal 34");
    }
}
