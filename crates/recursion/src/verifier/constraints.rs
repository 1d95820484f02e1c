//! Stage 4: the constraints of every table at zeta, folded, are the quotient times the vanishing polynomial.

use finial_protocol::Val;
use finial_protocol::constraints::{LookupPlan, MessagePlan, Node, NodeId};
use finial_protocol::shape::{RoundKind, TableShape};
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};

use super::openings::Points;
use super::transcript::Challenges;
use super::{Key, Proof, Statement, exp_power_of_2};
use crate::backend::{Backend, Check};

/// Checks all tables.
pub fn check<B: Backend>(
    b: &mut B,
    key: &Key<'_>,
    statement: &Statement<B>,
    proof: &Proof<B>,
    challenges: &Challenges<B>,
    points: &Points<B>,
) -> Result<(), B::Failure> {
    let buses = Buses::new(b, key, challenges);
    let opened = OpenedTables::new(key, proof);
    for (i, table) in key.shape.tables.iter().enumerate() {
        let selectors = Selectors::new(b, table.log_height, &points.zeta)?;
        let publics = statement.public_values[i].iter().map(|v| b.lift(v)).collect();
        let mut folder = Folder { b, alpha: &challenges.alpha, sum: None };
        let row = TableRow { table, opened: &opened.tables[i], publics, selectors: &selectors };
        row.fold_constraints(&mut folder, &buses, proof.terminals[i].as_ref());
        let sum = folder.sum.unwrap_or_else(|| points.zeta.clone());
        let left = b.mul(&sum, &selectors.inverse_vanishing);
        let right = quotient(b, table, &opened.tables[i].quotient, &points.zeta);
        b.assert_equal(&left, &right, Check::Constraints(i))?;
    }
    Ok(())
}

/// The claimed evaluations of one table.
#[derive(Clone)]
struct Opened<'a, E> {
    main: [&'a [E]; 2],
    preprocessed: [&'a [E]; 2],
    permutation: [&'a [E]; 2],
    quotient: Vec<&'a [E]>,
}

struct OpenedTables<'a, E> {
    tables: Vec<Opened<'a, E>>,
}

impl<'a, E> OpenedTables<'a, E> {
    fn new<B: Backend<Ext = E>>(key: &Key<'_>, proof: &'a Proof<B>) -> Self {
        let empty =
            || Opened { main: [&[]; 2], preprocessed: [&[]; 2], permutation: [&[]; 2], quotient: vec![] };
        let mut tables: Vec<Opened<'a, E>> = key.shape.tables.iter().map(|_| empty()).collect();
        for (round, openings) in key.shape.rounds().iter().zip(&proof.openings) {
            for (matrix, points) in round.matrices.iter().zip(openings) {
                let rows = [points.first().map_or(&[][..], |v| v), points.get(1).map_or(&[][..], |v| v)];
                let table = &mut tables[matrix.table];
                match round.kind {
                    RoundKind::Main => table.main = rows,
                    RoundKind::Preprocessed => table.preprocessed = rows,
                    RoundKind::Permutation => table.permutation = rows,
                    RoundKind::Quotient => table.quotient.push(rows[0]),
                }
            }
        }
        Self { tables }
    }
}

/// Lagrange selectors at zeta, not normalised, and 1/Z(zeta).
struct Selectors<E> {
    first: E,
    last: E,
    transition: E,
    inverse_vanishing: E,
}

impl<E: Clone> Selectors<E> {
    fn new<B: Backend<Ext = E>>(b: &mut B, log_height: usize, zeta: &E) -> Result<Self, B::Failure> {
        let power = exp_power_of_2(b, zeta, log_height);
        let vanishing = b.affine(&power, Val::ONE, Val::NEG_ONE);
        let from_first = b.affine(zeta, Val::ONE, Val::NEG_ONE);
        let last_point = Val::two_adic_generator(log_height).inverse();
        let transition = b.affine(zeta, Val::ONE, -last_point);
        let first = b.inverse(&from_first)?;
        let last = b.inverse(&transition)?;
        Ok(Self {
            first: b.mul(&vanishing, &first),
            last: b.mul(&vanishing, &last),
            transition,
            inverse_vanishing: b.inverse(&vanishing)?,
        })
    }
}

/// Bus offsets: alpha + (i + 1)·beta^W, W the widest message, so that no two buses' messages meet.
struct Buses<E> {
    prefixes: Vec<E>,
    beta: E,
}

impl<E: Clone> Buses<E> {
    fn new<B: Backend<Ext = E>>(b: &mut B, key: &Key<'_>, challenges: &Challenges<B>) -> Self {
        let beta = challenges.lookup_beta.clone();
        let mut gamma = beta.clone();
        for _ in 1..key.shape.max_message_width {
            gamma = b.mul(&gamma, &beta);
        }
        let mut prefix = challenges.lookup_alpha.clone();
        let prefixes = key.shape.buses.iter().map(|_| {
            prefix = b.add(&prefix, &gamma);
            prefix.clone()
        });
        Self { prefixes: prefixes.collect(), beta }
    }
}

/// Folds constraints: sum ← sum · alpha + constraint.
struct Folder<'a, B: Backend> {
    b: &'a mut B,
    alpha: &'a B::Ext,
    sum: Option<B::Ext>,
}

