//! Parts of a job whose items have items.

use super::*;

#[test]
fn maps_within_maps_go_on_item_by_item() {
    let calls = Calls::new();
    let pages = source("pages", &calls, &[("a", 10), ("b", 20)]);
    let own = calls.clone();
    let cells = OpDef::builder("cells").input::<i64>("page").returns::<Many>();
    let cells = Arc::new(cells.blocking(move |mut args| {
        let page = args.take::<i64>(0)?;
        own.add(format!("cells {page}"));
        Ok(Dynamic::from_values((0..3).map(move |cell| page + cell)))
    }));
    let (weigh, sum, total) = (op("weigh", &calls, Ok), sum(&calls), op("total", &calls, Ok));
    let all = super::sum(&calls);
    let job = Job::compose(JobOptions::new("job").max_concurrent(1), || {
        let sums = Call::of(&pages).place::<Many>().map(|page| {
            let weights =
                Call::of(&cells).input::<i64>(page).place::<Many>().map(|cell| call(&weigh, &[cell]));
            let sum = Call::of(&sum).input::<Vec<i64>>(weights.collect()).place::<Plain>();
            call(&total, &[sum])
        });
        Call::of(&all).input::<Vec<i64>>(sums.collect()).place::<Plain>().named("all");
    });
    let whole = job.run_blocking().unwrap();
    calls.take();
    let run = |selection: &str| {
        part(&job, selection).upstream(&whole).run_blocking().unwrap();
        calls.take()
    };
    assert_eq!(run("weigh[b][1]"), ["weigh 21"]);
    assert_eq!(run("weigh[b]"), ["weigh 20", "weigh 21", "weigh 22"]);
    assert_eq!(run("weigh[b][1]*"), ["weigh 21", "sum [20, 21, 22]", "total 63", "sum [33, 63]"]);
    assert_eq!(run("sum[a]"), ["sum [10, 11, 12]"]);
    assert_eq!(run("total"), ["total 33", "total 63"]);
    assert_eq!(
        run("cells[a]*"),
        ["cells 10", "weigh 10", "weigh 11", "weigh 12", "sum [10, 11, 12]", "total 33", "sum [33, 63]"]
    );
    assert_eq!(run("weigh[a][0], weigh[b][2]"), ["weigh 10", "weigh 22"]);
    assert_snapshot!(part(&job, "weigh[b][1]*").upstream(&whole).plan().unwrap(), @r"
    job job
      depth_first, 1 at once
    pages() -> dynamic i64
      | given, does not run
    map pages
        cells() -> dynamic i64
          | given, does not run
        map cells
            weigh(x: i64 <- each cells) -> i64
              | only weigh[b][1]
        sum(xs: Vec<i64> <- collect weigh) -> i64
          | only sum[b]
        total(x: i64 <- sum) -> i64
          | only total[b]
    all = sum(xs: Vec<i64> <- collect total) -> i64
    ");
}
