//! The heap: a bump allocator. Memory is given back only if it was handed out last, which serves
//! growing vectors; a guest runs once, and every instruction of an allocator is proven.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr::null_mut,
};

unsafe extern "C" {
    static mut __heap_start: u8;
    static mut __heap_end: u8;
}

struct Bump(UnsafeCell<usize>);

// SAFETY: a guest has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static HEAP: Bump = Bump(UnsafeCell::new(0));

impl Bump {
    /// Takes the range from `start` to the end of `size` bytes, if the heap has it.
    fn take(&self, start: usize, size: usize) -> bool {
        let limit = &raw const __heap_end as usize;
        match start.checked_add(size) {
            Some(end) if end <= limit => {
                // SAFETY: one thread, and no reference to the cell is held anywhere.
                unsafe { *self.0.get() = end };
                true
            }
            _ => false,
        }
    }

    fn next(&self) -> usize {
        // SAFETY: as above.
        let next = unsafe { *self.0.get() };
        if next == 0 { &raw const __heap_start as usize } else { next }
    }
}

// SAFETY: blocks are aligned, disjoint while in use, and within the heap the linker script reserves.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.next().next_multiple_of(layout.align());
        if self.take(start, layout.size()) { start as *mut u8 } else { null_mut() }
    }

    /// The heap starts zeroed, but blocks given back may have been written.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block as usize + layout.size() == self.next() {
            self.take(block as usize, 0);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if block as usize + layout.size() == self.next() {
            return if self.take(block as usize, size) { block } else { null_mut() };
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller gives a valid layout; old and new blocks are disjoint.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}
