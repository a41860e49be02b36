use std::time::Duration;

use orch_core::event::{Event, EventKind};

use super::fixture::{cut, dex};
use super::*;

#[test]
fn a_run_tells_what_it_came_to() {
    insta::assert_snapshot!(asked("why 019a5f3c-0001"), @r"
    exit 0
    --- stdout
    dex was canceled: that was asked for at 2026-11-20 08:59:00Z
      pages, pick, merge, report, note: skipped since the run was canceled
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0002"), @r"
    exit 0
    --- stdout
    pages succeeded: 4 steps
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003"), @r"
    exit 0
    --- stdout
    dex failed
      load[1] failed in attempt 2: cannot store page 1: disk full
        hint: delete something
        attempt 1 failed: cannot store page 1: disk full
      note: skipped since pick left its output out
      merge, report: skipped since load[1] failed
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0005"), @"
    exit 0
    --- stdout
    dex was interrupted: nobody runs it any more, and the last that is known of it is 1h ago
      pages was open when the run was interrupted
      load[1] waited for its next attempt when the run was interrupted
        attempt 1 failed: cannot store page 1: disk full
      load[2] was under way when the run was interrupted
      merge, report, pick, note: not begun
    --- stderr
    `program resume 019a5f3c-0005-7000-8000-000000000005` goes on with it
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0006"), @r"
    exit 0
    --- stdout
    dex is running, by process 4242 on `this machine`
      load[1] is running in attempt 2, since 2026-11-20 13:59:02Z, for 57.5s
        attempt 1 failed: cannot store page 1: disk full
      note: skipped since pick left its output out
      merge, report: not begun
    ");
}

#[test]
fn a_step_that_did_not_run_tells_the_cause_through_all_in_between() {
    insta::assert_snapshot!(asked("why 019a5f3c-0003 report"), @r"
    exit 0
    --- stdout
    report was skipped
      because merge was skipped
      because load[1] failed in attempt 2: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003 note"), @r"
    exit 0
    --- stdout
    note was skipped
      because pick left its output out
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0001 report"), @r"
    exit 0
    --- stdout
    report was skipped
      because the run was canceled before it could begin
    ");
}

#[test]
fn a_step_that_ran_tells_what_it_went_through() {
    insta::assert_snapshot!(asked("why 019a5f3c-0003 load[1]"), @r"
    exit 0
    --- stdout
    load[1] failed in attempt 2: cannot store page 1: disk full
      hint: delete something
      attempt 1 failed: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003 load"), @r"
    exit 0
    --- stdout
    load has 3 copies, of which 2 succeeded
      load[1] failed in attempt 2: cannot store page 1: disk full
        hint: delete something
        attempt 1 failed: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0004 load"), @r"
    exit 0
    --- stdout
    load has 3 copies, of which 3 succeeded
      load[0] succeeded in attempt 2, after 100ms
        made anew, since what it gave was lost: it was kept in memory alone
      load[1] succeeded in attempt 2, after 300ms
        attempt 1 was interrupted: the process of the run was gone
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0004 load[1]"), @r"
    exit 0
    --- stdout
    load[1] succeeded in attempt 2, after 300ms
      attempt 1 was interrupted: the process of the run was gone
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0004 load[0]"), @r"
    exit 0
    --- stdout
    load[0] succeeded in attempt 2, after 100ms
      made anew, since what it gave was lost: it was kept in memory alone
    ");
}

#[test]
fn a_step_that_is_to_come_tells_what_it_waits_for() {
    insta::assert_snapshot!(asked("why latest load[1]"), @r"
    exit 0
    --- stdout
    load[1] is running in attempt 2, since 2026-11-20 13:59:02Z, for 57.5s
      attempt 1 failed: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(asked("why latest merge"), @r"
    exit 0
    --- stdout
    merge has not begun
      it waits for load, of which 2 of 3 copies are over
    ");
    insta::assert_snapshot!(asked("why latest report"), @r"
    exit 0
    --- stdout
    report has not begun
      it waits for merge, which has not begun
      merge waits for load, of which 2 of 3 copies are over
    ");
    insta::assert_snapshot!(asked("why latest load[7]"), @r"
    exit 0
    --- stdout
    load[7] has not run: pages put out no such item
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0005 report"), @"
    exit 0
    --- stdout
    report had not begun when the run was interrupted
      it waits for merge, which has not begun
      merge waits for pages, which is open
      merge waits for load, of which 1 of 3 copies are over
    --- stderr
    `program resume 019a5f3c-0005-7000-8000-000000000005` goes on with it
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0005 load[2]"), @r"
    exit 0
    --- stdout
    load[2] was under way when the run was interrupted
    --- stderr
    `program resume 019a5f3c-0005-7000-8000-000000000005` goes on with it
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003 load[7]"), @r"
    exit 0
    --- stdout
    load[7] has not run: pages put out no such item
    ");
}

#[test]
fn a_step_between_two_attempts_tells_when_it_goes_on() {
    let waiting = |delay| {
        let mut kept = Fixture::empty();
        kept.put(6, dex::dex().runner(), |events| {
            cut(events, "STEP_UP_FOR_RETRY", "load[1]");
            if let Some(EventKind::StepUpForRetry { delay: until, .. }) =
                events.last_mut().map(|event| &mut event.kind)
            {
                *until = Duration::from_secs(delay);
            }
        });
        kept
    };
    insta::assert_snapshot!(waiting(90).session("why latest load[1]"), @r"
    exit 0
    --- stdout
    load[1] waits for its next attempt until 2026-11-20 14:00:31Z, in 31.3s
      attempt 1 failed: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(waiting(5).session("why latest load[1]"), @r"
    exit 0
    --- stdout
    load[1] waits for its next attempt and is ready: it waits for a slot
      attempt 1 failed: cannot store page 1: disk full
    ");
    insta::assert_snapshot!(waiting(90).session("why latest report"), @"
    exit 0
    --- stdout
    report has not begun
      it waits for merge, which has not begun
      merge waits for pages, which is open
      merge waits for load, of which 1 of 2 copies are over
    ");
}

#[test]
fn a_resource_that_could_not_be_opened_is_why_nothing_ran() {
    struct Database;
    #[crate::resource]
    fn database() -> Result<Database, Failure> {
        Err("no route".into())
    }
    #[crate::op]
    fn load(_db: crate::define::Res<Database>) {}
    #[crate::job]
    fn rows() {
        load();
    }
    let mut kept = Fixture::empty();
    let runner = Definitions::new().job(rows()).resource_from::<database>().runner(&rows());
    kept.put(6, runner, |_| ());
    insta::assert_snapshot!(kept.session("why latest"), @r"
    exit 0
    --- stdout
    rows failed
      the resource database could not be opened: no route
    ");
    insta::assert_snapshot!(kept.session("why latest load"), @r"
    exit 0
    --- stdout
    load has not run: the resource database could not be opened: no route
    ");
}

#[test]
fn what_was_not_selected_is_told() {
    let mut kept = Fixture::empty();
    kept.put(6, dex::dex().runner().select("pages, load".parse().expect("a selection")), |_| ());
    insta::assert_snapshot!(kept.session("why latest report"), @r"
    exit 2
    --- stderr
    error: the run of `dex` has no step `report`
    hint: of the job only a part was selected: pages, load
    ");
    insta::assert_snapshot!(kept.session("show latest"), @r"
    exit 0
    --- stdout
    run          019a5f3c-0006-7000-8000-000000000006
    job          dex
    status       failure
    begun        2026-11-20 13:59:00Z, 1m ago
    took         2.7s
    selection    pages, load
    program      /srv/dex, orch 0.1.0
    ────────────
         Failure [    2.7s] dex: 4 steps: 3 succeeded, 1 failed
          Failed [   400ms] load[1] after 2 attempts
                 cannot store page 1
                   caused by: disk full
                   hint: delete something

    op     steps                  attempts  time  longest
    pages  1 succeeded            1         2.0s  2.0s
    load   2 succeeded, 1 failed  4         1.6s  400ms [0]
    ");
}

#[test]
fn a_step_of_a_program_that_the_run_went_on_with_is_known() {
    let mut kept = Fixture::empty();
    kept.put(6, dex::dex().runner(), |events| {
        // As if `pick` were called `choose` there.
        let named = |event: &&mut Event| event.step.as_ref().is_some_and(|path| path.name() == "pick");
        for event in events.iter_mut().filter(named) {
            event.step = Some("choose".parse().expect("a path"));
        }
    });
    insta::assert_snapshot!(kept.session("why latest choose"), @"
    exit 0
    --- stdout
    choose succeeded, after 100ms
    ");
    insta::assert_snapshot!(kept.session("logs latest --events --step choose"), @"
    exit 0
    --- stdout
       2.200  STEP_START choose
       2.300  STEP_SUCCESS choose (took 100ms)
    ");
    insta::assert_snapshot!(kept.session("logs latest --step chose"), @"
    exit 2
    --- stderr
    error: the run of `dex` has no step `chose`
    hint: its steps are: pages, load, merge, report, pick, note
    ");
    insta::assert_snapshot!(kept.session("why latest chose"), @"
    exit 2
    --- stderr
    error: the run of `dex` has no step `chose`
    hint: its steps are: pages, load, merge, report, pick, note
    ");
}
