use std::fmt;
use std::sync::Arc;

use super::{AnyResource, Res, Resource, resource_type};
use crate::config::{AnyConfig, Config, ConfigDef, Configurable};
use crate::failure::Failure;
use crate::value::TypeInfo;

/// What a function asks for besides its inputs: its configuration, and resources. Known before anything runs.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub(crate) config: Option<ConfigDef>,
    pub(crate) resources: Vec<ResourceNeed>,
}

/// A resource that a function asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResourceNeed {
    /// The parameter: where there are several resources of the type, the key of the one that is meant.
    pub name: Arc<str>,
    /// Its type, without `Res`.
    pub ty: TypeInfo,
    /// Whether the name is the key even where there is only one of the type.
    pub by_key: bool,
}

impl Needs {
    /// The configuration's type, if there is one.
    #[must_use]
    pub fn config(&self) -> Option<&ConfigDef> {
        self.config.as_ref()
    }

    /// The resources, in the order of the parameters.
    #[must_use]
    pub fn resources(&self) -> &[ResourceNeed] {
        &self.resources
    }

    /// Whether there are any.
    pub(crate) fn are_some(&self) -> bool {
        self.config.is_some() || !self.resources.is_empty()
    }

    pub(crate) fn set_config<T: Configurable>(&mut self) {
        self.config = Some(ConfigDef::of::<T>());
    }

    pub(crate) fn add_resource<T: Resource + ?Sized>(&mut self, name: &str, by_key: bool) {
        self.resources.push(ResourceNeed { name: name.into(), ty: TypeInfo::of::<Res<T>>(), by_key });
    }
}

/// What a function is given of what it asked for.
#[derive(Clone, Default)]
pub(crate) struct Given {
    pub(crate) config: Option<AnyConfig>,
    /// None where one could not be opened.
    pub(crate) resources: Vec<Option<AnyResource>>,
}

impl Given {
    pub(crate) fn config<T: Configurable>(&self) -> Result<Config<T>, Failure> {
        let config = self.config.as_ref().and_then(AnyConfig::get);
        config.ok_or_else(|| Failure::contract("the function is given no configuration of this type"))
    }

    pub(crate) fn resource<T: Resource + ?Sized>(&self, index: usize) -> Result<Res<T>, Failure> {
        let resource = self.resources.get(index);
        let found = resource.and_then(Option::as_ref).and_then(AnyResource::get);
        found.ok_or_else(|| {
            let ty = resource_type(TypeInfo::of::<Res<T>>());
            match resource {
                Some(None) => Failure::new(format!("the resource `{ty}` was not opened in this run")),
                _ => Failure::contract(format!(
                    "the function asks for no `{ty}` at this place: its definition says `.resource::<{ty}>(..)` for each, in this order"
                )),
            }
        })
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("resources", &self.resources.len()).finish_non_exhaustive()
    }
}
