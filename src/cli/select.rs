use orch_core::select::StepSelection;

use super::Exit;
use super::printer::Printer;

/// The part of the job that is asked for, if one is; what is wrong with it is said, all of it.
pub(super) fn selection(texts: &[String], printer: &Printer) -> Result<Option<StepSelection>, Exit> {
    let mut whole: Option<StepSelection> = None;
    let mut wrong = false;
    for text in texts {
        match text.parse::<StepSelection>() {
            Ok(part) => {
                whole = Some(match whole {
                    Some(whole) => whole.and(part),
                    None => part,
                });
            }
            Err(error) => {
                printer.error(&error, None);
                wrong = true;
            }
        }
    }
    if wrong { Err(Exit::Usage) } else { Ok(whole) }
}
