//! A step is a free function, whatever it makes.

use orch::prelude::*;

struct Shop;

impl Shop {
    #[asset]
    fn orders(&self) -> i64 {
        1
    }

    #[graph_asset]
    fn sold(&self) -> Out<i64> {
        unreachable!()
    }
}

fn main() {}
