//! The whole hub on one machine: the functions behind the template's routes, AWS's part on loopback, simulators of the
//! outside systems, and the journeys that a tour plays and the tests check.

pub mod api_page;
pub mod deployed;
pub mod embedded_aws;
pub mod events;
pub mod functions;
pub mod gateway;
pub mod journeys;
pub mod logs;
pub mod narrator;
pub mod payload;
pub mod roles;
pub mod simulators;
pub mod stack;
pub mod template;
