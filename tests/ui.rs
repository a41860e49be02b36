//! The museum: one file for each mistake, with what the compiler says of it, and what must compile.

#[test]
fn mistakes_are_told_at_the_users_word() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/op/*.rs");
    cases.compile_fail("tests/ui/job/*.rs");
    cases.compile_fail("tests/ui/graph/*.rs");
    cases.compile_fail("tests/ui/config/*.rs");
    cases.compile_fail("tests/ui/configured/*.rs");
    cases.compile_fail("tests/ui/hook/*.rs");
    cases.compile_fail("tests/ui/outputs/*.rs");
    cases.compile_fail("tests/ui/resource/*.rs");
    cases.compile_fail("tests/ui/run/*.rs");
    cases.compile_fail("tests/ui/main/*.rs");
    cases.compile_fail("tests/ui/asset/*.rs");
    cases.compile_fail("tests/ui/asset_check/*.rs");
    cases.compile_fail("tests/ui/asset_observation/*.rs");
    cases.compile_fail("tests/ui/multi_asset/*.rs");
}
