//! ECDSA over secp256k1 with hints: what is dear to find and cheap to check (a quotient, a square root, halves of a
//! scalar) is found outside of the proof. Points are affine, so that a step costs few multiplications;
//! a whole signature takes a quarter of the cycles of k256's own verification. Field and scalars are
//! k256's. Nothing here is secret, so nothing is constant in time.

use alloc::vec::Vec;

use k256::{
    FieldElement, Scalar, U256,
    ecdsa::Signature,
    elliptic_curve::{bigint::Encoding, ops::Reduce, scalar::IsHigh},
};

/// Bytes of a hint.
const HINT_BYTES: usize = 32;

/// Bytes of half a scalar.
const HALF_BYTES: usize = 16;

/// The generator.
const GENERATOR: [U256; 2] = [
    U256::from_be_hex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
    U256::from_be_hex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"),
];

/// The curve's endomorphism: [`LAMBDA`] times `(x, y)` is `(BETA x, y)`. Both are cube roots of one, the first of
/// the scalars, the second of the field.
const LAMBDA: U256 = U256::from_be_hex("5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72");
const BETA: U256 = U256::from_be_hex("7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501ee");

/// A short basis `(a1, b1), (a2, b2)` of the pairs with `a + b LAMBDA = 0` (Gallant, Lambert, Vanstone, CRYPTO 2001):
/// `-b1`, `-b2`, and `b2`, `-b1` times 2^384 by the order, rounded. Only the finder uses it.
const MINUS_B1: U256 = U256::from_be_hex("00000000000000000000000000000000e4437ed6010e88286f547fa90abfe4c3");
const MINUS_B2: U256 = U256::from_be_hex("fffffffffffffffffffffffffffffffe8a280ac50774346dd765cda83db1562c");
const G1: U256 = U256::from_be_hex("3086d221a7d46bcde86c90e49284eb153daa8a1471e8ca7fe893209a45dbb031");
const G2: U256 = U256::from_be_hex("e4437ed6010e88286f547fa90abfe4c4221208ac9df506c61571b4ae8ac47f71");

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key is not a compressed point of the curve.
    Key,
    /// `r` or `s` is zero or not below the order, or `s` is not in the lower half.
    Signature,
    /// The equation does not hold.
    Equation,
    /// There are too few hints, or too many, or one is not below the modulus.
    Hints,
    /// A hint is not what it should be, or two points that are added have the same `x`. The latter does
    /// not happen to an honest signature by chance; a key chosen for it only makes its own signatures
    /// unprovable.
    Step,
}

/// Finds the hints for [`check`]. For a signature that does not verify, they are of no use.
pub fn find_hints(key: &[u8; 33], digest: &[u8; 32], signature: &[u8]) -> Vec<u8> {
    let mut finder = Finder(Vec::new());
    // The result is not needed: `check` comes to the same one, in the proof.
    let _ = verify(key, digest, signature, &mut finder);
    finder.0
}

/// Checks a signature over a digest, whatever the hints are.
pub fn check(key: &[u8; 33], digest: &[u8; 32], signature: &[u8], hints: &[u8]) -> Result<(), Refusal> {
    let (hints, []) = hints.as_chunks() else { return Err(Refusal::Hints) };
    let mut checker = Checker(hints);
    verify(key, digest, signature, &mut checker)?;
    // One list of hints, not many.
    if checker.0.is_empty() { Ok(()) } else { Err(Refusal::Hints) }
}

/// Answers that are found by one side and checked by the other.
trait Advice {
    /// `numerator / denominator`. An error if the denominator is zero: any answer would pass the check.
    fn quotient(
        &mut self,
        numerator: &FieldElement,
        denominator: &FieldElement,
    ) -> Result<FieldElement, Refusal>;

    /// A square root.
    fn root(&mut self, square: &FieldElement) -> Result<FieldElement, Refusal>;

    /// `1 / scalar`.
    fn inverse(&mut self, scalar: &Scalar) -> Result<Scalar, Refusal>;

