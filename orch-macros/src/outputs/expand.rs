use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned as _;

use super::model::{Output, Outputs};
use crate::names::{FAILURE, HANDLE, KIND, NODE_REF, OUTPUT, OUTPUT_DEF, PLACED, PRODUCTS, VALUES_OF};
use crate::{coded, kind};

/// Two structs with the struct's fields, one of handles and one of values, and what leads to them.
pub(super) fn outputs(model: &Outputs) -> TokenStream {
    let Outputs { ident, visibility, outputs } = model;
    let fields: Vec<_> = outputs.iter().map(|output| &output.field).collect();
    let names: Vec<_> = outputs.iter().map(|output| &output.name).collect();
    let traits: Vec<_> = outputs.iter().map(|output| output_trait(output, &kind::fit(&output.ty))).collect();
    let handle_traits: Vec<_> =
        outputs.iter().map(|output| output_trait(output, &kind::alone(&kind::fit(&output.ty)))).collect();
    let checks = outputs.iter().map(|output| {
        let (ty, kind) = (&output.ty, kind::of(&output.ty));
        // Said of the type alone, so that the compiler's message is about it and nothing else.
        let trait_at = OUTPUT.at(ty.span());
        quote!(let _ = <#ty as #trait_at<#kind>>::produce;)
    });
    let codecs = coded::list(outputs.iter().map(|output| &output.ty));
    let visibilities: Vec<_> = outputs.iter().map(|output| &output.visibility).collect();
    let first = &outputs[0].field;
    let (handles, values) = (format_ident!("{ident}Handles"), format_ident!("{ident}Values"));
    let imports = kind::imports();
    let coded = coded::import();
    let about = format!(" The handles that a job body has on the outputs of an op that returns [`{ident}`].");
    quote! {
        #[doc = #about]
        #[allow(dead_code, unreachable_pub)]
        #[derive(Clone, Copy, Debug)]
        #visibility struct #handles {
            #(
                #[allow(missing_docs)]
                #visibilities #fields: <#handle_traits>::Handles,
            )*
        }

        #[doc(hidden)]
        #[allow(unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #imports
            #coded

            impl #ident {
                #[doc(hidden)]
                pub const __ORCH_KIND: u8 = #KIND::STRUCT;
            }

            #[doc(hidden)]
            #[allow(dead_code, unreachable_pub, missing_debug_implementations)]
            pub struct #values<'run> {
                #(#visibilities #fields: <#traits>::Values<'run>,)*
            }

            #[automatically_derived]
            impl #HANDLE for #handles {
                fn node(&self) -> ::core::option::Option<#NODE_REF> {
                    #HANDLE::node(&self.#first)
                }
            }

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl #OUTPUT<{ #KIND::STRUCT }> for #ident {
                type Handles = #handles;
                type Values<'run> = #values<'run>;

                fn declare(_: &str, outputs: &mut ::std::vec::Vec<#OUTPUT_DEF>) {
                    #(#checks)*
                    #(<#traits>::declare(#names, outputs);)*
                    #OUTPUT_DEF::coded(outputs, #codecs);
                }

                fn handles(placed: &mut #PLACED) -> #handles {
                    #handles { #(#fields: <#traits>::handles(placed),)* }
                }

                fn produce(self, products: &mut #PRODUCTS) {
                    #(<#traits>::produce(self.#fields, products);)*
                }

                fn values<'run>(
                    kept: &mut #VALUES_OF<'run>,
                ) -> ::core::result::Result<#values<'run>, #FAILURE> {
                    ::core::result::Result::Ok(#values { #(#fields: <#traits>::values(kept)?,)* })
                }
            }
        };
    }
}

fn output_trait(output: &Output, kind: &TokenStream) -> TokenStream {
    let ty = &output.ty;
    quote!(#ty as #OUTPUT<#kind>)
}
