//! Two versions side by side: what a newer one wrote is left alone until its own readers come, and nothing gets lost.

mod newer;
mod recorded;
mod recording;
mod scenario;
