//! Gathers the facts of one request for a check and has the domain decide.

use std::sync::Arc;

use domain::decide::{self, Decision, Facts};
use domain::id::GroupId;
use domain::provider::{Package, RequesterStanding, Standing};
use domain::reason::{Reason, Refusal};
use domain::request::{CheckRequest, Subject};
use domain::secret::Secret;
use domain::trace::Trace;
use domain::trouble::Trouble;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::Connected;

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
    let request = hub.ask_ats(connected, deadline, |ats| ats.read_request(subject)).await?;
    let question = decide::question(&connected.connection, &connected.mappings, &request);
    let (packages, standing) = futures::join!(
        packages(hub, connected, deadline, PACKAGES_KEPT),
        standing(hub, connected, deadline, question.as_ref()),
    );
    let (decision, trace) = decided(connected, &request, &packages, &standing);
    let calls_it_unknown = matches!(&decision, Decision::Refuse { refusal, .. }
        if matches!(refusal.reason, Reason::UnknownPackage | Reason::PackageNotEnabled));
    if !calls_it_unknown {
        return Ok(Checked { request, decision, trace });
    }
    // The package may be younger than the kept list.
    let packages = self::packages(hub, connected, deadline, PACKAGES_FRESH).await;
    let (decision, trace) = decided(connected, &request, &packages, &standing);
    Ok(Checked { request, decision, trace })
}

fn decided(
    connected: &Connected,
    request: &CheckRequest,
    packages: &Result<Vec<Package>, Trouble>,
    standing: &Result<Standing, Trouble>,
) -> (Decision, Trace) {
    let Connected { connection, mappings } = connected;
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
    question: Option<&(GroupId, Option<Secret>)>,
) -> Result<Standing, Trouble> {
    let Some((group, email)) = question else {
        // Without a group the request is refused before the standing matters.
        return Err(Trouble::because(Refusal::new(Reason::NoGroup), "no group to ask about"));
    };
    let digest = email.as_ref().map(|email| Sha256::digest(email.expose().trim().to_lowercase()).into());
    let key = (connected.connection.id.clone(), group.clone(), digest);
    let keeps = |standing: &Standing| match standing.requester {
        Some(RequesterStanding::Member(_)) => STANDING_KEPT,
        _ => BAD_STANDING_KEPT,
    };
    let fetch = hub.ask_provider(connected, deadline, |provider| provider.standing(group, email.as_ref()));
    hub.standings.get_or_fetch(&key, hub.clock.now(), keeps, fetch).await
}
