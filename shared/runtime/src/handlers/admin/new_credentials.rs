//! New credentials for the ATS or the provider: stored beside those in use, proven by a call, and only then put in their
//! place.

use domain::access::NoTokens;
use domain::ats::{self, AtsCredentials, Authorizes};
use domain::checklist::{CREDENTIALS, Found, Line, Used};
use domain::connection::{Connection, ConnectionSecret};
use domain::invalid::Invalid;
use domain::provider::{self, ProviderCredentials};
use domain::reason::Reason;
use domain::trouble::Trouble;

use super::rotate_credentials::{NewAtsCredentials, NewProviderCredentials, Rotated};
use crate::access::{self, NotReplaced};
use crate::edge::{Answer, Call, json_answer, not_before, problem};
use crate::hub::Hub;
use crate::secrets::SecretError;
use crate::store::{AuditEntry, Connected};

const NOTE: &str = "In use from now on; a function that holds the old ones reads them again where they are refused.";
const UNPROVEN: &str = "Stored. They prove themselves once the ATS's admin grants the access.";

pub(super) async fn of_ats(
    hub: &Hub,
    call: &Call,
    connected: &Connected,
    new: NewAtsCredentials,
) -> Result<Answer, Answer> {
    let connection = &connected.connection;
    super::is_newest(connection, new.rev)?;
    valid(connection.ats.problems(&new.credentials), "ats_credentials")?;
    let mut note = NOTE;
    match connection.ats.authorizes() {
        Some(authorizes) => {
            let granted =
                connected.authorization.as_ref().is_some_and(domain::authorization::Authorization::is_granted);
            note = if granted { NOTE } else { UNPROVEN };
            of_app(hub, call, connected, authorizes, new.credentials).await?;
        }
        None => {
            let next = |secret: &ConnectionSecret| ConnectionSecret { ats: new.credentials.clone(), ..secret.clone() };
            replace(hub, connection, next, probe_ats(hub, call, connection, &new.credentials)).await?;
        }
    }
    let answer = finished(hub, call, "ats", note, |_| ()).await?;
    super::go_on_with(hub, call, &[Reason::AtsCredentials]).await;
    Ok(answer)
}

pub(super) async fn of_provider(
    hub: &Hub,
    call: &Call,
    connected: &Connected,
    new: NewProviderCredentials,
) -> Result<Answer, Answer> {
    let connection = &connected.connection;
    super::is_newest(connection, new.rev)?;
    valid(connection.provider.problems(&new.credentials), "provider_credentials")?;
    let mut provider = connection.provider.clone();
    if new.key_created_on.is_some_and(|day| !provider.set_key_created_on(day)) {
        let invalid = Invalid::new("key_created_on", "this provider's keys have no such day");
        return Err(problem(422, "The credentials cannot be replaced like this.", &[invalid]));
    }
    let next = |secret: &ConnectionSecret| ConnectionSecret { provider: new.credentials.clone(), ..secret.clone() };
    let replaced = replace(hub, connection, next, probe_provider(hub, call, connection, &new.credentials));
    if connection.ats.authorizes().is_some() {
        // The secret holds tokens, which others replace.
        access::alone(hub, &connection.id, call.deadline, replaced).await.map_err(|trouble| passing(&trouble))??;
    } else {
        Box::pin(replaced).await?;
    }
    let day = new.key_created_on;
    let renew = |connection: &mut Connection| {
        if let Some(day) = day {
            connection.provider.set_key_created_on(day);
        }
    };
    let answer = finished(hub, call, "provider", NOTE, renew).await?;
    super::go_on_with(hub, call, &[Reason::ProviderCredentials, Reason::ProviderPermission]).await;
    Ok(answer)
}

/// What is wrong with the credentials, by the name that they have here.
fn valid(problems: Vec<Invalid>, prefix: &str) -> Result<(), Answer> {
    let named = problems.into_iter().filter_map(|invalid| {
        let field = format!("credentials{}", invalid.field.strip_prefix(prefix)?);
        Some(Invalid::new(field, invalid.problem))
    });
    let invalid: Vec<_> = named.collect();
    if invalid.is_empty() { Ok(()) } else { Err(problem(422, "The credentials cannot be used like this.", &invalid)) }
}

/// Stores the secret beside the one in use, waits for its probe, and puts it in use if nobody else changed it.
async fn replace(
    hub: &Hub,
    connection: &Connection,
    next: impl Fn(&ConnectionSecret) -> ConnectionSecret,
    probe: impl Future<Output = Result<(), Answer>>,
) -> Result<(), Answer> {
    let id = &connection.id;
    let unavailable = |error: SecretError| {
        tracing::error!(cause = %error, "the secret could not be replaced");
        problem(503, "The secret could not be replaced just now. Try again.", &[])
    };
    let read = hub.secrets.read_to_replace(id).await.map_err(unavailable)?;
    let pending = hub.secrets.put_pending(id, &next(&read.secret)).await.map_err(unavailable)?;
    Box::pin(probe).await?;
    hub.secrets.make_current(id, pending, &read).await.map_err(unavailable)
}

