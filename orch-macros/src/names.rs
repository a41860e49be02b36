//! Every path that generated code names: absolute, so that nothing in the user's scope can stand in its way.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// An item of `::orch::__private`.
#[derive(Clone, Copy)]
pub(crate) struct Name(&'static str);

impl Name {
    /// The path, so that an error about it shows at `span`.
    pub(crate) fn at(self, span: Span) -> TokenStream {
        let ident = Ident::new(self.0, span);
        quote_spanned!(span=> ::orch::__private::#ident)
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.at(Span::mixed_site()));
    }
}

macro_rules! names {
    ($($constant:ident $name:literal)*) => {
        $(pub(crate) const $constant: Name = Name($name);)*
    };
}

names! {
    ARC "Arc"
    BACKOFF "Backoff"
    CALL "Call"
    DEFAULT_FED "DefaultFed"
    DEFAULT_FIT "DefaultFit"
    DEFAULT_KIND "DefaultKind"
    DURATION "Duration"
    ENTER_GRAPH "enter_graph"
    FAILURE "Failure"
    FALLIBLE_RETURN "FallibleReturn"
    FED "Fed"
    FINISH "Finish"
    FIT "Fit"
    HANDLE "Handle"
    HANDLES_OF "HandlesOf"
    INPUT "Input"
    INPUT_BY_VALUE "InputByValue"
    INTO_INPUT "IntoInput"
    JITTER "Jitter"
    JOB "Job"
    JOB_NODE "JobNode"
    JOB_OPTIONS "JobOptions"
    KIND "kind"
    LIMIT "Limit"
    NODE "Node"
    NODE_REF "NodeRef"
    ONCE_LOCK "OnceLock"
    OPENS "Opens"
    ONE "One"
    OP "Op"
    OP_DEF "OpDef"
    ORDER "Order"
    OUTPUT "Output"
    OUTPUTS "Outputs"
    OUTPUT_DEF "OutputDef"
    PLACED "Placed"
    PRODUCTS "Products"
    RES "Res"
    RESOURCE_DEF "ResourceDef"
    RETRY "Retry"
    RUN_MAIN "run_main_of_version"
    UNKNOWN "Unknown"
    VALUES_OF "ValuesOf"
}
