//! What admins do in Lever: authorize and revoke apps, toggle webhooks, rename stages.

use url::Url;

use super::super::shared::lock;
use super::LeverSimulator;
use super::host::Host;
use super::login::Asked;
use super::model::{Account, App, Posting};
use super::options::Options;
use super::state::{AccountState, Simulated};
use super::webhooks::{ORIGINS, Webhook};

impl LeverSimulator {
    /// Registers an app of a partner.
    pub fn add_app(&self, app: App) {
        lock(&self.state).apps.insert(app.client_id.clone(), app);
    }

    /// Changes the secret of an app; tokens that were issued stay valid.
    pub fn set_secret(&self, client_id: &str, secret: &str) {
        let known = lock(&self.state).apps.get_mut(client_id).map(|app| secret.clone_into(&mut app.client_secret));
        self.check_named(known.is_some(), "app", client_id);
    }

    /// Adds a customer with the default options and without webhooks or people in its pipeline.
    pub fn add_account(&self, account: Account) {
        lock(&self.state).accounts.insert(account.id.clone(), AccountState::new(account));
    }

    /// Changes how the account behaves from now on.
    pub fn set_options(&self, account: &str, options: Options) {
        self.with_account(account, |state| state.options = options);
    }

    /// How the account behaves now.
    #[must_use]
    pub fn options(&self, account: &str) -> Options {
        self.with_account(account, |state| state.options.clone())
    }

    /// A Super Admin follows the link of an authorization and accepts; gives where the browser goes then.
    ///
    /// # Errors
    /// What the browser shows in place of the question.
    pub fn consent(&self, account: &str, authorize_url: &str) -> Result<String, String> {
        self.decide(authorize_url, |asked, state, now| asked.accept(state, account, None, now))
    }

    /// The same by this user.
    ///
    /// # Errors
    /// What the browser shows in place of the question.
    pub fn consent_as(&self, account: &str, authorize_url: &str, user: &str) -> Result<String, String> {
        self.decide(authorize_url, |asked, state, now| asked.accept(state, account, Some(user), now))
    }

    /// A Super Admin follows the link of an authorization and refuses.
    ///
    /// # Errors
    /// What the browser shows in place of the question.
    pub fn refuse_consent(&self, authorize_url: &str) -> Result<String, String> {
        self.decide(authorize_url, |asked, _, _| Ok(asked.refuse()))
    }

    fn decide(
        &self,
        authorize_url: &str,
        decide: impl FnOnce(Asked, &mut Simulated, i64) -> Result<String, String>,
    ) -> Result<String, String> {
        let url = Url::parse(authorize_url).map_err(|error| error.to_string())?;
        if url.path() != "/authorize" {
            return Err("Not found".to_owned());
        }
        let mut state = lock(&self.state);
        let query = url.query().unwrap_or_default();
        let asked = Asked::read(query, &Host::of_url(&url), &state.apps, &self.harness.violations)?;
        decide(asked, &mut state, self.harness.now().as_second())
    }

    /// Takes back whatever the account granted; the hub is not told.
    pub fn revoke(&self, account: &str) {
        let options = self.options(account);
        lock(&self.state).grants.revoke(account, options.revocation_ends_access);
        if options.revocation_removes_webhooks {
            self.with_account(account, |state| state.webhooks.retain(|webhook| webhook.made_with.is_none()));
        }
    }

    /// Makes the access tokens invalid that were issued so far; the refresh tokens stay good.
    pub fn end_access_tokens(&self, account: &str) {
        lock(&self.state).grants.end_access(account);
    }

    /// How often the account's tokens were refreshed.
    #[must_use]
    pub fn refreshes(&self, account: &str) -> usize {
        lock(&self.state).grants.of_account(account).map(|grant| grant.refreshes).sum()
    }

    /// How often a used refresh token of the account was used again.
    #[must_use]
    pub fn refresh_reuses(&self, account: &str) -> usize {
        lock(&self.state).grants.of_account(account).map(|grant| grant.reuses).sum()
    }

    /// How many calls were refused with 429.
    #[must_use]
    pub fn limit_hits(&self, account: &str) -> usize {
        self.with_account(account, |state| state.bucket.hits)
    }

    /// Switches the group of an event, such as `candidateStageChange`, on or off; it starts off.
    pub fn toggle(&self, account: &str, event: &str, on: bool) {
        self.with_account(account, |state| {
            if on { state.toggled.insert(event.to_owned()) } else { state.toggled.remove(event) }
        });
    }

