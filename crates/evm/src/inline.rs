//! Shortens the generated verifier: a value that is stored once and loaded once is computed where it is
//! needed, and memory that is then unused is left out.
//!
//! `snark-verifier` writes every sum and product to memory of its own. Most are read once, and a store
//! with its load takes eight bytes of code and twelve gas; without this pass the verifier of a circuit
//! with five advice columns exceeds EIP-170's 24,576 bytes. Memory's price grows with its square.
//!
//! # Soundness
//! Only statements `mstore(p, e)` outside all blocks are moved, where `e` is arithmetic over constants,
//! calldata and memory. `e` moves into the one expression that loads `p` if nothing else anywhere reads or
//! writes any byte of that word (loads, stores, hashes, calls of precompiles), and if no word that `e`
//! loads is written between the old place and the new. So every expression keeps its value; statements
//! about `success` are never touched. Then addresses are renumbered: words that anything touches keep their
//! order and lie side by side, so ranges stay ranges. What is not understood is an error, not a guess.
//! [`msm`] and [`points`] argue for themselves.

mod msm;
mod points;

use crate::solidity::SolidityError;
use std::collections::{BTreeSet, HashMap};

/// Where the verifier's own statements begin and end in the generated source.
const FIRST: &str = "let success := ";
const LAST: &str = "return(0, 0)";
/// Values an expression may have on the stack while it is computed; the EVM reaches sixteen deep, and
/// the verifier's variables and a loop's return address lie below.
const MAX_DEPTH: usize = 9;

/// The first address the verifier uses: Solidity's free memory starts there, and so does the transcript.
const MEMORY: usize = 0x80;

/// A term of Yul, as far as the generated verifier uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Number(String),
    Name(String),
    Call(String, Vec<Term>),
}

/// A line of the source.
#[derive(Clone, Debug)]
enum Line {
    /// `mstore(address, value)` outside of blocks: what this pass works on.
    Store { address: usize, value: Term },
    /// Another line: its text before the term, the term if it has one, and the memory that is read and
    /// written as `(start, length)`.
    Other { start: String, term: Option<Term>, reads: Vec<(usize, usize)>, writes: Vec<(usize, usize)> },
    /// Removed by this pass.
    Gone,
}

impl Line {
    fn text(self) -> Option<String> {
        match self {
            Self::Store { address, value } => Some(format!("mstore({address:#x}, {})", show(&value))),
            Self::Other { start, term, .. } => Some(start + &term.as_ref().map(show).unwrap_or_default()),
            Self::Gone => None,
        }
    }
}

/// Rewrites the generated source; lines are trimmed.
///
/// # Errors
/// When a line is not of the generator's language as this pass knows it.
pub(crate) fn inline_temporaries(source: &str) -> Result<String, SolidityError> {
    let text: Vec<&str> = source.lines().collect();
    let position = |start: &'static str| {
        let mut found = text.iter().enumerate().filter(|(_, line)| line.starts_with(start));
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(at),
            _ => Err(SolidityError::Unexpected(start)),
        }
    };
    let (first, last) = (position(FIRST)?, position(LAST)?);
    if last < first {
        return Err(SolidityError::Unexpected(LAST));
    }
    let mut lines = read(&text[first..last])?;
    require_written_before_read(&lines)?;
    inline(&mut lines)?;
    msm::chain(&mut lines)?;
    points::leave_out_repeated_tests(&mut lines);
    require_written_before_read(&lines)?;
    renumber(&mut lines)?;
    let mut out: Vec<String> = text[..first].iter().map(ToString::to_string).collect();
    out.extend(lines.into_iter().filter_map(Line::text));
    out.extend(text[last..].iter().map(ToString::to_string));
    Ok(out.join("\n") + "\n")
}

