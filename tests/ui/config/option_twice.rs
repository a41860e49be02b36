use orch::prelude::*;

#[derive(Config)]
struct Source {
    #[config(default = 50, default = 60)]
    batch: u32,
    #[config(default = 50)]
    #[serde(default)]
    pages: u32,
}

#[derive(Config)]
#[config(tag = "kind", rename_all = "kebab-case")]
#[serde(tag = "type")]
enum Server {
    Local,
}

fn main() {}
