//! What the checks of another program on the same instance have found of what it makes.

use orch::prelude::*;

use super::*;

/// The program that makes the numbers, and checks them.
mod makes {
    use super::*;

    #[asset(key = "shared/number")]
    pub(super) fn number() -> i64 {
        -5
    }

    #[asset_check(asset = number, blocking)]
    pub(super) fn positive(number: i64) -> CheckResult {
        CheckResult::expect(number > 0, format!("{number} is not above zero"))
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![number]).checks(checks![positive])
    }
}

/// The one that takes them.
mod takes {
    use super::*;

    #[external_asset(key = "shared/number")]
    fn number() -> i64;

    #[asset]
    fn next(number: i64) -> i64 {
        number + 1
    }

    #[asset_check(asset = number)]
    fn big(number: i64) -> bool {
        number > 3
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![number, next]).checks(checks![big])
    }
}

#[test]
fn what_the_checks_of_another_program_have_refused_is_told() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &makes::program(), &all(), |runner| runner);
    let told = |args: &str| kept.session(takes::program(), args);
    insta::assert_snapshot!(told("assets list"), @"
    exit 0
    --- stdout
    asset          materialized  run       times  checks                   state
    next           never                                                   missing
    shared/number  3h ago        019a5f3c  1      1 failed, 1 not checked  external
    ");
    insta::assert_snapshot!(told("assets show number"), @"
    exit 0
    --- stdout
    shared/number

    external     others make it
    type         i64
    defined      src/cli/tests/assets/others.rs:_

    downstream  materialized
    next        never

    check     found   looked  run
    big       never
    positive  failed  3h ago  019a5f3c  blocking  -5 is not above zero

    latest       2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         6f0dca6172751acf9d1c8232950d788c27119090ec34fdaa8fb3c1ec4cc67277
    value        kept with what is known of it

    materialized  run       data
    3h ago        019a5f3c  6f0dca617275
    ");
    insta::assert_snapshot!(told("assets graph --status"), @"
    exit 0
    --- stdout
    shared/number  external  its blocking check `positive` failed
      next           missing: it was never materialized
    ");
    insta::assert_snapshot!(told("why number"), @"
    exit 0
    --- stdout
    shared/number is external: the run 019a5f3c made it 3h ago
      its blocking check `positive` failed, in the run 019a5f3c 3h ago: -5 is not above zero
      hint: mend it, and have the program that makes it make it anew
    ");
    insta::assert_snapshot!(told("why next"), @"
    exit 0
    --- stdout
    next is missing
      it was never materialized
      `shared/number` is not to be taken as it is: its blocking check `positive` failed, in the run 019a5f3c 3h ago: -5 is not above zero
      hint: mend it, and have the program that makes it make it anew
    ");
}
