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
//! t` with `t < 2^20`, the first of these that is on the curve. Doublings multiply it by constants; after every fourth window
//! all but one `A` is taken away again, and the rest after the last ([`correction`]).
//!
//! Before any addition the chain holds `α·A + Q` with `α` a constant and `Q` independent of `A`. A point `±d·Pⱼ` equals it
//! for one `A` only if `α ≠ 0` modulo the order; a multiple `d·A` of `A` itself equals it for one `A` only if `α ≠ ±d`, or, where `α = d`
//! and `-d·A` is added, `2α·A = -Q` holds for one. A test walks the constants: nothing else happens, and after the last
//! addition, which makes `α` zero, nothing is added. The prover's remaining choices are `t`, the representative of `x_A`, the sign of `y_A`
//! and the six or so representations of each scalar: with 27 points 2^20·2·2·6^27 < 2^92 chains of 2^11 additions for a transcript,
//! each exceptional with probability 2^-253.

use halo2_base::halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::Field,
};
use num_bigint::BigInt;

use crate::{
    builder::{Builder, Cell},
    curve::{Addend, Open, Point},
    field::Fe,
    gate::Relation,
    limbs,
};

/// Windows of a scalar.
pub(crate) const WINDOWS: usize = 64;
/// Entries of a table.
const ENTRIES: usize = 8;
/// Digits of base four of what is added to the challenge until it is a point's coordinate.
const HASH_DIGITS: usize = 10;
/// Windows after which the start is made small again.
const PERIOD: usize = 4;

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
    /// `b₀`
    half: Cell,
    /// `b₁, b₂, b₁b₂`
    bits: [Cell; 3],
    /// Minus the sign.
    minus_sign: Cell,
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

    /// One step: the row `sum` is the last one, seven more follow.
    fn digit(&mut self, sum: Cell, digit: i64) -> (Digit, Cell) {
        let index = (digit.unsigned_abs() - 1) / 2;
        let bit = |i: u64| Fr::from((index >> i) & 1);
        let (b0, b1, b2) = (bit(2), bit(0), bit(1));
        let negative = Fr::from(u64::from(digit < 0));
        let minus_sign = negative.double() - Fr::ONE;
        let next = self.value(sum) * Fr::from(16) - minus_sign * Fr::from(digit.unsigned_abs());
        self.start(sum, Relation::Digit);
        let [half, b1, b2, _, b12, minus_sign, next] =
            [b0, b1, b2, negative, b1 * b2, minus_sign, next].map(|v| self.witness(v));
        (Digit { value: digit, half, bits: [b1, b2, b12], minus_sign }, next)
    }

    /// One of eight cells: `[W-3]` gives one of the lower four and what to add for the one of the upper four.
    fn select(&mut self, entries: [Cell; ENTRIES], digit: Digit) -> Cell {
        let [b1, b2, b12] = digit.bits.map(|cell| self.value(cell));
        let e = entries.map(|cell| self.value(cell));
        let four =
            |e: &[Fr]| e[0] + b1 * (e[1] - e[0]) + b2 * (e[2] - e[0]) + b12 * (e[3] - e[2] - e[1] + e[0]);
        let (low, high) = (four(&e[..4]), four(&e[4..]));
        let rows = entries[..4].iter().copied().chain(digit.bits).chain(entries[4..].iter().copied());
        let rows = self.copy_all(rows);
        self.start(rows[0], Relation::Select);
        let first = self.witness(low);
        self.witness(high - low);
        self.copy(digit.half);
        self.start(first, Relation::MulAdd);
        self.witness(low + self.value(digit.half) * (high - low))
    }

    /// `d·P`
    fn lookup_multiple(&mut self, table: &Table, digit: Digit) -> Addend {
        let entry = &table.0[digit_index(digit.value)];
        let (x, y) = (entry.x.value, entry.y.value);
        let minus_y_value = if digit.value < 0 { y } else { -y };
        let entries = |cell: &dyn Fn(&Point) -> Cell| core::array::from_fn(|i| cell(&table.0[i]));
        let cells = core::array::from_fn(|i| self.select(entries(&|p| p.x.cells[i]), digit));
        let minus_y = core::array::from_fn(|i| {
            let selected = self.select(entries(&|p| p.y.linear()[i]), digit);
            self.mul(selected, digit.minus_sign)
        });
        Addend { x: Fe::selected(cells, x), minus_y, minus_y_value }
    }

    fn table(&mut self, base: &Base) -> Table {
        match base {
            Base::Constant(point) => {
                let multiples = (0..ENTRIES as u64).map(|i| (*point * Fr::from(2 * i + 1)).into());
                Table(multiples.map(|multiple| self.point_constant(multiple)).collect())
            }
            Base::Point(point) => {
                let twice = self.double(point);
                let twice = self.close(&twice);
                let twice = self.addend(&twice);
                let mut multiples = vec![point.clone()];
                for i in 1..ENTRIES {
                    let sum = self.add(&self.open(&multiples[i - 1]), &twice);
                    multiples.push(self.close(&sum));
                }
                Table(multiples)
            }
        }
    }

    /// A point hashed from `challenge`: `A` of the module's description.
    fn hashed_point(&mut self, challenge: Cell) -> Point {
        let value = self.value(challenge);
        let candidates = (0..1_u64 << (2 * HASH_DIGITS)).map(|t| (t, limbs::base(value + Fr::from(t))));
        let (t, x, y) = candidates
            .map(|(t, x)| (t, x, Option::<Fq>::from((x.square() * x + Fq::from(3)).sqrt())))
            .find_map(|(t, x, y)| y.map(|y| (t, x, y)))
            .unwrap_or_default();
        let point = self.point(x, y);
        let t = self.range(&t.into(), HASH_DIGITS);
        let one = self.constant(Fr::ONE);
        let expected = self.mul_add(challenge, one, t);
        self.assert_equal(point.x.cells[0], expected);
        point
    }

    /// `Σ sⱼ·Pⱼ`. `challenge` depends on all points and scalars, by the transcript.
    pub(crate) fn msm(&mut self, terms: &[(Cell, Base)], challenge: Cell) -> Point {
        let start = self.metered("hashed point", |b| b.hashed_point(challenge));
        let digits: Vec<_> =
            self.metered("digits", |b| terms.iter().map(|(s, _)| b.scalar_digits(*s)).collect());
        let tables: Vec<_> =
            self.metered("tables", |b| terms.iter().map(|(_, base)| b.table(base)).collect());
        let corrections = self.metered("corrections", |b| b.corrections(&start));
        let mut chain = self.open(&start);
        for window in (0..WINDOWS).rev() {
            if window + 1 < WINDOWS {
                chain = self.metered("doublings", |b| (0..4).fold(chain, |p, _| b.double_open(&p)));
            }
            for (table, digits) in tables.iter().zip(&digits) {
                let addend = self.metered("selections", |b| b.lookup_multiple(table, digits[window]));
                chain = self.metered("additions", |b| b.add(&chain, &addend));
            }
            if let Some(which) = correction(window) {
                let addend = &corrections[usize::from(which == Correction::All)];
                chain = self.metered("corrections", |b| b.add(&chain, addend));
            }
        }
        self.close(&chain)
    }

    fn double_open(&mut self, p: &Open) -> Open {
        let p = self.close(p);
        self.double(&p)
    }

    /// What [`Correction::AllButOne`] and [`Correction::All`] add, for the start `A`: `-(16^4 - 1)·A` and `-16^3·A`.
    fn corrections(&mut self, start: &Point) -> [Addend; 2] {
        let [all, most] = [PERIOD - 1, 1].map(|windows| 4 * windows);
        let times = |b: &mut Self, p: &Point, doublings: usize| {
            let open = b.open(p);
            let open = (0..doublings).fold(open, |p, _| b.double_open(&p));
            b.close(&open)
        };
        let all = times(self, start, all);
        let next = times(self, &all, most);
        let but_one = self.subtrahend(start);
        let open = self.add(&self.open(&next), &but_one);
        let most = self.close(&open);
        [self.subtrahend(&most), self.subtrahend(&all)]
    }
}

/// What is taken from the chain's multiple of the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Correction {
    /// `16^4·A` becomes `A`.
    AllButOne,
    /// `16^3·A` disappears.
    All,
}

/// The correction at the end of a window, of which the highest comes first.
pub(crate) const fn correction(window: usize) -> Option<Correction> {
    match WINDOWS - 1 - window {
        _ if window == 0 => Some(Correction::All),
        0 => None,
        done if done.is_multiple_of(PERIOD) => Some(Correction::AllButOne),
        _ => None,
    }
}

const fn digit_index(digit: i64) -> usize {
    (digit.unsigned_abs() as usize - 1) / 2
}
