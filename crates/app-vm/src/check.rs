//! A checker of constraints and buses over concrete traces: fast, complete and precise where a proof would only fail.
//!
//! It evaluates every table on every row, collects each failing constraint by its tag and balances every bus. The
//! prover may run it on a segment before it proves; the tests of the tables rest on it.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use finial_protocol::Val;
use p3_air::{Air, AirBuilder, RowWindow};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

thread_local! {
    static TAG: Cell<&'static str> = const { Cell::new("") };
}

/// Asserts that `expression` is zero, under a stable tag such as `[CPU-3]`.
///
/// The tag reaches failure reports of [`check`] when this crate runs its tests; elsewhere it costs nothing.
pub fn constrain<AB: AirBuilder>(builder: &mut AB, tag: &'static str, expression: impl Into<AB::Expr>) {
    if cfg!(test) {
        TAG.with(|cell| cell.set(tag));
    }
    builder.assert_zero(expression);
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A constraint is not zero.
    Constraint {
        /// Index of the table.
        table: usize,
        /// Tag of the constraint (in tests of this crate), else its index.
        tag: String,
        /// Row.
        row: usize,
    },
    /// A bus does not balance.
    Bus {
        /// Its name.
        bus: String,
        /// The message.
        message: Vec<u32>,
        /// What is left of it: positive if sent and not received.
        excess: i64,
        /// Tables and rows that sent or received it, at most eight.
        seen: Vec<(usize, usize)>,
    },
}

/// A table to check: AIR, trace, preprocessed trace, public values.
pub struct Table<'a, A> {
    /// The AIR.
    pub air: &'a A,
    /// Its main trace.
    pub trace: &'a RowMajorMatrix<Val>,
    /// Its preprocessed trace.
    pub preprocessed: Option<&'a RowMajorMatrix<Val>>,
    /// Its public values.
    pub public_values: &'a [Val],
}

/// Net count of a message and the rows that it was seen on.
type Balance = HashMap<Vec<Val>, (i64, Vec<(usize, usize)>)>;

/// Evaluates constraints and interactions of one row.
pub struct RowChecker<'a> {
    main: RowWindow<'a, Val>,
    preprocessed: RowWindow<'a, Val>,
    public_values: &'a [Val],
    row: usize,
    height: usize,
    table: usize,
    constraint: usize,
    buses: &'a mut BTreeMap<String, Balance>,
    violations: &'a mut Vec<Violation>,
}

/// Checks all tables together; at most `limit` violations are returned, none for a valid segment.
#[must_use]
pub fn check<A: for<'a> Air<RowChecker<'a>>>(tables: &[Table<'_, A>], limit: usize) -> Vec<Violation> {
    let mut buses = BTreeMap::new();
    let mut violations = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        check_table(index, table, &mut buses, &mut violations);
    }
    for (bus, balance) in buses {
        for (message, (excess, seen)) in balance {
            if excess != 0 {
                let message = message.iter().map(Val::as_canonical_u32).collect();
                violations.push(Violation::Bus { bus: bus.clone(), message, excess, seen });
            }
        }
    }
    violations.sort();
    violations.truncate(limit);
    violations
}

/// A message that a row puts on a bus: bus, fields, signed count.
pub type Message = (String, Vec<u32>, i64);

/// Evaluates one row: the constraints that fail on it and the messages it puts on buses, summed up.
#[must_use]
pub fn check_row<A: for<'a> Air<RowChecker<'a>>>(
    table: &Table<'_, A>,
    row: usize,
) -> (Vec<Violation>, Vec<Message>) {
    let mut buses = BTreeMap::new();
    let mut violations = Vec::new();
    evaluate(0, table, row, &mut buses, &mut violations);
    let mut messages = Vec::new();
    for (bus, balance) in buses {
        for (message, (count, _)) in balance {
            if count != 0 {
                messages.push((bus.clone(), message.iter().map(Val::as_canonical_u32).collect(), count));
            }
        }
    }
    messages.sort();
    (violations, messages)
}

