//! How opened rows, claimed evaluations and batching powers line up: constants of a shape.
//!
//! Within one height, claimed evaluations take consecutive powers of the batching challenge alpha in the order rounds,
//! matrices, points, columns (`p3-fri`'s ladder). A *group* is a run of columns of one round and height that are opened
//! at the same points with consecutive powers; a query needs one sum per group.

use finial_protocol::ProofShape;
use finial_protocol::shape::{Point, RoundKind};

/// One point at which a group is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPoint {
    /// The point.
    pub point: Point,
    /// Power of alpha of the group's first column.
    pub power: usize,
}

/// A run of columns that share points and consecutive powers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// First column, in the concatenated row of its height.
    pub start: usize,
    /// Columns.
    pub len: usize,
    /// Points.
    pub points: Vec<GroupPoint>,
}

/// All rows of one height in one round; they are hashed as one concatenated row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeightLayout {
    /// log2 of the height.
    pub log_height: usize,
    /// Matrices (index in the round), in hashing order.
    pub matrices: Vec<usize>,
    /// Columns of the concatenated row.
    pub width: usize,
    /// Its groups, covering the row.
    pub groups: Vec<Group>,
}

/// One commitment's opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundLayout {
    /// Which commitment.
    pub kind: RoundKind,
    /// Width of each matrix.
    pub widths: Vec<usize>,
    /// Tallest first.
    pub heights: Vec<HeightLayout>,
}

impl RoundLayout {
    /// log2 of the tallest matrix.
    #[must_use]
    pub fn log_max_height(&self) -> usize {
        self.heights.first().map_or(0, |h| h.log_height)
    }
}

/// Power of alpha of every claimed evaluation's first column: `[round][matrix][point]`.
pub type LadderOffsets = Vec<Vec<Vec<usize>>>;

/// The layout of all openings of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// One entry a round.
    pub rounds: Vec<RoundLayout>,
    /// Powers of alpha.
    pub offsets: LadderOffsets,
}

impl Layout {
    /// The layout of a shape.
    #[must_use]
    pub fn new(shape: &ProofShape) -> Self {
        let offsets = ladder_offsets(shape);
        let rounds = (0..shape.rounds().len()).map(|round| round_layout(shape, &offsets, round)).collect();
        Self { rounds, offsets }
    }
}

fn ladder_offsets(shape: &ProofShape) -> LadderOffsets {
    let mut next = std::collections::BTreeMap::<usize, usize>::new();
    shape
        .rounds()
        .iter()
        .map(|round| {
            let offsets = round.matrices.iter().map(|matrix| {
                let power = next.entry(matrix.log_height).or_insert(0);
                matrix
                    .points
                    .iter()
                    .map(|_| {
                        let start = *power;
                        *power += matrix.width;
                        start
                    })
                    .collect()
            });
            offsets.collect()
        })
        .collect()
}

fn round_layout(shape: &ProofShape, offsets: &LadderOffsets, round: usize) -> RoundLayout {
    let described = &shape.rounds()[round];
    let mut heights: Vec<usize> = described.matrices.iter().map(|m| m.log_height).collect();
    heights.sort_unstable_by(|a, b| b.cmp(a));
    heights.dedup();
    let heights = heights
        .into_iter()
        .map(|log_height| {
            let mut layout = HeightLayout { log_height, matrices: vec![], width: 0, groups: vec![] };
            for (index, matrix) in described.matrices.iter().enumerate() {
                if matrix.log_height == log_height {
                    let points = matrix.points.iter().zip(&offsets[round][index]);
                    let points = points.map(|(&point, &power)| GroupPoint { point, power }).collect();
                    let start = layout.width;
                    append(&mut layout, Group { start, len: matrix.width, points });
                    layout.matrices.push(index);
                    layout.width += matrix.width;
                }
            }
            layout
        })
        .collect();
    RoundLayout {
        kind: described.kind,
        widths: described.matrices.iter().map(|m| m.width).collect(),
        heights,
    }
}

/// Adds a matrix's columns, merging them with the last group where powers go on.
fn append(layout: &mut HeightLayout, group: Group) {
    if let Some(last) = layout.groups.last_mut() {
        let continues = last.points.len() == group.points.len()
            && last
                .points
                .iter()
                .zip(&group.points)
                .all(|(a, b)| a.point == b.point && a.power + last.len == b.power);
        if continues {
            last.len += group.len;
            return;
        }
    }
    layout.groups.push(group);
}
