use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::model::{Found, Memoize, Op, Outputs, Parameter, Settings};
use crate::names::{
    ARC, CALL, DEFAULT_FED, FALLIBLE_RETURN, FED, INPUT, INPUT_BY_VALUE, INTO_INPUT, MEMOIZE, NO_CONFIG,
    ONCE_LOCK, ONE, OP, OP_DEF, OUTPUT, OUTPUTS, TAKES_CONFIG, UNKNOWN,
};
use crate::policy::{self, internal, setting};
use crate::{coded, func, hidden, kind, owned};

/// The hidden type of the op, which carries its definition and is what jobs call.
pub(crate) fn node(op: &Op) -> TokenStream {
    let Op { function, conditions, visibility, settings, fingerprint, parameters, returns, .. } = op;
    let hidden = hidden::op(function, visibility, conditions);
    let outputs = outputs(&returns.outputs);
    // At the return type, where the compiler says that a type is too private for a public op.
    let associated = match returns.outputs.types().first() {
        Some(ty) => quote_spanned!(ty.span()=> type Outputs = #outputs;),
        None => quote!(type Outputs = #outputs;),
    };
    let (config, takes_config) = config(op);
    let checks = returns.outputs.types().iter().map(|ty| {
        // Said of the type alone, so that the compiler's message is about it and nothing else.
        let kind = kind::of(ty);
        let output = OUTPUT.at(ty.span());
        quote!(let _ = <#ty as #output<#kind>>::produce;)
    });
    let inputs = parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Context { .. } => None,
        Parameter::Asked { asked, .. } => Some(asked.declared()),
        Parameter::Input { name, ty, by_reference } => {
            let text = func::text(name);
            let method = internal(if *by_reference { "input_ref" } else { "input" });
            let fed = quote!(#FED::<#ty>);
            // Whether serde reads what lives for ever, the compiler would find out too late to say no.
            let read = match owned::names_lifetime(ty) {
                true => quote!(::core::option::Option::None),
                false => quote!(#fed::READ),
            };
            let codec = coded::of(ty);
            Some(quote! {
                .#method::<#ty>(#text)
                .fed(#read, [#fed::VALUES, #fed::KEYS, #fed::RESULTS])
                .input_codec(#codec)
            })
        }
    });
    let codecs = coded::list(returns.outputs.types());
    // Where the op stands in the source, for plans, is where its name stands.
    let builder = OP_DEF.at(function.span());
    let name = &settings.name;
    let begin = quote_spanned!(function.span()=> #builder::builder(#name));
    let body = body(op);
    let def = internal("def");
    // Of the same place as the method's own, also in an op that a `macro_rules!` wrote.
    let this = quote_spanned!(function.span()=> self);
    let imports = kind::imports();
    let coded = coded::import();
    let parameters: Vec<_> = op.inputs().collect();
    let (names, types): (Vec<_>, Vec<_>) = parameters.iter().copied().unzip();
    // At the parameter's own type, where a note about a wrong input shows what was wanted.
    let sources: Vec<_> = types
        .iter()
        .map(|ty| {
            let into_input = INTO_INPUT.at(ty.span());
            quote_spanned!(ty.span()=> impl #into_input<#ty>)
        })
        .collect();
    let call = method(
        function,
        &quote_spanned!(function.span()=> #(#names: #sources),*),
        &quote!(<<Self as #OP>::Outputs as #OUTPUTS>::Handles),
    );
    quote! {
        #hidden
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #imports
            use #DEFAULT_FED as _;
            #coded
            #[automatically_derived]
            impl #OP for #function {
                #associated
                #config
                fn def() -> &'static #ARC<#OP_DEF> {
                    #(#checks)*
                    static DEF: #ONCE_LOCK<#ARC<#OP_DEF>> = #ONCE_LOCK::new();
                    DEF.get_or_init(|| #ARC::new(
                        #begin #settings .fingerprint(#fingerprint) #(#inputs)* .returns::<<Self as #OP>::Outputs>().coded(#codecs) #body
                    ))
                }
                fn calling(#def: &'static #ARC<#OP_DEF>) -> Self {
                    Self { #def }
                }
            }
            #takes_config
        };
        #conditions
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        impl #function {
            #[doc(hidden)]
            #[track_caller]
            #visibility #call {
                #CALL::of(#this.#def) #(.input::<#types>(#names))* .place::<<Self as #OP>::Outputs>()
            }
        }
    }
}

/// The configuration that the op takes, and that it takes one, if it does.
fn config(op: &Op) -> (TokenStream, Option<TokenStream>) {
    let function = &op.function;
    let ty = op.parameters.iter().find_map(|parameter| match parameter {
        Parameter::Asked { asked, .. } => asked.config(),
        _ => None,
    });
    match ty {
        Some(ty) => (
            quote_spanned!(ty.span()=> type Config = #ty;),
            Some(quote!(#[automatically_derived] impl #TAKES_CONFIG for #function { type Op = Self; })),
        ),
        None => (quote!(type Config = #NO_CONFIG;), None),
    }
}

/// Stands in for the hidden type of a function that cannot be an op, so that a job that calls it has no second error.
pub(crate) fn stub(op: &Op) -> TokenStream {
    let Op { function, conditions, visibility, .. } = op;
    let hidden = hidden::node(function, visibility, conditions);
    let names: Vec<_> = (0..op.inputs().count()).map(argument).collect();
    let call = method(function, &quote!(#(#names: impl ::core::marker::Sized),*), &quote!(#UNKNOWN));
    quote! {
        #hidden
        #conditions
        impl #function {
            #[doc(hidden)]
            #visibility #call {
                #(let _ = #names;)*
                #UNKNOWN
            }
        }
    }
}

impl Op {
    /// The names and types of the inputs.
    fn inputs(&self) -> impl Iterator<Item = (&Ident, &Type)> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Context { .. } | Parameter::Asked { .. } => None,
            Parameter::Input { name, ty, .. } => Some((name, &**ty)),
        })
    }
}

/// The head of the method by which jobs call the op; errors about its arguments point at the op's own words.
fn method(function: &Ident, parameters: &TokenStream, returns: &TokenStream) -> TokenStream {
    quote_spanned!(function.span()=> fn call(self, #parameters) -> #returns)
}

/// The type that stands for the outputs.
pub(crate) fn outputs(outputs: &Outputs) -> TokenStream {
    let one = |ty: &Type| {
        let kind = kind::fit(ty);
        quote!(#ONE<#ty, #kind>)
    };
    match outputs {
        Outputs::One(ty) => one(ty),
        Outputs::Tuple(types) => {
            let types = types.iter().map(one);
            quote!((#(#types),*))
        }
    }
}

/// Fetches the inputs and calls the function.
fn body(op: &Op) -> TokenStream {
    let Op { function, returns, is_async, .. } = op;
    let args = internal("args");
    let mut fetched = TokenStream::new();
    let mut passed = Vec::new();
    let (mut index, mut resources): (usize, usize) = (0, 0);
    for (position, parameter) in op.parameters.iter().enumerate() {
        let name = argument(position);
        let by_reference = match parameter {
            Parameter::Context { by_reference } => {
                fetched.extend(quote!(let #name = #args.context();));
                by_reference
            }
            Parameter::Asked { asked, by_reference } => {
                let asked = asked.fetched(&args, &mut resources);
                fetched.extend(quote!(let #name = #asked;));
                by_reference
            }
            Parameter::Input { ty, by_reference, .. } => {
                let (input, by_value) = (INPUT.at(ty.span()), INPUT_BY_VALUE.at(ty.span()));
                fetched.extend(quote!(let #name = <#ty as #input>::share(&mut #args, #index)?;));
                if !by_reference {
                    fetched.extend(quote!(let #name = <#ty as #by_value>::own(#name);));
                }
                index += 1;
                by_reference
            }
        };
        passed.push(if *by_reference { quote!(&#name) } else { quote!(#name) });
    }
    let wait = is_async.then(|| quote!(.await));
    let call = quote_spanned!(Span::mixed_site().located_at(function.span())=> #function(#(#passed),*) #wait);
    // Named before the call, so that what is wrong with the type is said of the type.
    let convert = internal("convert");
    let call = match (&returns.found, &returns.fallible) {
        (Some(Found { ty, made_by: (made_by, method) }), _) => {
            let (made_by, method) = (made_by.at(ty.span()), internal(method));
            quote!(let #convert: fn(_) -> _ = <#ty as #made_by>::#method; #convert(#call))
        }
        (None, Some((result, value))) => {
            let fallible = FALLIBLE_RETURN.at(result.span());
            quote!(let #convert: fn(_) -> _ = <#result as #fallible<#value>>::into_failure; #convert(#call))
        }
        (None, None) => quote!(::core::result::Result::Ok(#call)),
    };
    let mutability = (index > 0).then(|| quote!(mut));
    let span = Span::mixed_site().located_at(function.span());
    match is_async {
        true => quote_spanned!(span=> .asynchronous(|#mutability #args| async move { #fetched #call })),
        false => quote_spanned!(span=> .blocking(|#mutability #args| { #fetched #call })),
    }
}

/// A local of generated code; hygiene keeps it apart from the user's names.
fn argument(position: usize) -> Ident {
    Ident::new(&format!("argument_{position}"), Span::mixed_site())
}

/// The op is known as that whose hidden type has this path: no other has.
impl ToTokens for Memoize {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { recipe, context } = self;
        let context = context.then(|| quote!(.context()));
        tokens.extend(quote!(#MEMOIZE::of(::core::any::type_name::<Self>()) #context #recipe));
    }
}

impl ToTokens for Settings {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        setting(tokens, "description", self.description.as_ref());
        for (key, value) in &self.tags {
            setting(tokens, "tag", Some(quote!(#key, #value)));
        }
        setting(tokens, "priority", self.priority);
        setting(tokens, "retry", self.retry.as_ref());
        setting(tokens, "timeout", self.timeout.map(policy::duration));
        if self.isolate {
            let method = internal("isolate");
            tokens.extend(quote!(.#method()));
        }
        setting(tokens, "memory", self.memory);
        setting(tokens, "pool", self.pool.as_ref());
        setting(tokens, "code_version", self.code_version.as_ref());
        setting(tokens, "memoize", self.memoize.as_ref());
        setting(tokens, "io", self.io.as_ref());
    }
}