    /// `a` and `b` with `a + b LAMBDA = scalar`. Which ones, does not matter to the sum.
    fn halves(&mut self, scalar: &Scalar) -> Result<[Scalar; 2], Refusal>;
}

struct Finder(Vec<u8>);

impl Advice for Finder {
    fn quotient(
        &mut self,
        numerator: &FieldElement,
        denominator: &FieldElement,
    ) -> Result<FieldElement, Refusal> {
        let inverse = Option::<FieldElement>::from(denominator.invert()).ok_or(Refusal::Step)?;
        let quotient = inverse.mul(numerator).normalize();
        self.0.extend(quotient.to_bytes());
        Ok(quotient)
    }

    fn root(&mut self, square: &FieldElement) -> Result<FieldElement, Refusal> {
        let root = Option::<FieldElement>::from(square.sqrt()).ok_or(Refusal::Key)?.normalize();
        self.0.extend(root.to_bytes());
        Ok(root)
    }

    fn inverse(&mut self, scalar: &Scalar) -> Result<Scalar, Refusal> {
        let inverse = Option::<Scalar>::from(scalar.invert()).ok_or(Refusal::Signature)?;
        self.0.extend(inverse.to_bytes());
        Ok(inverse)
    }

    fn halves(&mut self, scalar: &Scalar) -> Result<[Scalar; 2], Refusal> {
        let number = U256::from_be_bytes(scalar.to_bytes().into());
        // number g / 2^384, rounded.
        let part = |g: &U256| {
            let high = number.mul_wide(g).1;
            let carry = (high >> 127) & U256::ONE;
            reduce(&(high >> 128).wrapping_add(&carry))
        };
        let second = part(&G1) * reduce(&MINUS_B1) + part(&G2) * reduce(&MINUS_B2);
        let halves = [*scalar - second * reduce(&LAMBDA), second];
        halves.iter().for_each(|half| self.0.extend(half.to_bytes()));
        Ok(halves)
    }
}

struct Checker<'a>(&'a [[u8; HINT_BYTES]]);

impl Checker<'_> {
    fn next(&mut self) -> Result<&[u8; HINT_BYTES], Refusal> {
        let (hint, rest) = self.0.split_first().ok_or(Refusal::Hints)?;
        self.0 = rest;
        Ok(hint)
    }

    fn next_element(&mut self) -> Result<FieldElement, Refusal> {
        element(self.next()?).ok_or(Refusal::Hints)
    }

    /// Reduced: another representative of the same scalar does no harm.
    fn next_scalar(&mut self) -> Result<Scalar, Refusal> {
        Ok(<Scalar as Reduce<U256>>::reduce_bytes(self.next()?.into()))
    }
}

impl Advice for Checker<'_> {
    fn quotient(
        &mut self,
        numerator: &FieldElement,
        denominator: &FieldElement,
    ) -> Result<FieldElement, Refusal> {
        let quotient = self.next_element()?;
        let defect = quotient.mul(denominator) + numerator.negate(3);
        let exact = !bool::from(denominator.normalizes_to_zero()) && bool::from(defect.normalizes_to_zero());
        if exact { Ok(quotient) } else { Err(Refusal::Step) }
    }

    fn root(&mut self, square: &FieldElement) -> Result<FieldElement, Refusal> {
        let root = self.next_element()?;
        let defect = root.square() + square.negate(2);
        // A number without a root is a key that is no point: no hint passes.
        if bool::from(defect.normalizes_to_zero()) { Ok(root) } else { Err(Refusal::Key) }
    }

    fn inverse(&mut self, scalar: &Scalar) -> Result<Scalar, Refusal> {
        let inverse = self.next_scalar()?;
        if inverse.mul(scalar) == Scalar::ONE { Ok(inverse) } else { Err(Refusal::Step) }
    }

    fn halves(&mut self, scalar: &Scalar) -> Result<[Scalar; 2], Refusal> {
        let halves = [self.next_scalar()?, self.next_scalar()?];
        if halves[0] + halves[1] * reduce(&LAMBDA) == *scalar { Ok(halves) } else { Err(Refusal::Step) }
    }
}

