#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod heap;
mod input;
mod output;
mod syscall;
mod unconstrained;

pub use input::{read_exact, read_input, read_u32};
pub use output::{Diagnostics, commit};
pub use syscall::exit;
pub use unconstrained::unconstrained;

#[cfg(feature = "postcard")]
mod typed;
#[cfg(feature = "postcard")]
pub use typed::{commit_value, read_value, unconstrained_value};

/// Makes a function the program: `entry!(main);` with `fn main()`. When it returns, the digest of what
/// was committed is stored and the program exits with 0.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn __finial_main() {
            let main: fn() = $main;
            main()
        }
    };
}

core::arch::global_asm!(
    r#"
    .section .text._start, "ax", @progbits
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    call __finial_start
    unimp
    "#
);

unsafe extern "C" {
    /// Defined by [`entry!`].
    safe fn __finial_main();
}

#[unsafe(no_mangle)]
extern "C" fn __finial_start() -> ! {
    __finial_main();
    exit(0)
}

/// A panic writes its message to the diagnostics and exits with 101, so that no proof of the run is
/// accepted as a success.
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = core::fmt::Write::write_fmt(&mut Diagnostics, format_args!("{info}\n"));
    syscall::abort(101)
}
