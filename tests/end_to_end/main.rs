//! The journeys and the faults, end to end through the local stack.
#![cfg(test)]

mod admin;
mod asurint_known_words;
mod asurint_postbacks;
mod asurint_shuffled;
mod asurint_words;
mod authentic;
mod blocked;
mod callbacks;
mod counted;
mod documents;
mod journeys;
mod killed;
mod lever_limit;
mod lever_notes;
mod lever_stage;
mod lever_support;
mod lever_webhooks;
mod limits;
mod pageup_access;
mod pageup_killed;
mod pageup_limit;
mod pageup_queue;
mod pageup_rows;
mod pageup_shapes;
mod pageup_statuses;
mod pageup_window;
mod private;
mod provider_faults;
mod registered;
mod report_link;
mod stored;
mod support;
mod waits;
