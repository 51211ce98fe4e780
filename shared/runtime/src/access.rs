//! Granted access to an ATS: tokens that one worker at a time replaces, the new pair stored before it is used.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Access, HookKey, NoTokens, Tokens};
use domain::ats::{AtsCredentials, Authorizes};
use domain::authorization::Authorization;
use domain::connection::ConnectionSecret;
use domain::id::{AtsId, ConnectionId};
use domain::reason::{Reason, Refusal};
use domain::secret::Secret;
use domain::talk::Talk;
use domain::trouble::{Cause, Trouble};
use jiff::SignedDuration;
use url::Url;

use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::outbound::ONCE_NEEDS;
use crate::random;
use crate::store::{Claim, Connected};
use crate::telemetry::Metric;

/// How long one worker alone may change an access: longer than a refresh and its storing can take, so that a claim that
/// ran out has no worker.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);

/// How long an access is left alone after its tokens could not be replaced.
const REST: SignedDuration = SignedDuration::from_secs(30);

/// How often a worker that waits for another's new pair looks for it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What must be left to go on waiting for another's new pair.
const WAITING_ENDS: Duration = Duration::from_secs(5);

/// Until when a new pair is tried to be stored: without it the access is lost.
const STORING_ENDS: Duration = Duration::from_secs(1);

fn refused(cause: &str) -> Trouble {
    Trouble::because(Refusal::new(Reason::AtsCredentials), cause)
}

fn unreadable(cause: impl std::fmt::Display) -> Trouble {
    Trouble::later(format!("access: {cause}"))
}

/// Talks to an ATS with the granted access. Where the ATS does not take the token, the talk is repeated once with a new
/// one.
///
/// # Errors
/// The ATS's [`Trouble`]; [`Reason::AtsCredentials`] without any call while there is no access.
pub async fn ask<T>(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    deadline: Deadline,
    talk: impl Fn(&ConnectionSecret) -> Option<Talk<Result<T, Trouble>>>,
) -> Result<T, Trouble> {
    let id = &connected.connection.id;
    let other_kind = || refused("the secret is of another kind");
    let secret = ready(hub, connected, authorizes, None, deadline).await?;
    let answer = hub.outbound.converse(talk(&secret).ok_or_else(other_kind)?, id, deadline).await;
    let Some(used) = secret.access.as_ref().map(|access| &access.tokens.access) else { return answer };
    if !matches!(&answer, Err(trouble) if trouble.is_about_credentials()) {
        return answer;
    }
    let secret = ready(hub, connected, authorizes, Some(used), deadline).await?;
    hub.outbound.converse(talk(&secret).ok_or_else(other_kind)?, id, deadline).await
}

