//! `Σ sⱼ·Pⱼ` by Straus' method: one chain of doublings, windows of four bits, signed odd digits.
//!
//! # Digits
//! A scalar is written `Σ dᵢ·16^i` with 64 digits from `±1, ±3 … ±15`; `[W-4]` derives a digit from four bits and sums by Horner's
//! rule, and the sum is a copy of the scalar. So the digits' integer is congruent to `s` modulo the group's order, which is all
//! that matters: any representation a prover finds gives the same point. Every odd number below 2^256 in magnitude
//! has exactly one; provers take `s` or `s + r`, whichever is odd. No digit is zero, so every addition adds a point of the
//! table `P, 3P … 15P`.
//!
//! # Exceptional additions
//! [`Builder::add`] needs different points. In a table they are: `(2k+1)·P` and `2P` for a `P` of prime order. In the chain a prover
//! who controls points and scalars could aim for equal ones, so the chain starts at a point `A` it does not control: `A` is
//! hashed from the transcript, that is from a challenge squeezed after all points and scalars are fixed: `x_A = challenge +
//! t` with `t < 2^19`, the first of these that is on the curve. To remove it, `A` is one more point of the sum, with the constant
//! scalar `-16^63`, added last in each window.
//!
//! Before any addition the chain holds `α·A + Q` with `α` a constant and `Q` independent of `A`. A point `±d·Pⱼ` equals it
//! for one `A` only if `α ≠ 0` modulo the order; a multiple `d·A` of `A` itself equals it for one `A` only if `α ≠ ±d`. A test
//! walks the constants: neither happens, except that `α` becomes zero with the very last addition, after which nothing
//! is added. The prover's remaining choices are `t`, the representative of `x_A`, the sign of `y_A` and the 5 or so
//! representations of each scalar: with 27 points 2^19·2^12·2·5^27 < 2^95 chains of 2^11 additions for a transcript, each exceptional with
//! probability 2^-253.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::Field,
};
use num_bigint::BigInt;

use crate::{
    builder::{Builder, Cell, Relation},
    curve::{Addend, Point},
    field::Fe,
    gate::LOOKUP_BITS,
    limbs,
};

/// Windows of a scalar.
pub(crate) const WINDOWS: usize = 64;
/// Entries of a table.
const ENTRIES: usize = 8;

/// What is multiplied.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A point of the circuit.
    Point(Point),
    /// A constant other than the identity.
    Constant(G1Affine),
}

/// The cells of one digit.
#[derive(Clone, Copy, Debug)]
struct Digit {
    value: i64,
    /// `1 - b₀, b₀` and these times minus the sign.
    halves: [[Cell; 2]; 2],
    /// `b₁, b₂, b₁b₂`
    bits: [Cell; 3],
}

/// `P, 3P … 15P`
struct Table(Vec<Point>);

/// The digits of `scalar`, lowest first.
pub(crate) fn digits(scalar: Fr) -> [i64; WINDOWS] {
    let mut rest = BigInt::from(limbs::integer(scalar));
    if !rest.bit(0) {
        rest += BigInt::from(limbs::integer(-Fr::ONE)) + 1;
    }
    core::array::from_fn(|i| {
        let low = i64::try_from(&rest % 32).unwrap_or_default();
        // The top digit is what is left; below 2^256 it is at most 15.
        let digit = if i + 1 == WINDOWS { low } else { low - 16 };
        rest = (&rest - digit) >> 4;
        digit
    })
}

impl Builder {
    /// Digits of a scalar, lowest first.
    fn scalar_digits(&mut self, scalar: Cell) -> Vec<Digit> {
        let digits = digits(self.value(scalar));
        let mut sum = self.copy(self.zero());
        let mut out: Vec<_> = digits
            .into_iter()
            .rev()
            .map(|digit| {
                let (cells, next) = self.digit(sum, digit);
                sum = next;
                cells
            })
            .collect();
        self.assert_equal(sum, scalar);
        out.reverse();
        out
    }

    /// One step: the row `sum` is the last one, nine more follow.
    fn digit(&mut self, sum: Cell, digit: i64) -> (Digit, Cell) {
        let index = (digit.unsigned_abs() - 1) / 2;
        let bit = |i: u64| Fr::from((index >> i) & 1);
        let (b0, b1, b2) = (bit(2), bit(0), bit(1));
        let negative = Fr::from(u64::from(digit < 0));
        let minus_sign = negative.double() - Fr::ONE;
        let step = if digit < 0 { -Fr::from(digit.unsigned_abs()) } else { Fr::from(digit.unsigned_abs()) };
        let next = self.value(sum) * Fr::from(16) + step;
        let values =
            [b0, b1, b2, negative, b1 * b2, Fr::ONE - b0, minus_sign * (Fr::ONE - b0), minus_sign * b0, next];
        self.start(sum, Relation::Digit);
        let [b0, b1, b2, _, b12, not_b0, signed_not_b0, signed_b0, next] = values.map(|v| self.witness(v));
        let halves = [[not_b0, b0], [signed_not_b0, signed_b0]];
        (Digit { value: digit, halves, bits: [b1, b2, b12] }, next)
    }

