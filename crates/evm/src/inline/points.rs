//! Leaves out the generator's own test of a point where a precompile tests the same point anyway.
//!
//! # Soundness
//! `ecAdd` and `ecMul` fail for coordinates above the modulus and for points off the curve (EIP-196), and every call's
//! success is conjoined to the verifier's. A test goes only if the two words of the point, written nowhere else, are copied
//! side by side to where such a call takes a point, and nothing overwrites the copy before the call. One thing changes: the
//! precompiles take `(0, 0)` for the neutral element, which the generator's test refused. It is a group element like any
//! other, the commitment to zero, and soundness quantifies over all of them.

use super::{
    Line,
    msm::{call, loaded},
};

const WORD: usize = 32;

/// Removes the tests that repeat what a precompile does.
pub(super) fn leave_out_repeated_tests(lines: &mut [Line]) {
    for at in 0..lines.len() {
        let Some(point) = tested_point(lines, at) else { continue };
        if is_tested_by_precompile(lines, at, point) {
            lines[at] = Line::Gone;
        }
    }
}

/// Addresses of the coordinates that the line at `at` tests, if it is the last of the generator's five that read a point.
fn tested_point(lines: &[Line], at: usize) -> Option<[usize; 2]> {
    let block: Vec<String> =
        lines.get(at.checked_sub(4)?..=at)?.iter().filter_map(|line| line.clone().text()).collect();
    let [x, store_x, y, store_y, test] = block.try_into().ok()?;
    let read = x.starts_with("let x := calldataload(") && y.starts_with("let y := calldataload(");
    let address = |store: &str, name: &str| {
        let address = store.strip_prefix("mstore(0x")?.strip_suffix(&format!(", {name})"))?;
        usize::from_str_radix(address, 16).ok()
    };
    (read && test == "success := and(validate_ec_point(x, y), success)").then_some(())?;
    Some([address(&store_x, "x")?, address(&store_y, "y")?])
}

fn is_tested_by_precompile(lines: &[Line], test: usize, [x, y]: [usize; 2]) -> bool {
    let written_once = [x, y].into_iter().all(|word| writers(lines, word).count() == 1);
    let copy = |line: &Line| match line {
        Line::Store { address, value } => loaded(value).map(|from| (from, *address)),
        _ => None,
    };
    let live: Vec<usize> = (test..lines.len()).filter(|&i| !matches!(lines[i], Line::Gone)).collect();
    // The generator copies x and y by statements side by side, so nothing stands between them.
    written_once
        && live.windows(2).any(|pair| match (copy(&lines[pair[0]]), copy(&lines[pair[1]])) {
            (Some((from, to)), Some((next_from, next_to))) => {
                [from, next_from] == [x, y] && next_to == to + WORD && is_taken(lines, pair[1], to)
            }
            _ => false,
        })
}

/// Whether the next statement after `from` that touches the words at `to` is a call that takes a point there.
fn is_taken(lines: &[Line], from: usize, to: usize) -> bool {
    let touches = |range: &(usize, usize)| range.0 < to + 2 * WORD && to < range.0 + range.1;
    for line in &lines[from + 1..] {
        match line {
            Line::Store { address, .. } if touches(&(*address, WORD)) => return false,
            Line::Other { reads, writes, .. } if reads.iter().chain(writes).any(touches) => {
                return match call(line) {
                    Some((6, input, 0x80, ..)) => to == input || to == input + 2 * WORD,
                    Some((7, input, 0x60, ..)) => to == input,
                    _ => false,
                };
            }
            _ => {}
        }
    }
    false
}

fn writers(lines: &[Line], word: usize) -> impl Iterator<Item = usize> {
    (0..lines.len()).filter(move |&i| match &lines[i] {
        Line::Store { address, .. } => *address == word,
        Line::Other { writes, .. } => {
            writes.iter().any(|(start, length)| *start < word + WORD && word < start + length)
        }
        Line::Gone => false,
    })
}
