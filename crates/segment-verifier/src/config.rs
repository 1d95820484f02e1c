//! A configuration of the App VM: its catalogue of shapes.

use finial_app_vm::air::Table;
use finial_app_vm::shape::{Shape, catalogue};

use crate::error::VerifyError;

/// A configuration of the App VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConfig {
    shapes: Vec<Shape>,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self { shapes: catalogue() }
    }
}

impl AppConfig {
    /// A configuration with these shapes, the cheapest first.
    ///
    /// # Errors
    /// If there is none, or they differ in the height of a table with preprocessed columns: a program would have a
    /// commitment for each.
    pub fn new(shapes: Vec<Shape>) -> Result<Self, VerifyError> {
        let fixed = |shape: &Shape| [shape.log_height(Table::Program), shape.log_height(Table::Lookup)];
        let first = shapes.first().map(fixed);
        if first.is_none() || shapes.iter().any(|shape| Some(fixed(shape)) != first) {
            return Err(VerifyError::Catalogue);
        }
        Ok(Self { shapes })
    }

    /// The shapes, the cheapest first.
    #[must_use]
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// log2 of the height of the program table.
    #[must_use]
    pub fn log_program_height(&self) -> usize {
        self.shapes.first().map_or(0, |shape| shape.log_height(Table::Program))
    }
}
