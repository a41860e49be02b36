use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprRange, Lit, RangeLimits, UnOp};

use crate::diag::Diag;

/// `1..=1000`, as it was written.
pub(super) struct Range {
    /// For errors about it.
    pub(super) written: ExprRange,
    pub(super) least: Option<Expr>,
    pub(super) most: Option<Bound>,
}

/// The upper end.
pub(super) enum Bound {
    /// `..=10`
    With(Expr),
    /// `..10`
    Without(Expr),
}

impl Range {
    pub(super) fn read(name: &str, given: Option<Expr>, place: &impl ToTokens, diag: &Diag) -> Option<Self> {
        let refused = |tokens: TokenStream| {
            let message = format!(
                "`{name}` takes a range, such as `{name} = 1..=1000`, `{name} = 1..` or `{name} = ..10`"
            );
            diag.error_at(tokens, message);
        };
        let Some(given) = given else {
            refused(place.to_token_stream());
            return None;
        };
        let Expr::Range(written) = given else {
            refused(given.to_token_stream());
            return None;
        };
        let is_text = |end: &Expr| matches!(end, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_) | Lit::Char(_)));
        let ends = [&written.start, &written.end];
        if ends.iter().all(|end| end.is_none()) || ends.into_iter().flatten().any(|end| is_text(end)) {
            refused(written.to_token_stream());
            return None;
        }
        let least = written.start.as_deref().cloned();
        let most = written.end.as_deref().cloned().map(|end| match written.limits {
            RangeLimits::Closed(_) => Bound::With(end),
            RangeLimits::HalfOpen(_) => Bound::Without(end),
        });
        let range = Self { written, least, most };
        if range.is_empty() {
            diag.error_at(
                &range.written,
                format!("no value lies in this range: `{name}` begins with the least and ends with the most"),
            );
            return None;
        }
        Some(range)
    }

    /// Whether nothing lies in it, so far as its ends are integers as written.
    fn is_empty(&self) -> bool {
        let least = self.least.as_ref().and_then(integer);
        match (&self.most, least) {
            (Some(Bound::With(most)), Some(least)) => integer(most).is_some_and(|most| most < least),
            (Some(Bound::Without(most)), Some(least)) => integer(most).is_some_and(|most| most <= least),
            _ => false,
        }
    }
}

/// The value of an integer literal, with its sign.
pub(super) fn integer(expression: &Expr) -> Option<i128> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(int) => int.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            integer(&unary.expr).and_then(i128::checked_neg)
        }
        Expr::Paren(inner) => integer(&inner.expr),
        Expr::Group(inner) => integer(&inner.expr),
        _ => None,
    }
}
