use std::collections::HashMap;

use super::Settings;
use crate::plan::Program;

/// The steps sorted by the limits that hold for them.
pub(super) struct Classes {
    /// The limits of each class, the job's own among them.
    pub(super) limits_of: Vec<Vec<usize>>,
    /// How many steps of each limit may run.
    pub(super) limits: Vec<usize>,
}

/// Sorts the steps into classes by the limits that hold for them, and says which class each is in.
pub(super) fn classify(program: &Program, settings: &Settings) -> (Classes, Vec<u32>) {
    // The job's own limit holds for every class.
    let mut limits = vec![settings.max_concurrent];
    let mut numbers: HashMap<(usize, &str), usize> = HashMap::new();
    let mut classes: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut limits_of: Vec<Vec<usize>> = Vec::new();
    let pool_face = program.plan.limits.len();
    let class_of = program.plan.steps.iter().map(|step| {
        let mut own = vec![0];
        let mut add = |face, value, max| {
            own.push(*numbers.entry((face, value)).or_insert_with(|| {
                limits.push(max);
                limits.len() - 1
            }));
        };
        for (face, limit) in program.plan.limits.iter().enumerate() {
            let Some(value) = step.tags.get(&limit.key) else { continue };
            if limit.value.as_ref().is_none_or(|wanted| wanted == value) {
                add(face, if limit.per_value { value.as_str() } else { "" }, limit.max);
            }
        }
        if let Some((pool, size)) = step.pool.as_ref().and_then(|pool| settings.pools.get_key_value(pool)) {
            add(pool_face, pool, *size);
        }
        let class = *classes.entry(own).or_insert_with_key(|own| {
            limits_of.push(own.clone());
            limits_of.len() - 1
        });
        class as u32
    });
    let class_of = class_of.collect();
    (Classes { limits_of, limits }, class_of)
}
