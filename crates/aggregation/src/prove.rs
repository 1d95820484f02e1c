//! Proving the tree, bottom up.

use finial_app_vm::memory_tree::PublicValuesOpening;
use finial_protocol::fields::Bn254;
use finial_protocol::{Digest, Ext4, Ext5};
use finial_public_values::USER_PUBLIC_VALUES;
use finial_recursion::{UnpackError, UnpackedProof, unpack_inner, unpack_root};
use finial_segment_verifier::{SegmentProof, public_values_by_table};

use crate::circuits::{
    ChildWitness, LeafWitness, RootWitness, internal_program, leaf_program, root_program, shrink_program,
};
use crate::error::AggregationError;
use crate::keys::{AggregationKeys, ContinuationKeys};
use crate::layers::ARITIES;
use crate::proof::{NodeKind, NodeProof, RootProof, ShrinkProof, values_by_table};

fn unpack_error(program: &str) -> impl FnOnce(UnpackError) -> AggregationError + use<> {
    let program = program.to_owned();
    move |source| AggregationError::Unpack { program, source }
}

impl AggregationKeys {
    /// Proves that a segment's proof verifies; `opening` is of the segment's final memory.
    ///
    /// # Errors
    /// When the segment's proof does not verify for its shape.
    pub fn prove_leaf(
        &self,
        app_commit: &Digest,
        segment: &SegmentProof,
        opening: &PublicValuesOpening,
    ) -> Result<NodeProof, AggregationError> {
        let shape = segment.shape as usize;
        let (Some(key), Some(vk)) = (self.leaf.get(shape), self.app.keys().get(shape)) else {
            return Err(AggregationError::UnknownShape(shape));
        };
        let public_values = public_values_by_table(&segment.public_values);
        let proof = unpack_inner(vk, &vec![*app_commit].into(), &segment.proof, &public_values)
            .map_err(unpack_error(key.name()))?;
        let witness = LeafWitness {
            proof,
            public_values_commit: opening.commitment(),
            path: opening.siblings.to_vec(),
        };
        let (proof, public_values) = key.prove(leaf_program(vk, Some(&witness)).hints)?;
        Ok(NodeProof { kind: NodeKind::Leaf(segment.shape), public_values, proof })
    }

    /// Joins consecutive nodes into one.
    ///
    /// # Errors
    /// When there is no program for so many, or they do not follow each other.
    pub fn prove_internal(&self, children: &[NodeProof]) -> Result<NodeProof, AggregationError> {
        let place = ARITIES.iter().position(|&arity| arity == children.len());
        let place = place.ok_or(AggregationError::UnknownArity(children.len()))?;
        let key = &self.continuation.internal[place];
        let witnesses =
            children.iter().map(|child| self.child_witness(child)).collect::<Result<Vec<_>, _>>()?;
        let hints =
            internal_program(&self.continuation.u, children.len(), Some((&self.sets, &witnesses))).hints;
        let (proof, public_values) = key.prove(hints)?;
        let place = u32::try_from(place).expect("few arities");
        Ok(NodeProof { kind: NodeKind::Internal(place), public_values, proof })
    }

    /// Joins one level of the tree: groups of three, and of two where that leaves none over.
    ///
    /// # Errors
    /// As [`Self::prove_internal`].
    pub fn prove_level(&self, nodes: Vec<NodeProof>) -> Result<Vec<NodeProof>, AggregationError> {
        let mut rest = nodes.into_iter();
        let mut level = Vec::new();
        for size in groups(rest.len()) {
            let group: Vec<NodeProof> = rest.by_ref().take(size).collect();
            level.push(self.prove_internal(&group)?);
        }
        Ok(level)
    }

    /// Joins nodes to one.
    ///
    /// # Errors
    /// As [`Self::prove_internal`], or when there are none.
    pub fn prove_tree(&self, mut nodes: Vec<NodeProof>) -> Result<NodeProof, AggregationError> {
        while nodes.len() > 1 {
            nodes = self.prove_level(nodes)?;
        }
        nodes.pop().ok_or(AggregationError::Empty)
    }

    /// Takes the top of the tree, of either kind, under the parameters that make a small root.
    ///
    /// # Errors
    /// When the node does not verify.
    pub fn prove_shrink(&self, node: &NodeProof) -> Result<ShrinkProof, AggregationError> {
        let continuation = &self.continuation;
        let witness = self.child_witness(node)?;
        let commit = continuation.internal_set.root();
        let hints = shrink_program(&continuation.u, &commit, Some((&self.sets, &witness))).hints;
        let (proof, public_values) = continuation.shrink.prove(hints)?;
        Ok(ShrinkProof { public_values, proof })
    }

    pub(crate) fn child_witness(&self, node: &NodeProof) -> Result<ChildWitness, AggregationError> {
        let (set, index, is_leaf) = match node.kind {
            NodeKind::Leaf(shape) => (&self.sets.leaf, shape as usize, true),
            NodeKind::Internal(place) => (&self.sets.internal, place as usize, false),
        };
        let program = set.members().get(index).ok_or(AggregationError::UnknownShape(index))?;
        let membership = set.membership(program).ok_or(AggregationError::UnknownShape(index))?;
        let public_values = values_by_table(&node.public_values);
        let proof = unpack_inner(&self.continuation.u, &vec![*program].into(), &node.proof, &public_values)
            .map_err(unpack_error("child"))?;
        Ok(ChildWitness { is_leaf, membership, proof })
    }
}

impl ContinuationKeys {
    /// Proves the root program over a shrink proof.
    ///
    /// # Errors
    /// When the shrink proof does not verify, is not complete, or has other public values.
    pub fn prove_root(
        &self,
        shrink: &ShrinkProof,
        public_values: &[u8; USER_PUBLIC_VALUES],
    ) -> Result<RootProof, AggregationError> {
        let commitment = self.shrink.commitment();
        let values = values_by_table(&shrink.public_values);
        let proof: UnpackedProof<Ext4, Digest> =
            unpack_inner(&self.shrink_vk, commitment, &shrink.proof, &values)
                .map_err(unpack_error("root"))?;
        let witness = RootWitness { proof, public_values: *public_values };
        let hints = root_program(&self.shrink_vk, commitment.roots(), Some(&witness)).hints;
        let (proof, public_values) = self.root.prove(hints)?;
        Ok(RootProof { public_values, proof })
    }

    /// A root proof in reading order, for the static verifier.
    ///
    /// # Errors
    /// When it does not verify.
    pub fn unpack_root(&self, root: &RootProof) -> Result<UnpackedProof<Ext5, [Bn254; 1]>, AggregationError> {
        let values = values_by_table(&root.public_values);
        unpack_root(&self.root_vk, self.root.commitment(), &root.proof, &values)
            .map_err(unpack_error("static verifier"))
    }
}

/// Sizes of the groups of one level: threes, and twos so that no node is left alone.
fn groups(nodes: usize) -> Vec<usize> {
    match nodes {
        0 | 1 => vec![],
        _ => match nodes % 3 {
            0 => vec![3; nodes / 3],
            1 => [vec![3; (nodes - 4) / 3], vec![2, 2]].concat(),
            _ => [vec![3; (nodes - 2) / 3], vec![2]].concat(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn groups_cover_every_node() {
        for nodes in 2..50 {
            let sizes = groups(nodes);
            assert_eq!(sizes.iter().sum::<usize>(), nodes);
            assert!(sizes.iter().all(|size| (2..=3).contains(size)));
        }
    }
}
