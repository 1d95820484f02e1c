//! `.srs`: what Halo2 writes. `k`, the powers, their Lagrange form, `[1]H`, `[s]H`, and nothing after.

use super::{CeremonyError, MAX_POWER, Points, Refusal, stream::Stream};

pub(super) fn read(mut file: Stream, k: u32) -> Result<Points, CeremonyError> {
    let power = file.u32("its header")?;
    if !(1..=MAX_POWER).contains(&power) {
        return Err(file.refuse(Refusal::Power { found: power }));
    }
    if power < k {
        return Err(file.refuse(Refusal::TooSmall { found: power, needed: k }));
    }
    let (needed, all) = (1_usize << k, 1_usize << power);
    let powers = file.g1(needed, "its powers")?;
    let rest = (all - needed) as u64 * 64;
    file.skip(rest, "its powers")?;
    // The Lagrange form of another size is of no use.
    let lagrange = if power == k {
        Some(file.g1(needed, "its Lagrange form")?)
    } else {
        file.skip(all as u64 * 64, "its Lagrange form")?;
        None
    };
    let g2 = file.g2("its points of G2", 0)?;
    let s_g2 = file.g2("its points of G2", 1)?;
    let digests = file.finish()?;
    Ok(Points { power, powers, lagrange, g2, s_g2, contributions: None, digests })
}
