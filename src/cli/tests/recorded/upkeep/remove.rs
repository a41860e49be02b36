//! Single runs are removed by name.

use super::*;

#[test]
fn runs_that_are_named_are_removed() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("runs remove 019a5f3c-0001 latest:pages 019a5f3c-0003"), @r"
    exit 0
    --- stderr
    the run 019a5f3c-0003-7000-8000-000000000003 is removed
    the run 019a5f3c-0001-7000-8000-000000000001 is removed
    ");
    assert_eq!(kept.left(), [4, 2]);
    insta::assert_snapshot!(kept.session("show 019a5f3c-0001"), @r"
    exit 2
    --- stderr
    error: there is no run whose identifier begins with `019a5f3c-0001`
    hint: `program runs` lists the runs there are
    ");
}

#[test]
fn what_cannot_be_removed_is_told_and_all_stays() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("runs remove 019a5f3c-0001 latest"), @r"
    exit 2
    --- stderr
    error: the run 019a5f3c-0004-7000-8000-000000000004 is under way; nothing was removed
    hint: cancel it first: `program cancel 019a5f3c-0004-7000-8000-000000000004`
    ");
    insta::assert_snapshot!(kept.session("runs remove 019a5f3c-0001 77"), @r"
    exit 2
    --- stderr
    error: there is no run whose identifier begins with `77`
    hint: `program runs` lists the runs there are
    ");
    insta::assert_snapshot!(kept.session("runs remove"), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <RUN>...

    Usage: program runs remove <RUN>...

    For more information, try '--help'.
    ");
    assert_eq!(kept.left(), [4, 3, 2, 1]);
}

#[test]
fn a_run_of_which_another_was_made_goes_with_it_or_stays() {
    let kept = Recorded::new();
    kept.session("rerun 019a5f3c-0001 --all --progress none");
    let told = kept.session("runs remove 019a5f3c-0001");
    insta::assert_snapshot!(told, @r"
    exit 2
    --- stderr
    error: the run <run> was made of 019a5f3c-0001-7000-8000-000000000001, and may take values from there; nothing was removed
    hint: remove both: `program runs remove 019a5f3c-0001-7000-8000-000000000001 <run>`
    ");
    assert_eq!(kept.left().len(), 4);
    let both = kept.session("runs remove 019a5f3c-0001 latest:pages");
    insta::assert_snapshot!(both, @r"
    exit 0
    --- stderr
    the run <run> is removed
    the run 019a5f3c-0001-7000-8000-000000000001 is removed
    ");
    assert_eq!(kept.left(), [4, 3, 2]);
}
