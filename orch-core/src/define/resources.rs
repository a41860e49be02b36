use std::fmt;
use std::sync::Arc;

use super::{AnyResource, Res, Resource, ResourceDef, ResourceNeed};
use crate::ids::Place;
use crate::value::TypeInfo;

/// The resources of a program, a job or a run: values, and what opens them, by type and key.
#[derive(Clone, Default)]
pub struct Resources {
    there: Vec<Arc<Provided>>,
    /// What others were laid over: one file configures the program with them and without.
    replaced: Vec<Arc<ResourceDef>>,
}

/// One resource.
pub(crate) struct Provided {
    pub(crate) key: Option<String>,
    pub(crate) ty: TypeInfo,
    pub(crate) place: Place,
    pub(crate) by: Provider,
}

/// Where a resource comes from.
pub(crate) enum Provider {
    /// It is there.
    Value(AnyResource),
    /// It is opened for each run.
    Opened(Arc<ResourceDef>),
}

/// Why no resource, or no one resource, answers a need.
pub(crate) enum Unanswered {
    Missing,
    Ambiguous,
}

impl Resources {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value. In a set that is laid over another it stands for all resources of its type there.
    #[track_caller]
    pub fn add<T: Resource + ?Sized>(&mut self, resource: impl Into<Res<T>>) {
        self.put::<T>(None, resource.into(), Place::caller());
    }

    /// Adds a value under a key, so that there may be several of its type.
    #[track_caller]
    pub fn add_as<T: Resource + ?Sized>(&mut self, key: impl Into<String>, resource: impl Into<Res<T>>) {
        self.put::<T>(Some(key.into()), resource.into(), Place::caller());
    }

    /// Adds what opens one; its key is that of the definition.
    #[track_caller]
    pub fn add_opened(&mut self, def: &Arc<ResourceDef>) {
        let by = Provider::Opened(Arc::clone(def));
        self.provide(Provided { key: Some(def.key.clone()), ty: def.ty, place: Place::caller(), by });
    }

    fn put<T: Resource + ?Sized>(&mut self, key: Option<String>, resource: Res<T>, place: Place) {
        let by = Provider::Value(AnyResource::new(resource));
        self.provide(Provided { key, ty: TypeInfo::of::<Res<T>>(), place, by });
    }

    /// One of the same key and type is replaced.
    fn provide(&mut self, provided: Provided) {
        self.there.retain(|other| (other.ty, &other.key) != (provided.ty, &provided.key));
        self.there.push(Arc::new(provided));
    }

    /// Puts these in the place of those that they stand for: one with a key for the one of its type and key, one without
    /// for all of its type. One that is opened has always a key, its function's name: if there is none of its key, it stands
    /// for the only one of its type.
    pub(crate) fn lay_over(&mut self, over: &Self) {
        let stand_for: Vec<usize> = over.iter().flat_map(|provided| self.replaced_by(provided)).collect();
        let (replaced, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.there)
            .into_iter()
            .enumerate()
            .partition(|(at, _)| stand_for.contains(at));
        let opened = replaced.into_iter().filter_map(|(_, other)| match &other.by {
            Provider::Opened(def) => Some(Arc::clone(def)),
            Provider::Value(_) => None,
        });
        self.replaced.extend(opened.chain(over.replaced.iter().cloned()));
        self.there = kept.into_iter().map(|(_, other)| other).chain(over.there.iter().cloned()).collect();
    }

    /// What would be opened, were there not another in its place.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = &ResourceDef> {
        self.replaced.iter().map(|def| &**def)
    }

    /// The numbers of those that it stands for.
    fn replaced_by(&self, provided: &Provided) -> Vec<usize> {
        let of_type: Vec<usize> =
            (0..self.there.len()).filter(|&at| self.there[at].ty == provided.ty).collect();
        if provided.key.is_none() {
            return of_type;
        }
        let of_key = of_type.iter().copied().find(|&at| self.there[at].key == provided.key);
        match (of_key, &provided.by) {
            (Some(at), _) => vec![at],
            (None, Provider::Opened(_)) if of_type.len() == 1 => of_type,
            (None, _) => Vec::new(),
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Provided> {
        self.there.iter().map(|provided| &**provided)
    }

    pub(crate) fn at(&self, index: usize) -> &Arc<Provided> {
        &self.there[index]
    }

    /// The number of the resource that is meant: the only one of the type, or of several the one whose key is the name.
    pub(crate) fn answer(&self, need: &ResourceNeed) -> Result<usize, Unanswered> {
        let of_type: Vec<usize> = (0..self.there.len()).filter(|&at| self.there[at].ty == need.ty).collect();
        let by_key =
            || of_type.iter().find(|&&at| self.there[at].key.as_deref() == Some(&*need.name)).copied();
        match of_type.as_slice() {
            [] => Err(Unanswered::Missing),
            [only] if !need.by_key => Ok(*only),
            _ => by_key().ok_or(if need.by_key { Unanswered::Missing } else { Unanswered::Ambiguous }),
        }
    }
}

impl Provided {
    /// How messages call it: its key, else its type.
    pub(crate) fn name(&self) -> String {
        self.key.clone().unwrap_or_else(|| self.type_name())
    }

    /// The type, without `Res`.
    pub(crate) fn type_name(&self) -> String {
        resource_type(self.ty)
    }

    /// The function that was given itself, and not what it opens; as far as names tell, since a function is a value of a
    /// type of its own.
    pub(crate) fn function(&self) -> Option<String> {
        let path = self.ty.path().split_once('<')?.1.strip_suffix('>')?;
        let (_, name) = path.rsplit_once("::")?;
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let is_function = name.starts_with(|c: char| c.is_lowercase() || c == '_')
            && path.chars().all(|c| is_name(c) || c == ':');
        (is_function && matches!(self.by, Provider::Value(_))).then(|| name.to_owned())
    }
}

/// The type of a resource as its author knows it: `Database` of `Res<Database>`.
pub(crate) fn resource_type(ty: TypeInfo) -> String {
    let name = ty.name();
    name.strip_prefix("Res<").and_then(|name| name.strip_suffix('>')).map_or(name.clone(), str::to_owned)
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.there.iter().map(|provided| provided.name())).finish()
    }
}
