//! The journeys and the faults, end to end through the local stack.
#![cfg(test)]

mod authentic;
mod blocked;
mod callbacks;
mod counted;
mod journeys;
mod limits;
mod private;
mod provider_faults;
mod stored;
mod support;
