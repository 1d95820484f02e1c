//! Guest memory as a checkpoint holds it: copy-on-write pages.

use std::sync::Arc;

use finial_riscv::Program;

/// Words in a page (4 KiB).
pub(crate) const PAGE_WORDS: usize = 1 << 10;
/// Pages in a chunk (2 MiB).
const CHUNK_PAGES: usize = 1 << 9;
/// Chunks in guest memory (512 MiB).
const CHUNKS: usize = 1 << 8;
/// Pages in guest memory.
pub(crate) const PAGES: usize = CHUNKS * CHUNK_PAGES;

type Page = [u32; PAGE_WORDS];
type Chunk = [Option<Arc<Page>>; CHUNK_PAGES];

/// An immutable-by-sharing image of guest memory. A clone shares every page; a write to a shared page
/// copies that page (and its chunk of pointers) alone.
#[derive(Clone, Debug)]
pub struct Snapshot {
    chunks: Vec<Option<Arc<Chunk>>>,
}

impl Snapshot {
    /// Memory before the run.
    pub(crate) fn of_program(program: &Program) -> Self {
        let mut memory = Self { chunks: vec![None; CHUNKS] };
        for (&address, &word) in &program.image {
            memory.set(address / 4, word);
        }
        memory
    }

    /// A page, if any of its words was ever set.
    pub(crate) fn page(&self, page: usize) -> Option<&Page> {
        let chunk = self.chunks.get(page / CHUNK_PAGES)?.as_ref()?;
        chunk[page % CHUNK_PAGES].as_deref()
    }

    /// A word of guest memory, by word index.
    pub fn word(&self, index: u32) -> u32 {
        let index = index as usize;
        self.page(index / PAGE_WORDS).map_or(0, |page| page[index % PAGE_WORDS])
    }

    /// Sets a word below the address limit.
    pub(crate) fn set(&mut self, index: u32, value: u32) {
        let index = index as usize;
        let (page, offset) = (index / PAGE_WORDS, index % PAGE_WORDS);
        let chunk =
            self.chunks[page / CHUNK_PAGES].get_or_insert_with(|| Arc::new([const { None }; CHUNK_PAGES]));
        let slot = Arc::make_mut(chunk)[page % CHUNK_PAGES].get_or_insert_with(|| Arc::new([0; PAGE_WORDS]));
        Arc::make_mut(slot)[offset] = value;
    }

    /// Number of pages that `self` does not share with `other`.
    pub fn unshared_pages(&self, other: &Self) -> usize {
        let own = |page: &usize| match (self.page(*page), other.page(*page)) {
            (Some(a), Some(b)) => !std::ptr::eq(a, b),
            (a, b) => a.is_some() != b.is_some(),
        };
        (0..PAGES).filter(own).count()
    }
}