/// Forgets what was given for other credentials than those that are used next.
async fn forget_tokens(hub: &Hub, connection: &Connection) {
    let kinds = [(ats::REGISTERED, connection.ats.name()), (provider::REGISTERED, connection.provider.name())];
    for (registered, kind) in kinds {
        for (_, system) in registered.iter().filter(|(name, _)| *name == kind) {
            hub.outbound.forget_token(&connection.id, system.name).await;
        }
    }
}

async fn probe_ats(
    hub: &Hub,
    call: &Call,
    connection: &Connection,
    credentials: &AtsCredentials,
) -> Result<(), Answer> {
    let Some(ats) = connection.ats.connector(credentials, None) else { return Err(refused(String::new())) };
    forget_tokens(hub, connection).await;
    let lines = hub.outbound.converse(ats.examine(None), &connection.id, call.deadline).await;
    forget_tokens(hub, connection).await;
    match line_of_credentials(lines) {
        Some(line) if line.found == Found::NotTold => Err(passing(&Trouble::later(line.saw))),
        Some(line) if line.found == Found::Wrong => Err(refused(line.sentence.unwrap_or(line.saw))),
        _ => Ok(()),
    }
}

async fn probe_provider(
    hub: &Hub,
    call: &Call,
    connection: &Connection,
    credentials: &ProviderCredentials,
) -> Result<(), Answer> {
    let connector = connection.provider.connector(credentials, connection.region);
    let Some(provider) = connector else { return Err(refused(String::new())) };
    forget_tokens(hub, connection).await;
    let listed = hub.outbound.converse(provider.packages(), &connection.id, call.deadline).await;
    let answer = match listed {
        Err(Trouble::Because { refusal, .. })
            if matches!(refusal.reason, Reason::ProviderCredentials | Reason::ProviderPermission) =>
        {
            Err(refused(format!("the provider does not take them: {}", refusal.reason.cure())))
        }
        Err(trouble @ Trouble::Later { .. }) => Err(passing(&trouble)),
        // What the list is like does not matter here.
        Ok(_) | Err(Trouble::Because { .. }) => {
            let used = Used {
                default_group: connection.default_group.clone(),
                fallback_requester: connection.fallback_requester.clone(),
                ..Used::default()
            };
            let lines = hub.outbound.converse(provider.examine(&used), &connection.id, call.deadline).await;
            match line_of_credentials(lines) {
                Some(line) if line.found == Found::Wrong => Err(refused(line.sentence.unwrap_or(line.saw))),
                _ => Ok(()),
            }
        }
    };
    forget_tokens(hub, connection).await;
    answer
}

fn line_of_credentials(lines: Vec<Line>) -> Option<Line> {
    lines.into_iter().find(|line| line.item == CREDENTIALS)
}

/// Replaces the app of an ATS whose admin grants the access: a pair of tokens proves it.
async fn of_app(
    hub: &Hub,
    call: &Call,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    credentials: AtsCredentials,
) -> Result<(), Answer> {
    let id = &connected.connection.id;
    let replaced = access::replace_app(hub, connected, authorizes, credentials, call.deadline);
    let replaced = access::alone(hub, id, call.deadline, replaced).await.map_err(|trouble| passing(&trouble))?;
    replaced.map_err(|why| match why {
        NotReplaced::NoTokens(NoTokens::Client) => refused("the ATS does not take them".to_owned()),
        NotReplaced::NoTokens(NoTokens::Revoked) => refused(
            "the ATS does not take them for the access that was granted to the app before: end the authorization first, \
             replace them, and have the access granted again"
                .to_owned(),
        ),
        NotReplaced::NoTokens(NoTokens::Unavailable) => {
            passing(&Trouble::later("the token endpoint cannot be used just now"))
        }
        NotReplaced::Trouble(trouble) => passing(&trouble),
    })
}

fn refused(why: String) -> Answer {
    let invalid = Invalid::new("credentials", why);
    problem(422, "The credentials were tried and refused: those before them are still in use.", &[invalid])
}

fn passing(trouble: &Trouble) -> Answer {
    tracing::warn!(cause = %trouble.cause(), "new credentials could not be tried");
    let title = "The credentials cannot be tried just now: those before them are still in use. Try again.";
    match trouble {
        Trouble::Later { after: Some(after), .. } => not_before(title, *after),
        Trouble::Later { .. } | Trouble::Because { .. } => problem(503, title, &[]),
    }
}

/// Puts on record what was replaced, on whatever the connection is by now.
async fn finished(
    hub: &Hub,
    call: &Call,
    what: &'static str,
    note: &'static str,
    change: impl Fn(&mut Connection),
) -> Result<Answer, Answer> {
    loop {
        let connected = super::connected(hub, call).await?;
        let was = &connected.connection;
        let mut next = was.clone();
        change(&mut next);
        next.rev += 1;
        let about = if next.provider == was.provider { what.to_owned() } else { format!("{what}, key_created_on") };
        let entry = AuditEntry::new(was, hub.clock.now(), &call.caller, "rotate-credentials", about);
        let saved = hub.store.save_connection(&next, was.rev, &entry).await;
        hub.forget(&was.id).await;
        if saved.map_err(|error| super::unavailable(&error))? {
            tracing::info!(connection = %was.id, "replaced credentials");
            let (connection, rev) = (was.id.clone(), next.rev);
            let rotated =
                Rotated { connection, rev, what, username: None, password: None, valid_passwords: None, note };
            return Ok(json_answer(200, &rotated));
        }
    }
}
