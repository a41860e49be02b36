//! What was typed, and what is said if it is wrong.

use super::*;

#[test]
fn an_unknown_job_is_told_with_the_known() {
    insta::assert_snapshot!(session(two, "run bad_page"), @r"
    exit 2
    --- stderr
    error: there is no job `bad_page`
    hint: did you mean `program run bad_pages`? `program list` names all jobs
    ");
    insta::assert_snapshot!(session(two, "run load"), @r"
    exit 2
    --- stderr
    error: there is no job `load`; the jobs of this program are:
      pages
      bad_pages
    ");
    insta::assert_snapshot!(session(two, "plan"), @r"
    exit 2
    --- stderr
    error: which job? the jobs of this program are:
      pages
      bad_pages
    hint: name it: `program plan pages`
    ");
    insta::assert_snapshot!(session(|| Ok(Definitions::new()), "run"), @r"
    exit 2
    --- stderr
    error: this program has no jobs
    hint: return them from the function with #[orch::main]: Definitions::new().job(my_job())
    ");
}

#[test]
fn a_hyphen_in_the_name_of_a_job_is_an_underscore() {
    assert_eq!(session(two, "plan bad-pages"), session(two, "plan bad_pages"));
    assert!(session(two, "plan bad-pages").starts_with("exit 0"));
}

#[test]
fn wrong_numbers_name_their_option() {
    insta::assert_snapshot!(session(one, "run --max-concurrent 0"), @r"
    exit 2
    --- stderr
    error: invalid value '0' for '--max-concurrent <STEPS>': write 1 or more

    For more information, try '--help'.
    ");
    for number in ["0", "-1", "many", "1.5"] {
        for option in ["--max-concurrent <STEPS>", "--max-in-flight <ITEMS>"] {
            let (name, _) = option.split_once(' ').expect("a name");
            let told = session(one, &format!("run {name} {number}"));
            let error = format!("error: invalid value '{number}' for '{option}': write 1 or more");
            assert!(told.starts_with("exit 2") && told.contains(&error), "{told}");
        }
    }
}

#[test]
fn a_job_taken_for_a_file_is_told() {
    insta::assert_snapshot!(session(one, "run --gantt pages"), @r"
    exit 2
    --- stderr
    error: invalid value 'pages' for '--gantt [<FILE.svg>]': what follows --gantt is the file of the chart, and its name ends in .svg; if this is the job, write `run pages --gantt`, else `--gantt pages.svg`

    For more information, try '--help'.
    ");
}

#[test]
fn the_version_is_that_of_the_program() {
    insta::assert_snapshot!(session(one, "--version"), @r"
    exit 0
    --- stdout
    program 1.2.3
    ");
}

#[test]
fn wrong_arguments_end_with_2() {
    insta::assert_snapshot!(session(one, "run --tags env"), @r"
    exit 2
    --- stderr
    error: invalid value 'env' for '--tags <KEY=VALUE>': a tag is written key=value

    For more information, try '--help'.
    ");
    assert!(session(one, "--help").starts_with("exit 0\n--- stdout\nRun the jobs of this program"));
    assert_eq!(session(one, "help run"), session(one, "run --help"));
    insta::assert_snapshot!(session(one, "run --tags env=test,orch/team=a"), @r"
    exit 2
    --- stderr
    error: invalid value 'orch/team=a' for '--tags <KEY=VALUE>': the tag key `orch/team` begins with `orch/`, which is kept for orch's own tags; leave the prefix out, `team`, or take one of yours, `acme.com/team`

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(session(one, "run --tags env=test,team=a,env=prod"), @r"
    exit 2
    --- stderr
    error: the tag `env` is given twice
    hint: keep one: `--tags env=..`
    ");
    insta::assert_snapshot!(session(one, "run --gantt="), @r"
    exit 2
    --- stderr
    error: invalid value '' for '--gantt [<FILE.svg>]': the file of the chart has no name; write `--gantt` alone for a chart in the terminal, or a name that ends in .svg

    For more information, try '--help'.
    ");
}
