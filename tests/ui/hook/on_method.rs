use orch::prelude::*;

struct Channel;

impl Channel {
    #[success_hook]
    fn tell(&self, context: HookContext) {
        let _ = context;
    }
}

fn main() {}
