//! Every path that generated code names: absolute, so that nothing in the user's scope can stand in its way.

use std::fmt::{self, Display, Formatter};

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

impl Display for Name {
    /// As attributes want it that take a path as a text.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "::orch::__private::{}", self.0)
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
    ASSET "Asset"
    ASSET_BUILDER "AssetBuilder"
    ASSET_DEF "AssetDef"
    ASSET_FIELDS "AssetFields"
    ASSET_HANDLE "AssetHandle"
    BACKOFF "Backoff"
    CALL "Call"
    CHECK "Check"
    CHECK_DEF "CheckDef"
    CHECK_RESULT "CheckResult"
    CHECK_RETURN "CheckReturn"
    CODED "Coded"
    CONFIGURABLE "Configurable"
    DATA_VERSION "DataVersion"
    DEFAULT_CODED "DefaultCoded"
    DEFAULT_FED "DefaultFed"
    DEFAULT_FIT "DefaultFit"
    DEFAULT_KIND "DefaultKind"
    DESCRIBED "Described"
    DURATION "Duration"
    ENTER_GRAPH "enter_graph"
    ENTER_HOOKED_GRAPH "enter_hooked_graph"
    EXECUTOR "Executor"
    EXTERNAL_ASSET "ExternalAsset"
    FAILURE "Failure"
    FALLIBLE_RETURN "FallibleReturn"
    FED "Fed"
    FINISH "Finish"
    FIT "Fit"
    HANDLE "Handle"
    HANDLES_OF "HandlesOf"
    HOOK "Hook"
    HOOK_DEF "HookDef"
    HOOK_NODE "HookNode"
    INPUT "Input"
    INPUT_BY_VALUE "InputByValue"
    INTO_INPUT "IntoInput"
    JITTER "Jitter"
    JOB "Job"
    JOB_CONFIG "JobConfig"
    JOB_NODE "JobNode"
    JOB_OPTIONS "JobOptions"
    KIND "kind"
    LIMIT "Limit"
    NO_CONFIG "NoConfig"
    NO_PART "NoPart"
    NO_SCHEMA "NoSchema"
    MADE_BY "MadeBy"
    MEMOIZE "Memoize"
    MULTI_ASSET_DEF "MultiAssetDef"
    NODE "Node"
    NODE_REF "NodeRef"
    OBSERVATION "Observation"
    OBSERVATION_DEF "ObservationDef"
    OBSERVATION_RETURN "ObservationReturn"
    ONCE_LOCK "OnceLock"
    OPENS "Opens"
    ONE "One"
    OP "Op"
    OP_DEF "OpDef"
    ORDER "Order"
    OUT "Out"
    OUTPUT "Output"
    OUTPUTS "Outputs"
    OUTPUT_DEF "OutputDef"
    PART "Part"
    PART_OF "PartOf"
    PARTITION_MAPPING "PartitionMapping"
    PLACED "Placed"
    PRODUCTS "Products"
    REFUSED "Refused"
    RES "Res"
    RESOURCE_DEF "ResourceDef"
    RETRY "Retry"
    RUN_MAIN "run_main_of_version"
    SCHEMARS "schemars"
    SCHEMA_OF "SchemaOf"
    SERDE "serde"
    RUN_OUTCOME "RunOutcome"
    STEP_HOOK "StepHook"
    STEP_OUTCOME "StepOutcome"
    TAKES_CONFIG "TakesConfig"
    UNKNOWN "Unknown"
    VALUES_OF "ValuesOf"
    WITH_METADATA "WithMetadata"
}
