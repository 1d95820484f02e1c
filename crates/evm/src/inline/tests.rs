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

/// `mul` and `add` as the generator writes them: point at `p`, scalar at `s`.
fn mul(at: usize, p: usize, s: usize) -> String {
    format!(
        "mstore({at:#x}, mload({p:#x}))\nmstore({:#x}, mload({:#x}))\nmstore({:#x}, mload({s:#x}))\n\
         success := and(eq(staticcall(gas(), 0x7, {at:#x}, 0x60, {at:#x}, 0x40), 1), success)",
        at + 32,
        p + 32,
        at + 64
    )
}

fn add(at: usize, a: usize, b: usize) -> String {
    format!(
        "mstore({at:#x}, mload({a:#x}))\nmstore({:#x}, mload({:#x}))\n\
         mstore({:#x}, mload({b:#x}))\nmstore({:#x}, mload({:#x}))\n\
         success := and(eq(staticcall(gas(), 0x6, {at:#x}, 0x80, {at:#x}, 0x40), 1), success)",
        at + 32,
        a + 32,
        at + 64,
        at + 96,
        b + 32
    )
}

fn chained(body: &[String]) -> String {
    let body = body.join("\n");
    let mut lines = read(&body.lines().collect::<Vec<_>>()).unwrap();
    msm::chain(&mut lines).unwrap();
    lines.into_iter().filter_map(Line::text).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_multi_scalar_multiplication_keeps_its_sum_in_place() {
    // Points at 0x100, 0x140, 0x180; scalars at 0x80, 0xa0; the sum is used at the end.
    let (first, second) = (mul(0x200, 0x140, 0x80), mul(0x400, 0x180, 0xa0));
    let end = "mstore(0x600, mload(0x500))".to_owned();
    let out = chained(&[first, add(0x300, 0x100, 0x200), second, add(0x500, 0x300, 0x400), end]);
    let expected = "\
mstore(0x620, mload(0x100))\nmstore(0x640, mload(0x120))
mstore(0x660, mload(0x140))\nmstore(0x680, mload(0x160))\nmstore(0x6a0, mload(0x80))
success := and(eq(staticcall(gas(), 0x7, 0x660, 0x60, 0x660, 0x40), 1), success)
success := and(eq(staticcall(gas(), 0x6, 0x620, 0x80, 0x620, 0x40), 1), success)
mstore(0x660, mload(0x180))\nmstore(0x680, mload(0x1a0))\nmstore(0x6a0, mload(0xa0))
success := and(eq(staticcall(gas(), 0x7, 0x660, 0x60, 0x660, 0x40), 1), success)
success := and(eq(staticcall(gas(), 0x6, 0x620, 0x80, 0x500, 0x40), 1), success)
mstore(0x600, mload(0x500))";
    assert_eq!(out, expected);
}

#[test]
fn a_step_that_adds_its_own_product_stays() {
    let body = [mul(0x200, 0x140, 0x80), add(0x300, 0x200, 0x200)];
    assert_eq!(chained(&body), body.join("\n"));
}

#[test]
fn a_product_or_sum_that_is_used_elsewhere_stays() {
    for used in ["mstore(0x600, mload(0x240))", "mstore(0x600, mload(0x320))", "mstore(0x600, mload(0x540))"]
    {
        let body = [
            mul(0x200, 0x140, 0x80),
            add(0x300, 0x100, 0x200),
            mul(0x400, 0x180, 0xa0),
            add(0x500, 0x300, 0x400),
            used.to_owned(),
        ];
        assert_eq!(chained(&body), body.join("\n"), "{used}");
    }
}

/// The generator's block that reads a point from calldata to `at`.
fn read_point(at: usize) -> String {
    format!(
        "{{\nlet x := calldataload(0x0)\nmstore({at:#x}, x)\nlet y := calldataload(0x20)\nmstore({:#x}, y)\n\
         success := and(validate_ec_point(x, y), success)\n}}",
        at + 32
    )
}

fn tests_left(body: &[String]) -> usize {
    let body = body.join("\n");
    let mut lines = read(&body.lines().collect::<Vec<_>>()).unwrap();
    points::leave_out_repeated_tests(&mut lines);
    lines.into_iter().filter_map(Line::text).filter(|line| line.contains("validate_ec_point")).count()
}

#[test]
fn a_point_that_a_precompile_tests_is_not_tested_twice() {
    assert_eq!(tests_left(&[read_point(0x100), mul(0x200, 0x100, 0x80)]), 0);
    assert_eq!(tests_left(&[read_point(0x100), read_point(0x140), add(0x200, 0x100, 0x140)]), 0);
}

#[test]
fn a_point_that_no_precompile_tests_is_tested() {
    let overwritten = "mstore(0x120, 1)".to_owned();
    let copied = ["mstore(0x200, mload(0x100))", "mstore(0x220, mload(0x120))"].map(ToOwned::to_owned);
    let replaced = mul(0x200, 0x100, 0x80).replace("success :=", "mstore(0x220, 1)\nsuccess :=");
    let [x, y] = copied.clone();
    assert_eq!(tests_left(&[read_point(0x100)]), 1);
    assert_eq!(tests_left(&[read_point(0x100), mul(0x200, 0x140, 0x80)]), 1);
    assert_eq!(tests_left(&[read_point(0x100), overwritten, mul(0x200, 0x100, 0x80)]), 1);
    assert_eq!(tests_left(&[read_point(0x100), x, y, "mstore(0x240, keccak256(0x200, 64))".into()]), 1);
    assert_eq!(tests_left(&[read_point(0x100), replaced]), 1);
    // x of one point and y of another.
    let mixed = mul(0x200, 0x100, 0x80).replace("mstore(0x220", "mstore(0x200, mload(0x140))\nmstore(0x220");
    assert_eq!(tests_left(&[read_point(0x100), read_point(0x140), mixed]), 2);
}