fn read(text: &[&str]) -> Result<Vec<Line>, SolidityError> {
    let mut depth = 0_usize;
    text.iter()
        .map(|line| {
            let line = line.trim();
            let not_understood = || SolidityError::NotUnderstood(line.to_owned());
            let plain = || Line::Other { start: line.to_owned(), term: None, reads: vec![], writes: vec![] };
            if line.is_empty() || line.starts_with("//") || line == "if iszero(success) { revert(0, 0) }" {
                return Ok(plain());
            }
            if line.ends_with('{') {
                if line != "{" && !line.starts_with("function ") {
                    return Err(not_understood());
                }
                depth += 1;
                return Ok(plain());
            }
            if line == "}" {
                depth = depth.checked_sub(1).ok_or_else(not_understood)?;
                return Ok(plain());
            }
            let (start, term) = statement(line).ok_or_else(not_understood)?;
            let Some(term) = term else { return Ok(plain()) };
            if let Term::Call(name, arguments) = &term
                && let ("mstore", [address, value]) = (name.as_str(), arguments.as_slice())
                && depth == 0
                && start.is_empty()
                && is_arithmetic(value)
            {
                let address = number(address).ok_or_else(not_understood)?;
                return Ok(Line::Store { address, value: value.clone() });
            }
            let (mut reads, mut writes) = (vec![], vec![]);
            effects(&term, &mut reads, &mut writes).ok_or_else(not_understood)?;
            Ok(Line::Other { start: start.to_owned(), term: Some(term), reads, writes })
        })
        .collect()
}

/// A line's text before its term, and its term: `term`, `name := term`, `let name := term` or `let name`.
fn statement(line: &str) -> Option<(&str, Option<Term>)> {
    let (start, term) = match line.find(":= ") {
        Some(at) => line.split_at(at + 3),
        None => match line.strip_prefix("let ") {
            Some(name) => return name.chars().all(is_name).then_some((line, None)),
            None => ("", line),
        },
    };
    let mut rest = term;
    let term = parse(&mut rest)?;
    rest.is_empty().then_some((start, Some(term)))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn parse(rest: &mut &str) -> Option<Term> {
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    *rest = tail;
    let word = word.to_owned();
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(Term::Number(word));
    }
    if word.is_empty() {
        return None;
    }
    let Some(tail) = rest.strip_prefix('(') else { return Some(Term::Name(word)) };
    *rest = tail;
    let mut arguments = Vec::new();
    loop {
        if let Some(tail) = rest.strip_prefix(')') {
            *rest = tail;
            return Some(Term::Call(word, arguments));
        }
        if !arguments.is_empty() {
            *rest = rest.strip_prefix(',')?.trim_start();
        }
        arguments.push(parse(rest)?);
    }
}

fn number(term: &Term) -> Option<usize> {
    let Term::Number(text) = term else { return None };
    match text.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Arithmetic over constants, the field's modulus, calldata and words of memory at constant addresses.
fn is_arithmetic(term: &Term) -> bool {
    match term {
        Term::Number(_) => true,
        Term::Name(name) => name == "f_q",
        Term::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
            ("mload", [address]) => number(address).is_some(),
            ("addmod" | "mulmod", [_, _, _]) | ("sub" | "mod", [_, _]) | ("calldataload", [_]) => {
                arguments.iter().all(is_arithmetic)
            }
            _ => false,
        },
    }
}

/// Memory that a term reads and writes; `None` if that cannot be told.
fn effects(term: &Term, reads: &mut Vec<(usize, usize)>, writes: &mut Vec<(usize, usize)>) -> Option<()> {
    let Term::Call(name, arguments) = term else { return Some(()) };
    for argument in arguments {
        effects(argument, reads, writes)?;
    }
    match (name.as_str(), arguments.as_slice()) {
        ("mload", [at]) => reads.push((number(at)?, 32)),
        ("mstore", [at, _]) => writes.push((number(at)?, 32)),
        ("mstore8", [at, _]) => writes.push((number(at)?, 1)),
        ("keccak256", [at, length]) => reads.push((number(at)?, number(length)?)),
        ("staticcall", [_, _, at, length, out, out_length]) => {
            reads.push((number(at)?, number(length)?));
            writes.push((number(out)?, number(out_length)?));
        }
        (
            "addmod" | "mulmod" | "add" | "sub" | "mod" | "and" | "or" | "eq" | "lt" | "shl" | "iszero"
            | "gas" | "chainid" | "calldataload" | "validate_ec_point",
            _,
        ) => {}
        _ => return None,
    }
    Some(())
}