impl<B: Backend> Folder<'_, B> {
    fn assert_zero(&mut self, constraint: &B::Ext) {
        self.sum = Some(match self.sum.take() {
            None => constraint.clone(),
            Some(sum) => self.b.mul_add(&sum, self.alpha, constraint),
        });
    }
}

/// A node's value: constants stay outside the machine as long as they can.
#[derive(Clone)]
enum Value<E> {
    Constant(Val),
    Element(E),
}

impl<E: Clone> Value<E> {
    fn element<B: Backend<Ext = E>>(&self, b: &mut B) -> E {
        match self {
            Self::Constant(value) => b.constant((*value).into()),
            Self::Element(element) => element.clone(),
        }
    }
}

struct TableRow<'a, B: Backend> {
    table: &'a TableShape,
    opened: &'a Opened<'a, B::Ext>,
    publics: Vec<B::Ext>,
    selectors: &'a Selectors<B::Ext>,
}

impl<B: Backend> TableRow<'_, B> {
    fn fold_constraints(&self, folder: &mut Folder<'_, B>, buses: &Buses<B::Ext>, terminal: Option<&B::Ext>) {
        let nodes = self.evaluate_nodes(folder.b);
        let value = |folder: &mut Folder<'_, B>, id: NodeId| nodes[id as usize].element(folder.b);
        for &id in &self.table.constraints.constraints {
            let constraint = value(folder, id);
            folder.assert_zero(&constraint);
        }
        let Some(terminal) = terminal else { return };
        let local = recompose(folder.b, self.opened.permutation[0]);
        let next = recompose(folder.b, self.opened.permutation[1]);
        for (lookup, fraction) in self.table.constraints.lookups.iter().zip(&local[1..]) {
            let constraint = fraction_constraint(folder.b, lookup, &nodes, buses, fraction);
            folder.assert_zero(&constraint);
        }
        self.fold_accumulator(folder, &local, &next[0], terminal);
    }

    /// The shared accumulator: zero at first, grows by the row's fractions, ends in the terminal.
    fn fold_accumulator(
        &self,
        folder: &mut Folder<'_, B>,
        local: &[B::Ext],
        next: &B::Ext,
        terminal: &B::Ext,
    ) {
        let b = &mut *folder.b;
        let after = local[1..].iter().fold(local[0].clone(), |sum, fraction| b.add(&sum, fraction));
        let first = b.mul(&self.selectors.first, &local[0]);
        let step = b.sub(next, &after);
        let step = b.mul(&self.selectors.transition, &step);
        let end = b.sub(terminal, &after);
        let end = b.mul(&self.selectors.last, &end);
        for constraint in [first, step, end] {
            folder.assert_zero(&constraint);
        }
    }

    fn evaluate_nodes(&self, b: &mut B) -> Vec<Value<B::Ext>> {
        let mut values: Vec<Value<B::Ext>> = Vec::with_capacity(self.table.constraints.nodes.len());
        for node in &self.table.constraints.nodes {
            let value = self.evaluate(b, node, &values);
            values.push(value);
        }
        values
    }

    fn evaluate(&self, b: &mut B, node: &Node, values: &[Value<B::Ext>]) -> Value<B::Ext> {
        use Value::{Constant, Element};
        let at = |id: NodeId| &values[id as usize];
        match *node {
            Node::Constant(value) => Constant(Val::from_u32(value)),
            Node::Main { next, column } => {
                Element(self.opened.main[usize::from(next)][column as usize].clone())
            }
            Node::Preprocessed { next, column } => {
                Element(self.opened.preprocessed[usize::from(next)][column as usize].clone())
            }
            Node::Public(index) => Element(self.publics[index as usize].clone()),
            Node::IsFirstRow => Element(self.selectors.first.clone()),
            Node::IsLastRow => Element(self.selectors.last.clone()),
            Node::IsTransition => Element(self.selectors.transition.clone()),
            Node::Add(x, y) => match (at(x), at(y)) {
                (Constant(x), Constant(y)) => Constant(*x + *y),
                (Constant(k), Element(e)) | (Element(e), Constant(k)) => Element(b.affine(e, Val::ONE, *k)),
                (Element(x), Element(y)) => Element(b.add(x, y)),
            },
            Node::Sub(x, y) => match (at(x), at(y)) {
                (Constant(x), Constant(y)) => Constant(*x - *y),
                (Constant(k), Element(e)) => Element(b.affine(e, Val::NEG_ONE, *k)),
                (Element(e), Constant(k)) => Element(b.affine(e, Val::ONE, -*k)),
                (Element(x), Element(y)) => Element(b.sub(x, y)),
            },
            Node::Mul(x, y) => match (at(x), at(y)) {
                (Constant(x), Constant(y)) => Constant(*x * *y),
                (Constant(k), Element(e)) | (Element(e), Constant(k)) => Element(b.affine(e, *k, Val::ZERO)),
                (Element(x), Element(y)) => Element(b.mul(x, y)),
            },
            Node::Neg(x) => match at(x) {
                Constant(x) => Constant(-*x),
                Element(x) => Element(b.affine(x, Val::NEG_ONE, Val::ZERO)),
            },
        }
    }
}