fn element(bytes: &[u8; 32]) -> Option<FieldElement> {
    FieldElement::from_bytes(bytes.into()).into()
}

fn constant(number: &U256) -> Result<FieldElement, Refusal> {
    element(&number.to_be_bytes()).ok_or(Refusal::Step)
}

fn reduce(number: &U256) -> Scalar {
    <Scalar as Reduce<U256>>::reduce(*number)
}

/// A point of the curve other than its neutral one; both coordinates have magnitude 1.
#[derive(Clone, Copy)]
struct Point {
    x: FieldElement,
    y: FieldElement,
}

impl Point {
    /// From SEC1's compressed form.
    fn decompress(bytes: &[u8; 33], advice: &mut impl Advice) -> Result<Self, Refusal> {
        let (tag @ (2 | 3), x) = (bytes[0], bytes.last_chunk().expect("33 bytes end with 32")) else {
            return Err(Refusal::Key);
        };
        let x = element(x).ok_or(Refusal::Key)?;
        let y = advice.root(&(x.square().mul(&x) + FieldElement::from_u64(7)))?;
        // No point has y = 0, so exactly one of y and -y is odd.
        let y = if bool::from(y.is_odd()) == (tag == 3) { y } else { y.negate(1).normalize_weak() };
        Ok(Self { x, y })
    }

    fn negated_if(&self, negative: bool) -> Self {
        if negative { Self { x: self.x, y: self.y.negate(1).normalize_weak() } } else { *self }
    }

    /// `LAMBDA` times the point.
    fn endomorphism(&self) -> Result<Self, Refusal> {
        Ok(Self { x: self.x.mul(&constant(&BETA)?), y: self.y })
    }

    /// The order is odd, so `y` is not zero.
    fn double(&self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        let slope = advice.quotient(&self.x.square().mul_single(3), &self.y.double())?;
        let x = (slope.square() + self.x.double().negate(2)).normalize_weak();
        Ok(self.on_line(&slope, x))
    }

    /// Points with the same `x` are refused.
    fn add(&self, other: &Self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        let slope = self.slope(other, advice)?;
        Ok(self.on_line(&slope, self.third(other, &slope)))
    }

    /// `(self + other) + self`, for less than a doubling and an addition: nobody needs the `y` between.
    fn double_and_add(&self, other: &Self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        // So it is if the second digit is that of the first.
        if bool::from((other.x + self.x.negate(1)).normalizes_to_zero()) {
            return self.double_then_add(other, advice);
        }
        let slope = self.slope(other, advice)?;
        let between = self.third(other, &slope);
        // With y' = slope (x - x') - y, the second slope (y' - y) / (x' - x) is -slope - 2 y / (x' - x).
        let rest = advice.quotient(&self.y.double(), &(between + self.x.negate(1)))?;
        let slope = (slope + rest).negate(2).normalize_weak();
        let x = (slope.square() + (self.x + between).negate(2)).normalize_weak();
        Ok(self.on_line(&slope, x))
    }

    /// Apart, since it is rare and would spoil the code of what is frequent.
    #[cold]
    #[inline(never)]
    fn double_then_add(&self, other: &Self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        self.double(advice)?.add(other, advice)
    }

    fn slope(&self, other: &Self, advice: &mut impl Advice) -> Result<FieldElement, Refusal> {
        advice.quotient(&(other.y + self.y.negate(1)), &(other.x + self.x.negate(1)))
    }

    /// The sum's `x`, given the slope of the line through both.
    fn third(&self, other: &Self, slope: &FieldElement) -> FieldElement {
        (slope.square() + (self.x + other.x).negate(2)).normalize_weak()
    }

