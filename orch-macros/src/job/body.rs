//! Rewrites a body: calls of ops and graphs become nodes, all else stays.

use proc_macro2::{Ident, Span};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Block, Expr, ExprCall, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprMethodCall, ExprPath,
    ExprRepeat, ExprWhile, Item, Local, Macro, Pat, PathArguments, Stmt, Token, Type, parse_quote,
    parse_quote_spanned,
};

use super::scope::{Scopes, is_standard};
use super::setting;
use crate::kind;
use crate::names::{HANDLES_OF, NODE};

/// Rewrites the body of a function with these parameters.
pub(super) fn rewrite<'p>(block: &mut Block, parameters: impl Iterator<Item = &'p Pat>) {
    let mut scopes = Scopes::new();
    parameters.for_each(|pattern| scopes.bind_pattern(pattern));
    Rewriter { scopes, patterns: Vec::new() }.visit_block_mut(block);
}

struct Rewriter {
    scopes: Scopes,
    /// The struct patterns rewritten in the present block: the names that stand for their types.
    patterns: Vec<Item>,
}

impl Rewriter {
    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        self.scopes.enter();
        visit(self);
        self.scopes.leave();
    }

    /// Whether a path names an op or graph, as far as its spelling and the names in scope tell.
    fn is_node(&self, path: &ExprPath) -> bool {
        let segments = &path.path.segments;
        let Some(last) = segments.last() else { return false };
        let name = last.ident.unraw().to_string();
        let lower = |name: &str| name.starts_with(|c: char| c.is_lowercase() || c == '_');
        if path.qself.is_some() || !lower(&name) {
            return false;
        }
        if segments.len() == 1 && path.path.leading_colon.is_none() {
            // `drop` is the one function of the standard prelude that means something to a handle.
            return name != "drop" && !self.scopes.is_bound(&last.ident.to_string());
        }
        let before = segments.iter().take(segments.len() - 1);
        let first = segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
        !is_standard(&first)
            && before.into_iter().all(|segment| {
                let name = segment.ident.unraw().to_string();
                lower(&name) && !is_primitive(&name)
            })
    }

    /// Rewrites a struct pattern, which stands for the handles if the struct derives `Outputs`.
    fn rewrite_pattern(&mut self, pattern: &mut Pat) {
        let pattern = match pattern {
            Pat::Type(pattern) => &mut *pattern.pat,
            pattern => pattern,
        };
        match pattern {
            Pat::Struct(pattern) if pattern.qself.is_none() && is_plain_struct(&pattern.path) => {
                let path = &pattern.path;
                let span = last_span(path);
                let alias = Ident::new(&format!("__OrchPattern{}", self.patterns.len()), span);
                let handles = HANDLES_OF.at(Span::mixed_site().located_at(span));
                let kind = kind::alone(&kind::of(path));
                self.patterns.push(parse_quote! {
                    #[allow(dead_code, non_camel_case_types)]
                    type #alias = <#path as #handles<#kind>>::Pattern;
                });
                pattern.path = alias.into();
            }
            Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(|element| self.rewrite_pattern(element)),
            _ => {}
        }
    }
}

