//! The Grain LFSR from which Poseidon's and Poseidon2's round constants are drawn.
//!
//! Source: Grassi et al., *Poseidon* (<https://eprint.iacr.org/2019/458>), appendix E, which
//! *Poseidon2* (<https://eprint.iacr.org/2023/323>) keeps, drawing one constant in each partial
//! round instead of `t`.

/// An 80-bit shift register whose output is thinned by itself.
pub(crate) struct Grain {
    /// Bit `i` of the register, oldest first: bit 0 leaves at the next clock.
    register: u128,
}

/// The parameters a sequence of constants belongs to.
pub(crate) struct Instance {
    /// Bits of a field element.
    pub(crate) field_bits: u32,
    /// Elements of the state.
    pub(crate) width: u32,
    /// Full rounds, both halves together.
    pub(crate) full_rounds: u32,
    /// Partial rounds.
    pub(crate) partial_rounds: u32,
}

impl Grain {
    const LEN: u32 = 80;
    const WARM_UP: usize = 160;

    /// Seed the register for a prime field and an `x^d` S-box, and discard the first 160 bits.
    pub(crate) fn new(instance: &Instance) -> Self {
        let mut seed = Seed::default();
        seed.push(1, 2); // a prime field
        seed.push(0, 4); // a power as the S-box
        seed.push(instance.field_bits, 12);
        seed.push(instance.width, 12);
        seed.push(instance.full_rounds, 10);
        seed.push(instance.partial_rounds, 10);
        seed.push((1 << 30) - 1, 30);
        debug_assert_eq!(seed.len, Self::LEN);

        let mut grain = Self { register: seed.bits };
        for _ in 0..Self::WARM_UP {
            grain.clock();
        }
        grain
    }

    fn clock(&mut self) -> bool {
        let tap = |i: u32| self.register >> i;
        let new = (tap(62) ^ tap(51) ^ tap(38) ^ tap(23) ^ tap(13) ^ tap(0)) & 1;
        self.register = (self.register >> 1) | (new << (Self::LEN - 1));
        new == 1
    }

    /// Bits come in pairs; the second counts only if the first is one.
    fn bit(&mut self) -> bool {
        while !self.clock() {
            self.clock();
        }
        self.clock()
    }

    /// The next `bits`-bit integer, most significant bit first, as little-endian words.
    fn integer(&mut self, bits: u32) -> [u64; 4] {
        let mut words = [0u64; 4];
        for i in (0..bits).rev() {
            words[i as usize / 64] |= u64::from(self.bit()) << (i % 64);
        }
        words
    }

    /// The next integer below `modulus`; larger ones are drawn and thrown away.
    pub(crate) fn below(&mut self, modulus: &[u64; 4], bits: u32) -> [u64; 4] {
        loop {
            let candidate = self.integer(bits);
            if candidate.iter().rev().lt(modulus.iter().rev()) {
                return candidate;
            }
        }
    }
}

/// The initial register, filled field by field, each with its most significant bit first.
#[derive(Default)]
struct Seed {
    bits: u128,
    len: u32,
}

impl Seed {
    fn push(&mut self, value: u32, width: u32) {
        for i in (0..width).rev() {
            self.bits |= u128::from((value >> i) & 1) << self.len;
            self.len += 1;
        }
    }
}
