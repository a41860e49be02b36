use std::rc::Rc;

use orch::prelude::*;

#[op]
async fn load() -> i64 {
    let page = Rc::new(1);
    std::future::ready(()).await;
    *page
}

fn main() {}
