//! Every request that is no control route: where it goes, and what PageUp checks before it looks at it.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::Value;

use super::super::bodies::readable;
use super::super::shared::{Violations, lock};
use super::fuzz::{self, Dice};
use super::login::{self, Host};
use super::model::{READ_SCOPE, WRITE_SCOPE};
use super::options::{Empty, PutShape};
use super::refusal::Refusal;
use super::state::TenantState;
use super::{MARKERS, PageUpSimulator, Simulated, rows, writes};

const BODY_LIMIT: usize = 1 << 20;
const SHORTEST_TELLING_SECRET: usize = 6;

/// One request, as it came.
pub(super) struct Call<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) host: Host,
    pub(super) now: Timestamp,
    pub(super) violations: &'a Violations,
}

/// What the path of a request names, below a tenant.
#[derive(Clone, Copy)]
enum Target<'a> {
    Waiting,
    Update(PutShape, &'a str),
}

impl<'a> Target<'a> {
    fn of(method: &Method, path: &[&'a str]) -> Option<Self> {
        match (method, path) {
            (&Method::GET, ["recruitment", "backgroundchecks"]) => Some(Self::Waiting),
            (&Method::PUT, ["recruitment", "backgroundchecks", id]) => {
                Some(Self::Update(PutShape::BackgroundCheck, id))
            }
            (&Method::PUT, ["workcompliance", "invitations", id, "statuses"]) => {
                Some(Self::Update(PutShape::WorkCompliance, id))
            }
            _ => None,
        }
    }
}

/// Answers whatever is not a control route.
pub(super) async fn answer(State(simulator): State<PageUpSimulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Refusal::bad_request("The body is too long or did not arrive").into_response();
    };
    let harness = &simulator.harness;
    let host = Host::of(&parts.headers);
    let call = Call { parts: &parts, body: &body, host, now: harness.now(), violations: &harness.violations };
    let mut state = lock(&simulator.state);
    match (parts.method.as_str(), parts.uri.path()) {
        ("POST", "/connect/token") => login::token(&call, &mut state),
        ("GET", "/.well-known/openid-configuration") => login::discovery(&call.host),
        _ => call.answer(&mut state).unwrap_or_else(IntoResponse::into_response),
    }
}

impl Call<'_> {
    fn answer(&self, state: &mut Simulated) -> Result<Response, Refusal> {
        let (method, path) = (&self.parts.method, self.parts.uri.path());
        self.scan(state);
        let segments: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        let (tenant, target) = match segments.as_slice() {
            ["", "v3", tenant, rest @ ..] => (*tenant, Target::of(method, rest)),
            _ => ("", None),
        };
        let Some(target) = target else {
            self.violations.record(format!("PageUp was sent the unexpected {method} {path}"));
            return Err(Refusal::not_found());
        };
        if self.parts.uri.query().is_some() {
            self.violations.record(format!("PageUp was sent {method} {path} with a query"));
        }
        let Simulated { tenants, dice } = state;
        let tenant = tenants.get_mut(tenant).filter(|found| self.host.is(&found.tenant.api_host()));
        let scope = match target {
            Target::Waiting => READ_SCOPE,
            Target::Update(..) => WRITE_SCOPE,
        };
        let tenant = self.admit(tenant, scope)?;
        match target {
            Target::Waiting => Ok(waiting(tenant, dice)),
            Target::Update(shape, id) => writes::put(self, tenant, (shape, id), dice),
        }
    }

    /// Records whatever may never reach PageUp or one of its users.
    fn scan(&self, state: &Simulated) {
        let (method, path) = (&self.parts.method, self.parts.uri.path());
        let text = format!("{} {}", self.parts.uri, readable(self.body));
        for marker in MARKERS.iter().filter(|marker| text.contains(*marker)) {
            self.violations.record(format!("PageUp received {marker} in {method} {path}"));
        }
        for tenant in state.tenants.values().map(|state| &state.tenant) {
            let secret = &tenant.client_secret;
            if secret.len() >= SHORTEST_TELLING_SECRET && text.contains(secret.as_str()) {
                let id = &tenant.id;
                self.violations.record(format!("PageUp received the secret of the tenant {id} in {method} {path}"));
            }
        }
    }

    /// The tenant, where the token is one of its own, the day has a call left and the scope was granted.
    fn admit<'t>(&self, tenant: Option<&'t mut TenantState>, scope: &str) -> Result<&'t mut TenantState, Refusal> {
        let header = self.parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(value) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
            self.violations.record(format!("{} {} came without a token", self.parts.method, self.parts.uri.path()));
            return Err(Refusal::unauthorized());
        };
        let tenant = tenant.ok_or_else(Refusal::unauthorized)?;
        let token = tenant.tokens.get(value).filter(|token| self.now.as_second() < token.expires);
        let granted = token.map(|token| token.scopes.contains(scope)).ok_or_else(Refusal::unauthorized)?;
        if !tenant.calls.take(self.now, tenant.options.daily_limit) {
            return Err(Refusal::over_daily_limit());
        }
        if granted { Ok(tenant) } else { Err(Refusal::forbidden()) }
    }
}

fn waiting(tenant: &mut TenantState, dice: &mut Dice) -> Response {
    let page = tenant.next_page();
    let options = &tenant.options;
    if page.is_empty() && options.empty == Empty::NoContent {
        return StatusCode::NO_CONTENT.into_response();
    }
    let invitations = page.iter().filter_map(|id| tenant.invitation(id));
    let rows: Vec<Value> = invitations.map(|invitation| rows::row(invitation, options)).collect();
    json_answer(fuzz::write(&rows::page(rows, options), options, dice))
}

pub(super) fn json_answer(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}