/// Permutation columns from the claimed evaluations of their coefficients.
fn recompose<B: Backend>(b: &mut B, flat: &[B::Ext]) -> Vec<B::Ext> {
    flat.chunks(B::NativeExt::DIMENSION).map(|parts| b.combine_basis(parts)).collect()
}

/// U · f − V for a fraction column f = V / U.
fn fraction_constraint<B: Backend>(
    b: &mut B,
    lookup: &LookupPlan,
    nodes: &[Value<B::Ext>],
    buses: &Buses<B::Ext>,
    fraction: &B::Ext,
) -> B::Ext {
    let terms: Vec<B::Ext> = lookup
        .messages
        .iter()
        .map(|message| denominator(b, message, nodes, &buses.prefixes[lookup.bus as usize], &buses.beta))
        .collect();
    let multiplicities: Vec<B::Ext> =
        lookup.messages.iter().map(|m| nodes[m.multiplicity as usize].element(b)).collect();
    let (numerator, denominator) = if lookup.exclusive {
        let flags: Vec<B::Ext> = lookup
            .messages
            .iter()
            .map(|m| nodes[m.flag.expect("an exclusive message has a flag") as usize].element(b))
            .collect();
        exclusive_fraction(b, &flags, &terms, &multiplicities)
    } else {
        sum_fraction(b, &terms, &multiplicities)
    };
    let left = b.mul(&denominator, fraction);
    b.sub(&left, &numerator)
}

