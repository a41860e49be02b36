use super::*;
use crate::event::sample::{Log, pokemon, taken_up};

fn drawn(log: &Log, columns: usize) -> String {
    gantt(&RunView::of(Detail::Steps, log.events()), columns, Palette::Plain)
}

#[test]
fn every_phase_has_its_sign() {
    insta::assert_snapshot!(drawn(&pokemon(), 80), @r"
                  ╷0.0s     ╷0.5s     ╷1.0s     ╷1.5s     ╷2.0s
    extract_pages ██━━━━━━                                              400ms
    select[0]       ████                                                200ms
    select[100]      ░█████                                             250ms
    select[200]         ░░░▒▒▒▒✗                                        250ms failed
    load[0]            ░██████                                          300ms
    load[100]              ▒▒▒╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌███████████████████    2.1s #2
    load[200]                   ·                                     skipped
    report                                                          · skipped
    ░ queued  █ running  ━ open  ▒ failed attempt  ╌ waiting for retry  ✗ failed
    · skipped
    ");
}

#[test]
fn many_copies_share_a_row() {
    let mut log = Log::new("many", &["source", "load over source"]);
    log.start("source");
    for key in 0..60_u64 {
        let step = format!("load[{key}]");
        log.at(key * 10).item("source", &key.to_string()).start_after(&step, 5);
    }
    for key in 0..60_u64 {
        let step = format!("load[{key}]");
        log.at(600 + key * 10);
        if key == 59 {
            log.failure(&step, 1, "no")
        } else {
            log.success(&step, 1)
        };
    }
    log.at(1190).success("source", 1).at(1200).run_failure(1, "load[59]");
    insta::assert_snapshot!(drawn(&log, 60), @r"
             ╷0.0s         ╷0.5s         ╷1.0s
    source   █━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━    1.2s
    load ×60 ▁▁▂▂▃▃▄▄▅▅▆▆▇▇█████▇▇▆▆▅▅▅▄▄▃▃▂▂▁▁    1.2s 1 failed
    ░ queued  █ running  ━ open  ▒ failed attempt
    ╌ waiting for retry  ✗ failed  · skipped
    ");
}

#[test]
fn long_and_wide_names_keep_the_columns() {
    let mut log = Log::new("names", &[]);
    log.start("ピカチュウ").start("a_graph.within_a_graph.with_a_long_name[key]").at(90);
    log.success("ピカチュウ", 1).success("a_graph.within_a_graph.with_a_long_name[key]", 1).run_success();
    insta::assert_snapshot!(drawn(&log, 60), @r"
                         ╷0ms             ╷50ms
    ピカチュウ           ███████████████████████████████    90ms
    a_graph.wi…name[key] ███████████████████████████████    90ms
    ░ queued  █ running  ━ open  ▒ failed attempt
    ╌ waiting for retry  ✗ failed  · skipped
    ");
}

#[test]
fn a_narrow_terminal_is_not_overrun() {
    insta::assert_snapshot!(drawn(&pokemon(), 44), @r"
                  ╷0s
    extract_pages █━                400ms
    select[0]     ██                200ms
    select[100]    ██               250ms
    select[200]    ░▒✗              250ms failed
    load[0]        ███              300ms
    load[100]       ▒▒╌╌╌╌╌██████    2.1s #2
    load[200]         ·           skipped
    report                      · skipped
    ░ queued  █ running  ━ open
    ▒ failed attempt  ╌ waiting for retry
    ✗ failed  · skipped
    ");
    insta::assert_snapshot!(drawn(&pokemon(), 30), @r"
               ╷0s
    extra…ages █━            400ms
    select[0]  █             200ms
    selec…100] ██            250ms
    selec…200]  ▒✗           250ms
    load[0]     ██           300ms
    load[100]   ▒▒╌╌╌╌████    2.1s
    load[200]     ·        skipped
    report               · skipped
    ░ queued  █ running  ━ open
    ▒ failed attempt
    ╌ waiting for retry  ✗ failed
    · skipped
    ");
    for columns in 23..100 {
        let chart = drawn(&pokemon(), columns);
        assert!(chart.lines().all(|line| width(line) <= columns), "{columns}:\n{chart}");
    }
}

#[test]
fn there_may_be_nothing_to_draw() {
    let log = Log::new("empty", &[]);
    assert_eq!(drawn(&log, 80), "no chart: no step has run\n");
    assert!(gantt(&RunView::new(Detail::Counts), 80, Palette::Plain).starts_with("no chart"));
    let mut log = Log::new("instant", &[]);
    log.start("a").success("a", 1).run_success();
    assert!(drawn(&log, 0).contains('█'));
}

#[test]
fn rows_have_the_order_of_the_plan() {
    let mut log = Log::new("prices", &["source", "price.parse", "price_2.parse", "rate over source"]);
    log.start("source").start("price_2.parse").item("source", "1").item("source", "0").start("rate[1]");
    log.at(2).start("price.parse").start("rate[0]").success("rate[1]", 1).success("rate[0]", 1);
    log.success("price.parse", 1).success("price_2.parse", 1).success("source", 1).run_success();
    insta::assert_snapshot!(drawn(&log, 60), @r"
                  ╷0ms               ╷1ms
    source        █━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━     2ms
    price.parse                                        █     0µs
    price_2.parse ██████████████████████████████████████     2ms
    rate[1]       ██████████████████████████████████████     2ms
    rate[0]                                            █     0µs
    ░ queued  █ running  ━ open  ▒ failed attempt
    ╌ waiting for retry  ✗ failed  · skipped
    ");
    // Of the file too.
    let file = super::super::svg(&RunView::of(Detail::Steps, log.events()));
    let rows = [">source<", ">price.parse<", ">price_2.parse<", ">rate ×2<"].map(|row| file.find(row));
    assert!(rows.is_sorted() && rows[0].is_some(), "{rows:?}");
}

#[test]
fn an_attempt_that_was_cut_off_ends_where_its_process_was_last_heard_of() {
    insta::assert_snapshot!(drawn(&taken_up(), 80), @r"
            ╷0.0s       ╷0.5s       ╷1.0s       ╷1.5s       ╷2.0s
    clean   ██╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌██████          300ms #2
    extract   ▚▚▚▚▚▚▚▚▚▚╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌█━━━━━     600ms #2
    load[0]   ███                                                           100ms
    load[1]        ▚▚▚▚▚╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌██████     400ms #2
    ░ queued  █ running  ━ open  ▒ failed attempt  ▚ interrupted
    ╌ waiting for retry  ✗ failed  · skipped
    ");
}