/// Words that an arithmetic term loads.
fn loads(term: &Term, out: &mut Vec<usize>) {
    if let Term::Call(name, arguments) = term {
        match (name.as_str(), arguments.as_slice()) {
            ("mload", [address]) => out.extend(number(address)),
            _ => arguments.iter().for_each(|argument| loads(argument, out)),
        }
    }
}

/// What touches memory, by line.
struct Accesses {
    reads: Vec<(usize, usize, usize)>,
    writes: Vec<(usize, usize, usize)>,
}

impl Accesses {
    /// All accesses; each must start at a word's first byte, behind Solidity's own memory.
    fn of(lines: &[Line]) -> Result<Self, SolidityError> {
        let mut all = Self { reads: vec![], writes: vec![] };
        for (at, line) in lines.iter().enumerate() {
            match line {
                Line::Store { address, value } => {
                    let mut words = vec![];
                    loads(value, &mut words);
                    all.reads.extend(words.into_iter().map(|word| (at, word, 32)));
                    all.writes.push((at, *address, 32));
                }
                Line::Other { reads, writes, .. } => {
                    all.reads.extend(reads.iter().map(|(start, length)| (at, *start, *length)));
                    all.writes.extend(writes.iter().map(|(start, length)| (at, *start, *length)));
                }
                Line::Gone => {}
            }
        }
        for (_, start, _) in all.reads.iter().chain(&all.writes) {
            if start % 32 != 0 || *start < MEMORY {
                return Err(SolidityError::NotUnderstood(format!("an access to memory at {start:#x}")));
            }
        }
        Ok(all)
    }
}

/// Lines that touch each word-sized piece of memory, so that overlaps are found quickly.
fn by_piece(accesses: &[(usize, usize, usize)]) -> HashMap<usize, Vec<(usize, usize, usize)>> {
    let mut pieces: HashMap<usize, Vec<_>> = HashMap::new();
    for access @ (_, start, length) in accesses {
        for piece in start / 32..(start + length).div_ceil(32) {
            pieces.entry(piece).or_default().push(*access);
        }
    }
    pieces
}

/// The accesses among `pieces` that touch the word at `address`; one that loads it twice is there twice.
fn touching(pieces: &HashMap<usize, Vec<(usize, usize, usize)>>, address: usize) -> &[(usize, usize, usize)] {
    pieces.get(&(address / 32)).map_or(&[], Vec::as_slice)
}

/// Moves what can be moved, in one pass from the first line to the last.
fn inline(lines: &mut [Line]) -> Result<(), SolidityError> {
    let accesses = Accesses::of(lines)?;
    let (reads, writes) = (by_piece(&accesses.reads), by_piece(&accesses.writes));
    for from in 0..lines.len() {
        let Line::Store { address, value } = &lines[from] else { continue };
        let (address, value) = (*address, value.clone());
        // Moving a load does not change which words are read, only by which line: what the reads say of
        // `address` stays true unless `address`'s own reader moved, and then it is looked up below.
        if touching(&writes, address) != [(from, address, 32)] {
            continue;
        }
        let [(reader, start, 32)] = *touching(&reads, address) else { continue };
        if start != address {
            continue;
        }
        // The reader itself may have moved down since.
        let Some(to) = (reader.max(from + 1)..lines.len()).find(|line| loads_word(&lines[*line], address))
        else {
            continue;
        };
        let mut words = vec![];
        loads(&value, &mut words);
        let overwritten = words.iter().any(|word| {
            touching(&writes, *word)
                .iter()
                .any(|(line, ..)| (from..to).contains(line) && !matches!(lines[*line], Line::Gone))
        });
        if overwritten {
            continue;
        }
        let Line::Store { value: target, .. } = &lines[to] else { continue };
        let merged = substitute(target, address, &value);
        if depth(&merged) <= MAX_DEPTH {
            let Line::Store { value: target, .. } = &mut lines[to] else { continue };
            *target = merged;
            lines[from] = Line::Gone;
        }
    }
    Ok(())
}

