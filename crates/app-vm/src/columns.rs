//! Column structs: a named view of a table's row.

/// Declares a struct of columns with its width, a reader and a writer.
///
/// `name` is one column, `name [n]` is `n` of them; they stand in the row in the order of the fields.
macro_rules! columns {
    (
        $(#[$meta:meta])*
        $name:ident, $width:ident {
            $( $(#[$field_meta:meta])* $field:ident $([$len:expr])? ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        pub struct $name<T> {
            $( $(#[$field_meta])* pub $field: $crate::columns::field_type!(T $(, $len)?), )*
        }

        #[doc = concat!("Columns of [`", stringify!($name), "`].")]
        pub const $width: usize = 0 $( + $crate::columns::field_width!($($len)?) )*;

        impl<T: Copy> $name<T> {
            /// Reads a row.
            ///
            /// # Panics
            /// If the row has fewer elements than the table has columns.
            #[must_use]
            pub fn from_row(row: &[T]) -> Self {
                let mut cells = row.iter().copied();
                let mut next = || cells.next().expect("a row as wide as its table");
                Self { $( $field: $crate::columns::field_read!(next $(, $len)?), )* }
            }

            /// Writes a row.
            ///
            /// # Panics
            /// If the row has fewer elements than the table has columns.
            pub fn write(&self, row: &mut [T]) {
                let mut at = 0;
                $( $crate::columns::field_write!(self, $field, row, at $(, $len)?); )*
                debug_assert_eq!(at, $width);
            }
        }

        #[cfg(test)]
        impl<T> $name<T> {
            /// The names of the columns, one for each.
            pub fn names() -> Vec<&'static str> {
                let names = [$( (stringify!($field), $crate::columns::field_width!($($len)?)) ),*];
                names.into_iter().flat_map(|(name, width)| vec![name; width]).collect()
            }
        }

        impl<T: Copy> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: Copy> Copy for $name<T> {}

        impl Default for $name<finial_protocol::Val> {
            fn default() -> Self {
                Self::from_row(&[<finial_protocol::Val as p3_field::PrimeCharacteristicRing>::ZERO; $width])
            }
        }
    };
}

macro_rules! field_type {
    ($t:ident) => {
        $t
    };
    ($t:ident, $len:expr) => {
        [$t; $len]
    };
}

macro_rules! field_width {
    () => {
        1
    };
    ($len:expr) => {
        $len
    };
}

macro_rules! field_read {
    ($next:ident) => {
        $next()
    };
    ($next:ident, $len:expr) => {
        core::array::from_fn::<_, { $len }, _>(|_| $next())
    };
}

macro_rules! field_write {
    ($this:ident, $field:ident, $row:ident, $at:ident) => {
        $row[$at] = $this.$field;
        $at += 1;
    };
    ($this:ident, $field:ident, $row:ident, $at:ident, $len:expr) => {
        $row[$at..$at + $len].copy_from_slice(&$this.$field);
        $at += $len;
    };
}

pub(crate) use {columns, field_read, field_type, field_width, field_write};
