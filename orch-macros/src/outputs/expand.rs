use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;
use syn::spanned::Spanned as _;

use super::model::{Output, Outputs};
use crate::names::{
    DEFAULT_FIT, DEFAULT_KIND, FAILURE, FIT, HANDLE, KIND, NODE_REF, OUTPUT, OUTPUT_DEF, PLACED, PRODUCT,
    VALUES_OF,
};

/// Two hidden structs with the struct's fields, one of handles and one of values, and what leads to them.
pub(super) fn outputs(model: &Outputs) -> TokenStream {
    let Outputs { ident, outputs, .. } = model;
    let fields: Vec<_> = outputs.iter().map(|output| &output.field).collect();
    let names: Vec<_> = outputs.iter().map(|output| &output.name).collect();
    let traits: Vec<_> = outputs.iter().map(output_trait).collect();
    let checks = outputs.iter().map(|output| {
        let (ty, kind) = (&output.ty, kind(&output.ty));
        // Said of the type alone, so that the compiler's message is about it and nothing else.
        let trait_at = OUTPUT.at(ty.span());
        quote!(let _ = <#ty as #trait_at<#kind>>::produce;)
    });
    let visibilities: Vec<_> = outputs.iter().map(|output| &output.visibility).collect();
    let first = &outputs[0].field;
    let values = format_ident!("{ident}Values");
    quote! {
        #[doc(hidden)]
        #[allow(unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            use #DEFAULT_KIND as _;
            use #DEFAULT_FIT as _;

            // The handles bear the struct's name in messages, so the struct itself needs another one beside them.
            type __OrchStruct = #ident;

            impl #ident {
                #[doc(hidden)]
                pub const __ORCH_KIND: u8 = #KIND::STRUCT;
            }

            #[doc(hidden)]
            #[allow(dead_code, unreachable_pub, missing_debug_implementations)]
            pub struct #values<'run> {
                #(#visibilities #fields: <#traits>::Values<'run>,)*
            }

            const _: () = {
                #[doc(hidden)]
                #[allow(dead_code, unreachable_pub)]
                #[derive(Clone, Copy, Debug)]
                pub struct #ident {
                    #(#visibilities #fields: <#traits>::Handles,)*
                }

                #[automatically_derived]
                impl #HANDLE for #ident {
                    fn node(&self) -> ::core::option::Option<#NODE_REF> {
                        #HANDLE::node(&self.#first)
                    }
                }

                #[automatically_derived]
                impl #OUTPUT<{ #KIND::STRUCT }> for __OrchStruct {
                    type Handles = #ident;
                    type Values<'run> = #values<'run>;

                    fn declare(_: &str, outputs: &mut ::std::vec::Vec<#OUTPUT_DEF>) {
                        #(#checks)*
                        #(<#traits>::declare(#names, outputs);)*
                    }

                    fn handles(placed: &mut #PLACED) -> #ident {
                        #ident { #(#fields: <#traits>::handles(placed),)* }
                    }

                    fn produce(self, products: &mut ::std::vec::Vec<#PRODUCT>) {
                        #(<#traits>::produce(self.#fields, products);)*
                    }

                    fn values<'run>(
                        kept: &mut #VALUES_OF<'run>,
                    ) -> ::core::result::Result<#values<'run>, #FAILURE> {
                        ::core::result::Result::Ok(#values { #(#fields: <#traits>::values(kept)?,)* })
                    }
                }
            };
        };
    }
}

/// `T as Output<KIND>`, where a type that no op can return is let pass: the check has told of it.
fn output_trait(output: &Output) -> TokenStream {
    let (ty, kind) = (&output.ty, kind(&output.ty));
    quote!(#ty as #OUTPUT<{ #FIT::<#ty, #kind>::KIND }>)
}

fn kind(ty: &Type) -> TokenStream {
    quote!({ <#ty>::__ORCH_KIND })
}
