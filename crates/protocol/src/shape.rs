//! The shape of a proof: what a verifier knows before it reads one byte of it.
//!
//! Native verifier, recursion circuit and Halo2 circuit are all driven from a [`ProofShape`]; nothing in it comes from
//! a proof (DESIGN, invariant 3).

use p3_air::Air;
use p3_air::symbolic::{AirLayout, SymbolicExpressionExt};
use p3_batch_stark::symbolic::get_log_num_quotient_chunks_for_domain;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Algebra, ExtensionField, PrimeCharacteristicRing};
use p3_fri::fold_schedule;
use p3_lookup::{InteractionSymbolicBuilder, Kind, LogUpGadget, Lookups};
use serde::{Deserialize, Serialize};

use crate::constraints::{Collector, TableConstraints};
use crate::fields::{Digest, Val, digest_of_bytes};
use crate::params::LayerParams;

/// Where a matrix is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Point {
    /// At zeta.
    Zeta,
    /// At zeta times the generator of the table's trace domain.
    ZetaNext,
}

/// Which commitment a round opens; the order of the variants is the order of the openings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundKind {
    /// Main trace.
    Main,
    /// Quotient chunks.
    Quotient,
    /// Preprocessed trace.
    Preprocessed,
    /// Permutation (LogUp) trace.
    Permutation,
}

/// One committed matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixShape {
    /// Index of its table.
    pub table: usize,
    /// log2 of its height after the low-degree extension.
    pub log_height: usize,
    /// Its width in base-field columns.
    pub width: usize,
    /// The points at which it is opened, in order.
    pub points: Vec<Point>,
}

/// All matrices under one commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundShape {
    /// Which commitment.
    pub kind: RoundKind,
    /// Its matrices in commitment order.
    pub matrices: Vec<MatrixShape>,
}

impl RoundShape {
    /// log2 of the height of its tallest matrix.
    #[must_use]
    pub fn log_max_height(&self) -> usize {
        self.matrices.iter().map(|m| m.log_height).max().unwrap_or(0)
    }
}

/// One table of a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// log2 of its height.
    pub log_height: usize,
    /// Main columns.
    pub width: usize,
    /// Whether main columns of the next row are opened.
    pub main_next: bool,
    /// Preprocessed columns.
    pub preprocessed_width: usize,
    /// Whether preprocessed columns of the next row are opened.
    pub preprocessed_next: bool,
    /// Public values.
    pub num_public_values: usize,
    /// log2 of the number of quotient chunks.
    pub log_quotient_chunks: usize,
    /// Constraints and bus interactions.
    pub constraints: TableConstraints,
}

impl TableShape {
    /// Whether it speaks on a bus (and so has a permutation trace and a terminal).
    #[must_use]
    pub fn has_lookups(&self) -> bool {
        !self.constraints.lookups.is_empty()
    }

    /// Permutation columns, as base-field columns.
    #[must_use]
    pub fn permutation_width(&self, extension_degree: usize) -> usize {
        if self.has_lookups() { (self.constraints.lookups.len() + 1) * extension_degree } else { 0 }
    }
}

/// Everything about a proof that its verifying key fixes, but the preprocessed commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofShape {
    /// The layer's parameters.
    pub params: LayerParams,
    /// The tables in order.
    pub tables: Vec<TableShape>,
    /// Names of the buses, by index.
    pub buses: Vec<String>,
    /// Fields of the widest message on any bus.
    pub max_message_width: usize,
}

/// The lookups of an AIR, packed as Plonky3's key generation packs them.
///
/// Source: `p3-batch-stark` 0.8.0, `ProverData::from_airs_and_degrees`; [`crate::machine`] checks that both agree.
pub fn packed_lookups<EF, A>(air: &A, log_height: usize) -> (Lookups<Val>, usize)
where
    EF: ExtensionField<Val>,
    A: Air<InteractionSymbolicBuilder<Val, EF>>,
    SymbolicExpressionExt<Val, EF>: Algebra<EF>,
{
    let gadget = LogUpGadget::new();
    let domain = TwoAdicMultiplicativeCoset::new(Val::ONE, log_height).expect("height within two-adicity");
    let unpacked = Lookups::<Val>::from_air::<EF, A>(air);
    let layout = AirLayout::from_air(air);
    let log_chunks =
        get_log_num_quotient_chunks_for_domain::<Val, EF, A, _>(air, layout, domain, &unpacked, 0, &gadget);
    let budget = (1usize << log_chunks) + 1;
    let packed = unpacked.pack_same_bus(&gadget, budget);
    (packed, log_chunks)
}

impl ProofShape {
    /// Describes a proof over `airs` with the given trace heights (log2).
    ///
    /// # Panics
    /// When `airs`, `names` and `log_heights` differ in length.
    pub fn new<EF, A>(params: LayerParams, airs: &[A], names: &[String], log_heights: &[usize]) -> Self
    where
        EF: ExtensionField<Val>,
        A: Air<InteractionSymbolicBuilder<Val, EF>>,
        SymbolicExpressionExt<Val, EF>: Algebra<EF>,
    {
        assert!(airs.len() == names.len() && airs.len() == log_heights.len(), "one name and height a table");
        assert_eq!(EF::DIMENSION, params.extension_degree, "challenge field of the layer");
        let mut buses = Vec::new();
        let mut max_message_width = 1;
        let tables = airs
            .iter()
            .zip(names)
            .zip(log_heights)
            .map(|((air, name), &log_height)| {
                describe_table::<EF, A>(air, name, log_height, &mut buses, &mut max_message_width)
            })
            .collect();
        Self { params, tables, buses, max_message_width }
    }

