//! Merkle openings: rows are hashed and folded into reduced openings in the same Poseidon2 rows.

use finial_agg_vm::{Bit, Block, Cell, Horner};
use finial_protocol::{Digest as KeyDigest, Ext4, Val};
use p3_field::PrimeCharacteristicRing;

use super::{AggBackend, DigestCells, Gamma, block};
use crate::layout::{Group, HeightLayout, RoundLayout};
use crate::unpack::{FoldOpening, RowOpening};

/// Elements of a block.
const BLOCK: usize = 4;

/// A group's aligned part: whole blocks that the sponge rows fold as they absorb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: usize,
    end: usize,
}

impl Run {
    fn of(group: &Group) -> Self {
        let first = group.start.div_ceil(BLOCK);
        let end = (group.start + group.len) / BLOCK;
        Self { first, end: end.max(first) }
    }

    const fn contains(&self, block: usize) -> bool {
        self.first <= block && block < self.end
    }
}

/// A hashed row: its digest, the blocks that are not part of any run, and every group's folded run.
struct HashedRow {
    digest: DigestCells,
    /// By block index, where some group needs single elements of it.
    blocks: Vec<Option<Cell>>,
    /// Accumulator after the last block of each group's run.
    runs: Vec<Option<Cell>>,
}

impl AggBackend {
    /// See [`crate::Backend::open_rows`].
    pub(super) fn open_input_rows(
        &mut self,
        layout: &RoundLayout,
        opening: Option<&RowOpening<KeyDigest>>,
        index: &[Bit],
        commitment: &[DigestCells],
        gamma: &Gamma,
    ) -> Vec<Cell> {
        let mut sums = Vec::new();
        let mut digests = Vec::new();
        for height in &layout.heights {
            let row =
                opening.map(|o| height.matrices.iter().flat_map(|&m| o.rows[m].iter().copied()).collect());
            let hashed = self.hash_row(height, row, gamma);
            for (g, group) in height.groups.iter().enumerate() {
                sums.push(self.group_sum(group, hashed.runs[g], &hashed.blocks, gamma));
            }
            digests.push((height.log_height, hashed.digest));
        }
        let (log_height, leaf) = digests[0];
        let lower = digests[1..].to_vec();
        self.climb(leaf, log_height, index, opening.map(|o| &o.path[..]), commitment, |at| {
            lower.iter().find(|(log_height, _)| *log_height == at).map(|(_, digest)| *digest)
        });
        sums
    }

    /// See [`crate::Backend::open_fold`].
    pub(super) fn open_fold_row(
        &mut self,
        log_arity: usize,
        opening: Option<&FoldOpening<Ext4, KeyDigest>>,
        index: &[Bit],
        commitment: &[DigestCells],
    ) -> Vec<Cell> {
        let zero = self.builder.zero();
        let row: Vec<Cell> = (0..1usize << log_arity)
            .map(|i| {
                self.push_hint(opening.map(|o| o.row[i]));
                self.builder.hint()
            })
            .collect();
        let mut state = [zero; 4];
        for pair in row.chunks(2) {
            let second = pair.get(1).copied().unwrap_or(state[1]);
            state = self.builder.poseidon2([pair[0], second, state[2], state[3]]);
        }
        let leaf = [state[0], state[1]];
        self.climb(leaf, index.len(), index, opening.map(|o| &o.path[..]), commitment, |_| None);
        row
    }

    /// Climbs from a leaf to the cap; `inject` gives the rows that join at a height.
    fn climb(
        &mut self,
        mut node: DigestCells,
        log_height: usize,
        index: &[Bit],
        path: Option<&[KeyDigest]>,
        commitment: &[DigestCells],
        inject: impl Fn(usize) -> Option<DigestCells>,
    ) {
        let levels = log_height - commitment.len().trailing_zeros() as usize;
        let top = self.cap_entry(&index[levels..log_height], commitment);
        for level in 0..levels {
            if let Some(path) = path {
                let sibling = path[level];
                self.push_hint(Some(block(core::array::from_fn(|i| sibling[i]))));
                self.push_hint(Some(block(core::array::from_fn(|i| sibling[BLOCK + i]))));
            }
            let joining = inject(log_height - level - 1);
            if level + 1 == levels && joining.is_none() {
                // The last row reads the commitment's cells where others provide their output.
                self.builder.merkle_step_into(node, index[level], top);
                return;
            }
            node = self.builder.merkle_step(node, index[level]);
            if let Some(rows) = joining {
                node = self.builder.compress(node, rows);
            }
        }
        // Rows joined at the very top, or the leaf is in the cap itself.
        for (got, expected) in node.into_iter().zip(top) {
            self.builder.assert_eq(got, expected);
        }
    }

    fn cap_entry(&mut self, bits: &[Bit], cap: &[DigestCells]) -> DigestCells {
        let mut nodes = cap.to_vec();
        for bit in bits {
            nodes = nodes
                .chunks(2)
                .map(|pair| [0, 1].map(|i| self.builder.select(*bit, pair[1][i], pair[0][i])))
                .collect();
        }
        nodes[0]
    }

