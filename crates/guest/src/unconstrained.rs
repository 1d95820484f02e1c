//! Work whose result is cheaper to check than to find.

use alloc::vec::Vec;

use crate::{
    input::read_frame,
    syscall::{FD_HINT_READ, FD_HINT_WRITE, unconstrained_enter, unconstrained_leave, write_all},
};

/// Runs `block` outside of what is proven and returns the bytes it yields.
///
/// The result is a hint: whoever proves may put any bytes in its place, of any length. Check it.
/// Nothing else the block does has an effect. Where there are no unconstrained blocks (under
/// `qemu-riscv32`), it simply runs.
pub fn unconstrained(block: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    match unconstrained_enter() {
        0 => read_frame(FD_HINT_READ),
        1 => {
            let hint = block();
            write_all(FD_HINT_WRITE, &(hint.len() as u32).to_le_bytes());
            write_all(FD_HINT_WRITE, &hint);
            unconstrained_leave()
        }
        _ => block(),
    }
}
