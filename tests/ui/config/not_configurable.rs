use orch::config::ConfigDef;

struct Source {
    path: String,
}

fn main() {
    ConfigDef::of::<Source>();
}
