//! News that had to be looked for: does the provider's webhook tell us anything at all?

use domain::id::ConnectionId;
use domain::provider::Truth;
use jiff::{SignedDuration, Timestamp};

use crate::handlers::provider_webhook::WAY;
use crate::hub::{Hub, USE_NOTED};
use crate::telemetry::Metric;

/// How long a webhook may be on its way when a look is faster.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);

/// Tells the operator where the provider changed an order, and no webhook of the connection has come since.
/// One that got lost among others is no reason to wake anybody: the look made up for it.
pub(super) async fn tell(hub: &Hub, connection: &ConnectionId, truth: &Truth, now: Timestamp) {
    let changed_at = truth.modified.unwrap_or(now);
    let may_be_on_its_way = truth.modified.is_some() && changed_at.duration_until(now) < ON_ITS_WAY;
    // A provider that is asked often is one that sends no webhooks.
    if truth.ask_often || may_be_on_its_way {
        return;
    }
    // A use is noted once an hour, so that a later one may stand behind an older note.
    let heard_since = changed_at.saturating_sub(USE_NOTED).unwrap_or(Timestamp::MIN);
    match hub.store.last_uses(connection).await {
        Ok(uses) if uses.iter().any(|heard| heard.way.starts_with(WAY) && heard.at >= heard_since) => {}
        Ok(_) => {
            tracing::warn!(%connection, "the provider had news, and its webhook is silent");
            hub.metrics.publish(Metric::UntoldNews, 1);
        }
        Err(error) => tracing::warn!(%connection, cause = %error, "the uses of the webhook could not be read"),
    }
}
