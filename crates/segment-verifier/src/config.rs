//! A configuration of the App VM: its catalogue of shapes.

use finial_app_vm::air::Table;
use finial_app_vm::lookup::LOOKUP_LOG_HEIGHT;
use finial_app_vm::shape::{Shape, catalogue};

use crate::error::VerifyError;

/// log2 of the highest table: with the blowup it stays within KoalaBear's two-adicity.
const MAX_LOG_HEIGHT: usize = 23;

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
    /// If there is none, a table is too high or the lookup table is not of its height, or they differ in the height of a
    /// table with preprocessed columns: a program would have a commitment for each.
    pub fn new(shapes: Vec<Shape>) -> Result<Self, VerifyError> {
        let fixed = |shape: &Shape| [shape.log_height(Table::Program), shape.log_height(Table::Lookup)];
        let first = shapes.first().map(fixed);
        // Timestamps stay below 2^28 where no table is higher than 2^23; the lookup table holds each 16-bit value once.
        let sound = |shape: &Shape| {
            let lookup = shape.log_height(Table::Lookup) == LOOKUP_LOG_HEIGHT;
            lookup && Table::ALL.into_iter().all(|table| shape.log_height(table) <= MAX_LOG_HEIGHT)
        };
        let alike = shapes.iter().all(|shape| Some(fixed(shape)) == first && sound(shape));
        if first.is_none() || !alike {
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
