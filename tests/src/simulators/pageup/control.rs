//! Control routes, by which a person with curl plays the recruiter.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::bodies::changed;
use super::super::shared::lock;
use super::api::answer;
use super::model::{Invite, Screen};
use super::options::Options;
use super::state::TenantState;
use super::{Environment, PageUpSimulator};

#[derive(Deserialize)]
struct Cancel {
    tenant: Option<String>,
    id: String,
}

#[derive(Deserialize)]
struct Resend {
    tenant: Option<String>,
    id: String,
    #[serde(default)]
    same_id: bool,
}

/// One tenant, with what its recruiters see.
#[derive(Serialize)]
struct View {
    tenant: String,
    environment: Environment,
    options: Options,
    invitations: Vec<InvitationView>,
}

#[derive(Serialize)]
struct InvitationView {
    id: String,
    waiting: bool,
    cancelled: bool,
    invite: Invite,
    screen: Screen,
    history: Vec<Screen>,
    accepted_puts: usize,
}

pub(super) fn routes(simulator: PageUpSimulator) -> Router {
    Router::new()
        .route("/_control/invite", post(invite))
        .route("/_control/cancel", post(cancel))
        .route("/_control/resend", post(resend))
        .route("/_control/options", post(options))
        .route("/_control/invitations", get(invitations))
        .fallback(answer)
        .with_state(simulator)
}

impl PageUpSimulator {
    /// The tenant that a control request means, where that is clear and `known` holds for it.
    fn meant(&self, named: Option<&str>, known: impl Fn(&TenantState) -> bool) -> Result<String, StatusCode> {
        let state = lock(&self.state);
        let tenant = match named {
            Some(named) => state.tenants.get(named),
            None if state.tenants.len() == 1 => state.tenants.values().next(),
            None => return Err(StatusCode::UNPROCESSABLE_ENTITY),
        };
        tenant.filter(|found| known(found)).map(|found| found.tenant.id.clone()).ok_or(StatusCode::NOT_FOUND)
    }

    /// Takes the tenant's name out of a request and gives the tenant that is meant.
    fn taken(&self, request: &mut Map<String, Value>) -> Result<String, StatusCode> {
        let named = request.remove("tenant");
        self.meant(named.as_ref().and_then(Value::as_str), |_| true)
    }
}

/// Sends an invitation; what the request does not name is as in the tenant's last one.
async fn invite(
    State(simulator): State<PageUpSimulator>,
    Json(mut request): Json<Map<String, Value>>,
) -> Result<Json<Value>, StatusCode> {
    let tenant = simulator.taken(&mut request)?;
    let last = simulator.with_tenant(&tenant, |state| state.invitations.last().map(|found| found.invite.clone()));
    let invite = changed(&last.unwrap_or_default(), request)?;
    Ok(Json(json!({ "id": simulator.invite(&tenant, invite) })))
}

async fn cancel(
    State(simulator): State<PageUpSimulator>,
    Json(request): Json<Cancel>,
) -> Result<StatusCode, StatusCode> {
    let tenant = simulator.meant(request.tenant.as_deref(), |found| found.invitation(&request.id).is_some())?;
    simulator.cancel(&tenant, &request.id);
    Ok(StatusCode::NO_CONTENT)
}

async fn resend(
    State(simulator): State<PageUpSimulator>,
    Json(request): Json<Resend>,
) -> Result<Json<Value>, StatusCode> {
    let tenant = simulator.meant(request.tenant.as_deref(), |found| found.invitation(&request.id).is_some())?;
    if request.same_id {
        simulator.resend_same_id(&tenant, &request.id);
        return Ok(Json(json!({ "id": request.id })));
    }
    Ok(Json(json!({ "id": simulator.resend(&tenant, &request.id) })))
}

/// Changes the options that the request names, and answers them all.
async fn options(
    State(simulator): State<PageUpSimulator>,
    Json(mut request): Json<Map<String, Value>>,
) -> Result<Json<Options>, StatusCode> {
    let tenant = simulator.taken(&mut request)?;
    let options = changed(&simulator.options(&tenant), request)?;
    simulator.set_options(&tenant, options.clone());
    Ok(Json(options))
}

async fn invitations(State(simulator): State<PageUpSimulator>) -> Json<Vec<View>> {
    let state = lock(&simulator.state);
    Json(state.tenants.values().map(view).collect())
}

fn view(state: &TenantState) -> View {
    let invitations = state.invitations.iter().map(|found| InvitationView {
        id: found.screen.id.clone(),
        waiting: state.waiting.contains(&found.screen.id),
        cancelled: found.cancelled,
        invite: found.invite.clone(),
        screen: found.screen.clone(),
        history: found.history.clone(),
        accepted_puts: found.puts,
    });
    View {
        tenant: state.tenant.id.clone(),
        environment: state.tenant.environment,
        options: state.options.clone(),
        invitations: invitations.collect(),
    }
}
