//! What one tenant of PageUp keeps: invitations, those that wait, tokens, the calls of the day.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::model::{Invite, Screen, Tenant};
use super::options::{Options, Queue};

const SECONDS_PER_DAY: i64 = 86_400;
/// The most invitations that one GET answers.
const PAGE_SIZE: usize = 5;
/// Every tenant counts from here, so that two tenants have the same ids.
const FIRST_ID: u64 = 123_456;

pub(super) struct Invitation {
    pub(super) invite: Invite,
    pub(super) screen: Screen,
    pub(super) history: Vec<Screen>,
    pub(super) puts: usize,
    pub(super) cancelled: bool,
}

pub(super) struct Token {
    pub(super) scopes: HashSet<String>,
    /// In seconds since the epoch; the token is no longer valid in that second.
    pub(super) expires: i64,
}

/// The calls of one day, which starts anew at midnight UTC.
#[derive(Default)]
pub(super) struct Calls {
    day: i64,
    count: u64,
}

impl Calls {
    pub(super) fn today(&self, now: Timestamp) -> u64 {
        if self.day == day(now) { self.count } else { 0 }
    }

    /// Counts one call, or says that the day's limit leaves none.
    pub(super) fn take(&mut self, now: Timestamp, limit: Option<u64>) -> bool {
        let count = self.today(now);
        if limit.is_some_and(|limit| count >= limit) {
            return false;
        }
        *self = Self { day: day(now), count: count + 1 };
        true
    }
}

fn day(now: Timestamp) -> i64 {
    now.as_second().div_euclid(SECONDS_PER_DAY)
}

pub(super) struct TenantState {
    pub(super) tenant: Tenant,
    pub(super) options: Options,
    pub(super) invitations: Vec<Invitation>,
    pub(super) waiting: Vec<String>,
    pub(super) served: Vec<Vec<String>>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) tokens_issued: usize,
    pub(super) calls: Calls,
    next_id: u64,
}

impl TenantState {
    pub(super) fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            options: Options::default(),
            invitations: Vec::new(),
            waiting: Vec::new(),
            served: Vec::new(),
            tokens: HashMap::new(),
            tokens_issued: 0,
            calls: Calls::default(),
            next_id: FIRST_ID,
        }
    }

    /// Puts an invitation at the end of those that wait.
    pub(super) fn invite(&mut self, invite: Invite, now: Timestamp) -> String {
        let id = self.next_id.to_string();
        self.next_id += 1;
        let screen = Screen { id: id.clone(), at: now, ..Screen::default() };
        self.invitations.push(Invitation { invite, screen, history: Vec::new(), puts: 0, cancelled: false });
        self.waiting.push(id.clone());
        id
    }

    pub(super) fn invitation(&self, id: &str) -> Option<&Invitation> {
        self.invitations.iter().find(|invitation| invitation.screen.id == id)
    }

    pub(super) fn invitation_mut(&mut self, id: &str) -> Option<&mut Invitation> {
        self.invitations.iter_mut().find(|invitation| invitation.screen.id == id)
    }

    /// The ids that a GET answers now; they stop waiting where the tenant's queue works so.
    pub(super) fn next_page(&mut self) -> Vec<String> {
        let page: Vec<String> = self.waiting.iter().take(PAGE_SIZE).cloned().collect();
        if self.options.queue == Queue::Dequeue {
            self.waiting.drain(..page.len());
        }
        self.served.push(page.clone());
        page
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Environment;
    use super::*;

    fn tenant() -> TenantState {
        TenantState::new(Tenant {
            id: "218".to_owned(),
            client_id: String::new(),
            client_secret: String::new(),
            data_centre: "dc2".to_owned(),
            environment: Environment::Uat,
            scopes: Vec::new(),
            token_hosts: Vec::new(),
        })
    }

    #[test]
    fn a_page_has_at_most_five_rows_in_both_kinds_of_queue() {
        for (queue, sizes) in [(Queue::KeepUntilPut, [5, 5, 5]), (Queue::Dequeue, [5, 2, 0])] {
            let mut state = tenant();
            state.options.queue = queue;
            for _ in 0..7 {
                state.invite(Invite::default(), Timestamp::UNIX_EPOCH);
            }
            assert_eq!([(); 3].map(|()| state.next_page().len()), sizes);
        }
    }

    #[test]
    fn the_calls_of_a_day_end_at_midnight() {
        let [evening, midnight] = ["2026-11-01T23:59:59Z", "2026-11-02T00:00:00Z"].map(|at| at.parse().unwrap());
        let mut calls = Calls::default();
        assert!(calls.take(evening, Some(1)));
        assert!(!calls.take(evening, Some(1)));
        assert_eq!((calls.today(evening), calls.today(midnight)), (1, 0));
        assert!(calls.take(midnight, Some(1)));
    }
}
