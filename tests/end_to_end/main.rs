//! The journeys and the faults, end to end through the local stack.

mod journeys;
