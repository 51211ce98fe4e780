//! Says what would be decided about a request and why; writes and orders nothing.
//!
//! What is asked about → what is stored of it → the request as the ATS has it now → decided with what the provider says
//! now, once with the mappings as they are and once with those that are proposed.

mod answer;
mod asked;
mod found;

use std::sync::Arc;

use domain::ats::Intake;
use domain::order::Order;
use domain::reason::Refusal;

use self::answer::{Explained, told};
use self::asked::{Asked, Question};
use self::found::Found;
use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{Connected, StoreError};

pub const OPERATION: Operation = Operation {
    function: "admin-explain",
    method: "POST",
    path: "/admin/connections/{connection}/explain",
    summary: "Says what would be decided about a request and why; writes and orders nothing.",
    query: &[],
    body: Some(of::<Question>()),
    answers: &[(200, of::<Explained>())],
    problems: &[400, 404, 413, 422, 503],
};

/// Handles `POST /admin/connections/{connection}/explain`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(explain(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn explain(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let question: Question = super::body::body(call)?;
    let proposed = question.proposed();
    let asked = Box::pin(asked::asked(hub, &connected, question)).await?;
    // What an admin entered a moment ago counts, not what this function kept.
    if let Err(error) = hub.secrets.read_anew(&connected.connection.id, hub.clock.now()).await {
        tracing::error!(cause = %error, "the secret could not be read");
        return Err(problem(503, "The secret store cannot be reached just now. Try again.", &[]));
    }
    let explained = Box::pin(explained(hub, &connected, &asked, proposed, call)).await;
    explained.map(|explained| json_answer(200, &explained)).map_err(|error| super::unavailable(&error))
}

async fn explained(
    hub: &Hub,
    connected: &Connected,
    asked: &Asked,
    proposed: Option<domain::mapping::Mappings>,
    call: &Call,
) -> Result<Explained, StoreError> {
    let connection = &connected.connection;
    let application = asked.application();
    let arrived = match application {
        Some(application) => hub.store.arrived(&connection.id, application.as_str()).await?,
        None => None,
    };
    let setup = setup(hub, connected).await?;
    let Found { now, proposed } =
        Box::pin(found::found(hub, connected, asked, setup.as_ref(), proposed, call.deadline)).await?;
    let provider = connection.provider.shown_as();
    let waits = asked.orders.iter().find_map(write_waits);
    Ok(Explained {
        fresh: now.shown(provider),
        with_proposed: proposed.map(|found| found.shown(provider)),
        orders: asked.orders.iter().take(100).map(|order| answer::OrderLine::of(order, provider)).collect(),
        arrived: arrived.map(answer::Arrival::from),
        write_waits: waits.map(|refusal| told(refusal, provider)),
        setup: setup.as_ref().map(|refusal| told(refusal, provider)),
    })
}

/// Why the ATS does not show what it should of an order.
fn write_waits(order: &Order) -> Option<&Refusal> {
    let is_shown = order.written_rev >= order.desired_rev;
    order.write_refusal.as_ref().filter(|_| !is_shown)
}

/// Why nothing comes in from the ATS at all, where it is so.
async fn setup(hub: &Hub, connected: &Connected) -> Result<Option<Refusal>, StoreError> {
    let polls = match connected.connection.ats.intake() {
        Intake::Poll(_) => hub.store.poll(&connected.connection.id).await?.and_then(|poll| poll.refusal),
        Intake::Webhook(_) => None,
    };
    Ok(connected.authorization.as_ref().and_then(domain::authorization::Authorization::refusal).or(polls))
}
