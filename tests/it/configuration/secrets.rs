//! Secrets are references, and in nothing that a run tells.

use std::sync::Mutex;

use orch::io::{IoManager, Metadata, OutputAt};

use super::*;

#[op]
pub(super) fn leak(password: Config<Connect>) -> Result<String> {
    let text = password.password.as_ref().map(|secret| secret.expose().clone()).unwrap_or_default();
    tracing::info!(password = %text, "connecting with {text}");
    Err(Failure::new(format!("cannot connect as admin:{text}"))
        .with_metadata("url", format!("db://admin:{text}@host")))
}

/// Says of each text what it is.
struct Talkative;

impl IoManager<String> for Talkative {
    fn store(&self, _: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        Ok(Metadata::from([("text".to_owned(), text.as_str().into())]))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<String> {
        Err("nothing is stored".into())
    }
}

#[op(io = "talkative")]
fn hand_on(password: Config<Connect>) -> String {
    password.password.as_ref().map(|secret| secret.expose().clone()).unwrap_or_default()
}

#[test]
fn what_hooks_hear_of_outputs_has_no_secret_in_it() {
    static HEARD: Mutex<String> = Mutex::new(String::new());
    #[success_hook]
    fn hear(context: HookContext) {
        *HEARD.lock().unwrap() = format!("{:?}", context.outputs());
    }
    #[job(hooks(hear))]
    fn talks() {
        hand_on();
    }
    let config = yaml("ops: {hand_on: {config: {host: h, password: {env: DB_PASSWORD}}}}");
    let env = EnvVars::none().with("DB_PASSWORD", "canary-7f3a");
    let runner = talks().runner().io("talkative", Talkative).env(env).config(config).keep_events();
    let run = runner.run_blocking().unwrap();
    assert_eq!(*HEARD.lock().unwrap(), r#"{"result": {"text": String("<secret>")}}"#);
    assert!(orch::report::story(run.events()).contains("HANDLED_OUTPUT"));
}

/// Repeats whatever it hears, as one that tells a chat of failures would.
#[failure_hook]
fn repeat(context: HookContext) -> Result<()> {
    let url = context.error().and_then(|error| error.metadata.get("url")).map(ToString::to_string);
    Err(Failure::new(format!("cannot tell of {} and canary-7f3a", url.unwrap_or_default())))
}

#[test]
fn a_secret_is_in_nothing_that_a_run_tells() {
    #[job(hooks(repeat))]
    fn leaky() {
        leak();
    }
    let canary = "canary-7f3a";
    let config = yaml("ops: {leak: {config: {host: h, password: {env: DB_PASSWORD}}}}");
    let env = EnvVars::none().with("DB_PASSWORD", canary);
    let runner = || leaky().runner().env(env.clone()).config(config.clone()).keep_outputs().keep_events();
    let error = runner().run_blocking().unwrap_err();
    let run = error.run().unwrap();
    let mut told = vec![error.to_string(), format!("{error:?}"), format!("{run:?}")];
    for event in run.events() {
        told.push(serde_json::to_string(event).unwrap());
        told.push(format!("{event:?}"));
    }
    told.push(orch::report::story(run.events()));
    told.push(run.plan().to_json());
    told.push(run.plan().to_string());
    told.push(show(&runner().effective_config().unwrap()));
    told.push(runner().config_schema().unwrap().to_value().to_string());
    told.push(format!("{:?}", runner()));
    for text in &told {
        assert!(!text.contains(canary), "{text}");
    }
    assert!(told[0].contains("cannot connect as admin:<secret>"), "{}", told[0]);
    assert!(told.iter().any(|text| text.contains("connecting with <secret>")));
    assert!(told.iter().any(|text| text.contains("@host\" and <secret>")), "{told:#?}");
}

const CANARY: &str = "canary-7f3a";

fn env() -> EnvVars {
    EnvVars::none().with("DB_PASSWORD", CANARY)
}

/// The configuration of what is called `name` in this section, with a secret.
fn secret_for(section: &str, name: &str) -> RunConfig {
    yaml(&format!("{section}: {{{name}: {{config: {{host: h, password: {{env: DB_PASSWORD}}}}}}}}"))
}

/// All that is told of a run that fails, which is not the secret.
fn told_of(runner: Runner) -> String {
    let error = runner.env(env()).keep_events().run_blocking().unwrap_err();
    let mut told = format!("{error}\n{error:?}\n");
    for event in error.run().iter().flat_map(|run| run.events()) {
        told += &format!("{event:?}\n{}\n", serde_json::to_string(event).unwrap());
    }
    assert!(!told.contains(CANARY), "{told}");
    assert!(told.contains("<secret>"), "{told}");
    told
}

fn exposed(config: &Connect) -> &str {
    config.password.as_ref().map_or("", |secret| secret.expose())
}

#[test]
fn a_panic_with_a_secret_is_told_without_it() {
    #[op]
    fn panics(connect: Config<Connect>) {
        panic!("{} is no password", exposed(&connect));
    }
    #[job]
    fn panicking() {
        panics();
    }
    let told = told_of(panicking().runner().config(secret_for("ops", "panics")));
    assert!(told.contains("panicked: <secret> is no password"), "{told}");
}

#[test]
fn a_secret_input_is_scrubbed_too() {
    #[op]
    fn ask() -> Secret<String> {
        Secret::new("asked".to_owned())
    }
    #[op]
    fn log_in(password: &Secret<String>) -> Result<()> {
        Err(Failure::new(format!("{} is wrong", password.expose())))
    }
    #[job]
    fn session() {
        log_in(ask());
    }
    let config = yaml("select: log_in\nops: {log_in: {inputs: {password: {env: DB_PASSWORD}}}}");
    told_of(session().runner().config(config));
}

#[test]
fn a_resource_that_fails_with_a_secret_is_told_without_it() {
    #[resource]
    fn shut(connect: Config<Connect>) -> Result<Shut> {
        Err(Failure::new(format!("{} is wrong", exposed(&connect))))
    }
    struct Shut;
    #[resource(close = leave)]
    fn open(connect: Config<Connect>) -> Open {
        Open(exposed(&connect).to_owned())
    }
    struct Open(String);
    fn leave(open: &Open) -> Result<()> {
        Err(Failure::new(format!("{} is still in use", open.0)))
    }
    #[op]
    fn knock(_db: Res<Shut>) {}
    #[op]
    fn enter(_db: Res<Open>) -> Result<()> {
        Err(Failure::new("nobody is there"))
    }
    #[job]
    fn knocking() {
        knock();
    }
    #[job]
    fn entering() {
        enter();
    }
    let program = Definitions::new().resource_from::<shut>().resource_from::<open>();
    let runner = |job: Job, name| program.runner(&job).config(secret_for("resources", name));
    let told = told_of(runner(knocking(), "shut"));
    assert!(told.contains("<secret> is wrong"), "{told}");
    let told = told_of(runner(entering(), "open"));
    assert!(told.contains("<secret> is still in use"), "{told}");
}

#[test]
fn a_secret_that_was_written_down_is_in_no_error_and_in_no_debug() {
    #[job]
    fn leaky() {
        leak();
    }
    let config = || {
        yaml(&format!("ops: {{leak: {{config: {{host: h, password: {CANARY}}}}}}}"))
            .set(&format!("ops.leak.config.password={CANARY}"))
    };
    let preset = || leaky().preset(Preset::new("prod", config()));
    let error = leaky().runner().config(config()).run_blocking().unwrap_err();
    let plan = error.plan_error().unwrap();
    let definitions = || Definitions::new().job(preset());
    let check = definitions().check().unwrap_err();
    let told = [
        format!("{error}\n{error:?}\n{plan}\n{plan:?}\n{:?}", plan.config()),
        format!("{check}\n{check:?}\n{}", serde_json::to_string(&check).unwrap()),
        format!("{:?}\n{:#?}\n{:?}", config(), preset().presets(), leaky().runner().config(config())),
    ];
    for text in told {
        assert!(!text.contains(CANARY), "{text}");
    }
}