/// Nothing is read that was not written before: neither by the generator, nor after this pass.
fn require_written_before_read(lines: &[Line]) -> Result<(), SolidityError> {
    let accesses = Accesses::of(lines)?;
    let first_writes = |word: usize| {
        let found = accesses.writes.iter().filter(|(_, at, len)| *at < word + 32 && word < at + len);
        found.map(|(line, ..)| *line).min()
    };
    let mut written = HashMap::new();
    for (line, start, length) in &accesses.reads {
        for word in (*start..start + length).step_by(32) {
            let first = *written.entry(word).or_insert_with(|| first_writes(word));
            if first.is_none_or(|first| first >= *line) {
                let text = format!("line {line} reads memory at {word:#x}, which was not written");
                return Err(SolidityError::NotUnderstood(text));
            }
        }
    }
    Ok(())
}

/// Moves all memory that is used together, from [`MEMORY`] on, in the same order.
fn renumber(lines: &mut [Line]) -> Result<(), SolidityError> {
    let accesses = Accesses::of(lines)?;
    let mut words = BTreeSet::new();
    for (_, start, length) in accesses.reads.iter().chain(&accesses.writes) {
        words.extend((*start..start + length).step_by(32));
    }
    let places: HashMap<usize, usize> =
        words.into_iter().enumerate().map(|(place, word)| (word, MEMORY + 32 * place)).collect();
    for line in lines {
        match line {
            Line::Store { address, value } => {
                *address = places[address];
                move_addresses(value, &places);
            }
            Line::Other { term: Some(term), .. } => move_addresses(term, &places),
            Line::Other { term: None, .. } | Line::Gone => {}
        }
    }
    Ok(())
}

/// Renumbers the addresses in a term; those of [`effects`] and no others.
fn move_addresses(term: &mut Term, places: &HashMap<usize, usize>) {
    let Term::Call(name, arguments) = term else { return };
    arguments.iter_mut().for_each(|argument| move_addresses(argument, places));
    let addresses: &[usize] = match name.as_str() {
        "mload" | "mstore" | "mstore8" | "keccak256" => &[0],
        "staticcall" => &[2, 4],
        _ => &[],
    };
    for at in addresses {
        let place = number(&arguments[*at]).and_then(|address| places.get(&address));
        let place = place.expect("every address was collected from the same terms");
        arguments[*at] = Term::Number(format!("{place:#x}"));
    }
}

fn loads_word(line: &Line, address: usize) -> bool {
    match line {
        Line::Store { value, .. } => {
            let mut words = vec![];
            loads(value, &mut words);
            words.contains(&address)
        }
        Line::Other { reads, .. } => reads.contains(&(address, 32)),
        Line::Gone => false,
    }
}

/// `term` with `mload(address)` replaced; of two factors or summands the deeper one comes second, since
/// arguments are computed from the last to the first.
fn substitute(term: &Term, address: usize, value: &Term) -> Term {
    let Term::Call(name, arguments) = term else { return term.clone() };
    if name == "mload" && arguments.first().and_then(number) == Some(address) {
        return value.clone();
    }
    let mut arguments: Vec<Term> =
        arguments.iter().map(|argument| substitute(argument, address, value)).collect();
    if (name == "addmod" || name == "mulmod") && depth(&arguments[0]) > depth(&arguments[1]) {
        arguments.swap(0, 1);
    }
    Term::Call(name.clone(), arguments)
}

/// Most values on the stack while a term is computed.
fn depth(term: &Term) -> usize {
    match term {
        Term::Call(_, arguments) => arguments
            .iter()
            .rev()
            .enumerate()
            .map(|(pushed, argument)| pushed + depth(argument))
            .max()
            .unwrap_or(1),
        _ => 1,
    }
}

fn show(term: &Term) -> String {
    match term {
        Term::Number(text) | Term::Name(text) => text.clone(),
        Term::Call(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(show).collect();
            format!("{name}({})", arguments.join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