impl VisitMut for Rewriter {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let outer = std::mem::take(&mut self.patterns);
        self.scoped(|this| {
            this.scopes.bind_items(block);
            visit_mut::visit_block_mut(this, block);
        });
        let patterns = std::mem::replace(&mut self.patterns, outer);
        block.stmts.splice(0..0, patterns.into_iter().map(Stmt::Item));
    }

    // What is declared within a body has a body of its own.
    fn visit_item_mut(&mut self, _: &mut Item) {}

    fn visit_local_mut(&mut self, local: &mut Local) {
        let mut handles = false;
        if let Some(init) = &mut local.init {
            handles = self.gives_handles(&init.expr);
            self.visit_expr_mut(&mut init.expr);
            if let Some((_, diverge)) = &mut init.diverge {
                self.visit_expr_mut(diverge);
            }
        }
        if handles {
            self.rewrite_pattern(&mut local.pat);
        }
        self.scopes.bind_pattern(&local.pat);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.scoped(|this| {
            closure.inputs.iter().for_each(|input| this.scopes.bind_pattern(input));
            this.visit_expr_mut(&mut closure.body);
        });
    }

    fn visit_expr_for_loop_mut(&mut self, node: &mut ExprForLoop) {
        self.visit_expr_mut(&mut node.expr);
        self.scoped(|this| {
            this.scopes.bind_pattern(&node.pat);
            this.visit_block_mut(&mut node.body);
        });
    }

    fn visit_expr_if_mut(&mut self, node: &mut ExprIf) {
        self.scoped(|this| {
            this.visit_expr_mut(&mut node.cond);
            this.visit_block_mut(&mut node.then_branch);
        });
        if let Some((_, otherwise)) = &mut node.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, node: &mut ExprWhile) {
        self.scoped(|this| {
            this.visit_expr_mut(&mut node.cond);
            this.visit_block_mut(&mut node.body);
        });
    }

    /// Stands in a condition, whose names hold from here to the end of the branch.
    fn visit_expr_let_mut(&mut self, node: &mut ExprLet) {
        self.visit_expr_mut(&mut node.expr);
        self.scopes.bind_pattern(&node.pat);
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.scoped(|this| {
            this.scopes.bind_pattern(&arm.pat);
            if let Pat::Guard(guard) = &mut arm.pat {
                this.visit_expr_mut(&mut guard.guard);
            }
            this.visit_expr_mut(&mut arm.body);
        });
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Call(call) => {
                call.args.iter_mut().for_each(|argument| self.visit_expr_mut(argument));
                match callee(&call.func) {
                    Some(path) if self.is_node(path) => *expression = node_call(path.clone(), call),
                    // A plain path, or one in parentheses: called as it stands.
                    Some(_) => {}
                    None => self.visit_expr_mut(&mut call.func),
                }
            }
            Expr::MethodCall(call) => match setting::as_option(call) {
                Some(error) => *expression = error,
                None => self.visit_expr_method_call_mut(call),
            },
            Expr::Paren(inner) if matches!(*inner.expr, Expr::Path(_)) => {}
            _ => visit_mut::visit_expr_mut(self, expression),
        }
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        self.visit_expr_mut(&mut call.receiver);
        let mapped = call.method == "map" && call.args.len() == 1;
        for argument in &mut call.args {
            match argument {
                Expr::Path(path) if mapped && self.is_node(path) => *argument = node_closure(path),
                Expr::Closure(closure) if mapped => {
                    closure.inputs.iter_mut().for_each(|input| self.rewrite_pattern(input));
                    self.visit_expr_closure_mut(closure);
                }
                argument => self.visit_expr_mut(argument),
            }
        }
    }

    /// Macros stay as they are, but the elements of a `vec![..]` are expressions of the body.
    fn visit_macro_mut(&mut self, node: &mut Macro) {
        if node.path.segments.last().is_none_or(|segment| segment.ident != "vec") {
            return;
        }
        let elements = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(mut elements) = elements.parse2(node.tokens.clone()) {
            elements.iter_mut().for_each(|element| self.visit_expr_mut(element));
            node.tokens = elements.into_token_stream();
        } else {
            let tokens = &node.tokens;
            if let Ok(mut repeat) = syn::parse2::<ExprRepeat>(quote!([#tokens])) {
                self.visit_expr_repeat_mut(&mut repeat);
                let (element, length) = (&repeat.expr, &repeat.len);
                node.tokens = quote!(#element; #length);
            }
        }
    }
}

impl Rewriter {
    /// Whether an expression's value may be the handles of a struct of outputs: the call of an op, and what is said of it.
    fn gives_handles(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Call(call) => callee(&call.func).is_some_and(|path| self.is_node(path)),
            Expr::MethodCall(call) => self.gives_handles(&call.receiver),
            Expr::Path(path) => path.path.get_ident().is_some(),
            Expr::Paren(inner) => self.gives_handles(&inner.expr),
            Expr::Group(inner) => self.gives_handles(&inner.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().any(|element| self.gives_handles(element)),
            _ => false,
        }
    }
}

/// The path that is called, without the invisible groups of `macro_rules!`.
fn callee(function: &Expr) -> Option<&ExprPath> {
    match function {
        Expr::Path(path) => Some(path),
        Expr::Group(inner) => callee(&inner.expr),
        _ => None,
    }
}

/// `load(page)` as `<load as Node>::node().call(page)`, every token at the user's words.
fn node_call(path: ExprPath, call: &ExprCall) -> Expr {
    let span = last_span(&path.path);
    let (ty, turbofish) = node_type(path);
    let node = NODE.at(span);
    let mut arguments = call.args.clone();
    let receiver: Expr = parse_quote_spanned!(span=> <#ty as #node>::node());
    Expr::MethodCall(ExprMethodCall {
        attrs: call.attrs.clone(),
        receiver: Box::new(receiver),
        dot_token: Token![.](span),
        method: Ident::new("call", span),
        turbofish,
        paren_token: call.paren_token,
        args: std::mem::take(&mut arguments),
    })
}

/// `load` in `.map(load)` as a closure that calls it.
fn node_closure(path: &ExprPath) -> Expr {
    let span = last_span(&path.path);
    let (ty, turbofish) = node_type(path.clone());
    let node = NODE.at(span);
    // Told at the op, where the user knows what the item is for; and hygienic, so that no op can be called like it.
    let item = Ident::new("item", Span::mixed_site().located_at(span));
    // The argument list counts as generated, so that a missing argument is not suggested to be written in here.
    let call = quote_spanned!(Span::mixed_site().located_at(span)=> .call #turbofish (#item));
    parse_quote_spanned!(span=> |#item| <#ty as #node>::node() #call)
}

/// The type of the same name; generic arguments go to its method, as the type has none.
fn node_type(mut path: ExprPath) -> (Type, Option<syn::AngleBracketedGenericArguments>) {
    let mut turbofish = None;
    if let Some(last) = path.path.segments.last_mut()
        && let PathArguments::AngleBracketed(arguments) =
            std::mem::replace(&mut last.arguments, PathArguments::None)
    {
        turbofish = Some(arguments);
    }
    (Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path: path.path }), turbofish)
}

fn last_span(path: &syn::Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}

/// A struct, not the variant of an enum, and without generic arguments.
fn is_plain_struct(path: &syn::Path) -> bool {
    let upper =
        |segment: &syn::PathSegment| segment.ident.unraw().to_string().starts_with(char::is_uppercase);
    let count = path.segments.len();
    path.segments
        .iter()
        .enumerate()
        .all(|(at, segment)| segment.arguments.is_none() && upper(segment) == (at + 1 == count))
}

/// `str::len` is no function of a module.
pub(super) fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "char"
            | "f32"
            | "f64"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
    )
}
