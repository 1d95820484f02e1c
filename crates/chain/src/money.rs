//! Amounts of the chain's currency.

use std::fmt;

use serde::{Serialize, Serializer};

const ETHER: u128 = 1_000_000_000_000_000_000;

/// A price of gas above a million gwei is taken for a mistake, or for a node that lies.
pub const MAX_GAS_PRICE: u128 = 1_000_000 * 1_000_000_000;

/// An amount in wei; a decimal string in JSON, because most readers of JSON have no integers of that size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wei(pub u128);

impl Wei {
    /// What so much gas costs at a price in wei.
    #[must_use]
    pub const fn of_gas(gas: u64, price: u128) -> Self {
        Self(price.saturating_mul(gas as u128))
    }

    /// In whole ether, rounded to what an `f64` holds.
    #[must_use]
    pub fn ether(self) -> f64 {
        self.0 as f64 / ETHER as f64
    }
}

impl fmt::Display for Wei {
    /// Ether with as many decimals as are not zero, exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / ETHER, self.0 % ETHER);
        let digits = format!("{rest:018}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{whole} ETH"),
            digits => write!(f, "{whole}.{digits} ETH"),
        }
    }
}

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A price of gas in gwei, for people.
#[must_use]
pub fn gwei(price: u128) -> String {
    let text = format!("{}.{:09}", price / 1_000_000_000, price % 1_000_000_000);
    format!("{} gwei", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (wei, text) in [
            (0, "0 ETH"),
            (1, "0.000000000000000001 ETH"),
            (ETHER, "1 ETH"),
            (12 * ETHER + ETHER / 4, "12.25 ETH"),
        ] {
            assert_eq!(Wei(wei).to_string(), text);
        }
        assert_eq!(Wei::of_gas(300_000, 2_000_000_000).to_string(), "0.0006 ETH");
        assert_eq!(serde_json::to_string(&Wei(ETHER)).unwrap(), "\"1000000000000000000\"");
        assert_eq!(gwei(1_500_000_000), "1.5 gwei");
        assert_eq!(gwei(20_000_000_000), "20 gwei");
        assert_eq!(gwei(7), "0.000000007 gwei");
    }
}
