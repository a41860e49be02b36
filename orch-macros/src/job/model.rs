use proc_macro2::TokenStream;
use syn::{ItemFn, LitStr, Path};

use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::func;
use crate::policy::{self, Limit, Retry};

/// How hooks are named.
const HOOKS: &str = "hooks(tell, page_me)";

const JOB: Known = Known {
    owner: "`#[job]`",
    options: &[
        "name",
        "description",
        "tags",
        "max_concurrent",
        "max_in_flight",
        "order",
        "executor",
        "retry",
        "limit",
        "hooks",
    ],
    repeated: &["limit"],
    elsewhere: &[
        ("priority", "`#[op]`"),
        ("timeout", "`#[op]`"),
        ("isolate", "`#[op]`"),
        ("memory", "`#[op]`"),
        ("pool", "`#[op]`"),
        ("code_version", "`#[op]`"),
        ("io", "`#[op]`"),
    ],
};

const GRAPH: Known = Known {
    owner: "`#[graph]`",
    options: &["name", "hooks"],
    repeated: &[],
    elsewhere: &[
        ("description", "`#[op]` and `#[job]`"),
        ("tags", "`#[op]` and `#[job]`"),
        ("retry", "`#[op]` and `#[job]`"),
        ("priority", "`#[op]`"),
        ("timeout", "`#[op]`"),
        ("isolate", "`#[op]`"),
        ("memory", "`#[op]`"),
        ("pool", "`#[op]`"),
        ("code_version", "`#[op]`"),
        ("io", "`#[op]`"),
        ("max_concurrent", "`#[job]`"),
        ("max_in_flight", "`#[job]`"),
        ("order", "`#[job]`"),
        ("executor", "`#[job]`"),
        ("limit", "`#[job]`"),
    ],
};

/// What the arguments of `#[job]` say.
pub(super) struct JobOptions {
    pub(super) name: LitStr,
    pub(super) description: Option<String>,
    pub(super) tags: Vec<(String, LitStr)>,
    pub(super) max_concurrent: Option<usize>,
    pub(super) max_in_flight: Option<usize>,
    /// A variant of `Order`.
    pub(super) order: Option<&'static str>,
    /// A variant of `Executor`.
    pub(super) executor: Option<&'static str>,
    pub(super) retry: Option<Retry>,
    pub(super) limits: Vec<Limit>,
    pub(super) hooks: Vec<Path>,
}

impl JobOptions {
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&JOB, options, diag);
        let mut count = |name| {
            let range = 1..=i128::from(u32::MAX);
            options.integer(name, &range, "4").and_then(|count| usize::try_from(count).ok())
        };
        let (max_concurrent, max_in_flight) = (count("max_concurrent"), count("max_in_flight"));
        Self {
            name: policy::name(&mut options, &item.sig.ident, diag),
            description: options
                .text("description", "\"What it is for.\"")
                .map(|text| text.value())
                .or_else(|| func::description(&item.attrs)),
            tags: policy::tags(&mut options, diag),
            max_concurrent,
            max_in_flight,
            order: options
                .choice("order", &[("depth_first", "DepthFirst"), ("breadth_first", "BreadthFirst")]),
            executor: options.choice("executor", &[("in_process", "InProcess"), ("process", "Process")]),
            retry: Retry::read(&mut options, diag),
            limits: std::iter::from_fn(|| options.has("limit").then(|| Limit::read(&mut options, diag)))
                .flatten()
                .collect(),
            hooks: options.paths("hooks", HOOKS),
        }
    }
}

/// What the arguments of `#[graph]` say.
pub(crate) struct GraphOptions {
    pub(crate) name: LitStr,
    pub(crate) hooks: Vec<Path>,
}

impl GraphOptions {
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> Self {
        let mut options = Options::read(&GRAPH, options, diag);
        Self { name: policy::name(&mut options, &item.sig.ident, diag), hooks: options.paths("hooks", HOOKS) }
    }
}
