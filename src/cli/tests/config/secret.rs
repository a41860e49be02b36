//! A secret that is looked for in all that is told and kept.

use std::path::Path;

use super::*;

#[test]
fn a_secret_is_in_no_output() {
    let folder = files("secret");
    let chart = folder.0.join("chart.svg");
    let sessions = [
        "run --config @base.yaml",
        "run --config @base.yaml --verbose",
        "run --config @base.yaml --json --gantt",
        "run --config @base.yaml --set resources.database.config.host=down --gantt @chart.svg",
        "run --config @base.yaml --set resources.database.config.host=down --json --verbose",
        "run --config @base.yaml --set resources.database.config.host=down --progress none",
        "run --config @base.yaml --set resources.database.config.password=[PASSWORD]",
        "plan --config @base.yaml",
        "plan --config @base.yaml --format json",
        "plan --config @base.yaml --format mermaid",
        "plan --config @base.yaml --format dot",
        "config show --config @base.yaml",
        "config schema --config @base.yaml",
        "config scaffold --config @base.yaml",
        "list --json",
    ];
    for args in sessions {
        let told = folder.session(args);
        assert!(!told.contains(CANARY), "{args}\n{told}");
    }
    let drawn = fs::read_to_string(&chart).unwrap();
    assert!(drawn.contains("load") && !drawn.contains(CANARY));
    // It was there to be told, and is told as what it is.
    insta::assert_snapshot!(folder.session(sessions[5]), @r#"
    exit 1
    --- stderr
    run <run>, recorded in memory
            Info [<time>] load: pokemon.csv by 100 into down:5432 (append) as loader:<secret> password=<secret>
    ────────────
         Failure [<time>] dex: 2 steps: 1 succeeded, 1 failed
          Failed [<time>] load
                 no connection as loader:<secret>
                   url: "db://loader:<secret>@down:5432"
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    "#);
    // Written down instead of referred to, it is refused and not repeated.
    let told =
        folder.session(&format!("run --config @base.yaml --set resources.database.config.password={CANARY}"));
    assert!(!told.contains(CANARY), "{told}");
    insta::assert_snapshot!(told, @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: `resources.database.config.password` is a secret, and a secret is not written down
      --> --set resources.database.config.password
      hint: refer to it: `{env: PASSWORD}`, or `{file: PATH}` for one in a file
    ");
}

#[test]
fn a_secret_is_in_nothing_that_is_recorded() {
    let folder = files("recorded");
    for host in ["up", "down"] {
        let args =
            format!("run --config @base.yaml --set resources.database.config.host={host} --home @home");
        let told = folder.session(&args);
        assert!(told.contains("recorded in"), "{told}");
    }
    for args in ["show latest --json", "logs latest --events --json", "why latest", "runs --json"] {
        let told = folder.session(&format!("{args} --home @home"));
        assert!(told.starts_with("exit 0") && !told.contains(CANARY), "{args}\n{told}");
    }
    let told = folder.session("runs export latest @run.orch --home @home");
    assert!(told.starts_with("exit 0"), "{told}");
    let mut read = 0;
    look_through(&folder.0, &mut |file, bytes| {
        read += 1;
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "{}", file.display());
    });
    // The list, two runs, and what was exported.
    assert!(read > 4, "{read} files");
}

/// Calls `each` for all files in a folder and those within.
fn look_through(folder: &Path, each: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { look_through(&path, each) } else { each(&path, &fs::read(&path).unwrap()) }
    }
}
