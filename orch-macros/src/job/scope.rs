//! The names that are bound where a call stands, as the compiler would find them.

use std::collections::HashSet;

use syn::visit::Visit;
use syn::{Block, Item, ItemFn, Pat, PatIdent, Stmt, UseTree};

/// Nested scopes, the innermost last.
pub(super) struct Scopes(Vec<HashSet<String>>);

impl Scopes {
    pub(super) fn new() -> Self {
        Self(vec![HashSet::new()])
    }

    pub(super) fn enter(&mut self) {
        self.0.push(HashSet::new());
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.0.iter().any(|scope| scope.contains(name))
    }

    fn bind(&mut self, name: String) {
        if let Some(scope) = self.0.last_mut() {
            scope.insert(name);
        }
    }

    /// Binds every name that a pattern binds.
    pub(super) fn bind_pattern(&mut self, pattern: &Pat) {
        struct Names<'s>(&'s mut Scopes);
        impl<'ast> Visit<'ast> for Names<'_> {
            fn visit_pat_ident(&mut self, node: &'ast PatIdent) {
                self.0.bind(node.ident.to_string());
                syn::visit::visit_pat_ident(self, node);
            }
            // Expressions in patterns, such as guards, bind nothing for the arm.
            fn visit_expr(&mut self, _: &'ast syn::Expr) {}
        }
        Names(self).visit_pat(pattern);
    }

    /// Binds the functions that a block declares, which its statements may call before and after.
    pub(super) fn bind_items(&mut self, block: &Block) {
        for statement in &block.stmts {
            match statement {
                Stmt::Item(Item::Fn(function)) if !is_node(function) => {
                    self.bind(function.sig.ident.to_string());
                }
                Stmt::Item(Item::Use(import)) => self.bind_import(&import.tree, false),
                _ => {}
            }
        }
    }

    /// What comes from the standard library is no op.
    fn bind_import(&mut self, tree: &UseTree, standard: bool) {
        match tree {
            UseTree::Path(path) => {
                self.bind_import(&path.tree, standard || is_standard(&path.ident.to_string()));
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.bind_import(tree, standard)),
            UseTree::Name(name) if standard => self.bind(name.ident.to_string()),
            UseTree::Rename(rename) if standard => self.bind(rename.rename.to_string()),
            _ => {}
        }
    }
}

/// Whether a path that begins with this segment leads into the standard library.
pub(super) fn is_standard(first: &str) -> bool {
    matches!(first, "std" | "core" | "alloc")
}

/// An op or graph that is defined within the body.
fn is_node(function: &ItemFn) -> bool {
    function.attrs.iter().any(|attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "op" || segment.ident == "graph")
    })
}
