use super::frame::{Content, Frame, FrameId};
use super::layout::Fetch;
use super::settle::ancestor;
use crate::plan::Program;
use crate::value::{Item, Value};

/// The value of an input, and of how many it was gathered.
pub(super) fn fetch_value(
    program: &Program,
    frames: &mut [Frame],
    frame: FrameId,
    fetch: &Fetch,
    keep: bool,
    let_go: &mut Vec<Value>,
) -> (Value, Option<usize>) {
    match fetch {
        Fetch::Literal(literal) => (program.literals[*literal as usize].clone(), None),
        Fetch::Cell { up, cell } => {
            let owner = ancestor(frames, frame, *up) as usize;
            let cell = &mut frames[owner].cells[*cell as usize];
            let value = match &cell.content {
                // The last user takes the very reference, so that it can move the value out of it.
                Content::Value(_) if *up == 0 && !keep => cell.hand_over(),
                Content::Value(value) => value.clone(),
                _ => {
                    debug_assert!(false, "a step is ready only when all its inputs have values");
                    Value::new(())
                }
            };
            let gathered = value.gathered_len();
            (value, gathered)
        }
        Fetch::List { elements, list } => {
            let mut items = Vec::with_capacity(elements.len());
            for (position, element) in elements.iter().enumerate() {
                if let Fetch::Cell { up, cell } = element {
                    let owner = ancestor(frames, frame, *up) as usize;
                    if matches!(frames[owner].cells[*cell as usize].content, Content::Missing(_)) {
                        if *up == 0 && !keep {
                            frames[owner].release(*cell as usize, let_go);
                        }
                        continue;
                    }
                }
                let (value, _) = fetch_value(program, frames, frame, element, keep, let_go);
                items.push(Item { key: (position as u64).into(), outcome: Ok(value) });
            }
            let len = items.len();
            (Value::gathered(items, program.lists[*list as usize]), Some(len))
        }
    }
}
