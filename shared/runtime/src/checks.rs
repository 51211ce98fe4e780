//! Gathers the facts of one request for a check and has the domain decide.

use std::sync::Arc;

use domain::decide::{self, Decision, Facts};
use domain::id::{AtsId, GroupId};
use domain::mapping::Mappings;
use domain::provider::{Package, RequesterStanding, Standing};
use domain::reason::{Reason, Refusal};
use domain::request::{Barrier, CheckRequest, Subject};
use domain::secret::Secret;
use domain::trace::Trace;
use domain::trouble::Trouble;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{Connected, KeptRequest};

/// How long the provider's list of packages is kept, and how old it may be to call a package unknown.
const PACKAGES_KEPT: SignedDuration = SignedDuration::from_hours(1);
const PACKAGES_FRESH: SignedDuration = SignedDuration::from_secs(60);

/// How long the provider's word on a requester is kept: shorter where it is a no, so that a cure is seen soon.
const STANDING_KEPT: SignedDuration = SignedDuration::from_hours(1);
const BAD_STANDING_KEPT: SignedDuration = SignedDuration::from_mins(5);

/// A request as it was read and what was decided about it.
#[derive(Debug)]
pub struct Checked {
    pub request: CheckRequest,
    pub decision: Decision,
    pub trace: Trace,
    /// Until when the request rests in the table, where its ATS lists it only once.
    pub kept_until: Option<Timestamp>,
}

