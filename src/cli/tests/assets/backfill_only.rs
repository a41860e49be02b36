//! Backfills of what is missing, or stale, and what they say as JSON.

use super::backfill::{around, session};

#[test]
fn what_is_missing_is_made_and_nothing_else() {
    let around = around();
    session(&around, false, "backfill launch --all --partition 2024-01-03..2024-01-05");
    // Of the fourth day the visits are there, and of the sixth nothing.
    let launch = "backfill launch --missing --partition 2024-01-03..2024-01-06";
    insta::assert_snapshot!(session(&around, true, &format!("{launch} --dry-run")), @r"
    exit 0
    --- stdout
    to make                         since
    visits[2024-01-06]              it was never materialized
    errors[2024-01-04, 2024-01-06]  it was never materialized
    worst                           it was never materialized
    4 runs of
      visits: 1 partition
      errors: 2 partitions
      worst: 1 partition
    ");
    insta::assert_snapshot!(session(&around, true, &format!("{launch} --verbose")), @r"
    exit 0
    --- stderr
    to make                         since
    visits[2024-01-06]              it was never materialized
    errors[2024-01-04, 2024-01-06]  it was never materialized
    worst                           it was never materialized
    backfill <run> of 4 runs, recorded in memory
    begun    errors 2024-01-04, run <run>
    done     errors 2024-01-04, 3 runs left
    begun    visits 2024-01-06, run <run>
    done     visits 2024-01-06, 2 runs left
    begun    errors 2024-01-06, run <run>
    done     errors 2024-01-06, 1 run left
    begun    worst, run <run>
    done     worst, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  1          1
    errors  2          2
    worst   1          1
    ");
    insta::assert_snapshot!(session(&around, true, launch), @r"
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    ");
}

#[test]
fn what_is_stale_is_made_and_what_depends_on_it() {
    let around = around();
    session(&around, true, "backfill launch --all --partition 2024-01-03..2024-01-05");
    let launch = "backfill launch --stale --partition 2024-01-03..2024-01-06";
    insta::assert_snapshot!(session(&around, true, &format!("{launch} --dry-run")), @r"
    exit 0
    --- stdout
    to make                         since
    visits[2024-01-06]              it was never materialized
    errors[2024-01-03..2024-01-05]  nobody knows the version of the resource `Found`: the program gives it as a value; if that is always the same, say `trust_resources`
    errors[2024-01-06]              it was never materialized
    worst                           it is made of `errors`, which is to be made
    6 runs of
      visits: 1 partition
      errors: 4 partitions
      worst: 1 partition
    ");
    insta::assert_snapshot!(session(&around, true, &format!("{launch} --verbose")), @r"
    exit 0
    --- stderr
    to make                         since
    visits[2024-01-06]              it was never materialized
    errors[2024-01-03..2024-01-05]  nobody knows the version of the resource `Found`: the program gives it as a value; if that is always the same, say `trust_resources`
    errors[2024-01-06]              it was never materialized
    worst                           it is made of `errors`, which is to be made
    backfill <run> of 6 runs, recorded in memory
    begun    errors 2024-01-03, run <run>
    done     errors 2024-01-03, 5 runs left
    begun    errors 2024-01-04, run <run>
    done     errors 2024-01-04, 4 runs left
    begun    errors 2024-01-05, run <run>
    done     errors 2024-01-05, 3 runs left
    begun    visits 2024-01-06, run <run>
    done     visits 2024-01-06, 2 runs left
    begun    errors 2024-01-06, run <run>
    done     errors 2024-01-06, 1 run left
    begun    worst, run <run>
    done     worst, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  1          1
    errors  4          4
    worst   1          1
    ");
}

#[test]
fn scripts_read_a_line_for_all_that_happens() {
    let around = around();
    let launch = "backfill launch visits errors --partition 2024-01-04..2024-01-05 --json";
    insta::assert_snapshot!(session(&around, false, &format!("{launch} --dry-run")), @r#"
    exit 0
    --- stdout
    {
      "units": 2,
      "assets": [
        {
          "asset": "visits",
          "partitions": 2
        },
        {
          "asset": "errors",
          "partitions": 2
        }
      ]
    }
    "#);
    let told = session(&around, false, &format!("{launch} --quiet"));
    let (lines, _) = told.split_once("--- stderr").expect("where it stands is told to people too");
    let stands =
        lines.find("\"state\":\"failure\",\"partitions\"").expect("the last line tells where it stands");
    let (before, stands) = (&lines[..lines[..stands].rfind('{').expect("it begins")], &lines[stands..]);
    insta::assert_snapshot!(before, @r#"
    exit 1
    --- stdout
    {"event":"BACKFILL","backfill":"<run>","units":2}
    {"event":"BEGINS","assets":["visits","errors"],"partitions":"2024-01-04","run":"<run>","resumed":false}
    {"event":"ENDED","assets":["visits","errors"],"partitions":"2024-01-04","run":"<run>","state":"failure","left":1,"why":"the run of `materialize` failed: 1 step\n`errors[2024-01-04]`: the log of that day is lost"}
    {"event":"BEGINS","assets":["visits","errors"],"partitions":"2024-01-05","run":"<run>","resumed":false}
    {"event":"ENDED","assets":["visits","errors"],"partitions":"2024-01-05","run":"<run>","state":"success","left":0,"why":null}
    "#);
    insta::assert_snapshot!(stands, @r#""state":"failure","partitions":"2024-01-04..2024-01-05","units":2,"assets":[{"asset":"visits","asked":2,"done":2,"under_way":0,"failed":0,"excluded":0,"left":0,"canceled":0},{"asset":"errors","asked":2,"done":1,"under_way":0,"failed":1,"excluded":0,"left":0,"canceled":0}],"failed":[{"assets":["errors"],"partitions":"2024-01-04","run":"<run>","why":"`errors[2024-01-04]` failed: the log of that day is lost"}],"under_way":[],"removed":{},"event":"STATUS"}"#);
    // Nothing is left to be made, which is told as well.
    let nothing = "backfill launch visits --partition 2024-01-04..2024-01-05 --missing --json --quiet";
    insta::assert_snapshot!(session(&around, false, nothing), @r#"
    exit 0
    --- stdout
    {"event":"NOTHING"}
    "#);
    insta::assert_snapshot!(session(&around, false, &format!("{nothing} --dry-run")), @r#"
    exit 0
    --- stdout
    {
      "units": 0,
      "assets": []
    }
    "#);
}
