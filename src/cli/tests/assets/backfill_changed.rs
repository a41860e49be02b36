//! Backfills that another program takes up than the one that launched them, or that do not go on.

use orch::prelude::*;
use orch_core::ids::BackfillId;
use orch_core::storage::{BackfillMark, Memory, Storage};

use super::super::*;
use super::backfill::without_age;

mod before {
    use crate::prelude::*;

    #[crate::asset]
    pub(super) fn visits() -> Result<i64> {
        Err(Failure::new("the log is lost"))
    }

    #[crate::asset]
    pub(super) fn errors() -> i64 {
        2
    }
}

mod now {
    use crate::prelude::*;

    #[crate::asset]
    pub(super) fn visits() -> Result<i64> {
        Ok(3)
    }

    #[crate::asset]
    pub(super) fn errors() -> i64 {
        // A comment is no code.
        2
    }
}

fn ask(storage: &Arc<dyn Storage>, definitions: Definitions, args: &str) -> String {
    let homes = Homes::Given(Arc::clone(storage));
    let around = Around { homes, ..Around::of(EnvVars::none()) };
    without_age(&super::shop::without_lines(&session_around(&around, || Ok(definitions), args)))
}

#[test]
fn ops_with_other_code_than_a_backfill_was_launched_with_are_named() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let before = || Definitions::new().assets(assets![before::visits, before::errors]);
    let now = || Definitions::new().assets(assets![now::visits, now::errors]);
    let launched = before();
    let asked = launched.runner(&launched.materialize(&"*".parse().expect("all")));
    drop(launched.backfill(asked).launch(&storage).expect("it is launched"));
    // Nobody drives it.
    insta::assert_snapshot!(ask(&storage, now(), "backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: interrupted
    asset   asked for  left
    visits  1          1
    errors  1          1
    --- stderr
    the program was built anew since the backfill was launched, with other code of `visits`: what is done stands, what is left runs by the new code
    hint: nobody drives it: `program backfill resume <run>` goes on with it
    ");
    assert!(
        !ask(&storage, before(), "backfill status latest").contains("built anew"),
        "it is the same program"
    );
    let failed = ask(&storage, before(), "backfill resume latest");
    assert!(!failed.contains("built anew") && failed.contains("the log is lost"), "{failed}");
    insta::assert_snapshot!(ask(&storage, now(), "backfill retry-failed latest"), @r"
    exit 0
    --- stderr
    the program was built anew since the backfill was launched, with other code of `visits`: what is done stands, what is left runs by the new code
    backfill <run> of 2 runs, recorded in memory
    done     visits, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  1          1
    errors  1          1
    ");
    // What is over does not go on with any code.
    assert!(!ask(&storage, now(), "backfill status latest").contains("built anew"), "all is made");
    let asked = launched.runner(&launched.materialize(&"errors or visits".parse().expect("both")));
    drop(launched.backfill(asked).launch(&storage).expect("it is launched"));
    insta::assert_snapshot!(ask(&storage, now(), "backfill resume latest"), @r"
    exit 0
    --- stderr
    the program was built anew since the backfill was launched, with other code of `visits`: what is done stands, what is left runs by the new code
    backfill <run> of 2 runs, recorded in memory
    done     errors, 1 run left
    done     visits, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  1          1
    errors  1          1
    ");
}

/// Has the backfill canceled by someone, as Ctrl-C does.
struct Ends(Arc<dyn Storage>);

#[asset]
fn letters(ends: Res<Ends>) -> Result<i64> {
    let backfill: BackfillId = ends.0.backfills()?.first().expect("it is launched").id;
    ends.0
        .mark_backfill(backfill, BackfillMark::Canceled("2030-01-01T00:00:00Z".parse().expect("a time")))?;
    Ok(1)
}

#[asset]
fn stamps(letters: i64) -> i64 {
    letters
}

#[test]
fn of_one_that_was_canceled_it_is_said_how_what_is_left_is_made() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let definitions =
        Definitions::new().assets(assets![letters, stamps]).resource(Ends(Arc::clone(&storage)));
    insta::assert_snapshot!(ask(&storage, definitions, "backfill launch --all"), @r"
    exit 130
    --- stderr
    backfill <run> of 2 runs, recorded in memory
    done     letters, 1 run left
    backfill <run>: canceled
    asset    asked for  done  canceled
    letters  1          1
    stamps   1                1
    hint: it does not go on; another one makes what would come out otherwise, or was never made: `program backfill launch 'letters or stamps' --stale`
    ");
}
