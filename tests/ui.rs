//! The museum: mistakes with what the compiler says of them, and what must compile.

#[test]
fn mistakes_are_told() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
}