/// prefix − Σ fields\[i\] · beta^(k−1−i).
fn denominator<B: Backend>(
    b: &mut B,
    message: &MessagePlan,
    nodes: &[Value<B::Ext>],
    prefix: &B::Ext,
    beta: &B::Ext,
) -> B::Ext {
    let mut combined: Option<B::Ext> = None;
    for &field in &message.fields {
        let node = &nodes[field as usize];
        combined = Some(match (combined, node) {
            (None, node) => node.element(b),
            (Some(sum), Value::Element(field)) => b.mul_add(&sum, beta, field),
            (Some(sum), Value::Constant(field)) => {
                let product = b.mul(&sum, beta);
                b.affine(&product, Val::ONE, *field)
            }
        });
    }
    match combined {
        Some(combined) => b.sub(prefix, &combined),
        None => prefix.clone(),
    }
}

/// Σ m_i / t_i as one fraction.
fn sum_fraction<B: Backend>(b: &mut B, terms: &[B::Ext], multiplicities: &[B::Ext]) -> (B::Ext, B::Ext) {
    let mut numerator = multiplicities[0].clone();
    let mut denominator = terms[0].clone();
    for (term, multiplicity) in terms.iter().zip(multiplicities).skip(1) {
        let grown = b.mul(&numerator, term);
        numerator = b.mul_add(multiplicity, &denominator, &grown);
        denominator = b.mul(&denominator, term);
    }
    (numerator, denominator)
}

/// The one selected fraction, or 0/1 where no flag is set.
fn exclusive_fraction<B: Backend>(
    b: &mut B,
    flags: &[B::Ext],
    terms: &[B::Ext],
    multiplicities: &[B::Ext],
) -> (B::Ext, B::Ext) {
    let mut numerator = b.constant(PrimeCharacteristicRing::ZERO);
    let mut denominator = b.constant(PrimeCharacteristicRing::ONE);
    for ((flag, term), multiplicity) in flags.iter().zip(terms).zip(multiplicities) {
        numerator = b.mul_add(flag, multiplicity, &numerator);
        denominator = b.mul_add(flag, term, &denominator);
        denominator = b.sub(&denominator, flag);
    }
    (numerator, denominator)
}

/// The quotient at zeta from its chunks: Σ chunk_i(zeta) · Π_{j≠i} Z_j(zeta)/Z_j(first point of domain i).
fn quotient<B: Backend>(b: &mut B, table: &TableShape, chunks: &[&[B::Ext]], zeta: &B::Ext) -> B::Ext {
    debug_assert_eq!(chunks.len(), 1 << table.log_quotient_chunks);
    let log_domain = table.log_height + table.log_quotient_chunks;
    let shifts: Vec<Val> = (0..chunks.len())
        .map(|i| Val::GENERATOR * Val::two_adic_generator(log_domain).exp_u64(i as u64))
        .collect();
    let power = exp_power_of_2(b, zeta, table.log_height);
    let size = 1u64 << table.log_height;
    let vanishing: Vec<B::Ext> =
        shifts.iter().map(|shift| b.affine(&power, shift.exp_u64(size).inverse(), Val::NEG_ONE)).collect();
    let mut sum: Option<B::Ext> = None;
    for (i, chunk) in chunks.iter().enumerate() {
        let mut term = b.combine_basis(chunk);
        for (j, other) in vanishing.iter().enumerate().filter(|(j, _)| *j != i) {
            let domain =
                TwoAdicMultiplicativeCoset::new(shifts[j], table.log_height).expect("within two-adicity");
            let at_first = vanishing_at(&domain, shifts[i]);
            let product = b.mul(&term, other);
            term = b.affine(&product, at_first.inverse(), Val::ZERO);
        }
        sum = Some(match sum {
            None => term,
            Some(sum) => b.add(&sum, &term),
        });
    }
    sum.expect("at least one quotient chunk")
}

/// (x / shift)^n − 1.
fn vanishing_at(domain: &TwoAdicMultiplicativeCoset<Val>, x: Val) -> Val {
    (x * domain.shift().inverse()).exp_power_of_2(domain.log_size()) - Val::ONE
}
