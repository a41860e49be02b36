use std::sync::Arc;

use jiff::Timestamp;

use super::{KEPT_FAILURES, RunView};
use crate::event::EventKind;
use crate::event::view::{HookError, ResourceState, ResourceView};
use crate::failure::ErrorInfo;
use crate::ids::StepPath;

/// What surrounds the steps.
impl RunView {
    pub(super) fn hook_errored(&mut self, hook: &Arc<str>, step: Option<&StepPath>, error: &Arc<ErrorInfo>) {
        self.hooks_errored += 1;
        let name = |step: Option<&StepPath>| step.map(|step| step.name().to_owned());
        let alike = |kept: &&mut HookError| {
            kept.hook == *hook && kept.error == *error && name(kept.step.as_ref()) == name(step)
        };
        if let Some(kept) = self.hook_errors.iter_mut().find(alike) {
            kept.alike += 1;
        } else if self.hook_errors.len() < KEPT_FAILURES {
            let (hook, error) = (Arc::clone(hook), Arc::clone(error));
            self.hook_errors.push(HookError { hook, step: step.cloned(), error, alike: 0 });
        }
    }

    pub(super) fn apply_to_resource(&mut self, kind: &EventKind, time: Timestamp) {
        match kind {
            EventKind::ResourceInitStarted { resource } => {
                self.resource(resource, ResourceState::Opening { since: time });
            }
            EventKind::ResourceInitSuccess { resource, took } => {
                self.resource(resource, ResourceState::Open { took: *took });
            }
            EventKind::ResourceInitFailure { resource, error } => {
                self.resource(resource, ResourceState::NotOpened(Arc::clone(error)));
            }
            EventKind::ResourceClosed { resource, took } => {
                self.resource(resource, ResourceState::Closed { took: *took });
            }
            EventKind::ResourceCloseFailure { resource, error } => {
                self.resource(resource, ResourceState::NotClosed(Arc::clone(error)));
            }
            _ => {}
        }
    }

    fn resource(&mut self, key: &Arc<str>, state: ResourceState) {
        match self.resources.iter_mut().find(|resource| resource.key == *key) {
            Some(resource) => resource.state = state,
            None => self.resources.push(ResourceView { key: Arc::clone(key), state }),
        }
    }
}
