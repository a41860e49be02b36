//! The power may fail after any call, and takes what was not brought to the disk: all of it, or any of it.

use super::image::{Call, Image, Left};
use super::{Disk, EIO, Said};
use crate::folders::Empty;

/// What a program did on a disk, call by call.
struct Life {
    calls: Vec<Call>,
    durability: &'static str,
    place: String,
}

impl Life {
    fn of(disk: &Disk, durability: &'static str, place: &str) -> Self {
        disk.said(&format!("act {durability}"), place);
        Self { calls: disk.told(), durability, place: place.to_owned() }
    }

    /// Cuts the power after each call for which that is `wanted`.
    fn cut_off(&self, seed: u64, mut left: Left, wanted: impl Fn(usize) -> bool) {
        let (mut image, mut said) = (Image::default(), String::new());
        let mut refused = left;
        for (number, call) in self.calls.iter().enumerate() {
            image.after(call, &mut refused);
            if let Call::Said(text) = call {
                said += str::from_utf8(text).expect("a text");
            }
            if !wanted(number) {
                continue;
            }
            if let Left::Some(state) = &mut left {
                *state = seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
            }
            let place = format!("{}, {}, cut off after {number}, {left:?} left", self.place, self.durability);
            let home = Empty::in_memory();
            image.lay_down(home.path(), left);
            let lines: Vec<String> =
                said.lines().filter_map(|line| Some(line.strip_prefix("> ")?.to_owned())).collect();
            let home = home.path().join(".orch");
            Said(&lines).is_kept(&home, self.durability == "normal", &place);
        }
    }
}

#[test]
fn the_power_may_fail_after_any_call() {
    for durability in ["full", "normal"] {
        let life = Life::of(&Disk::new(), durability, "nothing fails");
        let many = life.calls.len();
        assert!(many > 400, "{many} calls");
        // What has been brought there changes with these calls alone.
        let is_last = |number: usize| {
            let is_sync = |call: &Call| matches!(call, Call::Sync(_));
            life.calls.get(number + 1).is_none_or(is_sync)
        };
        life.cut_off(0, Left::Nothing, is_last);
        life.cut_off(1, Left::Some(1), |number| number % 3 == 0);
        life.cut_off(0, Left::All, |number| number % 31 == 0);
    }
}

/// The system takes for written what it could not bring to the disk, and says so once: what comes after must not rely on it.
#[test]
fn the_power_may_fail_after_the_disk_has_refused_something_once() {
    for number in 1.. {
        let disk = Disk::new().with("DISK_KINDS", &"s").with("DISK_AT", &number).with("DISK_ERROR", &EIO);
        let durability = if number % 2 == 0 { "full" } else { "normal" };
        let life = Life::of(&disk, durability, &format!("sync {number} fails"));
        let Some(refused) = life.calls.iter().position(|call| matches!(call, Call::NotSynced(_))) else {
            return assert!(number > 40, "{number}");
        };
        let end = life.calls.len() - 1;
        life.cut_off(number, Left::Nothing, |at| at == end || (at > refused && at % 179 == 0));
        life.cut_off(number, Left::Some(number), |at| at == end || (at > refused && at % 131 == 11));
    }
}

/// What the list says lasts, whoever has looked and put it there; so must what the run has committed that it is said of.
#[test]
fn the_power_may_fail_after_somebody_has_looked_at_a_run_that_died() {
    for number in 0.. {
        let place = format!("somebody looks at a run that died, and sync {number} fails");
        let disk = Disk::new().with("DISK_KINDS", &"s").with("DISK_AT", &number).with("DISK_ERROR", &EIO);
        disk.said("act and die", &place);
        let before = disk.told().len();
        disk.said("list", &place);
        let life = Life { calls: disk.told(), durability: "normal", place };
        let (end, mut refused) = (life.calls.len() - 1, life.calls.iter());
        life.cut_off(number, Left::Nothing, |at| at == end || (number == 0 && at >= before));
        life.cut_off(number, Left::Some(number), |at| at == end || (number == 0 && at >= before));
        if number > 0 && !refused.any(|call| matches!(call, Call::NotSynced(_))) {
            return assert!(number > 10, "{number}");
        }
    }
}
