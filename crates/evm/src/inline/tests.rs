//! The pass on small programs, and what it must leave alone.

use super::*;

fn pass(body: &str) -> Result<String, SolidityError> {
    let mut lines = read(&body.lines().collect::<Vec<_>>())?;
    inline(&mut lines)?;
    renumber(&mut lines)?;
    Ok(lines.into_iter().filter_map(Line::text).collect::<Vec<_>>().join("\n"))
}

#[test]
fn reading_what_was_not_written_is_an_error() {
    let check = |body: &str| require_written_before_read(&read(&body.lines().collect::<Vec<_>>()).unwrap());
    check("mstore(0x80, 1)\nmstore8(0xa0, 1)\nmstore(0xc0, keccak256(0x80, 33))").unwrap();
    check("mstore(0x80, 1)\nmstore(0xa0, mload(0x80))").unwrap();
    check("mstore(0x80, 1)\nmstore(0xc0, keccak256(0x80, 33))").unwrap_err();
    check("mstore(0xa0, mload(0x80))\nmstore(0x80, 1)").unwrap_err();
    check("mstore(0x80, mload(0x80))").unwrap_err();
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(pass(before).unwrap(), after);
}

#[track_caller]
fn stays(body: &str) {
    becomes(body, body);
}

#[test]
fn a_value_used_once_moves() {
    becomes(
        "mstore(0xa0, mulmod(mload(0x80), 3, f_q))\nmstore(0xc0, addmod(mload(0xa0), 1, f_q))",
        "mstore(0xa0, addmod(1, mulmod(mload(0x80), 3, f_q), f_q))",
    );
    // In a chain, as far as the stack reaches.
    let chain: Vec<String> = (5..30)
        .map(|i| format!("mstore({:#x}, addmod(mload({:#x}), 1, f_q))", 32 * (i + 1), 32 * i))
        .collect();
    let out = pass(&chain.join("\n")).unwrap();
    assert!(out.lines().count() > 1 && out.lines().count() < 7, "{out}");
    assert_eq!(out.matches("addmod").count(), 25);
}

#[test]
fn a_value_used_otherwise_stays() {
    let store = "mstore(0xa0, mulmod(mload(0x80), 3, f_q))";
    // Twice; by a hash; by a call; inside a block; never.
    stays(&format!("{store}\nmstore(0xc0, mulmod(mload(0xa0), mload(0xa0), f_q))"));
    stays(&format!("{store}\nmstore(0xe0, addmod(mload(0xa0), 1, f_q))\nmstore(0xc0, keccak256(0x80, 64))"));
    let call = "success := and(eq(staticcall(gas(), 0x7, 0xa0, 0x60, 0x120, 0x40), 1), success)";
    stays(&format!("{store}\nmstore(0x100, mload(0xa0))\n{call}"));
    stays(&format!("{store}\n{{\nlet v := mload(0xa0)\nmstore(0xc0, v)\n}}"));
    stays(store);
    // Written again, or in part.
    stays(&format!("{store}\nmstore(0xc0, mload(0xa0))\nmstore(0xa0, 5)"));
    stays(&format!("{store}\nmstore8(0xa0, 1)\nmstore(0xc0, mload(0xa0))"));
}

#[test]
fn a_value_does_not_pass_a_write_to_what_it_loads() {
    let (store, load) = ("mstore(0xa0, mulmod(mload(0x80), 3, f_q))", "mstore(0xc0, mload(0xa0))");
    for write in [
        "mstore(0x80, calldataload(0x0))",
        "mstore8(0x80, 1)",
        "{\nmstore(0x80, mload(0xe0))\n}",
        "success := and(eq(staticcall(gas(), 0x5, 0xe0, 0xc0, 0x80, 0x20), 1), success)",
    ] {
        stays(&format!("mstore(0xe0, 9)\n{store}\n{write}\n{load}\nmstore(0xe0, 9)"));
    }
    // Nor does it when another value carries it along.
    becomes(
        "mstore(0xa0, mulmod(mload(0x80), 3, f_q))\nmstore(0xc0, addmod(1, mload(0xa0), f_q))\n\
         mstore(0x80, 7)\nmstore(0xe0, mload(0xc0))",
        "mstore(0xa0, addmod(1, mulmod(mload(0x80), 3, f_q), f_q))\nmstore(0x80, 7)\n\
         mstore(0xc0, mload(0xa0))",
    );
}

#[test]
fn memory_is_renumbered_in_order() {
    becomes(
        "mstore(0x200, 5)\nmstore(0x240, keccak256(0x1e0, 65))\nmstore8(800, 1)\n\
         success := and(eq(staticcall(gas(), 0x6, 0x400, 0x80, 0x440, 0x40), 1), success)",
        "mstore(0xa0, 5)\nmstore(0xe0, keccak256(0x80, 65))\nmstore8(0x100, 1)\n\
         success := and(eq(staticcall(gas(), 0x6, 0x120, 0x80, 0x160, 0x40), 1), success)",
    );
}

#[test]
fn what_is_not_understood_is_an_error() {
    for line in [
        "mstore(add(0x20, x), 1)",
        "mcopy(0x80, 0xa0, 0x20)",
        "mstore(0x80, mload(x))",
        "for { } 1 { } {",
        "}",
        "mstore(0x80, 1) mstore(0xa0, 1)",
        "sstore(0, 1)",
        "let x, y := f()",
        "mstore(0x81, 1)",
        "mstore(0x40, 1)",
        "mstore(0xa0, mload(0x8f))",
    ] {
        let result = pass(line);
        assert!(matches!(result, Err(SolidityError::NotUnderstood(_))), "{line}: {result:?}");
    }
    assert!(inline_temporaries("return(0, 0)").is_err());
}
