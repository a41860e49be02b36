//! Asking a finished run for its outputs.

use std::sync::{Arc, LazyLock};

use insta::assert_snapshot;
use orch_core::define::{Dynamic, One, OpDef, Optional, Retry};
use orch_core::failure::Failure;
use orch_core::graph::{Call, DynamicOut, Job, Node, Op, Out};

use super::support::{Many, Maybe, Plain, job};

macro_rules! ops {
    ($($Name:ident $Outputs:ty = $def:expr;)*) => {$(
        /// What `#[op]` makes beside a function of this name.
        #[expect(non_camel_case_types, reason = "it stands for a function of this name")]
        pub(crate) struct $Name;

        impl Node for $Name {
            fn node() -> Self {
                Self
            }
        }

        impl Op for $Name {
            type Outputs = $Outputs;

            fn def() -> &'static Arc<OpDef> {
                static DEF: LazyLock<Arc<OpDef>> = LazyLock::new(|| Arc::new($def));
                &DEF
            }
        }
    )*};
}
mod elsewhere {
    use super::*;
    ops! { one Plain = OpDef::builder("one").returns::<Plain>().blocking(|_| Ok(2)); }
}
type Both = (One<i64, 0>, One<Optional<String>, 1>);
ops! {
    one Plain = OpDef::builder("one").returns::<Plain>().blocking(|_| Ok(1));
    maybe Maybe = OpDef::builder("maybe").input::<i64>("x").returns::<Maybe>()
        .blocking(|mut args| Ok(Some(args.take::<i64>(0)?).filter(|x| x % 2 == 1).into()));
    both Both = OpDef::builder("both").returns::<Both>().blocking(|_| Ok((1, Optional::some("two".to_owned()))));
    items Many = OpDef::builder("items").returns::<Many>().blocking(|_| Ok(Dynamic::from_iter([("a", 0), ("b", 1)])));
    nothing Many = OpDef::builder("nothing").returns::<Many>().blocking(|_| Ok(Dynamic::from_values([])));
    broken Plain = OpDef::builder("broken").returns::<Plain>().blocking(|_| Err(Failure::new("disk full")));
    retried Many = OpDef::builder("retried").retry(Retry::new(1)).returns::<Many>().blocking(|args| {
        let pages: &[_] = if args.context().attempt() == 1 {
            &[Ok(("a", 1)), Ok(("b", 2)), Ok(("c", 3)), Err("torn page")]
        } else {
            &[Ok(("d", 4)), Ok(("b", 5))]
        };
        Ok(Dynamic::try_from_iter(pages.iter().map(|page| page.map_err(Failure::new))))
    });
    torn Many = OpDef::builder("torn").returns::<Many>()
        .blocking(|_| Ok(Dynamic::try_from_values([Ok(1), Err(Failure::new("torn page"))])));
}

fn plain<N: Op<Outputs = Plain>>() -> Out<i64> {
    Call::of(N::def()).place::<Plain>()
}

fn many<N: Op<Outputs = Many>>() -> DynamicOut<i64> {
    Call::of(N::def()).place::<Many>()
}

fn each() -> Job {
    job(|| {
        plain::<one>();
        Call::of(both::def()).place::<Both>();
        many::<items>().map(|item| Call::of(maybe::def()).input::<i64>(item).place::<Maybe>());
        many::<nothing>();
    })
}

#[test]
fn outputs_have_the_types_of_their_ops() {
    let run = each().run_blocking().unwrap();
    assert_eq!(run.output::<one>(), &1);
    assert_eq!(run.output::<both>(), (&1, Some(&"two".to_owned())));
    assert_eq!(run.output::<items>(), [("a".to_owned(), &0), ("b".to_owned(), &1)]);
}

#[test]
fn items_that_only_a_failed_attempt_emitted_are_left_out() {
    let run = job(many::<retried>).run_blocking().unwrap();
    assert_eq!(run.output::<retried>(), [("b".to_owned(), &2), ("d".to_owned(), &4)]);
}

#[test]
fn outputs_left_out_and_fan_outs_without_items_are_outputs_too() {
    let run = each().run_blocking().unwrap();
    let all: Vec<_> =
        run.outputs::<maybe>().map(|(path, value)| (path.to_string(), value.copied())).collect();
    assert_eq!(all, [("maybe[a]".to_owned(), None), ("maybe[b]".to_owned(), Some(1))]);
    assert_eq!(run.output::<nothing>(), []);
}

#[test]
fn what_cannot_be_had_is_said_with_the_reason() {
    let run = each().run_blocking().unwrap();
    assert_snapshot!(run.try_output::<maybe>().unwrap_err(), @"`maybe` has several steps in this run (`maybe[a]`, `maybe[b]`, ..); ask for all with `run.outputs::<maybe>()`");
    assert_snapshot!(run.try_output::<broken>().unwrap_err(), @"no step of `broken` has outputs in this run: the job does not call it, it was not selected, it did not succeed, or outputs were not kept (`.keep_outputs()`)");
    let not_kept = each().runner().run_blocking().unwrap();
    assert!(not_kept.try_output::<one>().is_err());
    assert_eq!(not_kept.outputs::<nothing>().count(), 0);
}

#[test]
fn a_failed_run_has_the_outputs_of_what_succeeded_and_of_nothing_else() {
    let job = job(|| {
        plain::<one>();
        plain::<broken>();
        many::<torn>();
    });
    let error = job.run_blocking().unwrap_err();
    let run = error.run().unwrap();
    assert_eq!(run.output::<one>(), &1);
    assert_eq!(run.outputs::<broken>().count(), 0);
    assert_eq!(run.outputs::<torn>().count(), 0);
    assert_snapshot!(error, @r#"
    the run of `job` failed: 2 steps
    `broken`: disk full
    `torn`: torn page
    "#);
}

#[test]
fn ops_of_one_name_in_two_modules_are_two_ops() {
    let run = job(|| (plain::<one>(), plain::<elsewhere::one>())).run_blocking().unwrap();
    assert_eq!((run.output::<one>(), run.output::<elsewhere::one>()), (&1, &2));
    let run = job(plain::<elsewhere::one>).run_blocking().unwrap();
    assert!(run.try_output::<one>().is_err());
}
