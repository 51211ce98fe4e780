//! The shell of Crosscheck: what stores, sends and waits. Every rule is in the `domain` crate; here its values are
//! carried out.
//!
//! A function's way: [`lambda`] starts it, [`handlers`] hold its work, [`hub`] is what every handler is given.

pub mod access;
pub mod aws;
pub mod cache;
pub mod checks;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod edge;
pub mod handlers;
pub mod hub;
pub mod lambda;
pub mod outbound;
pub mod queue;
pub mod random;
pub mod replay;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod write_back;
