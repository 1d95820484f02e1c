#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod commit;
mod scalar;

use thiserror::Error;

pub use commit::{VERSION, exe_commit, public_values_root};
pub use scalar::{digest_to_scalar, half_scalars, scalar_to_digest};

/// Elements of a digest.
pub const DIGEST_LEN: usize = 8;
/// Public values of a segment proof.
pub const SEGMENT_PVS: usize = 4 + 2 * DIGEST_LEN;
/// Public values of every proof of the Agg VM.
pub const NODE_PVS: usize = 4 + 6 * DIGEST_LEN;
/// User public values: the bytes of one SHA-256 digest.
pub const USER_PUBLIC_VALUES: usize = 32;

/// Where execution of a stretch starts and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorPvs<T> {
    /// One where the program exited at the end of the stretch.
    pub is_terminate: T,
    /// First program counter.
    pub initial_pc: T,
    /// Last program counter.
    pub final_pc: T,
    /// Code of the exit; zero where the program did not exit.
    pub exit_code: T,
}

/// Memory before and after a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryMerklePvs<T> {
    /// Root before.
    pub initial_root: [T; DIGEST_LEN],
    /// Root after.
    pub final_root: [T; DIGEST_LEN],
}

/// What a segment proof says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentPvs<T> {
    /// Start, end, exit.
    pub connector: ConnectorPvs<T>,
    /// Memory roots.
    pub memory: MemoryMerklePvs<T>,
}

/// What a leaf proof says of the segments below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmVerifierPvs<T> {
    /// Commitment to the program's code.
    pub app_commit: [T; DIGEST_LEN],
    /// Start, end, exit.
    pub connector: ConnectorPvs<T>,
    /// Memory roots.
    pub memory: MemoryMerklePvs<T>,
    /// Root of the user public values' subtree in the last memory.
    pub public_values_commit: [T; DIGEST_LEN],
}

/// Which programs verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalVmVerifierExtraPvs<T> {
    /// Root of the set of leaf programs.
    pub leaf_verifier_commit: [T; DIGEST_LEN],
    /// Root of the set of internal programs.
    pub internal_program_commit: [T; DIGEST_LEN],
}

/// What an internal or shrink proof says. A leaf proof has the same layout with zeros in `extra_pvs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalVmVerifierPvs<T> {
    /// The execution.
    pub vm_verifier_pvs: VmVerifierPvs<T>,
    /// The programs.
    pub extra_pvs: InternalVmVerifierExtraPvs<T>,
}

/// What the root proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootVmVerifierPvs<T> {
    /// Commitment to the executable: code, initial memory, entry.
    pub exe_commit: [T; DIGEST_LEN],
    /// Root of the set of leaf programs.
    pub leaf_verifier_commit: [T; DIGEST_LEN],
    /// The user public values, one byte each.
    pub public_values: Vec<T>,
}

/// A list that is not a layer's public values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PvsError {
    /// Its length is wrong.
    #[error("{layer} public values: {got} given where there are {expected}")]
    Length {
        /// The layer.
        layer: &'static str,
        /// Length of the layout.
        expected: usize,
        /// Length given.
        got: usize,
    },
}

/// Takes values off a list front to back.
struct Reader<'a, T> {
    rest: &'a [T],
}

impl<'a, T: Clone> Reader<'a, T> {
    fn new(values: &'a [T], layer: &'static str, expected: usize) -> Result<Self, PvsError> {
        if values.len() == expected {
            Ok(Self { rest: values })
        } else {
            Err(PvsError::Length { layer, expected, got: values.len() })
        }
    }

    fn array<const N: usize>(&mut self) -> [T; N] {
        let (front, rest) = self.rest.split_at(N);
        self.rest = rest;
        core::array::from_fn(|i| front[i].clone())
    }

    fn connector(&mut self) -> ConnectorPvs<T> {
        let [is_terminate, initial_pc, final_pc, exit_code] = self.array();
        ConnectorPvs { is_terminate, initial_pc, final_pc, exit_code }
    }

    fn memory(&mut self) -> MemoryMerklePvs<T> {
        MemoryMerklePvs { initial_root: self.array(), final_root: self.array() }
    }
}

impl<T: Clone> ConnectorPvs<T> {
    /// As a list.
    pub fn to_array(&self) -> [T; 4] {
        [self.is_terminate.clone(), self.initial_pc.clone(), self.final_pc.clone(), self.exit_code.clone()]
    }
}

impl<T: Clone> SegmentPvs<T> {
    /// From a proof's list.
    ///
    /// # Errors
    /// When the length is not [`SEGMENT_PVS`].
    pub fn from_slice(values: &[T]) -> Result<Self, PvsError> {
        let mut reader = Reader::new(values, "segment", SEGMENT_PVS)?;
        Ok(Self { connector: reader.connector(), memory: reader.memory() })
    }
}

impl<T: Clone> InternalVmVerifierPvs<T> {
    /// From a proof's list.
    ///
    /// # Errors
    /// When the length is not [`NODE_PVS`].
    pub fn from_slice(values: &[T]) -> Result<Self, PvsError> {
        let mut reader = Reader::new(values, "node", NODE_PVS)?;
        Ok(Self {
            vm_verifier_pvs: VmVerifierPvs {
                app_commit: reader.array(),
                connector: reader.connector(),
                memory: reader.memory(),
                public_values_commit: reader.array(),
            },
            extra_pvs: InternalVmVerifierExtraPvs {
                leaf_verifier_commit: reader.array(),
                internal_program_commit: reader.array(),
            },
        })
    }

    /// As a proof's list.
    pub fn to_vec(&self) -> Vec<T> {
        let vm = &self.vm_verifier_pvs;
        let mut list = Vec::with_capacity(NODE_PVS);
        list.extend_from_slice(&vm.app_commit);
        list.extend_from_slice(&vm.connector.to_array());
        list.extend_from_slice(&vm.memory.initial_root);
        list.extend_from_slice(&vm.memory.final_root);
        list.extend_from_slice(&vm.public_values_commit);
        list.extend_from_slice(&self.extra_pvs.leaf_verifier_commit);
        list.extend_from_slice(&self.extra_pvs.internal_program_commit);
        list
    }
}

impl<T: Clone> RootVmVerifierPvs<T> {
    /// From a proof's list; the four values of padding are left to the caller.
    ///
    /// # Errors
    /// When the length is not [`NODE_PVS`].
    pub fn from_slice(values: &[T]) -> Result<(Self, [T; 4]), PvsError> {
        let mut reader = Reader::new(values, "root", NODE_PVS)?;
        let pvs = Self {
            exe_commit: reader.array(),
            leaf_verifier_commit: reader.array(),
            public_values: reader.array::<USER_PUBLIC_VALUES>().to_vec(),
        };
        Ok((pvs, reader.array()))
    }
}
