//! Sets of programs: Merkle trees of fixed depth over preprocessed roots.

use finial_protocol::{Digest, Val, compress};
use p3_field::PrimeCharacteristicRing;

use crate::circuits::Membership;

/// Depth of both sets: up to eight members each. Frozen: it is part of every program.
pub const SET_DEPTH: usize = 3;

/// One set. Free places hold the zero digest.
///
/// The compression has no feed-forward: anyone can open any digest into two children. What binds a place is that a
/// member is a preprocessed root, whose own leaves are sponge hashes with a zero capacity, so that an opening of the
/// zero digest into a program takes a match on a constrained half, about 2^124 work, the bound of every digest here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSet {
    members: Vec<Digest>,
}

/// The two sets of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSets {
    /// Leaf programs, one a segment shape: `leaf_verifier_commit`.
    pub leaf: ProgramSet,
    /// Internal programs, one an arity: `internal_program_commit`.
    pub internal: ProgramSet,
}

impl ProgramSet {
    /// A set of programs.
    ///
    /// # Panics
    /// When there are more than eight.
    #[must_use]
    pub fn new(members: Vec<Digest>) -> Self {
        assert!(members.len() <= 1 << SET_DEPTH, "a set has at most {} members", 1 << SET_DEPTH);
        Self { members }
    }

    /// The programs.
    pub fn members(&self) -> &[Digest] {
        &self.members
    }

    /// The set's root.
    pub fn root(&self) -> Digest {
        self.levels()[SET_DEPTH][0]
    }

    /// Where a member stands.
    pub fn membership(&self, program: &Digest) -> Option<Membership> {
        let index = self.members.iter().position(|member| member == program)?;
        let levels = self.levels();
        Some(Membership { index, path: core::array::from_fn(|level| levels[level][(index >> level) ^ 1]) })
    }

    fn levels(&self) -> Vec<Vec<Digest>> {
        let mut nodes = self.members.clone();
        nodes.resize(1 << SET_DEPTH, [Val::ZERO; 8]);
        let mut levels = vec![nodes];
        for level in 0..SET_DEPTH {
            levels.push(levels[level].chunks(2).map(|pair| compress(pair[0], pair[1])).collect());
        }
        levels
    }
}
