//! Arithmetic modulo `r`, eight elements at a time.
//!
//! An element is held in Montgomery form for `R = 2²⁶⁰`, in five vectors of 52-bit limbs, and lazily: only below a
//! small multiple of `r`. `R / r` is 84.6, so much room is left. Every function states the bounds it needs and
//! gives, in multiples of `r`. *Carried* means that limbs 0 to 3 are below 2⁵²; limb 4 is then too, as the value is
//! below `84 r`. `VPMADD52` reads the low 52 bits of its factors only, so factors must be carried.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_madd52hi_epu64,
    _mm512_madd52lo_epu64, _mm512_permutexvar_epi64, _mm512_set1_epi64, _mm512_srai_epi64, _mm512_srli_epi64,
    _mm512_storeu_si512, _mm512_sub_epi64,
};

use super::limbs::{
    FROM_MONTGOMERY, LIMB_MASK, LIMB_REDUCER, Limbs, MODULUS_LIMBS, MULTIPLES, NEG_INVERSE, TO_MONTGOMERY,
    subtract_modulus, to_words,
};

type Vector = __m512i;

/// Eight field elements: limb `i` of all of them in vector `i`.
pub(super) type Element = [Vector; 5];

/// Elements in a vector.
pub(super) const VECTOR_LANES: usize = 8;

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn splat(x: u64) -> Vector {
    _mm512_set1_epi64(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load(row: &[u64; VECTOR_LANES]) -> Vector {
    // SAFETY: the pointer is to 64 readable bytes, and an unaligned load asks no more.
    unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store(row: &mut [u64; VECTOR_LANES], x: Vector) {
    // SAFETY: the pointer is to 64 writable bytes, and an unaligned store asks no more.
    unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), x) }
}

/// `t + low 52 bits of a·b`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_low(t: Vector, a: Vector, b: Vector) -> Vector {
    _mm512_madd52lo_epu64(t, a, b)
}

/// `t + a·b / 2⁵²`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_high(t: Vector, a: Vector, b: Vector) -> Vector {
    _mm512_madd52hi_epu64(t, a, b)
}

/// Zero.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn zero() -> Element {
    [splat(0); 5]
}

/// The same element in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn broadcast(x: &Limbs) -> Element {
    [splat(x[0]), splat(x[1]), splat(x[2]), splat(x[3]), splat(x[4])]
}

/// Element `i` from `lane(i)`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn from_lanes(lane: impl Fn(usize) -> Limbs) -> Element {
    let mut rows = [[0; VECTOR_LANES]; 5];
    for i in 0..VECTOR_LANES {
        for (row, limb) in rows.iter_mut().zip(lane(i)) {
            row[i] = limb;
        }
    }
    [load(&rows[0]), load(&rows[1]), load(&rows[2]), load(&rows[3]), load(&rows[4])]
}

/// Sum, limb by limb, nothing carried. Bounds add.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add(a: &Element, b: &Element) -> Element {
    let mut out = *a;
    for i in 0..5 {
        out[i] = _mm512_add_epi64(a[i], b[i]);
    }
    out
}

/// Carried limbs of the same value. Limbs may come negative, as long as the value is not.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn carry(mut t: Element) -> Element {
    for i in 0..4 {
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srai_epi64::<52>(t[i]));
        t[i] = _mm512_and_si512(t[i], splat(LIMB_MASK));
    }
    t
}

/// A multiple of `r` less: from below 21 (that is 2²⁵⁸) to below 3.65, carried. Limbs must not be negative.
///
/// The top three bits `q` of the value select what is subtracted, at most `q·2²⁵⁵` and less than one `r` below that.
/// The remainder is below `2²⁵⁵ + r`, and what uncarried limbs hide from `q` is far below the rest to 3.65.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn reduce(mut t: Element) -> Element {
    let q = _mm512_srli_epi64::<47>(t[4]);
    for i in 0..5 {
        t[i] = _mm512_sub_epi64(t[i], _mm512_permutexvar_epi64(q, load(&MULTIPLES[i])));
    }
    carry(t)
}

