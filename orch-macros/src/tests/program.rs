use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::program;

#[test]
fn a_program() {
    let expansion = program::attribute(
        quote!(),
        &quote! {
            fn definitions() -> Result<Definitions> {
                Ok(Definitions::new())
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    fn definitions() -> Result<Definitions> {
        Ok(Definitions::new())
    }
    fn main() -> ::std::process::ExitCode {
        run_main_of_version(
            ::core::option_env!("CARGO_PKG_VERSION"),
            definitions,
        )
    }
    "#);
}
