//! List prices, and what is assumed beside them, out of one dated file.

use std::collections::BTreeMap;

use local_stack::stack::Error;
use serde::Deserialize;

const FILE: &str = include_str!("../../../docs/prices-2026-11.json");

#[derive(Debug, Deserialize)]
struct Price {
    usd: f64,
    per: f64,
}

#[derive(Debug, Deserialize)]
struct Assumption {
    is: f64,
}

/// The numbers of the file by their names.
#[derive(Debug, Deserialize)]
pub(crate) struct Prices {
    prices: BTreeMap<String, Price>,
    assumptions: BTreeMap<String, Assumption>,
}

impl Prices {
    /// # Errors
    /// The file is not of its form.
    pub(crate) fn read() -> Result<Self, Error> {
        Ok(serde_json::from_str(FILE)?)
    }

    /// A price in USD for one, or what is assumed.
    ///
    /// # Errors
    /// The file has no such name.
    pub(crate) fn of(&self, name: &str) -> Result<f64, Error> {
        let price = self.prices.get(name).map(|price| price.usd / price.per);
        let number = price.or_else(|| self.assumptions.get(name).map(|assumption| assumption.is));
        number.ok_or_else(|| format!("no price and no assumption is called {name}").into())
    }
}
