use proptest::prelude::*;

use super::super::picture::tests::well_formed;
use super::*;
use crate::event::sample::{Log, at, pokemon, taken_up};
use crate::event::{Event, EventKind};
use crate::ids::{Branch, RunId, StepPath};

fn drawn(log: &Log) -> String {
    svg(&RunView::of(Detail::Steps, log.events()))
}

#[test]
fn a_run_becomes_a_picture() {
    let file = drawn(&pokemon());
    well_formed(&file).expect("XML");
    let rows: Vec<_> = file.lines().skip_while(|line| !line.contains(">load ×3<")).take(8).collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    <text x="12" y="206">load ×3</text>
    <text x="28" y="226">[0]</text>
    <rect class="q" x="332.6" y="218.5" width="16.5" height="7"><title>load[0]: queued for 50ms</title></rect>
    <rect class="r" x="349.1" y="215" width="99.1" height="14"><title>load[0]: ran for 300ms</title></rect>
    <text x="28" y="246">[100]</text>
    <rect class="f" x="398.7" y="235" width="49.6" height="14"><title>load[100]: failed after 150ms: disk full</title></rect>
    <path class="w" d="M448.2 242H778.6"><title>load[100] #2: waited 1.0s for the retry</title></path>
    <rect class="r" x="778.6" y="235" width="297.4" height="14"><title>load[100] #2: ran for 900ms</title></rect>
    "#);
    for what in
        ["pokemon: failure after 2.5s", "prefers-color-scheme:dark", "select[200]: failed after 250ms"]
    {
        assert!(file.contains(what), "{what} in {file}");
    }
    assert!(!file.contains("script") && !file.contains("href"));
}

#[test]
fn a_run_of_any_size_is_a_small_file() {
    let mut log = Log::new("many", &["source", "load over source"]);
    log.start("source");
    for key in 0..20_000_u64 {
        let step = format!("load[{key}]");
        log.at(key).start_after(&step, key.min(700));
        if key >= 100 {
            log.success(&format!("load[{}]", key - 100), 1);
        }
    }
    for op in 0..3000 {
        log.start(&format!("op_{op}")).success(&format!("op_{op}"), 1);
    }
    let file = drawn(&log);
    well_formed(&file).expect("XML");
    assert!(file.contains("load ×20000") && file.contains("… 2001 more steps"));
    assert!(file.len() < 1_000_000, "{} bytes", file.len());
}

#[test]
fn what_was_interrupted_has_a_bar_and_is_explained() {
    let file = drawn(&taken_up());
    well_formed(&file).expect("XML");
    assert!(file.contains("<title>load[1]: interrupted after 200ms</title>"), "{file}");
    assert!(file.contains(">interrupted</text>") && !drawn(&pokemon()).contains("interrupted"));
}

#[test]
fn an_empty_run_is_a_picture_too() {
    well_formed(&drawn(&Log::new("empty", &[]))).expect("XML");
    well_formed(&svg(&RunView::new(Detail::Counts))).expect("XML");
}

proptest! {
    #[test]
    fn any_text_gives_well_formed_xml(job in any::<String>(), name in any::<String>(), key in any::<String>()) {
        let mut log = Log::new(&job, &[]);
        log.start("a").failure("a", 1, &key).run_failure(1, "a");
        let branch = Branch::new(None, key.as_str().into(), 0);
        let mut view = RunView::new(Detail::Steps);
        for event in log.events() {
            let step = event.step.as_ref().map(|_| StepPath::new(name.as_str(), Some(branch.clone())));
            let (time, run) = (at(7), RunId::from_u128(7));
            let event = Event { time, run, step, attempt: event.attempt, kind: EventKind::clone(&event.kind) };
            view.apply(&event);
        }
        let file = svg(&view);
        prop_assert_eq!(well_formed(&file), Ok(()), "{}", file);
    }
}
