// What `#[multi_asset]` and `#[asset]` on fields may stand on.
#![deny(warnings)]
use orch::prelude::*;

#[asset]
fn raw() -> i64 {
    1
}

mod shop {
    use orch::prelude::*;

    /// Where derives and attributes have other names.
    #[derive(orch::Outputs)]
    pub struct Shop {
        /// What was ordered.
        #[asset(key = "shop/orders", group = "sales", kind = ["table", "csv"], tags(team = "data"))]
        pub orders: Vec<i64>,
        #[asset]
        #[output(name = "clients")]
        pub(crate) customers: Optional<String>,
        #[asset]
        pub r#type: WithMetadata<f64>,
    }

    #[orch::multi_asset(name = "shopping", key_prefix = "mart", deps = [super::raw], retry(max = 2))]
    pub async fn shop(#[from(super::raw)] number: i64, ctx: Context) -> Result<Shop, String> {
        let customers = Some("Ada".to_owned()).filter(|_| ctx.wants::<customers>()).into();
        Ok(Shop { orders: vec![number], customers, r#type: WithMetadata::new(1.0).data_version("1") })
    }
}

#[asset]
fn after(#[from(shop::orders)] orders: &[i64], #[from(shop::customers)] name: &str, #[from(shop::r#type)] kind: f64) -> f64 {
    orders.len() as f64 + name.len() as f64 + kind
}

/// The op that it is.
#[job]
fn alone() {
    shop::shop(lit(3));
}

fn main() {
    let listed = assets![raw, shop::orders, shop::customers, shop::r#type, after];
    assert_eq!(listed[3].key().to_string(), "mart/type");
    let definitions = Definitions::new().assets(listed).job(alone());
    assert!(definitions.asset_graph().problems().is_empty());
}
