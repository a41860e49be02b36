use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::{asset, asset_observation};

/// What stands from this text on.
fn from(expansion: proc_macro2::TokenStream, text: &str) -> String {
    let expansion = pretty(expansion);
    let at = expansion.find(text).expect("it is there");
    expansion[at..].to_owned()
}

#[test]
fn an_observation_of_an_asset_that_stands_elsewhere() {
    let expansion = asset_observation::attribute(
        quote!(asset = lake::orders, retry(max = 2)),
        &quote! {
            /// When the file was written.
            fn written(lake: Res<Lake>, ctx: Context) -> Result<DataVersion> {
                lake.written()
            }
        },
    );
    assert_snapshot!(from(expansion, "impl Op for"), @"");
}

#[test]
fn what_others_make_is_told_by_a_trait() {
    let expansion = asset::external(
        quote!(io = "lake"),
        &quote!(
            pub fn orders() -> i64;
        ),
    );
    assert_snapshot!(from(expansion, "#[automatically_derived]\nimpl ExternalAsset"), @"");
}