/// What the ATS asks for: read from it now, or from what was kept of it. With the end of the latter.
///
/// # Errors
/// The ATS's [`Trouble`], or the table's; a request that is not kept any more is gone.
pub async fn read_request(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Result<(CheckRequest, Option<Timestamp>), Trouble> {
    let kept = match &subject.request {
        Some(request) => kept_request(hub, connected, request).await?,
        None => None,
    };
    let (kept, until) = kept.unzip();
    let request = hub.ask_ats(connected, deadline, |ats| ats.read_request(subject, kept.as_ref())).await?;
    Ok((request, until))
}

/// The same without changing anything anywhere: tokens of a granted access are not replaced.
///
/// # Errors
/// As [`read_request`].
pub async fn read_as_is(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Result<CheckRequest, Trouble> {
    let kept = match &subject.request {
        Some(request) => kept_request(hub, connected, request).await?.map(|(kept, _)| kept),
        None => None,
    };
    hub.ask_ats_as_is(connected, deadline, |ats| ats.read_request(subject, kept.as_ref())).await
}

/// What is decided about a request by these mappings, with what the provider says at this moment.
pub async fn decide_now(
    hub: &Hub,
    connected: &Connected,
    mappings: &Mappings,
    request: &CheckRequest,
    packages: &Result<Vec<Package>, Trouble>,
    deadline: Deadline,
) -> (Decision, Trace) {
    let connection = &connected.connection;
    let question = decide::question(connection, mappings, request);
    let standing = match &question {
        Some(question) => ask_standing(hub, connected, deadline, question).await,
        None => Err(no_group()),
    };
    decide::check(Facts { connection, mappings, request, packages, standing: &standing })
}

async fn kept_request(
    hub: &Hub,
    connected: &Connected,
    request: &AtsId,
) -> Result<Option<(Secret, Timestamp)>, Trouble> {
    let id = &connected.connection.id;
    let now = hub.clock.now();
    let kept = hub.store.kept_request(id, request).await;
    let kept = kept.map_err(|error| Trouble::later(format!("table: {error}")))?;
    // The table forgets it a little later than it must not be read any more.
    let Some(kept) = kept.filter(|kept| now < kept.kept_until) else { return Ok(None) };
    let secret = hub.secret(id).await?;
    match secret.open(&KeptRequest::name(id, request), &kept.sealed) {
        Ok(opened) => Ok(Some((opened, kept.kept_until))),
        Err(broken) => {
            tracing::error!(connection = %id, cause = %broken, "a kept request cannot be opened");
            Ok(None)
        }
    }
}

/// Reads the request from the ATS, asks the provider what must be known, and decides.
///
/// # Errors
/// The ATS's [`Trouble`]: without the request there is nothing to decide.
pub async fn check(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Result<Checked, Trouble> {
    let read = read_request(hub, connected, subject, deadline).await?;
    check_read(hub, connected, read, deadline).await
}

/// The same for a request that is kept as an order already: that the application was moved on meanwhile does not take it
/// back.
///
/// # Errors
/// As [`check`].
pub async fn check_kept(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    deadline: Deadline,
) -> Result<Checked, Trouble> {
    let (mut request, kept_until) = read_request(hub, connected, subject, deadline).await?;
    request.barrier = request.barrier.filter(|barrier| matches!(barrier, Barrier::Refusal(_)));
    check_read(hub, connected, (request, kept_until), deadline).await
}

async fn check_read(
    hub: &Hub,
    connected: &Connected,
    (request, kept_until): (CheckRequest, Option<Timestamp>),
    deadline: Deadline,
) -> Result<Checked, Trouble> {
    let question = decide::question(&connected.connection, &connected.mappings, &request);
    let (packages, standing) = futures::join!(
        packages(hub, connected, deadline, PACKAGES_KEPT),
        standing(hub, connected, deadline, question.as_ref()),
    );
    let (decision, trace) = decided(connected, &request, &packages, &standing);
    let calls_it_unknown = matches!(&decision, Decision::Refuse { refusal, .. }
        if matches!(refusal.reason, Reason::UnknownPackage | Reason::PackageNotEnabled | Reason::SetupIncomplete));
    if !calls_it_unknown {
        return Ok(Checked { request, decision, trace, kept_until });
    }
    // The package may be younger than the kept list.
    let packages = self::packages(hub, connected, deadline, PACKAGES_FRESH).await;
    let (decision, trace) = decided(connected, &request, &packages, &standing);
    Ok(Checked { request, decision, trace, kept_until })
}

/// Remembers the word that a refusal is about, so that an admin sees what to map.
pub async fn note_unmapped(hub: &Hub, connected: &Connected, checked: &Checked) {
    let Some((kind, word)) = decide::unmapped(&checked.decision, &checked.request) else { return };
    hub.store.note_unmapped_or_log(&connected.connection.id, kind, word, hub.clock.now()).await;
}

fn decided(
    connected: &Connected,
    request: &CheckRequest,
    packages: &Result<Vec<Package>, Trouble>,
    standing: &Result<Standing, Trouble>,
) -> (Decision, Trace) {
    let Connected { connection, mappings, .. } = connected;
    decide::check(Facts { connection, mappings, request, packages, standing })
}

/// The provider's packages, not older than `longest`.
///
/// # Errors
/// The provider's [`Trouble`].
pub async fn packages(
    hub: &Hub,
    connected: &Connected,
    deadline: Deadline,
    longest: SignedDuration,
) -> Result<Vec<Package>, Trouble> {
    let id = &connected.connection.id;
    let fetch = async {
        let packages = hub.ask_provider(connected, deadline, |provider| provider.packages()).await?;
        Ok::<_, Trouble>(Arc::new(packages))
    };
    let kept = hub.packages.get_or_fetch(id, hub.clock.now(), |_| longest, fetch).await?;
    Ok(kept.to_vec())
}

async fn standing(
    hub: &Hub,
    connected: &Connected,
    deadline: Deadline,
    question: Option<&(Option<GroupId>, Option<Secret>)>,
) -> Result<Standing, Trouble> {
    let Some(asked @ (group, email)) = question else {
        return Err(no_group());
    };
    let digest = email.as_ref().map(|email| Sha256::digest(email.expose().trim().to_lowercase()).into());
    let key = (connected.connection.id.clone(), group.clone(), digest);
    let keeps = |standing: &Standing| match standing.requester {
        Some(RequesterStanding::Member(_)) => hub.keeps(&connected.connection.id, STANDING_KEPT),
        _ => hub.keeps(&connected.connection.id, BAD_STANDING_KEPT),
    };
    let fetch = ask_standing(hub, connected, deadline, asked);
    hub.standings.get_or_fetch(&key, hub.clock.now(), keeps, fetch).await
}

async fn ask_standing(
    hub: &Hub,
    connected: &Connected,
    deadline: Deadline,
    (group, email): &(Option<GroupId>, Option<Secret>),
) -> Result<Standing, Trouble> {
    hub.ask_provider(connected, deadline, |provider| provider.standing(group.as_ref(), email.as_ref())).await
}

/// Without a group the request is refused before the standing matters.
fn no_group() -> Trouble {
    Trouble::because(Refusal::new(Reason::NoGroup), "no group to ask about")
}
