//! Cuts, checkpoints, system calls with memory, and unconstrained blocks.

mod common;

use common::{DATA, asm, by_cycles, program, replay::run_checked};
use finial_executor::{
    Counts, Executor, GUEST_MEMORY, MAX_SEGMENT_CYCLES, PUBLIC_VALUES, Resource, SegmentPolicy, call, holds,
    initial_leaves, trace,
};
use proptest::prelude::*;

/// A loop over everything the meter counts, that walks through memory.
fn walk(turns: u32, stride: u32) -> Vec<u32> {
    let body = [
        asm::sw(0, 1, 2),
        asm::i(0x03, 1, 2, 4, 5),
        asm::i(0x13, 3, 5, 4, 5),
        asm::i(0x13, 3, 5, 1, 6),
        asm::r(1, 6, 5, 0, 7),
        asm::r(1, 1, 7, 4, 8),
        asm::r(0, 8, 7, 3, 9),
        asm::r(0, 3, 2, 0, 2),
        asm::addi(-1, 1, 1),
    ];
    let back = asm::b(-4 * body.len() as i32, 0, 1, 1);
    [&asm::li(turns, 1)[..], &asm::li(DATA, 2), &asm::li(stride, 3), &body, &[back], &asm::exit(0)].concat()
}

fn row() -> impl Strategy<Value = Counts> {
    let columns = prop::collection::vec(1_u32..60, Resource::COUNT);
    (columns, 1_u32..200).prop_map(|(columns, nodes)| {
        let mut row: Counts = columns.try_into().expect("one per resource");
        row[Resource::Leaf as usize] += 5;
        row[Resource::Node as usize] = 140 + nodes;
        row
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// A segment fits a row of its policy, and with one more cycle it would fit none.
    #[test]
    fn segments_are_as_long_as_the_policy_allows(
        capacities in prop::collection::vec(row(), 1..4), turns in 1_u32..80, stride in 0_u32..10,
    ) {
        let program = program(&walk(turns, 4 << stride));
        let policy = SegmentPolicy { capacities };
        let (run, _) = run_checked(&program, &[], &policy);
        for plan in &run.segments {
            prop_assert!(policy.first_fit(&plan.counts).is_some());
            prop_assert!(plan.is_terminate || longer_fits_none(&program, plan, &policy));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same where one instruction touches leaves of registers and of memory at once.
    #[test]
    fn cuts_count_nothing_of_the_next_instruction(
        accesses in prop::collection::vec((any::<bool>(), 0_i32..512, 1_u32..32), 1..80),
        leaves in 5_u32..12, nodes in 0_u32..30,
    ) {
        let access = |(store, word, register)| match store {
            true => asm::sw(4 * word, register, 0),
            false => asm::lw(4 * word, 0, register),
        };
        let words: Vec<_> = accesses.into_iter().map(access).chain(asm::exit(0)).collect();
        let mut row = [1000; Resource::COUNT];
        row[Resource::Leaf as usize] = leaves;
        row[Resource::Node as usize] = 60 + nodes;
        let (program, policy) = (program(&words), SegmentPolicy { capacities: vec![row] });
        let (run, _) = run_checked(&program, &[], &policy);
        for plan in &run.segments {
            prop_assert!(plan.is_terminate || longer_fits_none(&program, plan, &policy));
        }
    }
}

#[test]
fn a_row_that_new_leaves_rule_out_sets_no_cut() {
    let row = |cycles, leaves| {
        let mut row = [1000; Resource::COUNT];
        row[Resource::Cycles as usize] = cycles;
        row[Resource::Leaf as usize] = leaves;
        row
    };
    // The long row holds the registers' leaf alone; the sixth cycle touches memory.
    let idle = |count| vec![asm::addi(1, 1, 1); count];
    let words = [idle(5), vec![asm::lw(0, 0, 1)], idle(40), asm::exit(0)].concat();
    let policy = SegmentPolicy { capacities: vec![row(200, 1), row(20, 8)] };
    let (run, _) = run_checked(&program(&words), &[], &policy);
    assert_eq!(run.segments[0].cycles, 20);
    assert!(run.segments.iter().all(|plan| policy.first_fit(&plan.counts).is_some()));
}

fn longer_fits_none(
    program: &finial_riscv::Program,
    plan: &finial_executor::SegmentPlan,
    policy: &SegmentPolicy,
) -> bool {
    // The next segment of a policy without bounds begins where this one did, and is one cycle longer.
    let record = trace(program, &plan.checkpoint, &[0; 4], plan.cycles + 1).expect("it replays");
    let counts = common::replay::recount(program, &record);
    !policy.capacities.iter().any(|row| holds(row, &counts))
}

#[test]
fn many_small_segments_chain() {
    let words = program(&walk(40, 4096));
    let whole = run_checked(&words, &[], &by_cycles(MAX_SEGMENT_CYCLES)).0;
    for cycles in [1, 2, 7, 100] {
        let (run, _) = run_checked(&words, &[], &by_cycles(cycles));
        assert_eq!(run.total_cycles, whole.total_cycles);
        assert_eq!(run.segments.len() as u64, run.total_cycles.div_ceil(cycles.into()));
    }
}

#[test]
fn checkpoints_share_what_did_not_change() {
    let mut words = program(&walk(200, 4096));
    words.image.extend((0..100).map(|page| (0x0100_0000 + 4096 * page, 1)));
    let (run, _) = run_checked(&words, &[], &by_cycles(100));
    for pair in run.segments.windows(2) {
        // A hundred cycles are ten or eleven turns; each writes a page.
        let changed = pair[1].checkpoint.memory.unshared_pages(&pair[0].checkpoint.memory);
        assert!(changed <= 11, "{changed} pages");
    }
}

/// Reads of `asked` bytes at `DATA + offset`, after which the memory around is inspected.
fn read_once(offset: u32, asked: u32, input: &[u8]) -> (u32, [u8; 12]) {
    let mut words = Vec::new();
    for word in [DATA, DATA + 4, DATA + 8] {
        words.extend(asm::li(word, 5));
        words.extend(asm::li(0xeeee_eeee, 6));
        words.push(asm::sw(0, 6, 5));
    }
    words.extend(asm::call(call::READ, 0, DATA + 4 + offset, asked));
    words.extend(asm::exit(0));
    // The length in front of the input takes a read of its own.
    let head = [asm::call(call::READ, 0, 0x100, 4), words].concat();
    let (run, records) = run_checked(&program(&head), input, &by_cycles(1000));
    assert_eq!(run.exit_code, 0);
    let ecall = records[0].ecalls[1];
    assert_eq!(ecall.mem.is_some(), ecall.a0_write.is_some_and(|write| write.value > 0));
    let leaf = records[0].touched.iter().find(|leaf| (leaf.space, leaf.leaf) == (GUEST_MEMORY, DATA / 16));
    let words = leaf.expect("it was written").final_;
    let bytes: Vec<_> = words[..3].iter().flat_map(|word| word.to_le_bytes()).collect();
    (ecall.a0_write.expect("read returns").value, bytes.try_into().expect("three words"))
}

#[test]
fn the_host_writes_within_the_buffer_alone() {
    let input: Vec<u8> = (1..=9).collect();
    for offset in 0..4 {
        for asked in 0..9 {
            for given in 0..6 {
                let (count, bytes) = read_once(offset, asked, &input[..given]);
                assert_eq!(count, asked.min(4 - offset).min(given as u32));
                let mut expected = [0xee; 12];
                let start = 4 + offset as usize;
                expected[start..start + count as usize].copy_from_slice(&input[..count as usize]);
                assert_eq!(bytes, expected);
            }
        }
    }
}

#[test]
fn commits_fill_the_public_values_in_order() {
    let digest: [u8; 32] = std::array::from_fn(|i| i as u8 + 1);
    let words: Vec<_> = (0..)
        .zip(digest.chunks_exact(4))
        .flat_map(|(i, word)| {
            asm::call(call::COMMIT, i, u32::from_le_bytes(word.try_into().expect("four")), 0)
        })
        .chain(asm::exit(1))
        .collect();
    let (run, records) = run_checked(&program(&words), &[], &by_cycles(1000));
    assert_eq!(run.public_digest, digest);
    let leaves: Vec<_> = records[0].touched.iter().filter(|leaf| leaf.space == PUBLIC_VALUES).collect();
    assert_eq!(leaves.len(), 4);
    assert_eq!(leaves[0].final_, [0x0002_0001, 0x0004_0003, 0x0006_0005, 0x0008_0007]);
}

/// Enters a block that writes to memory and registers and leaves two hints, then reads a hint.
fn unconstrained() -> Vec<u32> {
    let block = [
        &asm::li(0x1234_5678, 9)[..],
        &asm::li(DATA, 8),
        &[asm::sw(0, 9, 8), asm::sw(4, 8, 8)],
        &asm::call(call::WRITE, 3, DATA, 8),
        &asm::call(call::WRITE, 2, DATA, 4),
        &asm::call(call::READ, 0, DATA, 4),
        &asm::call(call::UNCONSTRAINED_LEAVE, 0, 0, 0),
    ]
    .concat();
    [
        &asm::call(call::UNCONSTRAINED_ENTER, 0, 0, 0)[..],
        &[asm::b(4 + 4 * block.len() as i32, 0, 10, 0)],
        &block,
        &asm::call(call::READ, 4, DATA + 16, 4),
        &asm::call(call::READ, 0, DATA + 20, 4),
        &asm::call(call::READ, 4, DATA + 24, 4),
        &asm::call(call::READ, 4, DATA + 28, 4),
        &asm::exit(0),
    ]
    .concat()
}

#[test]
fn of_unconstrained_blocks_only_hints_remain() {
    let program = program(&unconstrained());
    for cycles in [1, 3, 1000] {
        let (run, records) = run_checked(&program, b"abcd", &by_cycles(cycles));
        // Enter, four reads and the exit; nothing of the block.
        assert_eq!(records.iter().map(|record| record.ecalls.len()).sum::<usize>(), 6);
        assert_eq!(run.total_cycles, 9 * 6 + 1);
        assert_eq!(run.diagnostics, 0x1234_5678_u32.to_le_bytes());
        let results: Vec<_> =
            records.iter().flat_map(|record| &record.ecalls).filter_map(|e| e.a0_write).collect();
        assert_eq!(results.iter().map(|write| write.value).collect::<Vec<_>>(), [0, 4, 4, 4, 0]);
        let word = |index: u32| {
            let leaves = records.iter().rev().flat_map(|record| &record.touched);
            let mut found = leaves.filter(|leaf| (leaf.space, leaf.leaf) == (GUEST_MEMORY, index / 4));
            found.next().map_or(0, |leaf| leaf.final_[(index % 4) as usize])
        };
        assert_eq!(word(DATA / 4), 0, "the block's store is undone");
        assert_eq!(word(DATA / 4 + 4), 0x1234_5678, "the first hint");
        assert_eq!(word(DATA / 4 + 5), 4, "the input's length: the block's read of it is undone");
        assert_eq!(word(DATA / 4 + 6), DATA, "the second hint");
    }
}

#[test]
fn initial_leaves_are_the_image() {
    let mut program = program(&asm::exit(0));
    program.image.extend([(0x0100_0004, 7), (0x0100_000c, 9), (0x1fff_fffc, 1)]);
    let leaves = initial_leaves(&program);
    let run = Executor::new(&program, Vec::new()).execute(&by_cycles(100), 100).expect("it exits");
    for leaf in &leaves {
        let words = (4 * leaf.leaf..).map(|word| run.segments[0].checkpoint.memory.word(word));
        assert!(words.take(4).eq(leaf.words));
    }
    assert_eq!(
        leaves.iter().flat_map(|leaf| leaf.words).filter(|word| *word != 0).count(),
        program.image.len()
    );
    assert_eq!(leaves.last().map(|leaf| (leaf.leaf, leaf.words)), Some(((1 << 25) - 1, [0, 0, 0, 1])));
}

#[test]
fn plans_may_be_traced_by_other_threads() {
    const fn shareable<T: Send + Sync + 'static>() {}
    shareable::<finial_executor::SegmentPlan>();
    let program = program(&walk(200, 64));
    let run = Executor::new(&program, vec![0; 4]).execute(&by_cycles(100), 1 << 20).expect("it exits");
    let replay =
        |plan: &finial_executor::SegmentPlan| trace(&program, &plan.checkpoint, &[0; 4], plan.cycles);
    std::thread::scope(|scope| {
        let workers: Vec<_> = run.segments.iter().map(|plan| scope.spawn(|| replay(plan))).collect();
        for (worker, plan) in workers.into_iter().zip(&run.segments) {
            let record = worker.join().expect("no panic").expect("it replays");
            assert_eq!(record, replay(plan).expect("it replays"), "segment {}", record.index);
        }
    });
}