/// Montgomery reduction of `T`, ten limbs below 2⁵⁸: `T/R` modulo `r`, below `T/(R·r) + 1.13`, not carried.
///
/// The four lowest limbs are cleared by [`LIMB_REDUCER`], which spares the chain a multiplication by [`NEG_INVERSE`] each;
/// together they add less than `NEG_INVERSE/2⁵² = 0.123` to the bound. The fifth is cleared as usual and adds one.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn montgomery(mut t: [Vector; 10]) -> Element {
    for i in 0..4 {
        let limb = t[i];
        t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<52>(limb));
        for j in 0..5 {
            t[i + 1 + j] = add_low(t[i + 1 + j], limb, splat(LIMB_REDUCER[j]));
            t[i + 2 + j] = add_high(t[i + 2 + j], limb, splat(LIMB_REDUCER[j]));
        }
    }
    let m = add_low(splat(0), t[4], splat(NEG_INVERSE));
    // t[4] + low(m·r₀) is a multiple of 2⁵²: its carry is t[4]/2⁵² rounded up.
    t[5] = _mm512_add_epi64(t[5], _mm512_srli_epi64::<52>(_mm512_add_epi64(t[4], splat(LIMB_MASK))));
    t[5] = add_high(t[5], m, splat(MODULUS_LIMBS[0]));
    for j in 1..5 {
        t[4 + j] = add_low(t[4 + j], m, splat(MODULUS_LIMBS[j]));
        t[5 + j] = add_high(t[5 + j], m, splat(MODULUS_LIMBS[j]));
    }
    [t[5], t[6], t[7], t[8], t[9]]
}

/// Product of carried `a < x` and `b < y`: below `xy/84.6 + 1.13`, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn multiply(a: &Element, b: &Element) -> Element {
    // Low and high halves are summed apart: shorter chains of dependent additions.
    let mut low = [splat(0); 10];
    let mut high = [splat(0); 10];
    for i in 0..5 {
        for j in 0..5 {
            low[i + j] = add_low(low[i + j], a[j], b[i]);
            high[i + j + 1] = add_high(high[i + j + 1], a[j], b[i]);
        }
    }
    for i in 1..10 {
        low[i] = _mm512_add_epi64(low[i], high[i]);
    }
    montgomery(low)
}

/// Square of a carried `a < x`: below `x²/84.6 + 1.13`, not carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn square(a: &Element) -> Element {
    let mut low = [splat(0); 10];
    let mut high = [splat(0); 10];
    for i in 0..5 {
        for j in i + 1..5 {
            low[i + j] = add_low(low[i + j], a[j], a[i]);
            high[i + j + 1] = add_high(high[i + j + 1], a[j], a[i]);
        }
    }
    for i in 1..10 {
        low[i] = _mm512_add_epi64(low[i], high[i]);
        low[i] = _mm512_add_epi64(low[i], low[i]);
    }
    for i in 0..5 {
        low[2 * i] = add_low(low[2 * i], a[i], a[i]);
        low[2 * i + 1] = add_high(low[2 * i + 1], a[i], a[i]);
    }
    montgomery(low)
}

/// Carried integers below 2²⁵⁶ into Montgomery form: below 1.2, carried.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn enter(x: &Element) -> Element {
    carry(multiply(x, &broadcast(&TO_MONTGOMERY)))
}

/// The canonical integers of elements below 84, as words.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn leave(x: Element) -> [[u64; 4]; VECTOR_LANES] {
    // A factor of one leaves the integer below 1.13 r (and some): one subtraction makes it canonical.
    let x = carry(multiply(&carry(x), &broadcast(&FROM_MONTGOMERY)));
    let mut rows = [[0; VECTOR_LANES]; 5];
    for i in 0..5 {
        store(&mut rows[i], x[i]);
    }
    core::array::from_fn(|lane| subtract_modulus(to_words(rows.map(|row| row[lane]))))
}
