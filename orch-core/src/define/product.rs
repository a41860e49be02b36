use std::ops::{Deref, DerefMut};

use smallvec::SmallVec;

use super::{ItemStream, OutputSaid};
use crate::value::Value;

/// What a body hands over for one output.
#[derive(Debug)]
pub enum Product {
    /// Its value.
    Value(Value),
    /// Nothing, for an optional output.
    Absent,
    /// Its items, to be pulled.
    Items(ItemStream),
}

/// What a body hands over, one for each output in their order. Most ops have one output, which needs no allocation.
#[derive(Debug, Default)]
pub struct Products {
    products: SmallVec<[Product; 1]>,
    /// What is said of outputs, by their numbers; of most nothing is.
    said: Vec<(usize, OutputSaid)>,
}

impl Products {
    /// Those of no output yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds that of the next output.
    pub fn push(&mut self, product: Product) {
        self.products.push(product);
    }

    /// Says something of the next output.
    pub(crate) fn say(&mut self, said: OutputSaid) {
        if said != OutputSaid::default() {
            self.said.push((self.products.len(), said));
        }
    }

    /// What is said of outputs.
    pub(crate) fn said(&self) -> &[(usize, OutputSaid)] {
        &self.said
    }
}

impl Deref for Products {
    type Target = [Product];

    fn deref(&self) -> &[Product] {
        &self.products
    }
}

impl DerefMut for Products {
    fn deref_mut(&mut self) -> &mut [Product] {
        &mut self.products
    }
}

impl FromIterator<Product> for Products {
    fn from_iter<I: IntoIterator<Item = Product>>(products: I) -> Self {
        Self { products: products.into_iter().collect(), said: Vec::new() }
    }
}

impl IntoIterator for Products {
    type Item = Product;
    type IntoIter = smallvec::IntoIter<[Product; 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.products.into_iter()
    }
}

impl<'a> IntoIterator for &'a Products {
    type Item = &'a Product;
    type IntoIter = std::slice::Iter<'a, Product>;

    fn into_iter(self) -> Self::IntoIter {
        self.products.iter()
    }
}
