//! The duplex challenger (`p3-challenger` 0.8.0, width 16, rate 8) on blocks.
//!
//! Messages are mostly blocks of four, but the seeds leave the sponge misaligned by a few elements; then each block is
//! cut in two and its halves joined with their neighbours, two rows a block.

use finial_agg_vm::{Builder, Cell};
use finial_protocol::{Ext4, Val};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};

/// Elements a permutation absorbs.
const RATE: usize = 8;
/// Elements of a block.
const BLOCK: usize = 4;

/// The sponge, with what waits to be absorbed and what was squeezed.
pub struct Challenger {
    state: [Cell; 4],
    /// Whole blocks that wait: none or one.
    full: Option<Cell>,
    /// A begun block, its upper coordinates zero, and how many are filled (0 to 3).
    partial: Option<(Cell, usize)>,
    /// Constants that wait behind `partial`, so that they cost no rows.
    constants: Vec<Val>,
    /// Squeezed elements, next one last.
    squeezed: Vec<Cell>,
    /// Rate blocks that were squeezed but not yet unpacked, next one last.
    squeezed_blocks: Vec<Cell>,
}

impl Challenger {
    /// The all-zero sponge.
    pub fn new(builder: &mut Builder) -> Self {
        let zero = builder.zero();
        Self {
            state: [zero; 4],
            full: None,
            partial: None,
            constants: vec![],
            squeezed: vec![],
            squeezed_blocks: vec![],
        }
    }

    fn forget_squeezed(&mut self) {
        self.squeezed.clear();
        self.squeezed_blocks.clear();
    }

    fn pending_in_block(&self) -> usize {
        self.partial.map_or(0, |(_, filled)| filled) + self.constants.len()
    }

    /// Absorbs constants.
    pub fn observe_constants(&mut self, builder: &mut Builder, values: &[Val]) {
        self.forget_squeezed();
        for &value in values {
            self.constants.push(value);
            if self.pending_in_block() == BLOCK {
                let (cell, _) = self.take_partial(builder).expect("a whole block waits");
                self.push_block(builder, cell);
            }
        }
    }

    /// The begun block, constants included.
    fn take_partial(&mut self, builder: &mut Builder) -> Option<(Cell, usize)> {
        let filled = self.pending_in_block();
        let offset = filled - self.constants.len();
        let constants = core::mem::take(&mut self.constants);
        let partial = self.partial.take();
        if filled == 0 {
            return None;
        }
        let cell = match (partial, constants.is_empty()) {
            (Some((cell, _)), true) => cell,
            (partial, _) => {
                let value = Ext4::from_basis_coefficients_fn(|i| {
                    i.checked_sub(offset).and_then(|i| constants.get(i)).copied().unwrap_or(Val::ZERO)
                });
                let constant = builder.constant(value);
                match partial {
                    Some((cell, _)) => builder.add(cell, constant),
                    None => constant,
                }
            }
        };
        Some((cell, filled))
    }

    /// Absorbs a base element.
    pub fn observe_felt(&mut self, builder: &mut Builder, felt: Cell) {
        self.forget_squeezed();
        let cell = match self.take_partial(builder) {
            None => (felt, 1),
            Some((cell, filled)) => {
                let shift = builder.power_of_x(filled);
                (builder.mul_add(felt, shift, cell), filled + 1)
            }
        };
        if cell.1 == BLOCK {
            self.push_block(builder, cell.0);
        } else {
            self.partial = Some(cell);
        }
    }

    /// Absorbs four elements.
    pub fn observe_block(&mut self, builder: &mut Builder, block: Cell) {
        self.forget_squeezed();
        match self.take_partial(builder) {
            None => self.push_block(builder, block),
            Some((begun, filled)) => {
                // block = head + X^(4 − filled) · tail: the head completes the begun block, the tail begins the next.
                let [complete, tail] = builder.realign(begun, block, filled);
                self.push_block(builder, complete);
                self.partial = Some((tail, filled));
            }
        }
    }

    fn push_block(&mut self, builder: &mut Builder, block: Cell) {
        match self.full.take() {
            None => self.full = Some(block),
            Some(first) => self.permute(builder, Some([first, block]), RATE),
        }
    }

    /// One permutation; `absorbed` elements overwrite the rate, the rest of which is zeroed, and their number is added
    /// to the capacity.
    fn permute(&mut self, builder: &mut Builder, rate: Option<[Cell; 2]>, absorbed: usize) {
        if let Some(rate) = rate {
            let tagged = builder.affine(self.state[2], Val::ONE, Val::from_usize(absorbed));
            self.state = [rate[0], rate[1], tagged, self.state[3]];
        }
        self.state = builder.poseidon2(self.state);
        self.squeezed.clear();
        self.squeezed_blocks = vec![self.state[0], self.state[1]];
    }

    /// Absorbs what waits.
    fn flush(&mut self, builder: &mut Builder) {
        let partial = self.take_partial(builder);
        let waiting = usize::from(self.full.is_some()) * BLOCK + partial.map_or(0, |(_, filled)| filled);
        if waiting == 0 {
            return;
        }
        let zero = builder.zero();
        let rate = match (self.full.take(), partial) {
            (Some(first), second) => [first, second.map_or(zero, |(cell, _)| cell)],
            (None, first) => [first.map_or(zero, |(cell, _)| cell), zero],
        };
        self.permute(builder, Some(rate), waiting);
    }

    /// Draws a base element: the last of the rate first.
    pub fn sample_felt(&mut self, builder: &mut Builder) -> Cell {
        self.flush(builder);
        if self.squeezed.is_empty() && self.squeezed_blocks.is_empty() {
            self.permute(builder, None, 0);
        }
        if self.squeezed.is_empty() {
            let block = self.squeezed_blocks.pop().expect("a block was squeezed");
            self.squeezed = builder.unpack(block).to_vec();
        }
        self.squeezed.pop().expect("a block has elements")
    }
}