    /// Adds a webhook on the settings page, which the API does not show; gives its signature token.
    pub fn add_webhook(&self, account: &str, event: &str, url: &str) -> String {
        let now = self.harness.now().as_millisecond();
        self.with_dice(account, |state, dice| {
            let signature_token = dice.hex_token();
            state.webhooks.push(Webhook {
                id: dice.uuid(),
                event: event.to_owned(),
                url: url.to_owned(),
                origins: ORIGINS.map(str::to_owned).to_vec(),
                signature_token: signature_token.clone(),
                made_with: None,
                created_at: now,
                updated_at: now,
            });
            signature_token
        })
    }

    /// The ids and addresses of all webhooks, oldest first.
    #[must_use]
    pub fn webhooks(&self, account: &str) -> Vec<(String, String)> {
        self.with_account(account, |state| {
            state.webhooks.iter().map(|webhook| (webhook.id.clone(), webhook.url.clone())).collect()
        })
    }

    /// What a webhook signs with, of which only its maker was told.
    #[must_use]
    pub fn signature_token(&self, account: &str, webhook: &str) -> String {
        let token = self.with_account(account, |state| {
            let found = state.webhooks.iter().find(|found| found.id == webhook);
            found.map(|found| found.signature_token.clone())
        });
        self.check_named(token.is_some(), "webhook", webhook);
        token.unwrap_or_default()
    }

    /// Gives a webhook another signature token, of which only the admin knows.
    pub fn regenerate_token(&self, account: &str, webhook: &str) -> String {
        let token = self.with_dice(account, |state, dice| {
            let found = state.webhooks.iter_mut().find(|found| found.id == webhook)?;
            found.signature_token = dice.hex_token();
            Some(found.signature_token.clone())
        });
        self.check_named(token.is_some(), "webhook", webhook);
        token.unwrap_or_default()
    }

    /// Deletes a webhook; the hub is not told.
    pub fn remove_webhook(&self, account: &str, webhook: &str) {
        let known = self.with_account(account, |state| {
            let before = state.webhooks.len();
            state.webhooks.retain(|found| found.id != webhook);
            state.webhooks.len() < before
        });
        self.check_named(known, "webhook", webhook);
    }

    /// Lets a webhook tell only of candidates of these origins.
    pub fn narrow_webhook(&self, account: &str, webhook: &str, origins: &[&str]) {
        let known = self.with_account(account, |state| {
            let found = state.webhooks.iter_mut().find(|found| found.id == webhook);
            found.map(|found| found.origins = origins.iter().map(|&origin| origin.to_owned()).collect()).is_some()
        });
        self.check_named(known, "webhook", webhook);
    }

    /// Takes a scope out of everything that the account granted: calls with the tokens of before are refused, and the next
    /// tokens do not have it.
    pub fn take_scope(&self, account: &str, scope: &str) {
        lock(&self.state).grants.take_scope(account, scope);
    }

    /// Deactivates a user, or the opposite.
    pub fn set_active(&self, account: &str, user: &str, active: bool) {
        let known = self.with_account(account, |state| {
            let found = state.account.users.iter_mut().find(|found| found.id == user);
            found.map(|found| found.deactivated = !active).is_some()
        });
        self.check_named(known, "user", user);
    }

    /// Changes or empties a user's e-mail address.
    pub fn set_user_email(&self, account: &str, user: &str, email: &str) {
        let known = self.with_account(account, |state| {
            let found = state.account.users.iter_mut().find(|found| found.id == user);
            found.map(|found| email.clone_into(&mut found.email)).is_some()
        });
        self.check_named(known, "user", user);
    }

    /// Changes the name of a stage, which keeps its id.
    pub fn rename_stage(&self, account: &str, stage: &str, text: &str) {
        let known = self.with_account(account, |state| {
            let found = state.account.stages.iter_mut().find(|found| found.id == stage);
            found.map(|found| text.clone_into(&mut found.text))
        });
        self.check_named(known.is_some(), "stage", stage);
    }

    /// Adds or replaces a posting; the opportunities that are linked to it stay as they are.
    pub fn add_posting(&self, account: &str, posting: Posting) {
        self.with_account(account, |state| {
            state.postings.insert(posting.id.clone(), posting);
        });
    }
}
