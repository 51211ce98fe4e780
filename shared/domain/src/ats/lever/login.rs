//! How Lever's Super Admin grants the access, and how its tokens are kept alive.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::api::Api;
use super::settings::{Credentials, Settings};
use super::{LOGIN, hooks, wire};
use crate::access::{Access, HookKey, NoTokens, Tokens};
use crate::ats::{AtsCredentials, Authorizes, NextSteps};
use crate::http::{HttpOutcome, HttpRequest, Sending, https};
use crate::id::AtsId;
use crate::request::Subject;
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::Trouble;

/// How long an access token lives whose answer does not say so, in seconds.
const TOKEN_LIFE: i64 = 3_600;

/// The longest life that is believed, in seconds: a year, as that of the refresh token.
const LONGEST_LIFE: i64 = 365 * 86_400;

impl Settings {
    fn login(&self, path: &str) -> Url {
        let mut url = https(self.environment.login_host());
        url.set_path(path);
        url
    }

    /// Asks for tokens. A second try with the same code or refresh token ends the whole grant, so it is never made.
    fn ask_for_tokens(
        &self,
        credentials: &AtsCredentials,
        grant: &[(&str, &str)],
        kept: Option<Secret>,
        now: Timestamp,
    ) -> Talk<Result<Tokens, NoTokens>> {
        let Some(Credentials { client_id, client_secret }) = app(credentials) else {
            return Talk::Done(Err(NoTokens::Client));
        };
        let [kind, rest @ ..] = grant else { return Talk::Done(Err(NoTokens::Client)) };
        let app = [("client_id", client_id.as_str()), ("client_secret", client_secret.expose().as_str())];
        let form: Vec<_> = [*kind].into_iter().chain(app).chain(rest.iter().copied()).collect();
        let request = HttpRequest::form(&LOGIN, self.login("oauth/token"), &form);
        let request = HttpRequest { sending: Sending::Once, ..request };
        Talk::ask(request, move |outcome| Talk::Done(tokens(outcome, kept, now)))
    }
}

fn app(credentials: &AtsCredentials) -> Option<&Credentials> {
    match credentials {
        AtsCredentials::Lever(credentials) => Some(credentials),
        _ => None,
    }
}

impl Authorizes for Settings {
    fn consent_page(&self, credentials: &AtsCredentials, redirect: &Url, state: &Secret) -> Option<Url> {
        let app = app(credentials)?;
        let mut page = self.login("authorize");
        page.query_pairs_mut()
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("response_type", "code")
            .append_pair("state", state.expose())
            .append_pair("audience", self.environment.audience())
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("prompt", "consent");
        Some(page)
    }

    fn next_steps(&self) -> NextSteps {
        let (stage, prefix) = (self.trigger_stage.trim(), self.package_prefix.trim());
        NextSteps {
            stage: format!(
                "In Lever there is no stage \"{stage}\" yet. Add it to the pipeline; it is found within ten minutes."
            ),
            after: vec![
                "In Lever, open Settings > Integrations and API > Webhooks and switch \"Candidate Stage Change\" on, if it \
                 is not on already. No check can start before."
                    .to_owned(),
                format!(
                    "Tag each job posting with its package, such as \"{prefix} Basic Search + Employment + Education\". \
                     The name is that of the package at the provider."
                ),
                format!("To start a check, move a candidate's opportunity into the stage \"{stage}\"."),
            ],
        }
    }

    fn exchange(
        &self,
        credentials: &AtsCredentials,
        code: &Secret,
        redirect: &Url,
        now: Timestamp,
    ) -> Talk<Result<Tokens, NoTokens>> {
        let grant =
            [("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect.as_str())];
        self.ask_for_tokens(credentials, &grant, None, now)
    }

    fn refresh(&self, credentials: &AtsCredentials, tokens: &Tokens, now: Timestamp) -> Talk<Result<Tokens, NoTokens>> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.expose().as_str())];
        self.ask_for_tokens(credentials, &grant, Some(tokens.refresh.clone()), now)
    }

    fn trigger_stages(&self, access: &Access) -> Talk<Result<Vec<AtsId>, Trouble>> {
        hooks::trigger_stages(Api::new(self, access), self.clone())
    }

    fn make_hook(&self, access: &Access, address: &Url) -> Talk<Result<HookKey, Trouble>> {
        hooks::make(Api::new(self, access), address.clone())
    }

    fn delete_hooks(&self, access: &Access, address: &Url) -> Talk<Result<(), Trouble>> {
        hooks::delete_all(Api::new(self, access), address)
    }

    fn entered_since(&self, access: &Access, stages: &[AtsId], since: Timestamp) -> Talk<Result<Vec<Subject>, Trouble>> {
        hooks::entered_since(Api::new(self, access), stages.to_vec(), since, Vec::new())
    }
}

/// The tokens of an answer. `kept` is the refresh token that goes on where the answer has no other.
fn tokens(outcome: HttpOutcome, kept: Option<Secret>, now: Timestamp) -> Result<Tokens, NoTokens> {
    let response = outcome.map_err(|_| NoTokens::Unavailable)?;
    if !response.is_success() {
        return Err(match (response.status, wire::denied(&response).as_deref()) {
            (400 | 401 | 403, Some("invalid_grant")) => NoTokens::Revoked,
            (400..=499, Some("access_denied" | "invalid_client" | "unauthorized_client")) => NoTokens::Client,
            // The status of a wrong secret is documented, what comes with it is not.
            (401, _) => NoTokens::Client,
            _ => NoTokens::Unavailable,
        });
    }
    let granted = wire::granted(&response).ok_or(NoTokens::Unavailable)?;
    let present = |token: &Secret| !token.expose().trim().is_empty();
    if !present(&granted.access_token) {
        return Err(NoTokens::Unavailable);
    }
    // Without a refresh token the grant ends with the hour: our app lacks offline access.
    let refresh = granted.refresh_token.filter(present).or(kept).ok_or(NoTokens::Client)?;
    let lives = granted.expires_in.as_ref().and_then(seconds).unwrap_or(TOKEN_LIFE).clamp(0, LONGEST_LIFE);
    let expires_at = now.saturating_add(SignedDuration::from_secs(lives)).unwrap_or(now);
    Ok(Tokens { access: granted.access_token, refresh, expires_at, refreshed_at: now })
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
