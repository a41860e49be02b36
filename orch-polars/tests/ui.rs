//! The museum of frames: one file for each mistake, with what the compiler says of it.

#[test]
fn mistakes_are_told_at_the_users_word() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/frames/*.rs");
}
