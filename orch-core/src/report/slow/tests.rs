use super::*;
use crate::event::Detail;
use crate::event::sample::{Log, at};

/// What is told from the start on, if it is asked for every so many milliseconds.
fn told(log: &Log, every: u64, until: u64) -> String {
    let view = RunView::of(Detail::Counts, log.events());
    let looks = (every..=until).step_by(usize::try_from(every).expect("few"));
    let minute = Duration::from_secs(60);
    let lines = looks.flat_map(|now| slow(&view, minute, at(now - every), at(now), Palette::Plain));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_step_that_hangs_is_told_at_each_doubling() {
    let mut log = Log::new("stuck", &["extract", "load over extract"]);
    log.start("extract").item("extract", "3").item("extract", "4").start("load[3]");
    log.at(30_000).start("load[4]").retry("load[4]", 1, "disk full", 0).at(45_000).restart("load[4]", 2);
    let hanging = told(&log, 80, 500_000);
    insta::assert_snapshot!(hanging, @r"
      60.000  SLOW load[3] has been running for 1m 0s
     105.040  SLOW load[4] #2 has been running for 1m 0s
     120.000  SLOW load[3] has been running for 2m 0s
     165.040  SLOW load[4] #2 has been running for 2m 0s
     240.000  SLOW load[3] has been running for 4m 0s
     285.040  SLOW load[4] #2 has been running for 4m 0s
     480.000  SLOW load[3] has been running for 8m 0s
    ");
}

#[test]
fn who_looks_seldom_is_told_once() {
    let mut log = Log::new("stuck", &["load"]);
    log.start("load");
    insta::assert_snapshot!(told(&log, 250_000, 250_000), @" 250.000  SLOW load has been running for 4m 10s");
    assert_eq!(told(&log, 59_999, 59_999), "");
    assert_eq!(told(log.at(70_000).success("load", 1), 80, 500_000), "");
}

#[test]
fn an_open_stream_and_a_step_that_waits_are_not_slow() {
    let mut log = Log::new("patient", &["tail", "load over tail", "fetch"]);
    log.start("tail").item("tail", "a").start("fetch").retry("fetch", 1, "timed out", 900_000);
    assert_eq!(told(&log, 80, 500_000), "");
}

#[test]
fn of_many_that_hang_at_once_some_are_named() {
    let mut log = Log::new("stuck", &["extract", "load over extract"]);
    log.start("extract");
    for key in 0..33 {
        log.item("extract", &key.to_string()).start(&format!("load[{key}]"));
    }
    let told = told(&log, 70_000, 70_000);
    assert_eq!(told.lines().count(), 21);
    insta::assert_snapshot!(told.lines().last().expect("a line"), @"  70.000  … and 13 more steps are as slow");
}

#[test]
fn no_threshold_is_too_small_or_too_large() {
    let ms = Duration::from_millis;
    let all = [0, 1, 9, 10, 19, 20, 39, 40, 80].map(|age| passed(ms(age), ms(10)));
    assert_eq!(all, [0, 0, 0, 1, 1, 2, 2, 3, 4]);
    assert_eq!((passed(ms(0), ms(0)), passed(Duration::MAX, Duration::MAX)), (0, 1));
    assert!(passed(Duration::MAX, ms(0)) > 1);
}
