use super::*;
use crate::event::Detail;
use crate::event::sample::{Log, at, pokemon};

fn drawn(log: &Log, now: u64, width: usize) -> String {
    let view = RunView::of(Detail::Counts, log.events());
    let slow_after = Duration::from_secs(10);
    frame(&view, &Frame { now: at(now), width, slow_after, lines: 3, palette: Palette::Plain })
}

#[test]
fn mapped_steps_share_a_line() {
    let mut log = Log::new("pokemon", &["extract_pages", "load over extract_pages", "report"]);
    insta::assert_snapshot!(drawn(&log, 0, 100), @"     Running [00:00:00] ──────────────────────── 0/2+");
    log.start("extract_pages").at(500);
    for key in 0..50 {
        log.item("extract_pages", &key.to_string());
    }
    for key in 0..37 {
        log.start(&format!("load[{key}]")).success(&format!("load[{key}]"), 1);
    }
    log.at(1000).start("load[40]").at(2000).start("load[41]");
    insta::assert_snapshot!(drawn(&log, 3210, 100), @r"
    Running [00:00:03] ━━━━━━━━━━━━━━━━━─────── 37/52+: 2 running, 1 open, 37 succeeded
            [    3.2s] extract_pages open, 50 items
            [    2.2s] load [37/50+] 2 running
    ");
    log.close("extract_pages", 50, 0).success("extract_pages", 1);
    insta::assert_snapshot!(drawn(&log, 12_000, 100), @r"
    Running [00:00:12] ━━━━━━━━━━━━━━━━━╸────── 38/52: 2 running, 38 succeeded
       Slow [   11.0s] load [37/50] 2 running, oldest load[40]
    ");
    insta::assert_snapshot!(drawn(&log, 12_000, 50), @r"
    Running [00:00:12] 38/52: 2 running
       Slow [   11.0s] load [37/50] 2 running
    ");
}

#[test]
fn an_open_stream_is_neither_running_nor_slow() {
    let mut log = Log::new("endless", &["tail", "load over tail"]);
    log.start("tail").at(12_000);
    insta::assert_snapshot!(drawn(&log, 13_000, 100), @r"
    Running [00:00:13] ──────────────────────── 0/1+: 1 running
       Slow [   13.0s] tail
    ");
    log.item("tail", "a").start("load[a]");
    insta::assert_snapshot!(drawn(&log, 30_000, 100), @r"
    Running [00:00:30] ──────────────────────── 0/2+: 1 running, 1 open
            [   30.0s] tail open, 1 item
       Slow [   18.0s] load [0/1+] 1 running, oldest load[a]
    ");
    log.at(30_000).success("load[a]", 1);
    insta::assert_snapshot!(drawn(&log, 60_000, 100), @r"
    Running [00:01:00] ━━━━━━━━━━━━──────────── 1/2+: 1 open, 1 succeeded
            [   1m 0s] tail open, 1 item
    ");
}

#[test]
fn a_step_that_waits_says_how_long() {
    let mut log = Log::new("flaky", &["fetch", "store"]);
    log.start("fetch").at(100).retry("fetch", 1, "timed out", 5000);
    insta::assert_snapshot!(drawn(&log, 1000, 100), @r"
     Running [00:00:01] ──────────────────────── 0/2: 1 to retry
    Retry in [    4.1s] fetch #1
    ");
    log.at(5100).restart("fetch", 2);
    insta::assert_snapshot!(drawn(&log, 6000, 100), @r"
    Running [00:00:06] ──────────────────────── 0/2: 1 running
            [   900ms] fetch #2
    ");
}

#[test]
fn there_are_never_too_many_lines() {
    let mut log = Log::new("wide", &["a", "b", "c", "d", "e"]);
    for (ms, step) in [(5, "a"), (4, "b"), (3, "c"), (2, "d"), (1, "e")] {
        log.at(ms).start(step);
    }
    insta::assert_snapshot!(drawn(&log, 10, 100), @r"
    Running [00:00:00] ──────────────────────── 0/5: 5 running
            [     9ms] e
            [     8ms] d
            [     7ms] c
            … and 2 more
    ");
}

#[test]
fn the_bar_is_full_at_the_end_and_empty_at_the_start() {
    assert_eq!(bar(0, 0, 9), "─".repeat(9));
    assert_eq!(bar(1, 18, 9), format!("╸{}", "─".repeat(8)));
    assert_eq!(bar(u64::MAX, u64::MAX, 9), "━".repeat(9));
    assert!(drawn(&pokemon(), 2500, 200).contains("━ 8/8: "));
}

#[test]
fn on_a_narrow_terminal_the_bar_stays_and_words_go() {
    let mut log = Log::new("pages", &["extract", "load over extract"]);
    log.start("extract");
    let mut heads = Vec::new();
    for key in 0..200 {
        let step = format!("load[{key}]");
        log.item("extract", &key.to_string()).start(&step);
        match key % 10 {
            0 => log.failure(&step, 1, "no"),
            1 => log.retry(&step, 1, "no", 500),
            2 => log.skip(&step, "extract"),
            3 | 4 => &mut log,
            _ => log.success(&step, 1),
        };
        if [2, 20, 199].contains(&key) {
            let text = drawn(&log, 3000, 77);
            heads.push(text.lines().next().expect("a head").to_owned());
        }
    }
    insta::assert_snapshot!(heads.join("\n"), @r"
    Running [00:00:03] ━━━━━───── 2/4+: 1 to retry, 1 failed, 1 skipped
    Running [00:00:03] ━━━━━━╸─── 15/22+: 4 running, 2 to retry, 3 failed
    Running [00:00:03] ━━━━━━╸─── 140/201+: 20 to retry, 20 failed
    ");
    // From one moment to the next the bar keeps its place.
    for columns in 40..150 {
        let text = drawn(&log, 3000, columns);
        let bar = text.lines().next().map(|head| head.chars().filter(|c| "━╸─".contains(*c)).count());
        assert!(matches!(bar, Some(0 | 10..=24)) && (columns < 60 || bar >= Some(10)), "{columns}: {text}");
        assert!(text.contains("20 failed") || columns < 50, "{columns}: {text}");
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut log = Log::new("long", &["source", "a_graph.with_a_long_name.ピカチュウ over source"]);
    log.start("source");
    for key in 0..200 {
        let step = format!("a_graph.with_a_long_name.ピカチュウ[{key}]");
        log.item("source", &key.to_string()).start(&step);
        match key % 4 {
            0 => log.failure(&step, 1, "no"),
            1 => log.retry(&step, 1, "no", 500),
            2 => log.success(&step, 1),
            _ => &mut log,
        };
    }
    for columns in 40..150 {
        let drawn = drawn(&log, 20_000, columns);
        for line in drawn.lines() {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn a_resource_that_is_being_opened_has_a_line() {
    let mut log = Log::new("pokemon", &["report"]);
    log.opening("db").at(40).opened("db", 40).opening("warehouse");
    insta::assert_snapshot!(drawn(&log, 2540, 60), @r"
    Running [00:00:02] ────────── 0/1
    Opening [    2.5s] warehouse
    ");
    log.at(3000).opened("warehouse", 2960).start("report");
    insta::assert_snapshot!(drawn(&log, 4000, 60), @r"
    Running [00:00:04] ────────── 0/1: 1 running
            [    1.0s] report
    ");
}
