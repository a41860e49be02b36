use insta::assert_snapshot;

use super::*;
use crate::define::{Backoff, JobOptions, Retry};
use crate::graph::Handle as _;
use crate::graph::{Call, DynamicOut, Out};

const DEX: &str = r#"
job: dex
description: Loads the dex. Then tells of it.
schedule: "0 6 * * *"
priority: 5
tags: { team: data }
max_concurrent: 1
retry: { max: 3, delay: 1s, backoff: exponential }
limits:
  - { tag: db, max: 2 }
steps:
  pages:
    op: extract
    config: { path: dex.csv, size: 3 }
  loaded:
    op: load
    map: pages
    inputs: { page: pages, factor: { value: 7 } }
    priority: 3
    tags: { db: dex }
    retry: { max: 2 }
  total:
    op: sum
    inputs: { numbers: { collect: loaded } }
    after: [cleanup]
  report:
    op: report
    inputs: { sum: total, title: { value: Dex } }
  cleanup:
    op: clean
"#;

#[test]
fn a_described_job_is_planned_and_runs() {
    let job = yaml(DEX).expect("all is right");
    assert_snapshot!(job.plan(), @r#"
    job dex: Loads the dex.
      depth_first, 1 at once, limit db 2, tags orch/priority=5, team=data
    pages = extract() -> dynamic Page
      | retry 3x after 1s exponential
      | config Source
    map pages
        loaded = load(page: Page <- each pages, factor: i64 <- 7) -> i64
          | priority 3
          | retry 2x
          | tags db=dex
    cleanup = clean() -> ()
      | retry 3x after 1s exponential
    total = sum(numbers: Vec<i64> <- collect loaded) -> i64
      | after cleanup
      | retry 3x after 1s exponential
    report(sum: i64 <- total, title: String <- "Dex") -> String
      | retry 3x after 1s exponential
    "#);
    assert_eq!(job.options().schedule.as_deref(), Some("0 6 * * *"));
    assert_eq!(job.plan().step("loaded").expect("a step").place.to_string(), "jobs/dex.yaml:15");
    assert_snapshot!(told(DEX), @"Dex: 2100");
}

/// Runs the job of a text, and gives what its step with the op `report` tells.
fn told(text: &str) -> String {
    let registry = registry();
    let job = registry.read_text(FileFormat::Yaml, "jobs/dex.yaml", text).expect("all is right");
    let run = job.run_blocking().expect("it runs");
    let report = registry.get("report").expect("an op");
    run.outputs_of::<OneOf<String>>(report).map(|(_, text)| text.clone()).collect()
}

#[test]
fn the_plan_is_that_of_the_same_job_in_rust() {
    let described = yaml(
        "job: nested\nsteps:\n  extract: { op: extract }\n  \
         rows: { op: rows, map: extract, inputs: { page: extract } }\n  \
         double: { op: double, map: rows, inputs: { x: rows } }\n  \
         sum: { op: sum, map: extract, inputs: { numbers: { collect: double } } }\n  \
         all: { op: sum, inputs: { numbers: { collect: sum } }, retry: { max: 1, delay: 2s, backoff: linear } }\n  \
         list: { op: sum, inputs: { numbers: [all, all] }, after: [all], tags: { a: b }, priority: 4 }\n",
    );
    let registry = registry();
    let op = |name: &str| registry.get(name).expect("an op");
    let written = Job::compose(JobOptions::new("nested"), || {
        let pages: DynamicOut<Page> = Call::of(op("extract")).place::<Many<Dynamic<Page>>>();
        let sums = pages.map(|page| {
            let rows = Call::of(op("rows")).input::<Page>(page).place::<Many<Dynamic<i64>>>();
            let doubled =
                rows.map(|row| Call::of(op("double")).input::<i64>(row).place::<OneOf<i64>>()).collect();
            Call::of(op("sum")).input::<Vec<i64>>(doubled).place::<OneOf<i64>>()
        });
        let all: Out<i64> = Call::of(op("sum")).input::<Vec<i64>>(sums.collect()).place::<OneOf<i64>>();
        let retry = Retry::new(1).delay(std::time::Duration::from_secs(2)).backoff(Backoff::Linear);
        let all = all.named("all").retry(retry);
        let list: Out<i64> = Call::of(op("sum")).input::<Vec<i64>>([all, all]).place::<OneOf<i64>>();
        let _ = list.named("list").after(all).tag("a", "b").priority(4);
    });
    let plan = |job: &Job| {
        let mut plan = job.plan();
        plan.steps.iter_mut().for_each(|step| step.place = crate::ids::Place::caller());
        let place = plan.steps[0].place.clone();
        plan.steps.iter_mut().for_each(|step| step.place = place.clone());
        plan.to_json()
    };
    assert_eq!(plan(&described.expect("all is right")), plan(&written));
}

#[test]
fn maps_nest_and_collect_closes_one_of_them() {
    let text = "
job: nested
steps:
  # The order of the file is no order of calls.
  told: { op: report, inputs: { sum: total, title: { value: all } } }
  total: { op: sum, inputs: { numbers: { collect: subtotal } } }
  subtotal: { op: sum, map: pages, inputs: { numbers: { collect: doubled } } }
  doubled: { op: double, map: rows, inputs: { x: rows } }
  rows: { op: rows, map: pages, inputs: { page: pages } }
  pages: { op: extract, config: { path: dex.csv } }
";
    assert_snapshot!(yaml(text).expect("all is right").plan(), @r#"
    job nested
      depth_first, as many at once as processors
    pages = extract() -> dynamic Page
      | config Source
    map pages
        rows(page: Page <- each pages) -> dynamic i64
        map rows
            doubled = double(x: i64 <- each rows) -> i64
        subtotal = sum(numbers: Vec<i64> <- collect doubled) -> i64
    total = sum(numbers: Vec<i64> <- collect subtotal) -> i64
    told = report(sum: i64 <- total, title: String <- "all") -> String
    "#);
    // Twice 0, 1, 2 and twice 100, 101, 102.
    assert_snapshot!(told(text), @"all: 612");
}

#[test]
fn the_input_says_in_which_form_it_is_collected() {
    let text = "
job: forms
steps:
  pages: { op: extract, config: { path: dex.csv } }
  loaded: { op: load, map: pages, inputs: { page: pages, factor: { value: 2 } } }
  keys: { op: keys, inputs: { loaded: { collect: loaded } } }
  total: { op: sum, inputs: { numbers: { collect: loaded } } }
  parts: { op: split, inputs: { x: total } }
  twice: { op: sum, inputs: { numbers: [parts.output_0, total] } }
  told: { op: report, inputs: { sum: twice, title: keys } }
";
    assert_snapshot!(told(text), @"0, 1: 400");
}

#[test]
fn json_and_toml_say_the_same() {
    let json =
        r#"{ "job": "one", "steps": { "a": { "op": "sum", "inputs": { "numbers": { "value": [1] } } } } }"#;
    let toml = "job = \"one\"\n[steps.a]\nop = \"sum\"\ninputs.numbers = { value = [1] }\n";
    let texts = [(FileFormat::Json, json), (FileFormat::Toml, toml)];
    for (format, text) in texts {
        let job = registry().read_text(format, "one", text).expect("all is right");
        assert_eq!(job.plan().steps.len(), 1);
    }
}

#[test]
fn what_a_descriptor_leaves_out_of_a_configuration_is_asked_for_when_a_run_begins() {
    let job =
        yaml("job: dex\nsteps:\n  pages: { op: extract, config: { size: 3 } }\n").expect("all is right");
    assert_snapshot!(job.run_blocking().expect_err("a path lacks"), @r"
    the job `dex` cannot be configured
    error: `ops.pages.config` lacks `path`
      --> jobs/dex.yaml:3:33
      hint: add
            ops:
              pages:
                config:
                  path: ..  # a text
    ");
}

#[test]
fn editors_are_told_of_the_op_kinds() {
    let schema = registry().schema();
    assert_snapshot!(serde_json::to_string_pretty(&schema).expect("JSON"), @r#"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Job",
      "description": "A job of orch, built of steps whose ops are written in Rust.",
      "type": "object",
      "properties": {
        "job": {
          "description": "The job's name: letters, digits and `_`.",
          "anyOf": [
            {
              "type": "string"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "description": {
          "description": "What the job is for.",
          "anyOf": [
            {
              "type": [
                "string",
                "null"
              ]
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "schedule": {
          "description": "When the job is to run, as cron text: `0 6 * * *`.",
          "anyOf": [
            {
              "type": [
                "string",
                "null"
              ]
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "priority": {
          "description": "The priority of the job's runs, higher first.",
          "anyOf": [
            {
              "type": [
                "integer",
                "null"
              ],
              "format": "int64"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "tags": {
          "description": "Tags of every run of the job.",
          "type": "object",
          "additionalProperties": {
            "anyOf": [
              {
                "type": "string"
              },
              {
                "$ref": "#/$defs/EnvReference"
              }
            ]
          },
          "default": {}
        },
        "max_concurrent": {
          "description": "How many steps may run at once; by default as many as the process has processors.",
          "anyOf": [
            {
              "type": [
                "integer",
                "null"
              ],
              "format": "uint",
              "minimum": 1
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "max_in_flight": {
          "description": "How many items of one dynamic output may be alive at once; by default twice `max_concurrent`.",
          "anyOf": [
            {
              "type": [
                "integer",
                "null"
              ],
              "format": "uint",
              "minimum": 1
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "order": {
          "description": "Which of several ready steps goes first; by default the one that lies deeper.",
          "anyOf": [
            {
              "$ref": "#/$defs/Order"
            },
            {
              "type": "null"
            }
          ]
        },
        "retry": {
          "description": "The retry policy of steps whose op declares none.",
          "anyOf": [
            {
              "$ref": "#/$defs/RetryModel"
            },
            {
              "type": "null"
            }
          ]
        },
        "limits": {
          "description": "How many steps with a tag may run at once.",
          "type": "array",
          "items": {
            "$ref": "#/$defs/LimitModel"
          }
        },
        "steps": {
          "description": "The steps, by name.",
          "type": "object",
          "additionalProperties": {
            "$ref": "#/$defs/StepModel"
          }
        }
      },
      "additionalProperties": false,
      "required": [
        "job",
        "steps"
      ],
      "$defs": {
        "Order": {
          "description": "Which of several ready steps of the same priority goes first.\n\nThe whole order is: higher priority, then this, then the older branch of a map (the outermost map first), then the\norder of definition in the job.",
          "oneOf": [
            {
              "description": "The step that lies deeper in the graph: a branch is finished, and its values released, before the next begins.",
              "type": "string",
              "const": "depth_first"
            },
            {
              "description": "The step that lies less deep: all branches advance together.",
              "type": "string",
              "const": "breadth_first"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "RetryModel": {
          "description": "How often and when a failed attempt is followed by another.",
          "type": "object",
          "properties": {
            "max": {
              "description": "How many attempts may follow the first.",
              "anyOf": [
                {
                  "type": "integer",
                  "format": "uint32",
                  "minimum": 0
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "delay": {
              "description": "The time before a retry: `1s`, `1m 30s`.",
              "anyOf": [
                {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "backoff": {
              "description": "How the delay grows.",
              "$ref": "#/$defs/Backoff",
              "default": "none"
            },
            "jitter": {
              "description": "How the delay is spread.",
              "$ref": "#/$defs/Jitter",
              "default": "none"
            }
          },
          "additionalProperties": false,
          "required": [
            "max"
          ]
        },
        "Backoff": {
          "description": "How the delay between attempts grows.",
          "oneOf": [
            {
              "description": "It stays the same.",
              "type": "string",
              "const": "none"
            },
            {
              "description": "`n * d`.",
              "type": "string",
              "const": "linear"
            },
            {
              "description": "`(2^n - 1) * d`.",
              "type": "string",
              "const": "exponential"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "Jitter": {
          "description": "How the delay between attempts is spread, so that many steps do not come back at once.",
          "oneOf": [
            {
              "description": "Not at all.",
              "type": "string",
              "const": "none"
            },
            {
              "description": "Evenly between nothing and the whole delay.",
              "type": "string",
              "const": "full"
            },
            {
              "description": "Evenly within one base delay to either side.",
              "type": "string",
              "const": "plus_minus"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "LimitModel": {
          "description": "How many steps with a tag may run at once.",
          "type": "object",
          "properties": {
            "tag": {
              "description": "The tag's key.",
              "anyOf": [
                {
                  "type": "string"
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "value": {
              "description": "Only steps with this value; without it all that have the tag.",
              "anyOf": [
                {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "per_value": {
              "description": "Whether each value of the tag has a limit of its own.",
              "default": false,
              "anyOf": [
                {
                  "type": "boolean"
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "max": {
              "description": "How many.",
              "anyOf": [
                {
                  "type": "integer",
                  "format": "uint",
                  "minimum": 1
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            }
          },
          "additionalProperties": false,
          "required": [
            "tag",
            "max"
          ]
        },
        "StepModel": {
          "title": "Step",
          "description": "One step.",
          "type": "object",
          "properties": {
            "op": {
              "description": "The op kind: the name of an op of the program.",
              "anyOf": [
                {
                  "type": "string",
                  "oneOf": [
                    {
                      "const": "clean"
                    },
                    {
                      "const": "double"
                    },
                    {
                      "const": "extract"
                    },
                    {
                      "const": "keys"
                    },
                    {
                      "const": "load"
                    },
                    {
                      "const": "report"
                    },
                    {
                      "const": "rows"
                    },
                    {
                      "const": "split"
                    },
                    {
                      "const": "sum"
                    }
                  ]
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "map": {
              "description": "Runs the step once for each item of this dynamic output: `step`, or `step.output`.",
              "anyOf": [
                {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "inputs": {
              "description": "What feeds the op's inputs, by their names.",
              "type": "object",
              "additionalProperties": {
                "$ref": "#/$defs/InputModel"
              }
            },
            "config": {
              "description": "The op's configuration; what is left out comes from the run's.",
              "type": [
                "object",
                "null"
              ],
              "additionalProperties": true
            },
            "after": {
              "description": "Steps that this one waits for, without taking a value of them.",
              "type": "array",
              "items": {
                "anyOf": [
                  {
                    "type": "string"
                  },
                  {
                    "$ref": "#/$defs/EnvReference"
                  }
                ]
              },
              "default": []
            },
            "priority": {
              "description": "The priority among ready steps, higher first.",
              "anyOf": [
                {
                  "type": [
                    "integer",
                    "null"
                  ],
                  "format": "int64"
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            "tags": {
              "description": "Tags of the step, besides those of the op.",
              "type": "object",
              "additionalProperties": {
                "anyOf": [
                  {
                    "type": "string"
                  },
                  {
                    "$ref": "#/$defs/EnvReference"
                  }
                ]
              },
              "default": {}
            },
            "retry": {
              "description": "The retry policy, before those of the op and the job.",
              "anyOf": [
                {
                  "$ref": "#/$defs/RetryModel"
                },
                {
                  "type": "null"
                }
              ]
            }
          },
          "additionalProperties": false,
          "required": [
            "op"
          ]
        },
        "InputModel": {
          "description": "What feeds an input: `step`, or `step.output`; a list of them; `{ collect: step }`; `{ value: 50 }`.",
          "anyOf": [
            {
              "description": "The output of a step.",
              "anyOf": [
                {
                  "type": "string"
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            },
            {
              "description": "The outputs of several steps, as a list.",
              "type": "array",
              "items": {
                "anyOf": [
                  {
                    "type": "string"
                  },
                  {
                    "$ref": "#/$defs/EnvReference"
                  }
                ]
              }
            },
            {
              "description": "All values of a map, once it is finished.",
              "$ref": "#/$defs/CollectModel"
            },
            {
              "description": "A constant.",
              "$ref": "#/$defs/ValueModel"
            }
          ]
        },
        "CollectModel": {
          "description": "All values of a map, once it is finished.",
          "type": "object",
          "properties": {
            "collect": {
              "description": "The step in the map, or the one whose dynamic output is gathered as it is.",
              "anyOf": [
                {
                  "type": "string"
                },
                {
                  "$ref": "#/$defs/EnvReference"
                }
              ]
            }
          },
          "additionalProperties": false,
          "required": [
            "collect"
          ]
        },
        "ValueModel": {
          "description": "A constant.",
          "type": "object",
          "properties": {
            "value": {
              "description": "The value, as the input's type is written."
            }
          },
          "additionalProperties": false,
          "required": [
            "value"
          ]
        },
        "EnvReference": {
          "type": "object",
          "properties": {
            "env": {
              "description": "The name of an environment variable that holds the value.",
              "type": "string"
            }
          },
          "required": [
            "env"
          ],
          "additionalProperties": false
        }
      }
    }
    "#);
}