fn check_table<A: for<'a> Air<RowChecker<'a>>>(
    index: usize,
    table: &Table<'_, A>,
    buses: &mut BTreeMap<String, Balance>,
    violations: &mut Vec<Violation>,
) {
    for row in 0..table.trace.height() {
        evaluate(index, table, row, buses, violations);
    }
}

fn evaluate<A: for<'a> Air<RowChecker<'a>>>(
    index: usize,
    table: &Table<'_, A>,
    row: usize,
    buses: &mut BTreeMap<String, Balance>,
    violations: &mut Vec<Violation>,
) {
    let height = table.trace.height();
    let mut checker = RowChecker {
        main: window(table.trace, row),
        preprocessed: table.preprocessed.map_or(RowWindow::from_two_rows(&[], &[]), |m| window(m, row)),
        public_values: table.public_values,
        row,
        height,
        table: index,
        constraint: 0,
        buses,
        violations,
    };
    table.air.eval(&mut checker);
}

/// A row and the next, cyclically.
fn window(matrix: &RowMajorMatrix<Val>, row: usize) -> RowWindow<'_, Val> {
    let width = matrix.width();
    let at = |row: usize| &matrix.values[row * width..(row + 1) * width];
    RowWindow::from_two_rows(at(row), at((row + 1) % matrix.height()))
}

impl RowChecker<'_> {
    fn record(&mut self, bus: &str, message: Vec<Val>, count: Val) {
        if count == Val::ZERO {
            return;
        }
        let count = i64::from(count.as_canonical_u32());
        let modulus = i64::from(Val::ORDER_U32);
        let signed = if count > modulus / 2 { count - modulus } else { count };
        if !self.buses.contains_key(bus) {
            self.buses.insert(bus.to_owned(), Balance::default());
        }
        let Some(balance) = self.buses.get_mut(bus) else { return };
        let (excess, seen) = balance.entry(message).or_default();
        *excess += signed;
        if seen.len() < 8 {
            seen.push((self.table, self.row));
        }
    }
}

impl<'a> AirBuilder for RowChecker<'a> {
    type F = Val;
    type Expr = Val;
    type Var = Val;
    type PreprocessedWindow = RowWindow<'a, Val>;
    type MainWindow = RowWindow<'a, Val>;
    type PublicVar = Val;
    type PeriodicVar = Val;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.preprocessed
    }

    fn is_first_row(&self) -> Val {
        Val::from_bool(self.row == 0)
    }

    fn is_last_row(&self) -> Val {
        Val::from_bool(self.row + 1 == self.height)
    }

    fn is_transition(&self) -> Val {
        Val::from_bool(self.row + 1 < self.height)
    }

    fn assert_zero<I: Into<Val>>(&mut self, x: I) {
        let index = self.constraint;
        self.constraint += 1;
        let tag = TAG.with(|cell| cell.replace(""));
        if x.into() != Val::ZERO {
            let tag = if tag.is_empty() { format!("#{index}") } else { tag.to_owned() };
            self.violations.push(Violation::Constraint { table: self.table, tag, row: self.row });
        }
    }

    fn public_values(&self) -> &[Val] {
        self.public_values
    }
}

impl InteractionBuilder for RowChecker<'_> {
    fn push_interaction<E: Into<Val>>(
        &mut self,
        bus_name: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Val>>,
    ) {
        let (count, _) = count.into().into_parts();
        let message = fields.into_iter().map(Into::into).collect();
        self.record(bus_name, message, count);
    }

    fn push_local_interaction(&mut self, _tuples: impl IntoIterator<Item = (Vec<Val>, Count<Val>)>) {
        panic!("tables of this project use named buses only");
    }

    fn push_exclusive_interaction(
        &mut self,
        bus_name: &str,
        branches: impl IntoIterator<Item = (Val, Count<Val>, Vec<Val>)>,
    ) {
        for (flag, count, message) in branches {
            self.record(bus_name, message, flag * count.into_parts().0);
        }
    }
}
