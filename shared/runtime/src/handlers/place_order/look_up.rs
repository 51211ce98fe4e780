//! After an attempt whose outcome nobody knows: is the order at the provider?

use domain::order::{Found, Order};
use domain::provider::{Findings, Lookup, Truth};
use domain::reason::Kind;
use domain::trouble::{Cause, Trouble};

use super::place_again;
use crate::checks;
use crate::deadline::Deadline;
use crate::handlers::Failed;
use crate::hub::Hub;
use crate::store::{Connected, Expect, Saved, StoreError};
use crate::write_back::write_claimed;

pub(super) async fn look_up(
    hub: &Hub,
    connected: &Connected,
    mut order: Order,
    deadline: Deadline,
) -> Result<(), Failed> {
    let found = match find(hub, connected, &order, deadline).await {
        Ok(Findings::Orders(candidates)) => unclaimed(hub, &order, candidates).await?,
        Ok(Findings::Untold(why)) => Found::Impossible(Cause::new(why)),
        Err(trouble @ Trouble::Later { .. }) => Found::NotNow(trouble),
        Err(Trouble::Because { refusal, cause }) if refusal.reason.kind() == Kind::Dead => Found::Impossible(cause),
        Err(trouble) => Found::NotNow(trouble),
    };
    let before = order.rev;
    let now = hub.clock.now();
    let event = order.looked_up(found, now, &hub.config.timing);
    // What is placed again at once is written by whoever places it.
    let claimed = !order.is_to_be_placed() && order.claim_write(now);
    order.rev = before + 1;
    // Whoever else looked it up meanwhile came to the same, and goes on with it.
    match hub.store.save(&mut order, Expect::Rev(before), &[event], &hub.config.timing).await? {
        Saved::Yes => {}
        Saved::Conflict(_) | Saved::Gone => return Ok(()),
    }
    tracing::info!(order = %order.id, status = order.status.code(), "looked up");
    if order.is_to_be_placed() {
        return Box::pin(place_again(hub, connected, order, deadline)).await;
    }
    if claimed {
        write_claimed(hub, connected, order, deadline).await?;
    }
    Ok(())
}

/// Every order at the provider that could be it: by our own id, or by the candidate's address, which is read from the ATS
/// again.
async fn find(hub: &Hub, connected: &Connected, order: &Order, deadline: Deadline) -> Result<Findings, Trouble> {
    let mut email = None;
    if connected.connection.provider.traits().finds_by_candidate {
        let (request, _) = checks::read_request(hub, connected, &order.subject, deadline).await?;
        email = request.candidate.email;
        let secret = hub.secret(&order.connection).await?;
        let is_another = |email| order.candidate_mark.as_deref().is_some_and(|mark| mark != secret.mark(email));
        if email.as_ref().is_some_and(is_another) {
            return Ok(Findings::Untold("the candidate's e-mail address was changed after the attempt"));
        }
    }
    let lookup = Lookup {
        order: order.id.clone(),
        email,
        group: order.group.clone(),
        ordered_by: order.ordered_by.clone(),
        placed_after: order.lookup_from(),
    };
    hub.ask_provider(connected, deadline, |provider| provider.find(&lookup)).await
}

/// Leaves out what belongs to another of our orders, such as the same candidate's second package.
async fn unclaimed(hub: &Hub, order: &Order, candidates: Vec<Truth>) -> Result<Found, StoreError> {
    let mut free = Vec::new();
    for truth in candidates {
        let owner = hub.store.order_of_provider(&order.connection, &truth.order).await?;
        if owner.is_none_or(|owner| owner.id == order.id) {
            free.push(truth);
        }
    }
    Ok(match free.len() {
        0 => Found::Nothing,
        1 => free.pop().map_or(Found::Nothing, |truth| Found::One(Box::new(truth))),
        several => Found::Several(several),
    })
}
