//! The three tables as one type, and the traces of a program.

use std::sync::Arc;

use finial_protocol::machine::NamedTable;
use p3_air::{Air, AirBuilder, BaseAir};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::alu::AluAir;
use crate::poseidon2::Poseidon2Air;
use crate::program::{DoesNotFit, Heights, Program};
use crate::public::PublicAir;
use crate::{F, Witness, alu, poseidon2, public};

/// Number of tables.
pub const NUM_TABLES: usize = 3;

/// A table's preprocessed trace, which only a prover has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Option<Arc<RowMajorMatrix<F>>>);

impl Table {
    pub fn preprocessed(&self) -> Option<RowMajorMatrix<F>> {
        self.0.as_deref().cloned()
    }
}

/// The [`BaseAir`] methods of a table that never looks at the next row.
macro_rules! table_shape {
    ($width:expr, $preprocessed_width:expr, $num_public_values:expr) => {
        fn width(&self) -> usize {
            $width
        }
        fn preprocessed_trace(&self) -> Option<p3_matrix::dense::RowMajorMatrix<F>> {
            self.0.preprocessed()
        }
        fn preprocessed_width(&self) -> usize {
            $preprocessed_width
        }
        fn main_next_row_columns(&self) -> Vec<usize> {
            vec![]
        }
        fn preprocessed_next_row_columns(&self) -> Vec<usize> {
            vec![]
        }
        fn max_constraint_degree(&self) -> Option<usize> {
            Some(crate::air::MAX_CONSTRAINT_DEGREE)
        }
        fn num_public_values(&self) -> usize {
            $num_public_values
        }
    };
}
pub(crate) use table_shape;

/// Highest degree of a constraint, the bus's included.
pub const MAX_CONSTRAINT_DEGREE: usize = 3;

/// A table of the Agg VM.
#[derive(Clone, Debug)]
pub enum AggAir {
    /// Arithmetic.
    Alu(AluAir),
    /// Hashing.
    Poseidon2(Poseidon2Air),
    /// Public values.
    Public(PublicAir),
}

impl AggAir {
    /// The tables as a verifier knows them, in the order of a proof's instances.
    pub fn verifier_tables() -> [Self; NUM_TABLES] {
        Self::tables([Table::default(), Table::default(), Table::default()])
    }

    fn tables([alu, poseidon2, public]: [Table; NUM_TABLES]) -> [Self; NUM_TABLES] {
        [Self::Alu(AluAir(alu)), Self::Poseidon2(Poseidon2Air(poseidon2)), Self::Public(PublicAir(public))]
    }
}

impl NamedTable for AggAir {
    fn name(&self) -> String {
        match self {
            Self::Alu(_) => "alu".into(),
            Self::Poseidon2(_) => "poseidon2".into(),
            Self::Public(_) => "public".into(),
        }
    }
}

macro_rules! dispatch {
    ($self:ident, $air:ident => $value:expr) => {
        match $self {
            Self::Alu($air) => $value,
            Self::Poseidon2($air) => $value,
            Self::Public($air) => $value,
        }
    };
}

impl BaseAir<F> for AggAir {
    fn width(&self) -> usize {
        dispatch!(self, air => air.width())
    }
    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<F>> {
        dispatch!(self, air => air.preprocessed_trace())
    }
    fn preprocessed_width(&self) -> usize {
        dispatch!(self, air => air.preprocessed_width())
    }
    fn main_next_row_columns(&self) -> Vec<usize> {
        dispatch!(self, air => air.main_next_row_columns())
    }
    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        dispatch!(self, air => air.preprocessed_next_row_columns())
    }
    fn max_constraint_degree(&self) -> Option<usize> {
        dispatch!(self, air => air.max_constraint_degree())
    }
    fn num_public_values(&self) -> usize {
        dispatch!(self, air => air.num_public_values())
    }
}

impl<AB: AirBuilder<F = F> + InteractionBuilder> Air<AB> for AggAir {
    fn eval(&self, builder: &mut AB) {
        dispatch!(self, air => air.eval(builder))
    }
}

impl Heights {
    /// Log2 of the heights, in the order of a proof's instances.
    pub fn to_array(self) -> [usize; NUM_TABLES] {
        [self.alu, self.poseidon2, self.public]
    }
}

impl Program {
    /// The preprocessed traces, in the order of a proof's instances. Their commitment is the
    /// program's.
    ///
    /// # Errors
    /// If the program does not fit the heights.
    pub fn preprocessed(&self, heights: Heights) -> Result<[RowMajorMatrix<F>; NUM_TABLES], DoesNotFit> {
        self.check_fits(heights)?;
        Ok([
            alu::trace::preprocessed(self, heights.alu),
            poseidon2::trace::preprocessed(self, heights.poseidon2),
            public::trace::preprocessed(self, heights.public),
        ])
    }

    /// The tables with their preprocessed traces, as a prover needs them.
    ///
    /// # Errors
    /// If the program does not fit the heights.
    pub fn airs(&self, heights: Heights) -> Result<[AggAir; NUM_TABLES], DoesNotFit> {
        let traces = self.preprocessed(heights)?;
        Ok(AggAir::tables(traces.map(|trace| Table(Some(Arc::new(trace))))))
    }

    /// The main traces of an execution, in the order of a proof's instances.
    ///
    /// # Errors
    /// If the program does not fit the heights.
    pub fn traces(
        &self,
        witness: &Witness,
        heights: Heights,
    ) -> Result<[RowMajorMatrix<F>; NUM_TABLES], DoesNotFit> {
        self.check_fits(heights)?;
        Ok([
            alu::trace::main(self, &witness.memory, heights.alu),
            poseidon2::trace::main(self, &witness.memory, &witness.permutations, heights.poseidon2),
            public::trace::main(witness.public_values(), heights.public),
        ])
    }
}

impl Witness {
    /// The public values of each table, in the order of a proof's instances.
    pub fn table_public_values(&self) -> [Vec<F>; NUM_TABLES] {
        [vec![], vec![], self.public_values().to_vec()]
    }
}
