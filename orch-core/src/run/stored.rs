use std::collections::HashMap;
use std::sync::Arc;

use super::RunError;
use crate::config::Scrubber;
use crate::failure::{Failure, quietly};
use crate::ids::RunId;
use crate::io::{IoManagers, OutputAt};
use crate::plan::{PlanError, Program};

/// Has the IO managers load what steps that do not run have stored in the run `earlier`, on a thread that may block.
pub(super) async fn load(
    mut program: Program,
    io: &Arc<IoManagers>,
    earlier: RunId,
    scrubber: &Scrubber,
) -> Result<Program, RunError> {
    if !program.has_stored() {
        return Ok(program);
    }
    let assets: HashMap<_, _> =
        program.plan.steps.iter().map(|step| (step.name.clone(), step.assets.clone())).collect();
    let partitions = program.plan.partitions.clone();
    let (io, job) = (Arc::clone(io), program.plan.job.clone());
    let (name, scrubber) = (job.clone(), scrubber.clone());
    let loading = tokio::task::spawn_blocking(move || {
        let loaded = program.load(|stored| {
            let output = &stored.op.outputs()[stored.output];
            let key = stored.op.io().unwrap_or_default();
            let manager = io
                .get(key, output.ty)
                .ok_or_else(|| Failure::new(format!("it is not defined for `{}`", output.ty.name())))?;
            let item = stored.item.as_ref().map(|(key, _)| key);
            let mut made = assets.get(stored.path.name()).into_iter().flatten();
            let asset = made.find(|asset| asset.output == stored.output);
            let partition = asset.and_then(|asset| asset.partition_at(&stored.path));
            let at = OutputAt::new(earlier, &job, &stored.path, &output.name).item(item);
            let at = asset.map_or(at, |asset| asset.placed(at, partition.as_deref(), &partitions));
            // A panic of the user's code is told as what it is.
            let loaded = quietly(|| manager.load(&at)).and_then(|loaded| loaded);
            loaded.map_err(|failure| Failure::new(scrubber.scrub(&failure.to_string())))
        });
        loaded.map(|()| program)
    });
    match loading.await {
        Ok(loaded) => loaded.map_err(|problems| RunError::plan(PlanError::new(name, problems))),
        Err(error) => {
            Err(RunError::runtime(std::io::Error::other(format!("an IO manager could not load: {error}"))))
        }
    }
}
