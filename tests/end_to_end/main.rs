//! The journeys and the faults, end to end through the local stack.
#![cfg(test)]

mod authentic;
mod callbacks;
mod journeys;
mod support;
