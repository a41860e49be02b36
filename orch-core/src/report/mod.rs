//! What is shown of a run: events, or the picture folded from them, as text. Nothing here prints.
//!
//! | to show | use |
//! |---|---|
//! | what happened, in a test | [`story`] |
//! | what happens, a line for each event | [`line()`], with [`slow()`] for steps of which nothing is heard |
//! | how a run stands, drawn again and again | [`frame()`], with a [`notice`] above it now and then |
//! | how a run went, at its end | [`summary()`] |
//! | when each step ran | [`gantt()`] in a terminal, [`svg()`] in a file |

mod chart;
mod columns;
mod gantt;
mod palette;
mod progress;
mod slow;
mod summary;
mod svg;
mod text;
mod words;

pub use gantt::gantt;
pub use palette::{Palette, Role};
pub use progress::{Frame, frame};
pub use slow::slow;
pub use summary::{failure, summary};
pub use svg::svg;
pub use text::{line, notice, retry_hint, story};
pub use words::count;
