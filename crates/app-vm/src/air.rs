//! All tables of the App VM as one type, in their order in a proof.

use finial_protocol::Val;
use finial_protocol::machine::NamedTable;
use finial_riscv::Program;
use p3_air::{Air, AirBuilder, BaseAir};
use p3_lookup::InteractionBuilder;
use p3_matrix::dense::RowMajorMatrix;

use crate::bitwise::BitwiseAir;
use crate::boundary::BoundaryAir;
use crate::cpu::CpuAir;
use crate::div_rem::DivRemAir;
use crate::ecall::EcallAir;
use crate::lookup::LookupAir;
use crate::merkle::MerkleAir;
use crate::mul::MulAir;
use crate::poseidon2::Poseidon2Air;
use crate::program::{ProgramAir, ProgramTooLong, preprocessed};
use crate::shift::ShiftAir;
use crate::sub_word::SubWordAir;

/// Number of tables.
pub const TABLES: usize = Table::ALL.len();

/// A table's place in a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(usize)]
pub enum Table {
    /// [`crate::cpu`].
    Cpu,
    /// [`crate::program`].
    Program,
    /// [`crate::lookup`].
    Lookup,
    /// [`crate::ecall`].
    Ecall,
    /// [`crate::sub_word`].
    SubWord,
    /// [`crate::bitwise`].
    Bitwise,
    /// [`crate::shift`].
    Shift,
    /// [`crate::mul`].
    Mul,
    /// [`crate::div_rem`].
    DivRem,
    /// [`crate::boundary`].
    Boundary,
    /// [`crate::merkle`].
    Merkle,
    /// [`crate::poseidon2`].
    Poseidon2,
}

impl Table {
    /// Every table, in order.
    pub const ALL: [Self; 12] = [
        Self::Cpu,
        Self::Program,
        Self::Lookup,
        Self::Ecall,
        Self::SubWord,
        Self::Bitwise,
        Self::Shift,
        Self::Mul,
        Self::DivRem,
        Self::Boundary,
        Self::Merkle,
        Self::Poseidon2,
    ];
}

/// A table of the App VM.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the variants are the modules of the same name")]
pub enum AppAir {
    Cpu(CpuAir),
    Program(ProgramAir),
    Lookup(LookupAir),
    Ecall(EcallAir),
    SubWord(SubWordAir),
    Bitwise(BitwiseAir),
    Shift(ShiftAir),
    Mul(MulAir),
    DivRem(DivRemAir),
    Boundary(BoundaryAir),
    Merkle(MerkleAir),
    Poseidon2(Poseidon2Air),
}

/// All tables in order, as a verifier has them: the program's preprocessed columns are known by their commitment only.
#[must_use]
pub fn verifier_airs() -> Vec<AppAir> {
    airs(ProgramAir::default())
}

/// All tables in order, with the preprocessed columns of `program`.
///
/// # Errors
/// If the program is longer than `2^log_program_height` instructions.
pub fn prover_airs(program: &Program, log_program_height: usize) -> Result<Vec<AppAir>, ProgramTooLong> {
    Ok(airs(ProgramAir::with_preprocessed(preprocessed(program, log_program_height)?)))
}

fn airs(program: ProgramAir) -> Vec<AppAir> {
    vec![
        AppAir::Cpu(CpuAir),
        AppAir::Program(program),
        AppAir::Lookup(LookupAir),
        AppAir::Ecall(EcallAir),
        AppAir::SubWord(SubWordAir),
        AppAir::Bitwise(BitwiseAir),
        AppAir::Shift(ShiftAir),
        AppAir::Mul(MulAir),
        AppAir::DivRem(DivRemAir),
        AppAir::Boundary(BoundaryAir),
        AppAir::Merkle(MerkleAir),
        AppAir::Poseidon2(Poseidon2Air),
    ]
}

/// Calls a method of the table that a variant holds.
macro_rules! each {
    ($this:expr, $air:ident => $body:expr) => {
        match $this {
            AppAir::Cpu($air) => $body,
            AppAir::Program($air) => $body,
            AppAir::Lookup($air) => $body,
            AppAir::Ecall($air) => $body,
            AppAir::SubWord($air) => $body,
            AppAir::Bitwise($air) => $body,
            AppAir::Shift($air) => $body,
            AppAir::Mul($air) => $body,
            AppAir::DivRem($air) => $body,
            AppAir::Boundary($air) => $body,
            AppAir::Merkle($air) => $body,
            AppAir::Poseidon2($air) => $body,
        }
    };
}

impl AppAir {
    /// The table's place.
    #[must_use]
    pub const fn table(&self) -> Table {
        match self {
            Self::Cpu(_) => Table::Cpu,
            Self::Program(_) => Table::Program,
            Self::Lookup(_) => Table::Lookup,
            Self::Ecall(_) => Table::Ecall,
            Self::SubWord(_) => Table::SubWord,
            Self::Bitwise(_) => Table::Bitwise,
            Self::Shift(_) => Table::Shift,
            Self::Mul(_) => Table::Mul,
            Self::DivRem(_) => Table::DivRem,
            Self::Boundary(_) => Table::Boundary,
            Self::Merkle(_) => Table::Merkle,
            Self::Poseidon2(_) => Table::Poseidon2,
        }
    }
}

impl NamedTable for AppAir {
    fn name(&self) -> String {
        format!("{:?}", self.table())
    }
}

impl BaseAir<Val> for AppAir {
    fn width(&self) -> usize {
        each!(self, air => BaseAir::<Val>::width(air))
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        each!(self, air => air.preprocessed_trace())
    }

    fn preprocessed_width(&self) -> usize {
        each!(self, air => BaseAir::<Val>::preprocessed_width(air))
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        each!(self, air => BaseAir::<Val>::main_next_row_columns(air))
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        each!(self, air => BaseAir::<Val>::preprocessed_next_row_columns(air))
    }

    fn max_constraint_degree(&self) -> Option<usize> {
        each!(self, air => BaseAir::<Val>::max_constraint_degree(air))
    }

    fn num_public_values(&self) -> usize {
        each!(self, air => BaseAir::<Val>::num_public_values(air))
    }
}

impl<AB: AirBuilder<F = Val> + InteractionBuilder> Air<AB> for AppAir {
    fn eval(&self, builder: &mut AB) {
        each!(self, air => air.eval(builder))
    }
}
