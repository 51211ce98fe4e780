//! The rules of Crosscheck, without a clock, a socket or an environment.
//!
//! Bytes go in and events come out; a command goes in and HTTP requests come out as values
//! ([`talk::Talk`]); facts go in and a decision comes out together with the trace that explains it
//! ([`decide`]). Whatever waits, stores or sends lives in the `runtime` crate.

pub mod access;
pub mod ats;
pub mod authorization;
pub mod checklist;
pub mod connection;
#[cfg(test)]
mod contract;
pub mod decide;
pub mod erasure;
pub mod hint;
pub mod http;
pub mod id;
pub mod invalid;
pub mod kinded;
pub mod limit;
pub mod mapping;
pub mod order;
pub mod poll;
pub mod provider;
pub mod reason;
pub mod region;
pub mod report_link;
pub mod request;
pub mod retry;
pub mod sealed;
pub mod secret;
pub mod status;
pub mod talk;
pub mod text;
pub mod trace;
pub mod trouble;
pub mod webhook;
