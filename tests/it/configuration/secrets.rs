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
