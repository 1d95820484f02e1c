//! Multi-scalar multiplications in place.
//!
//! `snark-verifier` gives every product and every sum of a multi-scalar multiplication memory of its own and copies both
//! operands of an addition. Here one region of five words holds the sum and the next term: the product is written where
//! the addition reads it, and the sum where the next addition reads it. Some 70 gas a term, and less memory.
//!
//! # Soundness
//! A step is `t := s·P; a' := a + t`, nine statements side by side. Steps form a chain if each adds to the sum before it.
//! A chain is rewritten only if no other statement touches its products and sums, but for the last sum, which stays at its
//! old address. Scalars and points are stored in the same order, from the same expressions; every call's success still counts.

use super::{Accesses, Line, Term, by_piece, number, touching};
use crate::solidity::SolidityError;

const WORD: usize = 32;
const ADD: usize = 6;
const MUL: usize = 7;

/// `t := scalar·point; sum := operand + t`, and where that stands.
struct Step {
    /// Indices of its nine lines.
    lines: [usize; 9],
    product: usize,
    operand: usize,
    sum: usize,
}

/// Rewrites all chains.
pub(super) fn chain(lines: &mut [Line]) -> Result<(), SolidityError> {
    let accesses = Accesses::of(lines)?;
    let all: Vec<_> = accesses.reads.iter().chain(&accesses.writes).copied().collect();
    let end = all.iter().map(|(_, start, length)| start + length).max().unwrap_or(0);
    let pieces = by_piece(&all);
    let private = |words: core::ops::Range<usize>, owners: &[&Step]| {
        words.step_by(WORD).all(|word| {
            touching(&pieces, word)
                .iter()
                .all(|(line, ..)| owners.iter().any(|step| step.lines.contains(line)))
        })
    };
    for (index, chain) in chains(steps(lines)).iter().enumerate() {
        let owned = chain.iter().enumerate().all(|(i, step)| {
            let next = chain.get(i + 1);
            private(step.product..step.product + 3 * WORD, &[step])
                && private(step.sum + 2 * WORD..step.sum + 4 * WORD, &[step])
                && next.is_none_or(|next| private(step.sum..step.sum + 2 * WORD, &[step, next]))
        });
        if owned {
            rewrite(lines, chain, end + index * 5 * WORD);
        }
    }
    Ok(())
}

/// Steps that add to the sum of the step before.
fn chains(steps: Vec<Step>) -> Vec<Vec<Step>> {
    let mut chains: Vec<Vec<Step>> = vec![];
    for step in steps {
        match chains.last_mut() {
            Some(chain) if chain.last().is_some_and(|last| last.sum == step.operand) => chain.push(step),
            _ => chains.push(vec![step]),
        }
    }
    chains
}

fn steps(lines: &[Line]) -> Vec<Step> {
    let live: Vec<usize> = (0..lines.len()).filter(|&i| !is_blank(&lines[i])).collect();
    live.windows(9).filter_map(|window| step(lines, window.try_into().ok()?)).collect()
}

fn is_blank(line: &Line) -> bool {
    match line {
        Line::Gone => true,
        Line::Other { start, term, .. } => term.is_none() && start.is_empty(),
        Line::Store { .. } => false,
    }
}

fn step(lines: &[Line], at: [usize; 9]) -> Option<Step> {
    let store = |i: usize| match &lines[at[i]] {
        Line::Store { address, value } => Some((*address, value)),
        _ => None,
    };
    let product = store(0)?.0;
    (store(1)?.0 == product + WORD && store(2)?.0 == product + 2 * WORD).then_some(())?;
    (call(&lines[at[3]])? == (MUL, product, 3 * WORD, product, 2 * WORD)).then_some(())?;
    let sum = store(4)?.0;
    let operand = loaded(store(4)?.1)?;
    let copied = [operand, operand + WORD, product, product + WORD];
    for (i, from) in copied.into_iter().enumerate() {
        let (to, value) = store(4 + i)?;
        (to == sum + i * WORD && loaded(value)? == from).then_some(())?;
    }
    (call(&lines[at[8]])? == (ADD, sum, 4 * WORD, sum, 2 * WORD)).then_some(())?;
    // The operand is copied before the product is written, so it must not be the product's memory.
    (operand + 2 * WORD <= product || product + 3 * WORD <= operand).then_some(())?;
    Some(Step { lines: at, product, operand, sum })
}

pub(super) fn loaded(term: &Term) -> Option<usize> {
    match term {
        Term::Call(name, arguments) if name == "mload" => number(arguments.first()?),
        _ => None,
    }
}

/// Precompile, input, its length, output and its length of `success := and(eq(staticcall(…), 1), success)`.
pub(super) fn call(line: &Line) -> Option<(usize, usize, usize, usize, usize)> {
    let Line::Other { start, term: Some(Term::Call(and, outer)), .. } = line else { return None };
    let [Term::Call(eq, inner), Term::Name(success)] = outer.as_slice() else { return None };
    let [Term::Call(staticcall, arguments), one] = inner.as_slice() else { return None };
    let names = [start.as_str(), and, eq, staticcall, success];
    (names == ["success := ", "and", "eq", "staticcall", "success"] && number(one)? == 1).then_some(())?;
    let [_, precompile, input, length, output, output_length] = arguments.as_slice() else { return None };
    Some((number(precompile)?, number(input)?, number(length)?, number(output)?, number(output_length)?))
}

fn rewrite(lines: &mut [Line], chain: &[Step], base: usize) {
    let last = chain.len() - 1;
    for (i, step) in chain.iter().enumerate() {
        let at = step.lines;
        // The first operand is copied before the product is computed; neither touches the other's memory.
        let values = [0, 1, 2].map(|j| take(&mut lines[at[j]]));
        let copies = [4, 5].map(|j| take(&mut lines[at[j]]));
        let mut new = vec![];
        if i == 0 {
            new.extend(copies.into_iter().enumerate().map(|(j, value)| store(base + j * WORD, value)));
        }
        new.extend(values.into_iter().enumerate().map(|(j, value)| store(base + (2 + j) * WORD, value)));
        let mul = replace_call(&lines[at[3]], [base + 2 * WORD, base + 2 * WORD], [3 * WORD, 2 * WORD]);
        let sum = if i == last { step.sum } else { base };
        let add = replace_call(&lines[at[8]], [base, sum], [4 * WORD, 2 * WORD]);
        new.extend([mul, add]);
        for (j, line) in at.into_iter().enumerate() {
            lines[line] =
                if j < new.len() { core::mem::replace(&mut new[j], Line::Gone) } else { Line::Gone };
        }
    }
}

fn store(address: usize, value: Term) -> Line {
    Line::Store { address, value }
}

/// The value of a store, which goes.
fn take(line: &mut Line) -> Term {
    match core::mem::replace(line, Line::Gone) {
        Line::Store { value, .. } => value,
        Line::Other { .. } | Line::Gone => Term::Number("0".into()),
    }
}

/// The same call with other addresses.
fn replace_call(line: &Line, [input, output]: [usize; 2], [length, output_length]: [usize; 2]) -> Line {
    let mut line = line.clone();
    if let Line::Other { term: Some(Term::Call(_, outer)), reads, writes, .. } = &mut line
        && let Some(Term::Call(_, inner)) = outer.first_mut()
        && let Some(Term::Call(_, arguments)) = inner.first_mut()
    {
        for (at, value) in [(2, input), (3, length), (4, output), (5, output_length)] {
            arguments[at] = Term::Number(format!("{value:#x}"));
        }
        *reads = vec![(input, length)];
        *writes = vec![(output, output_length)];
    }
    line
}
