//! A day that was observed, and then mended: what goes on from the failure is made of what lies there by then, and known so.

use orch::run::Rerun;

use super::*;

#[asset(code_version = "1", partitions = Days)]
fn checked(raw: i64) -> Result<i64> {
    if raw < 0 { Err(Failure::new(format!("{raw} cannot be"))) } else { Ok(raw) }
}

#[asset(code_version = "1", partitions = Weeks)]
fn checked_week(raw: &Partitions<i64>) -> Result<i64> {
    if raw.values().any(|of| *of < 0) { Err(Failure::new("a day cannot be")) } else { Ok(raw.len() as i64) }
}

#[asset(code_version = "1", partitions = Days)]
fn other(raw: i64) -> i64 {
    raw * 2
}

#[asset(code_version = "1", partitions = Days)]
fn later(other: i64) -> Result<i64> {
    if other < 0 { Err(Failure::new(format!("{other} cannot be"))) } else { Ok(other) }
}

fn again(of: (&Definitions, &Arc<dyn Storage>), failed: &RunError) -> Run {
    let (definitions, storage) = of;
    let rerun = definitions.rerun(storage, failed.run().expect("it began").id(), Rerun::FromFailure);
    rerun.expect("it failed").keep_events().run_blocking().expect("it is mended")
}

#[test]
fn what_reads_a_day_anew_looks_at_it_anew() {
    let (folder, storage) = (Folder::default(), storage());
    folder.put("2024-01-02", -1);
    folder.put("2024-01-03", 3);
    let definitions = shop(&folder).assets(assets![checked, other]);
    let of = (&definitions, &storage);
    let failed =
        run(of, "raw or checked or other", Some("2024-01-02..2024-01-03")).expect_err("it cannot be");
    folder.looked();
    folder.put("2024-01-02", 2);
    insta::assert_snapshot!(came_to(&again(of, &failed)), @"
    STEP_SUCCESS checked 02
    STEP_SUCCESS raw.written 02
    ");
    assert_eq!(folder.looked(), "02");
    // As it was when it was observed first: what was made since was not made of that.
    folder.put("2024-01-02", -1);
    run(of, "raw or checked", Some("2024-01-02..2024-01-03")).expect_err("it cannot be");
}

#[test]
fn what_reads_a_week_anew_looks_at_its_days() {
    let (folder, storage) = (Folder::default(), storage());
    for day in 1..=14 {
        folder.put(&format!("2024-01-{day:02}"), if day == 9 { -1 } else { day });
    }
    let definitions = shop(&folder).assets(assets![checked_week]);
    let of = (&definitions, &storage);
    let failed = run(of, "raw or checked_week", Some("*")).expect_err("a day cannot be");
    folder.looked();
    folder.put("2024-01-09", 9);
    insta::assert_snapshot!(came_to(&again(of, &failed)), @"
    STEP_SUCCESS checked_week 08
    STEP_SUCCESS raw.written 08 09 10 11 12 13 14
    ");
    assert_eq!(folder.looked(), "08 09 10 11 12 13 14");
    folder.put("2024-01-09", -1);
    run(of, "raw or checked_week", Some("*")).expect_err("a day cannot be");
}

#[test]
fn what_takes_nothing_of_the_day_itself_goes_on_with_what_was_made_of_it() {
    let (folder, storage) = (Folder::default(), storage());
    folder.put("2024-01-02", -1);
    let definitions = shop(&folder).assets(assets![other, later]);
    let of = (&definitions, &storage);
    let failed = run(of, "raw or other or later", Some("2024-01-02")).expect_err("it cannot be");
    folder.looked();
    folder.put("2024-01-02", 2);
    let rerun = definitions.rerun(&storage, failed.run().expect("it began").id(), Rerun::FromFailure);
    rerun.expect("it failed").run_blocking().expect_err("it goes on with what was made");
    assert_eq!(folder.looked(), "");
    let run = run(of, "raw or other or later", Some("2024-01-02")).expect("it is mended");
    insta::assert_snapshot!(came_to(&run), @"
    STEP_SUCCESS later 02
    STEP_SUCCESS other 02
    STEP_SUCCESS raw.written 02
    ");
}
