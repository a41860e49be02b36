// What a job body may contain besides calls of ops.
use orch::prelude::*;

mod ops {
    use orch::prelude::*;

    #[op]
    pub fn numbers(n: usize) -> Dynamic<i64> {
        Dynamic::from_values((0_i64..).take(n))
    }

    #[op]
    pub async fn double(x: i64) -> i64 {
        x * 2
    }

    pub mod deeper {
        use orch::prelude::*;

        #[op]
        pub fn sum(numbers: &[i64]) -> i64 {
            numbers.iter().sum()
        }
    }
}

use ops::{deeper, double, numbers};

#[op]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[op]
fn total(mut numbers: Vec<i64>, _unused: &str, r#type: &String, ctx: &Context) -> Result<(i64, String)> {
    numbers.sort_unstable();
    let _ = ctx.attempt();
    Ok((numbers.iter().sum(), r#type.clone()))
}

#[op]
fn r#loop(r#in: i64) -> i64 {
    r#in
}

#[op]
fn maybe(n: Option<i64>) -> Option<i64> {
    n
}

// Names that generated code uses itself.
#[op]
fn names(args: i64, item: i64, argument_0: i64, convert: i64, node: i64, call: i64) -> Result<i64, std::fmt::Error> {
    Ok(args + item + argument_0 + convert + node + call)
}

#[derive(Outputs)]
pub struct Split {
    /// The small ones.
    pub small: i64,
    #[output(name = "big")]
    large: Optional<i64>,
    all: Dynamic<i64>,
}

#[op]
fn split(n: i64) -> Result<Split> {
    Ok(Split { small: n, large: Optional::none(), all: Dynamic::from_values([n]) })
}

#[graph]
fn twice(x: Out<i64>) -> Out<i64> {
    double(double(x))
}

#[graph(name = "four")]
fn four_times((x, times): (Out<i64>, usize)) -> Out<i64> {
    let mut x = x;
    for _ in 0..times {
        x = twice(x);
    }
    x
}

#[graph]
fn fan<const N: usize>(x: Out<i64>) -> [Out<i64>; N] {
    [x; N].map(double)
}

fn plain(n: usize) -> usize {
    n + 1
}

struct Point {
    x: i64,
}

#[job(order = "breadth_first", tags(team = "data"), retry(max = 1))]
fn everything() {
    // Functions that are no ops: in parentheses, from std, of a type, declared here, or bound here.
    let many = (plain)(3);
    let _ = std::cmp::max(many, String::from("ab").len());
    fn helper(x: usize) -> usize {
        x
    }
    let local = |x: usize| helper(x);
    let counted = numbers(lit(local(many)));
    let doubled = counted.map(double);
    let inner = doubled.map(|x| add(x, lit(1))).named("add_one").priority(3);
    let sum = deeper::sum(inner.collect()).tag("a", 1).after(counted);
    // The name of an op, shadowed by its own result.
    let add = add(sum, sum);
    let twice = twice(add);
    let four = four_times((twice, 2));
    let [first, second] = fan::<2>(four);
    deeper::sum([first, second, four]);
    deeper::sum(vec![first, double(second)]);
    let mut all = Vec::new();
    for n in 0..3 {
        all.push(if n > 1 { double(lit(n)) } else { self::ops::double(lit(n)) });
    }
    let (_, text) = total(all, lit("x"), lit("type"));
    let _ = text;
    match many {
        n if n > 100 => drop(double(first)),
        _ => {
            r#loop(second);
        }
    }
    if let Some(double) = Some(plain as fn(usize) -> usize) {
        let _ = double(3);
    }
    let Split { small, large: big, all } = split(first).named("parts");
    names(small, big, small, small, small, small);
    let nested = all.map(split).map(|Split { small, all, .. }| (small, all.map(|n| double(n)).collect()));
    let (smalls, alls) = nested.collect();
    deeper::sum(smalls);
    let _ = alls;
    let Point { x } = Point { x: 3 };
    double(lit(x));
    // The type of a constant follows from the input's.
    maybe(lit(None));
    maybe(lit(Default::default()));
    maybe(lit(Some(1)));
}

#[job(name = "second")]
fn another(times: usize, label: &str) {
    for _ in 0..times {
        double(lit(1)).named(label);
    }
}

/// Tuples of handles have up to eight elements, as outputs have.
#[job]
fn eight() {
    let each = numbers(lit(2)).map(|n| {
        let (a, b, c) = (double(n), double(n), double(n));
        (a, b, c, double(a), double(b), double(c), add(a, b), add(b, c).after((a, c)))
    });
    let (a, .., h) = each.collect();
    let (first, .., last) = each.unzip();
    let (a, h) = (deeper::sum(a), deeper::sum(h));
    deeper::sum(first.collect()).after((a, h, a, h, a, h, a, h)).retry(Retry::new(1));
    deeper::sum(last.collect());
}

fn main() {
    let _ = (everything().plan(), eight().plan(), another(2, "once").name() == "second");

    // Ops, and jobs of them, can be defined within a function; each is as callable as before.
    #[op]
    fn local(n: i64) -> i64 {
        n + 1
    }
    #[job]
    fn of_local() {
        local(local(lit(1)));
    }
    assert_eq!(local(1), 2);
    assert_eq!(of_local().name(), "of_local");
}