    /// The sum, given its `x` and the slope of the line through this point and the other.
    fn on_line(&self, slope: &FieldElement, x: FieldElement) -> Self {
        let y = (slope.mul(&(self.x + x.negate(1))) + self.y.negate(1)).normalize_weak();
        Self { x, y }
    }
}

fn verify(
    key: &[u8; 33],
    digest: &[u8; 32],
    signature: &[u8],
    advice: &mut impl Advice,
) -> Result<(), Refusal> {
    // Refuses r and s that are zero or not below the order.
    let signature = Signature::from_slice(signature).map_err(|_| Refusal::Signature)?;
    let (r, s) = signature.split_scalars();
    // With s, -s would be a signature too: a batch would have two forms.
    if s.is_high().into() {
        return Err(Refusal::Signature);
    }
    let point = Point::decompress(key, advice)?;
    let inverse = advice.inverse(&s)?;
    let z = reduce(&U256::from_be_bytes(*digest));
    let sum = combine(&(z * inverse), &(*r * inverse), &point, advice)?;
    let x = <Scalar as Reduce<U256>>::reduce_bytes(&sum.x.normalize().to_bytes());
    if x == *r { Ok(()) } else { Err(Refusal::Equation) }
}

/// `g · generator + p · point`: four multiples by half as many bits, one bit of each at a time.
fn combine(g: &Scalar, p: &Scalar, point: &Point, advice: &mut impl Advice) -> Result<Point, Refusal> {
    let generator = Point { x: constant(&GENERATOR[0])?, y: constant(&GENERATOR[1])? };
    let [g0, g1] = advice.halves(g)?;
    let [p0, p1] = advice.halves(p)?;
    let images = [generator.endomorphism()?, point.endomorphism()?];
    let terms = [
        Term::new(&g0, &generator)?,
        Term::new(&g1, &images[0])?,
        Term::new(&p0, point)?,
        Term::new(&p1, &images[1])?,
    ];
    let table = sums(&terms, advice)?;
    let digit = |bit| terms.iter().rev().fold(0, |digit, term| digit << 1 | term.bit(bit));
    let mut multiples = (0..8 * HALF_BYTES).map(|bit| &table[digit(bit)]).skip_while(|sum| sum.is_none());
    // All scalars zero: the neutral point, which no signature has.
    let mut sum = multiples.next().copied().flatten().ok_or(Refusal::Equation)?;
    for multiple in multiples {
        sum = match multiple {
            None => sum.double(advice)?,
            Some(multiple) => sum.double_and_add(multiple, advice)?,
        };
    }
    Ok(sum)
}

/// A multiple of a point, to be summed: the sign is moved from the scalar to the point.
struct Term {
    /// Big-endian.
    scalar: [u8; HALF_BYTES],
    point: Point,
}

impl Term {
    fn new(scalar: &Scalar, point: &Point) -> Result<Self, Refusal> {
        let negative = bool::from(scalar.is_high());
        let scalar = if negative { scalar.negate() } else { *scalar };
        let bytes: [u8; 32] = scalar.to_bytes().into();
        // The halves of an honest prover have at most 128 bits.
        match bytes.as_chunks() {
            ([high, scalar], []) if *high == [0; HALF_BYTES] => {
                Ok(Self { scalar: *scalar, point: point.negated_if(negative) })
            }
            _ => Err(Refusal::Hints),
        }
    }

    /// The bits from the highest on.
    fn bit(&self, index: usize) -> usize {
        usize::from(self.scalar[index / 8] >> (7 - index % 8) & 1)
    }
}

/// At every index, the sum of the terms' points whose bit is set; none at 0.
fn sums(terms: &[Term; 4], advice: &mut impl Advice) -> Result<[Option<Point>; 16], Refusal> {
    let mut table = [None; 16];
    for (index, term) in terms.iter().enumerate() {
        let bit = 1 << index;
        table[bit] = Some(term.point);
        for rest in 1..bit {
            if let Some(sum) = table[rest] {
                table[bit + rest] = Some(sum.add(&term.point, advice)?);
            }
        }
    }
    Ok(table)
}