/// The connection's secret with a pair of tokens that may be used, other than `refused_token`.
async fn ready(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    refused_token: Option<&Secret>,
    deadline: Deadline,
) -> Result<Arc<ConnectionSecret>, Trouble> {
    let id = &connected.connection.id;
    if !connected.authorization.as_ref().is_some_and(Authorization::is_granted) {
        // What is kept may be old: after a new grant the work goes on at once.
        let now = hub.store.authorization(id).await.map_err(unreadable)?;
        if !now.as_ref().is_some_and(Authorization::is_granted) {
            return Err(refused("the access is not granted, or not any more"));
        }
        hub.forget(id).await;
    }
    let is_good = |secret: &ConnectionSecret| {
        let tokens = secret.access.as_ref().map(|access| &access.tokens);
        tokens.is_some_and(|tokens| !tokens.wants_refresh(hub.clock.now()) && Some(&tokens.access) != refused_token)
    };
    let is_usable = |secret: &ConnectionSecret| {
        let tokens = secret.access.as_ref().map(|access| &access.tokens);
        tokens.is_some_and(|tokens| tokens.is_usable(hub.clock.now()) && Some(&tokens.access) != refused_token)
    };
    let kept = hub.secret(id).await?;
    if is_good(&kept) {
        return Ok(kept);
    }
    let owner = owner()?;
    loop {
        let secret = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(unreadable)?;
        if is_good(&secret) {
            return Ok(secret);
        }
        if deadline.left() < ONCE_NEEDS + STORING_ENDS {
            let too_late = || unreadable("not enough time left to replace the tokens");
            return if is_usable(&secret) { Ok(secret) } else { Err(too_late()) };
        }
        match claim(hub, id, &owner, false).await? {
            Claim::Taken => {
                let refreshed = refresh(hub, id, authorizes, is_good, deadline).await;
                match &refreshed {
                    Err(Trouble::Later { .. }) => rest(hub, id, &owner).await,
                    _ => release(hub, id, &owner).await,
                }
                return refreshed;
            }
            _ if is_usable(&secret) => return Ok(secret),
            Claim::Busy => {}
            Claim::RestsUntil(until) => {
                let after = Some(hub.clock.now().duration_until(until).unsigned_abs());
                return Err(Trouble::Later { cause: Cause::new("access: the tokens could not be replaced"), after });
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Whether the access can be used as it is.
///
/// # Errors
/// [`Reason::AtsCredentials`] while there is none; a [`Trouble`] that passes where its tokens must be replaced first.
pub async fn is_usable(hub: &Hub, connected: &Connected) -> Result<(), Trouble> {
    if !connected.authorization.as_ref().is_some_and(Authorization::is_granted) {
        return Err(refused("the access is not granted, or not any more"));
    }
    let secret = hub.secret(&connected.connection.id).await?;
    let tokens = secret.access.as_ref().map(|access| &access.tokens);
    match tokens.is_some_and(|tokens| tokens.is_usable(hub.clock.now())) {
        true => Ok(()),
        false => Err(unreadable("the tokens are too old, and are replaced with the hub's next look at the ATS")),
    }
}

fn owner() -> Result<String, Trouble> {
    let random = random::bytes().map_err(|_| unreadable("no randomness"))?;
    Ok(domain::id::readable_password(&random))
}

async fn claim(hub: &Hub, id: &ConnectionId, owner: &str, despite_failure: bool) -> Result<Claim, Trouble> {
    let now = hub.clock.now();
    let until = now.saturating_add(CLAIM).unwrap_or(now);
    hub.store.claim_access(id, owner, now, until, despite_failure).await.map_err(unreadable)
}

/// After a refresh that failed, or of which nothing is known, nobody tries again for a while, and nobody waits for it.
async fn rest(hub: &Hub, id: &ConnectionId, owner: &str) {
    let now = hub.clock.now();
    let until = now.saturating_add(REST).unwrap_or(now);
    if let Err(error) = hub.store.rest_access(id, owner, until).await {
        tracing::warn!(connection = %id, cause = %error, "a claim runs out by itself");
    }
}

async fn release(hub: &Hub, id: &ConnectionId, owner: &str) {
    if let Err(error) = hub.store.release_access(id, owner).await {
        tracing::warn!(connection = %id, cause = %error, "a claim runs out by itself");
    }
}

/// Replaces the pair for the worker that holds the claim.
async fn refresh(
    hub: &Hub,
    id: &ConnectionId,
    authorizes: &dyn Authorizes,
    is_good: impl Fn(&ConnectionSecret) -> bool,
    deadline: Deadline,
) -> Result<Arc<ConnectionSecret>, Trouble> {
    // Whoever had the claim before may have replaced it, or found that there is no access any more.
    let secret = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(unreadable)?;
    if is_good(&secret) {
        return Ok(secret);
    }
    let authorization = hub.store.authorization(id).await.map_err(unreadable)?;
    let granted = authorization.as_ref().is_some_and(Authorization::is_granted);
    let is_troubled = authorization.is_some_and(|authorization| !authorization.cause.is_empty());
    let (Some(access), true) = (&secret.access, granted) else {
        return Err(refused("the access is not granted, or not any more"));
    };
    let talk = authorizes.refresh(&secret.ats, &access.tokens, hub.clock.now());
    match hub.outbound.converse(talk, id, deadline).await {
        Ok(tokens) => {
            let access = Access { tokens, ..access.clone() };
            let next = ConnectionSecret { access: Some(access), ..(*secret).clone() };
            store_secret(hub, id, &next, deadline).await?;
            tracing::info!(connection = %id, "replaced the tokens");
            if is_troubled {
                change_authorization(hub, id, Authorization::recovered).await?;
            }
            Ok(Arc::new(next))
        }
        Err(NoTokens::Revoked) => {
            lose(hub, id, "the refresh token is refused").await?;
            Err(refused("the refresh token is refused"))
        }
        Err(NoTokens::Client) => {
            let cause = "the client id or secret of the integration's app is refused";
            tracing::error!(connection = %id, cause, "the tokens could not be replaced");
            change_authorization(hub, id, |authorization| authorization.troubled(cause)).await?;
            Err(refused(cause))
        }
        Err(NoTokens::Unavailable) => Err(unreadable("the token endpoint cannot be used just now")),
    }
}

/// Stores a secret with a new pair in it, for as long as the function lives.
async fn store_secret(
    hub: &Hub,
    id: &ConnectionId,
    secret: &ConnectionSecret,
    deadline: Deadline,
) -> Result<(), Trouble> {
    loop {
        match hub.secrets.replace(id, secret).await {
            Ok(()) => return Ok(()),
            Err(error) if deadline.left() < STORING_ENDS => {
                tracing::error!(connection = %id, cause = %error, "a new pair of tokens could not be stored");
                return Err(unreadable(error));
            }
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

/// Takes the right to change the stored access, waiting for whoever has it.
async fn claim_in_turn(hub: &Hub, id: &ConnectionId, owner: &str, deadline: Deadline) -> Result<(), Trouble> {
    while claim(hub, id, owner, true).await? != Claim::Taken {
        if deadline.left() < WAITING_ENDS {
            return Err(unreadable("another worker is changing the access"));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Stores another access, or none, while nobody else changes it.
async fn replace_access(
    hub: &Hub,
    id: &ConnectionId,
    access: Option<Access>,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let owner = owner()?;
    claim_in_turn(hub, id, &owner, deadline).await?;
    let replaced = async {
        let secret = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(unreadable)?;
        store_secret(hub, id, &ConnectionSecret { access, ..(*secret).clone() }, deadline).await
    };
    let replaced = replaced.await;
    release(hub, id, &owner).await;
    replaced
}

/// Does what replaces the connection's secret while nobody replaces the tokens in it.
///
/// # Errors
/// A [`Trouble`] that passes: somebody else has the turn, and nothing was done.
pub async fn alone<T>(
    hub: &Hub,
    id: &ConnectionId,
    deadline: Deadline,
    work: impl Future<Output = T>,
) -> Result<T, Trouble> {
    let owner = owner()?;
    claim_in_turn(hub, id, &owner, deadline).await?;
    let done = Box::pin(work).await;
    release(hub, id, &owner).await;
    Ok(done)
}

/// Why the integration's app was not replaced.
#[derive(Debug)]
pub enum NotReplaced {
    /// The ATS gives no tokens for the new one.
    NoTokens(NoTokens),
    Trouble(Trouble),
}

/// Replaces what the integration's app signs in with, for who is [`alone`]. Where an access is granted, the new one proves
/// itself by the next pair of tokens, which is stored with it.
///
/// # Errors
/// [`NotReplaced`]: the old one is still in use.
pub async fn replace_app(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    credentials: AtsCredentials,
    deadline: Deadline,
) -> Result<(), NotReplaced> {
    let id = &connected.connection.id;
    let passing = |cause: &dyn std::fmt::Display| NotReplaced::Trouble(unreadable(cause));
    let secret = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(|error| passing(&error))?;
    let authorization = hub.store.authorization(id).await.map_err(|error| passing(&error))?;
    let granted = authorization.as_ref().is_some_and(Authorization::is_granted);
    let access = match &secret.access {
        Some(access) if granted => {
            let talk = authorizes.refresh(&credentials, &access.tokens, hub.clock.now());
            let tokens = hub.outbound.converse(talk, id, deadline).await.map_err(NotReplaced::NoTokens)?;
            Some(Access { tokens, ..access.clone() })
        }
        access => access.clone(),
    };
    let next = ConnectionSecret { ats: credentials, access, ..(*secret).clone() };
    store_secret(hub, id, &next, deadline).await.map_err(NotReplaced::Trouble)?;
    if authorization.is_some_and(|authorization| granted && !authorization.cause.is_empty()) {
        change_authorization(hub, id, Authorization::recovered).await.map_err(NotReplaced::Trouble)?;
    }
    Ok(())
}

/// Stores the tokens of a new grant. The webhook of an earlier one is made anew.
///
/// # Errors
/// A [`Trouble`] that passes: the grant must be asked for again.
pub async fn keep_grant(hub: &Hub, id: &ConnectionId, tokens: Tokens, deadline: Deadline) -> Result<(), Trouble> {
    replace_access(hub, id, Some(Access { tokens, hook: None }), deadline).await?;
    change_authorization(hub, id, |authorization| {
        authorization.granted(hub.clock.now());
        authorization.hook = None;
        true
    })
    .await
}

/// Makes what must be there at the ATS: finds the trigger stages, makes the webhook where there is none, and keeps its
/// key in the same step.
///
/// # Errors
/// The ATS's [`Trouble`]; it is tried again with the next look.
pub async fn set_up(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    root: &str,
    deadline: Deadline,
) -> Result<Vec<AtsId>, Trouble> {
    let id = &connected.connection.id;
    let of = |secret: &ConnectionSecret| Some(authorizes.trigger_stages(secret.access.as_ref()?));
    let stages = ask(hub, connected, authorizes, deadline, of).await?;
    let secret = hub.secret(id).await?;
    if secret.access.as_ref().is_some_and(|access| access.hook.is_some()) {
        return Ok(stages);
    }
    let address = hook_address(connected, &secret, root)?;
    let owner = owner()?;
    claim_in_turn(hub, id, &owner, deadline).await?;
    let made = make_hook(hub, id, authorizes, &address, deadline).await;
    release(hub, id, &owner).await;
    made?;
    change_authorization(hub, id, |authorization| {
        authorization.hook = Some(address.clone());
        authorization.heard_at = None;
        authorization.stages.clone_from(&stages);
        true
    })
    .await?;
    tracing::info!(connection = %id, count = stages.len(), "made the webhook");
    Ok(stages)
}

/// Makes the webhook and keeps its key, for the worker that holds the claim: two that did it side by side would keep the
/// key of a webhook that the other deleted.
async fn make_hook(
    hub: &Hub,
    id: &ConnectionId,
    authorizes: &dyn Authorizes,
    address: &Url,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let secret = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(unreadable)?;
    let Some(access) = secret.access.clone().filter(|access| access.hook.is_none()) else { return Ok(()) };
    let hook: HookKey = hub.outbound.converse(authorizes.make_hook(&access, address), id, deadline).await?;
    let access = Some(Access { hook: Some(hook), ..access });
    store_secret(hub, id, &ConnectionSecret { access, ..(*secret).clone() }, deadline).await
}

fn hook_address(connected: &Connected, secret: &ConnectionSecret, root: &str) -> Result<Url, Trouble> {
    let (ats, id, token) = (connected.connection.ats.name(), &connected.connection.id, secret.path_token());
    let address = format!("{root}/api/external/ats/{ats}/{id}/{}/webhook/", token.expose());
    Url::parse(&address).map_err(|_| unreadable("the public address is not one"))
}

/// Gives the access back: deletes our webhook at the ATS, where it still lets us, and forgets the tokens. Whether the
/// webhook is gone.
///
/// # Errors
/// A [`Trouble`] that passes: the tokens may still be stored.
pub async fn end(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    deadline: Deadline,
) -> Result<bool, Trouble> {
    let id = &connected.connection.id;
    let deleted = delete_hook(hub, connected, authorizes, deadline).await;
    if let Err(trouble) = &deleted {
        tracing::warn!(connection = %id, cause = %trouble.cause(), "the webhook could not be deleted");
    }
    forget(hub, id, deadline).await?;
    Ok(deleted.is_ok())
}

/// Deletes our webhook at the ATS, if there is one; may be repeated.
///
/// # Errors
/// The ATS's [`Trouble`], or the table's.
pub async fn delete_hook(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let id = &connected.connection.id;
    let authorization = hub.store.authorization(id).await.map_err(unreadable)?;
    let Some(address) = authorization.and_then(|authorization| authorization.hook) else { return Ok(()) };
    let delete = |secret: &ConnectionSecret| Some(authorizes.delete_hooks(secret.access.as_ref()?, &address));
    ask(hub, connected, authorizes, deadline, delete).await?;
    change_authorization(hub, id, |authorization| authorization.hook.take().is_some()).await
}

/// Forgets the tokens; may be repeated.
///
/// # Errors
/// A [`Trouble`] that passes: the tokens may still be stored.
pub async fn forget(hub: &Hub, id: &ConnectionId, deadline: Deadline) -> Result<(), Trouble> {
    replace_access(hub, id, None, deadline).await?;
    change_authorization(hub, id, |authorization| {
        authorization.ended();
        true
    })
    .await
}

/// The ATS does not take the access any more: nothing is called with it until it is granted again.
async fn lose(hub: &Hub, id: &ConnectionId, cause: &str) -> Result<(), Trouble> {
    tracing::error!(connection = %id, cause, "the access is lost: the ATS's admin must grant it again");
    hub.metrics.publish(Metric::LostAccess, 1);
    change_authorization(hub, id, |authorization| authorization.lost(cause, hub.clock.now())).await
}

/// Stores a change of where the access stands, on whatever was stored last. `change` says whether there is one.
///
/// # Errors
/// A [`Trouble`] that passes.
pub async fn change_authorization(
    hub: &Hub,
    id: &ConnectionId,
    mut change: impl FnMut(&mut Authorization) -> bool,
) -> Result<(), Trouble> {
    loop {
        let Some(mut authorization) = hub.store.authorization(id).await.map_err(unreadable)? else { return Ok(()) };
        let rev = authorization.rev;
        if !change(&mut authorization) {
            return Ok(());
        }
        authorization.rev += 1;
        if hub.store.save_authorization(&authorization, rev).await.map_err(unreadable)? {
            hub.forget(id).await;
            return Ok(());
        }
    }
}
