//! What Asurint's support and the customer's administrator set up for a client.

use axum::http::StatusCode;
use jiff::SignedDuration;

use super::super::shared::lock;
use super::AsurintSimulator;
use super::model::{Account, Client, LateCommit, Package, ReportLink, Requester, Score, Status};
use super::postbacks::{PostbackOptions, Postbacks};
use super::refusal::Refusal;
use super::state::ClientState;

impl AsurintSimulator {
    /// Adds a client without packages, or replaces the one with the same id.
    pub fn add_client(&self, client: Client) {
        lock(&self.state).clients.insert(client.id.clone(), ClientState::new(client));
    }

    /// Changes the password of the client's user; the old one and all user tokens are refused from now on.
    pub fn set_password(&self, client: &str, password: &str) {
        self.with_client(client, |state| password.clone_into(&mut state.client.password));
        self.end_tokens(client);
    }

    /// Ends every user token of the older gateway that the client was given.
    pub fn end_tokens(&self, client: &str) {
        lock(&self.state).tokens.retain(|_, (owner, _)| owner != client);
    }

    /// Adds a package to the client's catalogue, or replaces the one with the same id.
    pub fn add_package(&self, client: &str, package: Package) {
        self.with_client(client, |state| {
            state.packages.retain(|known| known.id != package.id);
            state.packages.push(package);
        });
    }

    /// Deletes a package.
    pub fn remove_package(&self, client: &str, id: &str) {
        self.with_client(client, |state| state.packages.retain(|package| package.id != id));
    }

    /// Renames a package; its id stays.
    pub fn rename_package(&self, client: &str, id: &str, name: &str) {
        self.with_package(client, id, |package| name.clone_into(&mut package.name));
    }

    /// Takes a package out of use or puts it back.
    pub fn set_package_active(&self, client: &str, id: &str, active: bool) {
        self.with_package(client, id, |package| package.active = active);
    }

    /// Adds an account, or replaces the one with the same id; without any, orders name none.
    pub fn add_account(&self, client: &str, account: Account) {
        self.with_client(client, |state| {
            state.accounts.retain(|known| known.id != account.id);
            state.accounts.push(account);
        });
    }

    /// Adds a requester, or replaces the one with the same address; without any, everybody may order.
    pub fn add_requester(&self, client: &str, requester: Requester) {
        self.with_client(client, |state| {
            state.requesters.retain(|known| !known.email.eq_ignore_ascii_case(&requester.email));
            state.requesters.push(requester);
        });
    }

    /// Gives a status the customer's own word, in answers and postbacks to come.
    pub fn set_status_word(&self, client: &str, status: Status, word: &str) {
        self.with_client(client, |state| state.status_words.insert(status, word.to_owned()));
    }

    /// Gives a score the customer's own word, in answers and postbacks to come.
    pub fn set_score_word(&self, client: &str, score: Score, word: &str) {
        self.with_client(client, |state| state.score_words.insert(score, word.to_owned()));
    }

    /// Chooses where links to reports lead to.
    pub fn set_report_link(&self, client: &str, link: ReportLink) {
        self.with_client(client, |state| state.report_link = link);
    }

    /// Refuses every order of a client with 403.
    pub fn forbid_orders(&self, client: &str, forbidden: bool) {
        self.with_client(client, |state| state.orders_forbidden = forbidden);
    }

    /// Limits the client's requests in a minute, and chooses whether a 429 says when to come back.
    pub fn set_rate_limit(&self, client: &str, per_minute: Option<usize>, with_retry_after: bool) {
        self.with_client(client, |state| {
            state.limit.per_minute = per_minute;
            state.limit.with_retry_after = with_retry_after;
        });
    }

    /// How many of the client's requests were refused for its rate limit.
    #[must_use]
    pub fn limit_hits(&self, client: &str) -> usize {
        self.with_client(client, |state| state.limit.hits)
    }

    /// Demands this attribute of every XML `Order`, as the one that asks for an invitation to Candidate Hub.
    pub fn set_invitation_flag(&self, client: &str, flag: Option<(&str, &str)>) {
        let flag = flag.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.with_client(client, |state| state.invitation_flag = flag);
    }

    /// Makes the XML gateway refuse credentials and permissions with 200 and an exception, not with 401 and 403.
    pub fn refuse_credentials_in_band(&self, in_band: bool) {
        lock(&self.state).refuses_credentials_in_band = in_band;
    }

    /// Sets where postbacks of a client go and what they prove themselves with; `None` ends them.
    pub fn set_postbacks(&self, client: &str, postbacks: Option<Postbacks>) {
        self.with_client(client, |state| state.postbacks = postbacks);
    }

    /// Changes how the client's postbacks travel; those already queued or held keep the options of their time.
    pub fn set_postback_options(&self, client: &str, options: PostbackOptions) {
        self.with_client(client, |state| state.options = options);
    }

    /// Lets a second order for the same person and package pass while the first one is open.
    pub fn allow_second_orders(&self, allowed: bool) {
        lock(&self.state).second_orders_allowed = allowed;
    }

    /// Closes the connection of the next good order, which appears only later.
    pub fn commit_late(&self, when: LateCommit) {
        lock(&self.state).late_commit = Some(when);
    }

    /// Refuses the next good order with this status, for this field.
    pub fn refuse_next_order(&self, status: u16, field: &str, code: &str) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let message = format!("{field} is not accepted");
        lock(&self.state).next_refusal = Some(Refusal::new(status, code, Some(field), &message));
    }

    /// Makes the next `count` reads of orders answer the version before the present one.
    pub fn serve_stale(&self, count: u32) {
        lock(&self.state).stale_reads = count;
    }

    /// A fresh user token of the older gateway, good for an hour.
    pub(super) fn new_token(&self, client: &str) -> String {
        let now = self.harness.now();
        let mut state = lock(&self.state);
        let token = state.new_id();
        let ends = now.checked_add(SignedDuration::from_hours(1)).unwrap_or(now);
        state.tokens.insert(token.clone(), (client.to_owned(), ends));
        token
    }

    fn with_package(&self, client: &str, id: &str, change: impl FnOnce(&mut Package)) {
        let found = self.with_client(client, |state| {
            state.packages.iter_mut().find(|package| package.id == id).map(change).is_some()
        });
        self.check_named(found, "package", id);
    }

    /// A name that nobody added is a mistake of the test, so that it must not pass in silence.
    pub(super) fn check_named(&self, known: bool, kind: &str, id: &str) {
        if !known {
            self.harness.violations.record(format!("the test names the {kind} {id}, which does not exist"));
        }
    }

    fn with_client<T: Default>(&self, id: &str, work: impl FnOnce(&mut ClientState) -> T) -> T {
        let done = lock(&self.state).clients.get_mut(id).map(work);
        self.check_named(done.is_some(), "client", id);
        done.unwrap_or_default()
    }
}
