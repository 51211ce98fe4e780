//! A connection as an admin sees it: every setting, no secret, no hash.

use domain::ats::{AtsSettings, Intake};
use domain::connection::{Connection, ConnectionState, ReportUrl};
use domain::id::{ConnectionId, GroupId, UserId};
use domain::provider::ProviderSettings;
use domain::reason::Refusal;
use domain::region::Region;
use domain::secret::Secret;
use domain::webhook::IssuedPassword;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::hub::Hub;
use crate::store::LastUse;

/// A connection.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownConnection {
    id: ConnectionId,
    region: Region,
    state: ConnectionState,
    /// To be sent along with a change.
    rev: u64,
    created_at: Timestamp,
    ats: AtsSettings,
    provider: ProviderSettings,
    report: ReportUrl,
    default_group: Option<GroupId>,
    fallback_requester: Option<UserId>,
    transfer_acknowledged: bool,
    /// Where the ATS calls us with a password of ours.
    webhook: Option<ShownWebhook>,
    provider_webhook: ShownWebhook,
}

/// Where another side calls us.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownWebhook {
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<ConnectionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_passwords: Option<Vec<ShownPassword>>,
    /// When it last called, to within an hour.
    last_used_at: Option<Timestamp>,
    /// Only in the answer that issues it.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// A password that we issued, without itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownPassword {
    issued_at: Timestamp,
    /// Nothing until another one takes its place.
    valid_until: Option<Timestamp>,
    /// To within an hour.
    last_used_at: Option<Timestamp>,
}

/// Why something waits, and who does what about it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownRefusal {
    code: &'static str,
    about: String,
    owner: &'static str,
    cure: &'static str,
}

impl ShownRefusal {
    pub(super) fn of(refusal: &Refusal) -> Self {
        let reason = refusal.reason;
        Self { code: reason.code(), about: refusal.about.clone(), owner: reason.owner().name(), cure: reason.cure() }
    }
}

/// The beginning of the ways in that the ATS and the provider use.
pub(super) const WEBHOOK: &str = "webhook";
pub(super) const PROVIDER_WEBHOOK: &str = "provider_webhook";

/// The passwords of one way in that still count, the oldest first.
pub(super) fn valid_passwords(
    connection: &Connection,
    passwords: &[IssuedPassword],
    way: &str,
    uses: &[LastUse],
    now: Timestamp,
) -> Vec<ShownPassword> {
    let shown = |password: &IssuedPassword| {
        let way = format!("{way}#{}", password.hash.mark());
        ShownPassword {
            issued_at: password.issued_at.unwrap_or(connection.created_at),
            valid_until: password.valid_until,
            last_used_at: uses.iter().find(|last| last.way == way).map(|last| last.at),
        }
    };
    passwords.iter().filter(|password| password.is_valid(now)).map(shown).collect()
}

impl ShownConnection {
    pub(super) fn of(hub: &Hub, connection: &Connection, uses: &[LastUse]) -> Self {
        let now = hub.clock.now();
        let last_used = |way: &str| {
            let of_way = |last: &&LastUse| last.way == way || last.way.split('#').next() == Some(way);
            uses.iter().filter(of_way).map(|last| last.at).max()
        };
        let shown = |url, takes_password: bool, passwords, way| ShownWebhook {
            url,
            username: takes_password.then(|| connection.id.clone()),
            valid_passwords: takes_password.then(|| valid_passwords(connection, passwords, way, uses, now)),
            last_used_at: last_used(way),
            password: None,
            note: None,
        };
        let root = hub.config.public_url.as_deref().unwrap_or_default();
        let webhook = match connection.ats.intake() {
            Intake::Webhook(_) if connection.ats.traits().takes_password => {
                let url = format!("{root}/api/external/ats/{}/webhook/", connection.ats.name());
                Some(shown(Some(url), true, &connection.webhook_passwords, WEBHOOK))
            }
            Intake::Webhook(_) | Intake::Poll(_) => None,
        };
        let takes_password = !connection.provider_passwords.is_empty();
        let url = hub.provider_webhook(connection).map(String::from);
        Self {
            id: connection.id.clone(),
            region: connection.region,
            state: connection.state,
            rev: connection.rev,
            created_at: connection.created_at,
            ats: connection.ats.clone(),
            provider: connection.provider.clone(),
            report: connection.report,
            default_group: connection.default_group.clone(),
            fallback_requester: connection.fallback_requester.clone(),
            transfer_acknowledged: connection.transfer_acknowledged,
            webhook,
            provider_webhook: shown(url, takes_password, &connection.provider_passwords, PROVIDER_WEBHOOK),
        }
    }

    /// The same with the passwords that were just issued.
    pub(super) fn issuing(mut self, webhook: &Secret, provider_webhook: &Secret) -> Self {
        let note = "The password is shown this one time. Hand it over securely.";
        for (shown, password) in
            [(self.webhook.as_mut(), webhook), (Some(&mut self.provider_webhook), provider_webhook)]
        {
            if let Some(shown) = shown.filter(|shown| shown.username.is_some()) {
                (shown.password, shown.note) = (Some(password.expose().clone()), Some(note));
            }
        }
        self
    }

    /// The same for who asks again for passwords that were issued before.
    pub(super) fn issued_before(mut self) -> Self {
        let note = "The password was shown when the connection was made. Where it got lost, replace it by another one.";
        for shown in [self.webhook.as_mut(), Some(&mut self.provider_webhook)].into_iter().flatten() {
            shown.note = shown.username.is_some().then_some(note);
        }
        self
    }
}
