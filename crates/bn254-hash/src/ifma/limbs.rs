//! Integers in five limbs of 52 bits, and the constants of the vector arithmetic.
//!
//! Everything here is computed by the compiler from the modulus.

use crate::constants::MODULUS;

/// Little-endian limbs below 2⁵²: integers below 2²⁶⁰.
pub(super) type Limbs = [u64; 5];

/// Bits of a limb.
pub(super) const LIMB_BITS: u32 = 52;
/// The largest limb.
pub(super) const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// `r`.
pub(super) const MODULUS_LIMBS: Limbs = from_words(MODULUS);

/// `-r⁻¹ mod 2⁵²`.
pub(super) const NEG_INVERSE: u64 = {
    // Newton's iteration doubles the correct low bits; an odd number is its own inverse mod 8.
    let r = MODULUS_LIMBS[0];
    let mut inverse = r;
    let mut correct = 3;
    while correct < LIMB_BITS {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(r.wrapping_mul(inverse)));
        correct *= 2;
    }
    inverse.wrapping_neg() & LIMB_MASK
};

/// `(r · NEG_INVERSE + 1) / 2⁵²`: `l · LIMB_REDUCER` stands for the limb `l` one place lower, modulo `r`.
pub(super) const LIMB_REDUCER: Limbs = {
    let t = scale_modulus(NEG_INVERSE, 1);
    assert!(t[0] == 0);
    [t[1], t[2], t[3], t[4], t[5]]
};

/// `2⁵²⁰ mod r`: takes an integer into Montgomery form.
pub(super) const TO_MONTGOMERY: Limbs = from_words(shift_mod([1, 0, 0, 0], 520));

/// One, as a factor: takes Montgomery form back to the integer.
pub(super) const FROM_MONTGOMERY: Limbs = [1, 0, 0, 0, 0];

/// `MULTIPLES[limb][q]`: limbs of the largest multiple of `r` that is not above `q · 2²⁵⁵`.
pub(super) const MULTIPLES: [[u64; 8]; 5] = {
    let mut table = [[0; 8]; 5];
    let mut factor = 0;
    let mut q = 0;
    while q < 8 {
        while scale_modulus(factor + 1, 0)[4] < (q as u64) << 47 {
            factor += 1;
        }
        let multiple = scale_modulus(factor, 0);
        let mut limb = 0;
        while limb < 5 {
            table[limb][q] = multiple[limb];
            limb += 1;
        }
        q += 1;
    }
    table
};

/// `factor · r + carry`, for a factor below 2⁵².
const fn scale_modulus(factor: u64, carry: u64) -> [u64; 6] {
    let mut out = [0; 6];
    let mut carry = carry as u128;
    let mut i = 0;
    while i < 5 {
        let t = factor as u128 * MODULUS_LIMBS[i] as u128 + carry;
        out[i] = t as u64 & LIMB_MASK;
        carry = t >> LIMB_BITS;
        i += 1;
    }
    out[5] = carry as u64;
    out
}

/// Words to limbs.
#[inline(always)]
pub(super) const fn from_words(w: [u64; 4]) -> Limbs {
    [
        w[0] & LIMB_MASK,
        (w[0] >> 52 | w[1] << 12) & LIMB_MASK,
        (w[1] >> 40 | w[2] << 24) & LIMB_MASK,
        (w[2] >> 28 | w[3] << 36) & LIMB_MASK,
        w[3] >> 16,
    ]
}

/// Words to limbs, times sixteen: Montgomery form for 2²⁵⁶ becomes Montgomery form for 2²⁶⁰.
#[inline(always)]
pub(super) const fn from_words_times_16(w: [u64; 4]) -> Limbs {
    [
        w[0] << 4 & LIMB_MASK,
        (w[0] >> 48 | w[1] << 16) & LIMB_MASK,
        (w[1] >> 36 | w[2] << 28) & LIMB_MASK,
        (w[2] >> 24 | w[3] << 40) & LIMB_MASK,
        w[3] >> 12,
    ]
}

/// Limbs to words, for a value below 2²⁵⁶.
#[inline(always)]
pub(super) const fn to_words(l: Limbs) -> [u64; 4] {
    [l[0] | l[1] << 52, l[1] >> 12 | l[2] << 40, l[2] >> 24 | l[3] << 28, l[3] >> 36 | l[4] << 16]
}

/// `x - r` if that is not negative, else `x`.
#[inline(always)]
pub(super) const fn subtract_modulus(x: [u64; 4]) -> [u64; 4] {
    let mut out = [0; 4];
    let mut borrow = false;
    let mut i = 0;
    while i < 4 {
        let (t, b0) = x[i].overflowing_sub(MODULUS[i]);
        let (t, b1) = t.overflowing_sub(borrow as u64);
        out[i] = t;
        borrow = b0 | b1;
        i += 1;
    }
    if borrow { x } else { out }
}

/// `x · 2^bits mod r`, for `x` below `r`. Slow: for constants.
pub(super) const fn shift_mod(mut x: [u64; 4], bits: u32) -> [u64; 4] {
    let mut i = 0;
    while i < bits {
        x = subtract_modulus([
            x[0] << 1,
            x[1] << 1 | x[0] >> 63,
            x[2] << 1 | x[1] >> 63,
            x[3] << 1 | x[2] >> 63,
        ]);
        i += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same constants, computed apart with big integers.
    #[test]
    fn constants_are_right() {
        assert_eq!(NEG_INVERSE, 0x1f593efffffff);
        assert_eq!(MODULUS_LIMBS[0].wrapping_mul(NEG_INVERSE) & LIMB_MASK, LIMB_MASK);
        assert_eq!(
            LIMB_REDUCER,
            [0x82e644ee4c3d2, 0xf93893c98b1de, 0xd46fe04d0a4c7, 0x8f0aad55e2a1f, 0x5ed0447de83]
        );
        assert_eq!(
            TO_MONTGOMERY,
            [0xb852d16da6f5, 0xc621620cddce3, 0xaf1b95343ffb6, 0xc3c15e103e7c2, 0x281528fa122]
        );
        let seventh = MULTIPLES.map(|row| row[7]);
        assert_eq!(
            seventh,
            [0x34466e0000012, 0x188f09ea36c5e, 0xb18368cd3a655, 0x42eef5a4e6d51, 0x3670d8413d57d]
        );
        for (q, factor) in [0, 2, 5, 7, 10, 13, 15, 18].into_iter().enumerate() {
            assert_eq!(MULTIPLES.map(|row| row[q]), scale_modulus(factor, 0)[..5]);
        }
    }

    #[test]
    fn words_and_limbs_convert() {
        let words = [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX, 0x3fff_ffff_ffff_fff1];
        assert_eq!(to_words(from_words(words)), words);
        let small = words.map(|w| w >> 4);
        let expected = [small[0] << 4, small[1] << 4, small[2] << 4, small[3] << 4];
        assert_eq!(to_words(from_words_times_16(small)), expected);
        assert_eq!(subtract_modulus(MODULUS), [0; 4]);
        assert_eq!(subtract_modulus([5, 0, 0, 0]), [5, 0, 0, 0]);
    }
}
