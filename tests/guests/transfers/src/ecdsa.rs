//! ECDSA over secp256k1 with hints: what is dear to find and cheap to check (a quotient, a square root)
//! is found outside of the proof. Points are affine, so that a step costs three or four multiplications;
//! a whole signature takes about a quarter of the cycles of k256's own verification. Field and scalars
//! are k256's. Nothing here is secret, so nothing is constant in time.

use alloc::vec::Vec;

use k256::{
    FieldElement, Scalar, U256,
    ecdsa::Signature,
    elliptic_curve::{ops::Reduce, scalar::IsHigh},
};

/// Bytes of a hint.
const HINT_BYTES: usize = 32;

/// The generator.
const GENERATOR: ([u8; 32], [u8; 32]) = (
    [
        0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07, 0x02,
        0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
    ],
    [
        0x48, 0x3a, 0xda, 0x77, 0x26, 0xa3, 0xc4, 0x65, 0x5d, 0xa4, 0xfb, 0xfc, 0x0e, 0x11, 0x08, 0xa8, 0xfd,
        0x17, 0xb4, 0x48, 0xa6, 0x85, 0x54, 0x19, 0x9c, 0x47, 0xd0, 0x8f, 0xfb, 0x10, 0xd4, 0xb8,
    ],
);

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
        // Reduced: another representative of the same scalar does no harm.
        let inverse = <Scalar as Reduce<U256>>::reduce_bytes(self.next()?.into());
        if inverse.mul(scalar) == Scalar::ONE { Ok(inverse) } else { Err(Refusal::Step) }
    }
}

fn element(bytes: &[u8; 32]) -> Option<FieldElement> {
    FieldElement::from_bytes(bytes.into()).into()
}

/// A point of the curve other than its neutral one; both coordinates have magnitude 1.
#[derive(Clone, Copy)]
struct Point {
    x: FieldElement,
    y: FieldElement,
}

impl Point {
    fn generator() -> Option<Self> {
        Some(Self { x: element(&GENERATOR.0)?, y: element(&GENERATOR.1)? })
    }

    /// From SEC1's compressed form.
    fn decompress(bytes: &[u8; 33], advice: &mut impl Advice) -> Result<Self, Refusal> {
        let (tag @ (2 | 3), x) = (bytes[0], bytes.last_chunk().expect("33 bytes end with 32")) else {
            return Err(Refusal::Key);
        };
        let x = element(x).ok_or(Refusal::Key)?;
        let y = advice.root(&(x.square().mul(&x) + FieldElement::from_u64(7)))?;
        // No point has y = 0, so exactly one of y and -y is odd.
        let y = if bool::from(y.is_odd()) == (tag == 3) { y } else { y.negate(1).normalize() };
        Ok(Self { x, y })
    }

    /// The order is odd, so `y` is not zero.
    fn double(&self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        let slope = advice.quotient(&self.x.square().mul_single(3), &self.y.double())?;
        Ok(self.third(&self.x, &slope))
    }

    /// Points with the same `x` are refused.
    fn add(&self, other: &Self, advice: &mut impl Advice) -> Result<Self, Refusal> {
        let slope = advice.quotient(&(other.y + self.y.negate(1)), &(other.x + self.x.negate(1)))?;
        Ok(self.third(&other.x, &slope))
    }

    /// The sum, given the other point's `x` and the slope of the line through both.
    fn third(&self, other_x: &FieldElement, slope: &FieldElement) -> Self {
        let x = (slope.square() + (self.x + *other_x).negate(2)).normalize_weak();
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
    let z = <Scalar as Reduce<U256>>::reduce_bytes(digest.into());
    let sum = combine(&(z * inverse), &(*r * inverse), &point, advice)?;
    let x = <Scalar as Reduce<U256>>::reduce_bytes(&sum.x.normalize().to_bytes());
    if x == *r { Ok(()) } else { Err(Refusal::Equation) }
}

/// `g · generator + p · point`, two bits of both scalars at a time.
fn combine(g: &Scalar, p: &Scalar, point: &Point, advice: &mut impl Advice) -> Result<Point, Refusal> {
    let table = multiples(point, advice)?;
    let (g, p) = (g.to_bytes(), p.to_bytes());
    let mut sum: Option<Point> = None;
    for (g, p) in g.iter().zip(&p) {
        for shift in [6, 4, 2, 0] {
            let index = usize::from((g >> shift & 3) << 2 | (p >> shift & 3));
            sum = match sum {
                None => table[index],
                Some(sum) => {
                    let sum = sum.double(advice)?.double(advice)?;
                    match &table[index] {
                        None => Some(sum),
                        Some(multiple) => Some(sum.add(multiple, advice)?),
                    }
                }
            };
        }
    }
    // Both scalars zero: the neutral point, which no signature has.
    sum.ok_or(Refusal::Equation)
}

/// At `4 i + j`: `i · generator + j · point`; none at 0.
fn multiples(point: &Point, advice: &mut impl Advice) -> Result<[Option<Point>; 16], Refusal> {
    let mut table = [None; 16];
    let generator = Point::generator().ok_or(Refusal::Step)?;
    for (step, base) in [(1, point), (4, &generator)] {
        let double = base.double(advice)?;
        table[step] = Some(*base);
        table[2 * step] = Some(double);
        table[3 * step] = Some(double.add(base, advice)?);
    }
    for index in 5..16 {
        if let (Some(left), Some(right)) = (table[index & 12], table[index & 3]) {
            table[index] = Some(left.add(&right, advice)?);
        }
    }
    Ok(table)
}
