use super::super::source::OutputRef;
use crate::define::{Gather, InputRead};

/// What feeds an input.
pub(in super::super) enum Feed {
    /// A value, or one item of a dynamic output in whose map the step stands.
    Output(OutputRef),
    /// All values that an output has in a map, or all items of a dynamic output.
    Collect {
        /// What is collected.
        element: OutputRef,
        /// The dynamic output whose map is closed.
        map: OutputRef,
        /// How the input is made of them.
        gather: Gather,
    },
    /// The values of several outputs.
    List(Vec<OutputRef>, Gather),
    /// A constant.
    Constant(InputRead),
}