    /// The commitments in opening order, with their matrices.
    #[must_use]
    pub fn rounds(&self) -> Vec<RoundShape> {
        let matrices = |select: &dyn Fn(&TableShape) -> Vec<Opened>| {
            let mut list = Vec::new();
            for (table, shape) in self.tables.iter().enumerate() {
                for (width, points) in select(shape) {
                    let log_height = shape.log_height + self.params.log_blowup;
                    list.push(MatrixShape { table, log_height, width, points });
                }
            }
            list
        };
        let degree = self.params.extension_degree;
        let main = matrices(&|t| vec![(t.width, points(t.main_next))]);
        let quotient = matrices(&|t| vec![(degree, points(false)); 1 << t.log_quotient_chunks]);
        let preprocessed = matrices(&|t| match t.preprocessed_width {
            0 => vec![],
            width => vec![(width, points(t.preprocessed_next))],
        });
        let permutation = matrices(&|t| match t.permutation_width(degree) {
            0 => vec![],
            width => vec![(width, points(true))],
        });
        [
            (RoundKind::Main, main),
            (RoundKind::Quotient, quotient),
            (RoundKind::Preprocessed, preprocessed),
            (RoundKind::Permutation, permutation),
        ]
        .into_iter()
        .filter(|(_, matrices)| !matrices.is_empty())
        .map(|(kind, matrices)| RoundShape { kind, matrices })
        .collect()
    }

    /// Whether any table has preprocessed columns.
    #[must_use]
    pub fn has_preprocessed(&self) -> bool {
        self.tables.iter().any(|t| t.preprocessed_width > 0)
    }

    /// Distinct log2 heights after the low-degree extension, tallest first.
    #[must_use]
    pub fn log_lde_heights(&self) -> Vec<usize> {
        let mut heights: Vec<usize> =
            self.tables.iter().map(|t| t.log_height + self.params.log_blowup).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        heights
    }

    /// log2 of the tallest low-degree extension.
    #[must_use]
    pub fn log_max_height(&self) -> usize {
        self.log_lde_heights().first().copied().unwrap_or(0)
    }

    /// log2 of the length of the codeword at which FRI's folding stops.
    #[must_use]
    pub const fn log_final_height(&self) -> usize {
        self.params.log_blowup + self.params.log_final_poly_len
    }

    /// log2 folding arity of every FRI round.
    #[must_use]
    pub fn fold_schedule(&self) -> Vec<usize> {
        fold_schedule(&self.log_lde_heights(), self.log_final_height(), self.params.max_log_arity)
    }

    /// Σ over fraction columns of their largest multiplicity per row times the rows.
    #[must_use]
    pub fn multiplicity_bound(&self) -> u64 {
        let weight =
            |t: &TableShape| t.constraints.lookups.iter().map(|l| u64::from(l.count_weight)).sum::<u64>();
        self.tables.iter().map(|t| weight(t) << t.log_height).sum()
    }

    /// Main cells of a proof of this shape.
    #[must_use]
    pub fn main_cells(&self) -> u64 {
        self.tables.iter().map(|t| (t.width as u64) << t.log_height).sum()
    }

    /// Rows of a proof of this shape, over all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| 1u64 << t.log_height).sum()
    }

    /// The verifying key's digest: tables, heights, buses, constraints and parameters; never the preprocessed root.
    pub fn digest(&self) -> Digest {
        // JSON would depend on a serializer's spelling; this walks the structure with explicit lengths.
        digest_of_bytes(&postcard::to_allocvec(&("finial-vk-1", self)).expect("a shape always serialises"))
    }
}

/// Width of a matrix, and where it is opened.
type Opened = (usize, Vec<Point>);

fn points(next: bool) -> Vec<Point> {
    if next { vec![Point::Zeta, Point::ZetaNext] } else { vec![Point::Zeta] }
}

fn describe_table<EF, A>(
    air: &A,
    name: &str,
    log_height: usize,
    buses: &mut Vec<String>,
    max_message_width: &mut usize,
) -> TableShape
where
    EF: ExtensionField<Val>,
    A: Air<InteractionSymbolicBuilder<Val, EF>>,
    SymbolicExpressionExt<Val, EF>: Algebra<EF>,
{
    let (lookups, log_quotient_chunks) = packed_lookups::<EF, A>(air, log_height);
    let layout = AirLayout::from_air(air);
    let preprocessed_width = layout.preprocessed_width;
    let mut builder = InteractionSymbolicBuilder::<Val, EF>::new(layout);
    air.eval(&mut builder);

    let mut collector = Collector::default();
    let constraints = builder.base_constraints().iter().map(|c| collector.add(c)).collect();
    let lookups = lookups
        .iter()
        .map(|lookup| {
            let width = lookup.elements.iter().map(Vec::len).max().unwrap_or(0);
            *max_message_width = width.max(*max_message_width);
            collector.add_lookup(bus_index(buses, &lookup.kind), lookup)
        })
        .collect();

    TableShape {
        name: name.to_owned(),
        log_height,
        width: air.width(),
        main_next: !air.main_next_row_columns().is_empty(),
        preprocessed_width,
        preprocessed_next: preprocessed_width > 0 && !air.preprocessed_next_row_columns().is_empty(),
        num_public_values: air.num_public_values(),
        log_quotient_chunks,
        constraints: collector.finish(constraints, lookups),
    }
}

fn bus_index(buses: &mut Vec<String>, kind: &Kind) -> u32 {
    let Kind::Global(name) = kind else { panic!("tables of this project use named buses only") };
    let index = buses.iter().position(|bus| bus == name).unwrap_or_else(|| {
        buses.push(name.clone());
        buses.len() - 1
    });
    u32::try_from(index).expect("few buses")
}
