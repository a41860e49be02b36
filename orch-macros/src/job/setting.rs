//! What is said of a call, `.retry(..)`, `.tag(..)`, where it is written as an option of `#[op]`.

use quote::ToTokens as _;
use syn::{Expr, ExprAssign, ExprMethodCall, parse_quote};

/// The error in place of a call `.retry(max = 3)`: the compiler would look for a variable `max`.
pub(super) fn as_option(call: &ExprMethodCall) -> Option<Expr> {
    let options: Vec<_> = call.args.iter().filter_map(option).collect();
    let (name, value) = options.first()?;
    let message = match call.method.to_string().as_str() {
        "retry" => {
            let written = |name: &str| options.iter().find(|(option, _)| option == name);
            let max = written("max").map_or("3", |(_, value)| value);
            let delay = written("delay").map_or("", |_| ".delay(Duration::from_secs(1))");
            format!("a call takes its retry policy as a value: write `.retry(Retry::new({max}){delay})`")
        }
        "tag" => format!("a call takes a tag as key and value: write `.tag(\"{name}\", {value})`"),
        method @ ("named" | "priority") => {
            format!("a call takes this as a value alone: write `.{method}({value})`")
        }
        _ => return None,
    };
    let error = syn::Error::new_spanned(&call.args, message).to_compile_error();
    Some(parse_quote!(#error))
}

/// `max = 3` as its two sides.
fn option(argument: &Expr) -> Option<(String, String)> {
    let Expr::Assign(ExprAssign { left, right, .. }) = argument else { return None };
    let Expr::Path(name) = &**left else { return None };
    Some((name.path.get_ident()?.to_string(), right.to_token_stream().to_string()))
}
