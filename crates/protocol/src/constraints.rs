//! A table's constraints and bus interactions as one list of operations.
//!
//! Plonky3 hands them out as shared expression trees. Here they become a hash-consed directed acyclic graph in
//! topological order, which the recursion circuit and the Halo2 circuit evaluate node by node, and whose bytes the
//! verifying key's digest covers.

use std::collections::HashMap;
use std::sync::Arc;

use p3_air::SymbolicExpression;
use p3_air::symbolic::{BaseEntry, BaseLeaf, SymbolicExpr};
use p3_field::PrimeField32;
use p3_lookup::{Kind, Lookup};
use serde::{Deserialize, Serialize};

use crate::fields::Val;

/// Index of a node in [`TableConstraints::nodes`].
pub type NodeId = u32;

/// One operation; operands precede it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Node {
    /// A canonical field constant.
    Constant(u32),
    /// A main column, in this row or the next.
    Main {
        /// Of the next row.
        next: bool,
        /// Column index.
        column: u32,
    },
    /// A preprocessed column, in this row or the next.
    Preprocessed {
        /// Of the next row.
        next: bool,
        /// Column index.
        column: u32,
    },
    /// A public value of the table.
    Public(u32),
    /// Lagrange selector of the first row (not normalised).
    IsFirstRow,
    /// Lagrange selector of the last row (not normalised).
    IsLastRow,
    /// Zero on the last row only.
    IsTransition,
    /// Sum.
    Add(NodeId, NodeId),
    /// Difference.
    Sub(NodeId, NodeId),
    /// Product.
    Mul(NodeId, NodeId),
    /// Negation.
    Neg(NodeId),
}

/// One message of a fraction column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePlan {
    /// Message fields, highest power of beta first.
    pub fields: Vec<NodeId>,
    /// Signed multiplicity.
    pub multiplicity: NodeId,
    /// Selector in a mutually exclusive column.
    pub flag: Option<NodeId>,
}

/// One fraction column of the permutation trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupPlan {
    /// Index of the bus among the buses of the proof.
    pub bus: u32,
    /// Bound on the magnitude of the column's multiplicities per row.
    pub count_weight: u32,
    /// Whether `messages` are mutually exclusive by their flags.
    pub exclusive: bool,
    /// The messages it sums.
    pub messages: Vec<MessagePlan>,
}

/// All constraints of one table, in the order in which they are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableConstraints {
    /// Operations in topological order.
    pub nodes: Vec<Node>,
    /// Constraints: each must be zero on every row.
    pub constraints: Vec<NodeId>,
    /// Fraction columns.
    pub lookups: Vec<LookupPlan>,
}

/// Collects nodes, each distinct one once.
#[derive(Default)]
pub struct Collector {
    nodes: Vec<Node>,
    ids: HashMap<Node, NodeId>,
    by_address: HashMap<usize, NodeId>,
    // Keeps every visited expression alive: a freed one's address could name another.
    alive: Vec<Arc<SymbolicExpression<Val>>>,
}

impl Collector {
    fn intern(&mut self, node: Node) -> NodeId {
        *self.ids.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            NodeId::try_from(self.nodes.len() - 1).expect("fewer than 2^32 operations")
        })
    }

    fn shared(&mut self, expression: &Arc<SymbolicExpression<Val>>) -> NodeId {
        let address = Arc::as_ptr(expression) as usize;
        if let Some(&id) = self.by_address.get(&address) {
            return id;
        }
        let id = self.add(expression);
        self.by_address.insert(address, id);
        self.alive.push(Arc::clone(expression));
        id
    }

    /// Adds an expression and returns its node.
    ///
    /// # Panics
    /// On a periodic column, which no table of this project has.
    pub fn add(&mut self, expression: &SymbolicExpression<Val>) -> NodeId {
        let node = match expression {
            SymbolicExpr::Leaf(leaf) => leaf_node(leaf),
            SymbolicExpr::Add { x, y, .. } => Node::Add(self.shared(x), self.shared(y)),
            SymbolicExpr::Sub { x, y, .. } => Node::Sub(self.shared(x), self.shared(y)),
            SymbolicExpr::Mul { x, y, .. } => Node::Mul(self.shared(x), self.shared(y)),
            SymbolicExpr::Neg { x, .. } => Node::Neg(self.shared(x)),
        };
        self.intern(node)
    }

    /// Adds a fraction column on bus `bus`.
    pub fn add_lookup(&mut self, bus: u32, lookup: &Lookup<Val>) -> LookupPlan {
        assert!(lookup.kind != Kind::Local, "tables of this project use named buses only");
        let flags = lookup.flags.as_ref();
        let messages = lookup
            .elements
            .iter()
            .zip(&lookup.multiplicities)
            .enumerate()
            .map(|(i, (fields, multiplicity))| MessagePlan {
                fields: fields.iter().map(|field| self.add(field)).collect(),
                multiplicity: self.add(multiplicity),
                flag: flags.map(|flags| self.add(&flags[i])),
            })
            .collect();
        LookupPlan { bus, count_weight: lookup.count_weight, exclusive: flags.is_some(), messages }
    }

    /// The finished list.
    #[must_use]
    pub fn finish(self, constraints: Vec<NodeId>, lookups: Vec<LookupPlan>) -> TableConstraints {
        TableConstraints { nodes: self.nodes, constraints, lookups }
    }
}

fn leaf_node(leaf: &BaseLeaf<Val>) -> Node {
    let column = |index: usize| u32::try_from(index).expect("column index fits");
    match leaf {
        BaseLeaf::Constant(value) => Node::Constant(value.as_canonical_u32()),
        BaseLeaf::IsFirstRow => Node::IsFirstRow,
        BaseLeaf::IsLastRow => Node::IsLastRow,
        BaseLeaf::IsTransition => Node::IsTransition,
        BaseLeaf::Variable(variable) => match variable.entry {
            BaseEntry::Main { offset } => Node::Main { next: offset == 1, column: column(variable.index) },
            BaseEntry::Preprocessed { offset } => {
                Node::Preprocessed { next: offset == 1, column: column(variable.index) }
            }
            BaseEntry::Public => Node::Public(column(variable.index)),
            BaseEntry::Periodic => panic!("tables of this project have no periodic columns"),
        },
    }
}

impl TableConstraints {
    /// Number of constraints that are folded, those of the lookup argument included.
    #[must_use]
    pub fn num_folded(&self) -> usize {
        let lookups = self.lookups.len();
        self.constraints.len() + if lookups == 0 { 0 } else { lookups + 3 }
    }
}