    /// `[W-3]`: one of eight cells.
    fn select(&mut self, entries: [Cell; ENTRIES], halves: [Cell; 2], bits: [Cell; 3]) -> Cell {
        let [b1, b2, b12] = bits.map(|cell| self.value(cell));
        let e = entries.map(|cell| self.value(cell));
        let four =
            |e: &[Fr]| e[0] + b1 * (e[1] - e[0]) + b2 * (e[2] - e[0]) + b12 * (e[3] - e[2] - e[1] + e[0]);
        let value = self.value(halves[0]) * four(&e[..4]) + self.value(halves[1]) * four(&e[4..]);
        let rows = halves.into_iter().chain(bits).chain(entries);
        let rows = self.copy_all(rows);
        self.start(rows[0], Relation::Select);
        self.witness(value)
    }

    fn select_fe(&mut self, entries: [&Fe; ENTRIES], halves: [Cell; 2], bits: [Cell; 3], value: Fq) -> Fe {
        let limbs = core::array::from_fn(|i| self.select(entries.map(|e| e.limbs[i]), halves, bits));
        Fe::selected(limbs, value)
    }

    /// `d·P`
    fn lookup_multiple(&mut self, table: &Table, digit: Digit) -> Addend {
        let entry = &table.0[digit_index(digit.value)];
        let (x, y) = (entry.x.value, entry.y.value);
        let minus_y = if digit.value < 0 { y } else { -y };
        let [plain, signed] = digit.halves;
        let entries = |f: fn(&Point) -> &Fe| core::array::from_fn(|i| f(&table.0[i]));
        Addend {
            x: self.select_fe(entries(|p| &p.x), plain, digit.bits, x),
            minus_y: self.select_fe(entries(|p| &p.y), signed, digit.bits, minus_y),
        }
    }

    fn table(&mut self, base: &Base) -> Table {
        match base {
            Base::Constant(point) => {
                let multiples = (0..ENTRIES as u64).map(|i| (*point * Fr::from(2 * i + 1)).into());
                Table(multiples.map(|multiple| self.point_constant(multiple)).collect())
            }
            Base::Point(point) => {
                let twice = self.double(point);
                let twice = self.addend(&twice);
                let mut multiples = vec![point.clone()];
                for i in 1..ENTRIES {
                    multiples.push(self.add(&multiples[i - 1], &twice));
                }
                Table(multiples)
            }
        }
    }

    /// A point hashed from `challenge`: `A` of the module's description.
    fn hashed_point(&mut self, challenge: Cell) -> Point {
        let value = self.value(challenge);
        let candidates = (0..1_u64 << LOOKUP_BITS).map(|t| (t, limbs::base(value + Fr::from(t))));
        let (t, x, y) = candidates
            .map(|(t, x)| (t, x, Option::<Fq>::from((x.square() * x + Fq::from(3)).sqrt())))
            .find_map(|(t, x, y)| y.map(|y| (t, x, y)))
            .unwrap_or_default();
        let point = self.point(x, y);
        let t = self.range(u128::from(t), 1);
        let one = self.constant(Fr::ONE);
        let expected = self.mul_add(challenge, one, t);
        let encoding = self.fe_native(&point.x);
        self.assert_equal(encoding, expected);
        point
    }

    /// `Σ sⱼ·Pⱼ`. `challenge` depends on all points and scalars, by the transcript.
    pub(crate) fn msm(&mut self, terms: &[(Cell, Base)], challenge: Cell) -> Point {
        let start = self.metered("hashed point", |b| b.hashed_point(challenge));
        let digits: Vec<_> =
            self.metered("digits", |b| terms.iter().map(|(s, _)| b.scalar_digits(*s)).collect());
        let tables: Vec<_> =
            self.metered("tables", |b| terms.iter().map(|(_, base)| b.table(base)).collect());
        let start_table = self.metered("tables", |b| b.start_table(&start));
        let start_digits = crate::msm::digits(start_scalar());
        let mut chain = start;
        for window in (0..WINDOWS).rev() {
            if window + 1 < WINDOWS {
                chain = self.metered("doublings", |b| (0..4).fold(chain, |p, _| b.double(&p)));
            }
            for (table, digits) in tables.iter().zip(&digits) {
                let addend = self.metered("selections", |b| b.lookup_multiple(table, digits[window]));
                chain = self.metered("additions", |b| b.add(&chain, &addend));
            }
            let digit = start_digits[window];
            let addend = &start_table[usize::from(digit < 0)][digit_index(digit)];
            chain = self.metered("additions", |b| b.add(&chain, addend));
        }
        chain
    }

    /// Multiples of the start, and their negatives.
    fn start_table(&mut self, start: &Point) -> [Vec<Addend>; 2] {
        let table = self.table(&Base::Point(start.clone()));
        let plain = table.0.iter().map(|p| self.addend(p)).collect();
        let negated = table.0.iter().map(|p| Addend { x: p.x.clone(), minus_y: p.y.clone() }).collect();
        [plain, negated]
    }
}

const fn digit_index(digit: i64) -> usize {
    (digit.unsigned_abs() as usize - 1) / 2
}

/// `-16^63`, which removes what the doublings make of the start.
pub(crate) fn start_scalar() -> Fr {
    -Fr::from(16).pow_vartime([WINDOWS as u64 - 1])
}