    /// Hashes a concatenated row, eight elements a Poseidon2 row, folding runs as they pass.
    fn hash_row(&mut self, layout: &HeightLayout, row: Option<Vec<Val>>, gamma: &Gamma) -> HashedRow {
        let runs: Vec<Run> = layout.groups.iter().map(Run::of).collect();
        let run_at = |block: usize| runs.iter().position(|run| run.contains(block));
        let whole_blocks = layout.width / BLOCK;
        let num_blocks = layout.width.div_ceil(BLOCK);
        let zero = self.builder.zero();
        let mut state = [zero; 4];
        let mut blocks = vec![None; num_blocks];
        let mut ends = vec![None; runs.len()];
        let mut accumulator = zero;
        for lo in (0..num_blocks).step_by(2) {
            let values = [lo, lo + 1].map(|at| {
                let half = at - lo;
                Block::Cell(if at < whole_blocks {
                    self.read_block(row.as_ref().map(|row| core::array::from_fn(|i| row[BLOCK * at + i])))
                } else if at < num_blocks {
                    self.partial_block(layout.width % BLOCK, state[half], row.as_deref())
                } else {
                    // Overwrite mode: what no element overwrites stays.
                    state[half]
                })
            });
            let in_run = [lo, lo + 1].map(|at| if at < whole_blocks { run_at(at) } else { None });
            let horner = in_run.iter().any(Option::is_some).then(|| {
                let fresh = in_run[0].is_none_or(|run| runs[run].first == lo);
                let split = in_run[1].is_some_and(|run| runs[run].first == lo + 1);
                Horner { gamma: gamma.base, acc_in: if fresh { zero } else { accumulator }, split }
            });
            let absorbed = self.builder.absorb(values, [state[2], state[3]], horner);
            state = absorbed.out;
            for (half, accumulated) in [absorbed.acc_mid, absorbed.acc_out].into_iter().enumerate() {
                let at = lo + half;
                if let Some(slot) = blocks.get_mut(at) {
                    *slot = Some(absorbed.values[half]);
                }
                if let Some(run) = in_run[half] {
                    accumulator = accumulated;
                    if runs[run].end == at + 1 {
                        ends[run] = Some(accumulated);
                    }
                }
            }
        }
        HashedRow { digest: [state[0], state[1]], blocks, runs: ends }
    }

    /// The last block of a row whose width is no multiple of four: `filled` new elements over what the state holds.
    fn partial_block(&mut self, filled: usize, state: Cell, row: Option<&[Val]>) -> Cell {
        self.push_hint(row.map(|row| {
            let rest = &row[row.len() - filled..];
            block(core::array::from_fn(|i| rest.get(i).copied().unwrap_or(Val::ZERO)))
        }));
        let fresh = self.builder.hint_partial(filled);
        let [_, kept] = self.builder.split_block(state, filled);
        let shift = self.builder.power_of_x(filled);
        self.builder.mul_add(kept, shift, fresh)
    }

    /// Σ γ^(w−1−j) v_j: the run as folded, single elements before and after it one by one.
    fn group_sum(
        &mut self,
        group: &Group,
        run: Option<Cell>,
        blocks: &[Option<Cell>],
        gamma: &Gamma,
    ) -> Cell {
        let span = Run::of(group);
        let end = group.start + group.len;
        let (head, tail) = if span.first < span.end {
            (group.start..span.first * BLOCK, span.end * BLOCK..end)
        } else {
            (group.start..end, end..end)
        };
        let mut sum = self.fold_elements(None, head, blocks, gamma);
        if let Some(run) = run {
            sum = Some(match sum {
                None => run,
                Some(sum) => {
                    let power = self.power(gamma.base, (span.end - span.first) * BLOCK);
                    self.builder.mul_add(sum, power, run)
                }
            });
        }
        self.fold_elements(sum, tail, blocks, gamma).unwrap_or_else(|| self.builder.zero())
    }

    fn fold_elements(
        &mut self,
        mut sum: Option<Cell>,
        elements: core::ops::Range<usize>,
        blocks: &[Option<Cell>],
        gamma: &Gamma,
    ) -> Option<Cell> {
        let mut unpacked: Option<(usize, [Cell; 4])> = None;
        for element in elements {
            let at = element / BLOCK;
            let parts = match unpacked {
                Some((index, parts)) if index == at => parts,
                _ => {
                    let parts = self.builder.unpack(blocks[at].expect("the block was absorbed"));
                    unpacked = Some((at, parts));
                    parts
                }
            };
            let value = parts[element % BLOCK];
            sum = Some(match sum {
                None => value,
                Some(sum) => self.builder.mul_add(sum, gamma.base, value),
            });
        }
        sum
    }

    /// base^exponent, each power computed once a program.
    fn power(&mut self, base: Cell, exponent: usize) -> Cell {
        if let Some(power) = self.powers.get(&(base, exponent)) {
            return *power;
        }
        let power = match exponent {
            0 => self.builder.one(),
            1 => base,
            _ => {
                let root = self.power(base, exponent / 2);
                let square = self.builder.mul(root, root);
                if exponent.is_multiple_of(2) { square } else { self.builder.mul(square, base) }
            }
        };
        self.powers.insert((base, exponent), power);
        power
    }
}
