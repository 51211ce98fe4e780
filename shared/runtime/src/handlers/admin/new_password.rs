//! A new password for one of our webhooks: the one before it counts on for a while, and the new one from its first use.

use domain::connection::Connection;
use domain::id::readable_password;
use domain::invalid::Invalid;
use domain::secret::Secret;
use domain::webhook::{IssuedPassword, TwoAreValid, replaced};
use jiff::SignedDuration;

use super::rotate_credentials::{NewPassword, Rotated, not_here};
use super::shown::{PROVIDER_WEBHOOK, WEBHOOK, valid_passwords};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::hub::{Hub, PASSWORD_HELD_BACK};
use crate::random;
use crate::store::{AuditEntry, Connected};

/// The longest time for which two passwords count.
const LONGEST_OVERLAP: u16 = 720;

const NOTE: &str = "The password is shown this one time. Hand it over securely. Where the one before it ends at once, it \
                    may still be taken for half a minute.";

/// One of the two ways in, with where its passwords are.
struct Way {
    what: &'static str,
    name: &'static str,
    passwords: fn(&mut Connection) -> &mut Vec<IssuedPassword>,
}

pub(super) async fn of_ats(hub: &Hub, call: &Call, connected: &Connected, new: &NewPassword) -> Result<Answer, Answer> {
    if !connected.connection.ats.traits().takes_password {
        return Err(not_here("this ATS uses no password of ours"));
    }
    let way =
        Way { what: "webhook_password", name: WEBHOOK, passwords: |connection| &mut connection.webhook_passwords };
    issue(hub, call, connected, new, way).await
}

pub(super) async fn of_provider(
    hub: &Hub,
    call: &Call,
    connected: &Connected,
    new: &NewPassword,
) -> Result<Answer, Answer> {
    if !connected.connection.provider.traits().takes_password {
        return Err(not_here("this provider uses no password of ours: replace the secret that it signs with"));
    }
    let way = Way {
        what: "provider_webhook_password",
        name: PROVIDER_WEBHOOK,
        passwords: |connection| &mut connection.provider_passwords,
    };
    issue(hub, call, connected, new, way).await
}

async fn issue(hub: &Hub, call: &Call, connected: &Connected, new: &NewPassword, way: Way) -> Result<Answer, Answer> {
    let was = &connected.connection;
    super::is_newest(was, new.rev)?;
    if new.overlap_hours > LONGEST_OVERLAP {
        let invalid = Invalid::new("overlap_hours", "must be at most 720");
        return Err(problem(422, "The password cannot be replaced like this.", &[invalid]));
    }
    let now = hub.clock.now();
    let random = random::bytes().map_err(|_| problem(503, "No randomness is to be had just now. Try again.", &[]))?;
    let password = Secret::new(readable_password(&random));
    let mut next = was.clone();
    let passwords = (way.passwords)(&mut next);
    let overlap = SignedDuration::from_hours(new.overlap_hours.into());
    *passwords = replaced(passwords, IssuedPassword::new(&password, now), now, overlap, new.end).map_err(two_valid)?;
    next.rev += 1;
    let about = match new.end {
        None => way.what.to_owned(),
        Some(end) => format!("{}, {end:?} ended", way.what).to_lowercase(),
    };
    let entry = AuditEntry::new(was, now, &call.caller, "rotate-credentials", about);
    let saved = hub.store.save_connection(&next, was.rev, &entry).await;
    hub.forget(&was.id).await;
    if !saved.map_err(|error| super::unavailable(&error))? {
        return Err(super::update_connection::lost(hub, call).await);
    }
    tracing::info!(connection = %was.id, "issued a password");
    // Who does not know it cannot use it before every function looks for it.
    tokio::time::sleep(PASSWORD_HELD_BACK).await;
    // It is in force already: a note that cannot be read must not keep it from being shown.
    let uses = hub.store.last_uses(&was.id).await.unwrap_or_default();
    let valid = valid_passwords(was, (way.passwords)(&mut next), way.name, &uses, now);
    let rotated = Rotated {
        connection: was.id.clone(),
        rev: next.rev,
        what: way.what,
        username: Some(was.id.clone()),
        password: Some(password.expose().clone()),
        valid_passwords: Some(valid),
        note: NOTE,
    };
    Ok(json_answer(200, &rotated))
}

fn two_valid(TwoAreValid { until }: TwoAreValid) -> Answer {
    let until = until.map_or_else(String::new, |until| format!(" until {until}"));
    let why = format!("two passwords count{until}: wait, or say which of them ends at once, oldest or newest");
    problem(409, "There are two valid passwords already.", &[Invalid::new("end", why)])
}
