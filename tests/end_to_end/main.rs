//! The journeys and the faults, end to end through the local stack.
#![cfg(test)]

mod authentic;
mod blocked;
mod callbacks;
mod counted;
mod journeys;
mod private;
mod stored;
mod support;
