use clap::CommandFactory as _;

use super::*;

fn run(args: &[&str]) -> Result<RunArgs, String> {
    let args = ["program", "run"].iter().chain(args);
    match Arguments::try_parse_from(args).map_err(|error| error.to_string())?.command {
        Asked::Defined(Command::Run(run)) => Ok(run),
        command => Err(format!("{command:?}")),
    }
}

#[test]
fn the_arguments_are_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_shows_an_example() {
    let arguments = Arguments::command();
    let within = ["instance", "assets"].map(|name| arguments.find_subcommand(name).expect("it is there"));
    let within = within.iter().flat_map(|command| command.get_subcommands());
    for command in arguments.get_subcommands().chain(within) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.starts_with("Examples:"), "{}", command.get_name());
    }
}

#[test]
fn a_chart_goes_to_the_terminal_or_to_a_file() {
    assert_eq!(run(&["job"]).expect("good").options.live.gantt, None);
    assert_eq!(run(&["job", "--gantt"]).expect("good").options.live.gantt, Some(None));
    assert_eq!(
        run(&["job", "--gantt", "a.svg"]).expect("good").options.live.gantt,
        Some(Some("a.svg".into()))
    );
    let error = run(&["--gantt", "job"]).expect_err("no file");
    assert!(error.contains("write `run job --gantt`"), "{error}");
}

#[test]
fn tags_and_times_are_read() {
    let args = run(&["--tags", "env=test,team=a=b", "--tags", "x=", "--slow-after", "1.5m"]).expect("good");
    let tags: Vec<_> = args.options.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(tags, [("env", "test"), ("team", "a=b"), ("x", "")]);
    assert_eq!(args.options.live.slow_after, Duration::from_secs(90));
    for bad in [["--tags", "env"], ["--slow-after", "3"], ["--slow-after", "-1s"], ["--max-concurrent", "0"]]
    {
        assert!(run(&bad).is_err(), "{bad:?}");
    }
}
