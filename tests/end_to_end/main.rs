//! The journeys and the faults, end to end through the local stack.
#![cfg(test)]

mod admin;
mod authentic;
mod blocked;
mod callbacks;
mod counted;
mod documents;
mod journeys;
mod killed;
mod limits;
mod private;
mod provider_faults;
mod registered;
mod report_link;
mod stored;
mod support;
mod waits;
