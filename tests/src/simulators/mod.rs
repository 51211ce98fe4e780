//! Stand-ins for the outside systems: real HTTP servers that keep state, imitate the vendors' quirks
//! and take faults. They are stricter than reality: whatever a vendor should never receive is recorded
//! as a [`shared::Violations`] entry and fails the test.

pub mod asurint;
mod bodies;
pub mod certn;
pub mod icims;
pub mod lever;
pub mod pageup;
pub mod shared;
