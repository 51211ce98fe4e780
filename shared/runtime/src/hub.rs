//! What every handler is given: clients that are warm, caches, the clock.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use domain::ats::{Ats, ListsRequests, Page};
use domain::connection::{Connection, ConnectionSecret, ConnectionState};
use domain::id::{ConnectionId, GroupId};
use domain::provider::{Package, Provider, Standing};
use domain::reason::{Reason, Refusal};
use domain::talk::Talk;
use domain::trouble::Trouble;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::access;
use crate::cache::Aged;
use crate::clock::Clock;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::outbound::Outbound;
use crate::queue::Queues;
use crate::secrets::{SecretError, Secrets};
use crate::store::{Connected, Store, StoreError};
use crate::telemetry::Metrics;

/// How long settings are kept, so that an admin's change is in force after half a minute.
const CONNECTION_KEPT: SignedDuration = SignedDuration::from_secs(30);

/// How old settings may be by which the sender of a webhook is not proven: its password may be newer.
const DOUBTED_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// How long a new password is held back, so that no function can hold settings without it and not look again.
pub const PASSWORD_HELD_BACK: Duration = Duration::from_millis(1_200);

/// How often a use is noted.
pub(crate) const USE_NOTED: SignedDuration = SignedDuration::from_hours(1);

/// Whose standing was asked for: the connection's, in the group, of the requester with that digest of the address.
type Asked = (ConnectionId, Option<GroupId>, Option<[u8; 32]>);

/// Everything that a function needs, made in Init.
#[derive(Debug, Clone)]
pub struct Hub {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub queues: Queues,
    pub secrets: Secrets,
    pub outbound: Outbound,
    pub metrics: Metrics,
    connections: Aged<ConnectionId, Option<Arc<Connected>>>,
    uses: Aged<(ConnectionId, String), ()>,
    pub(crate) packages: Aged<ConnectionId, Arc<Vec<Package>>>,
    pub(crate) standings: Aged<Asked, Standing>,
    /// From when on what is read of a connection counts, where somebody said that it changed.
    fresh_from: Arc<Mutex<HashMap<ConnectionId, Timestamp>>>,
}

impl Hub {
    /// Makes the clients of a function.
    ///
    /// # Errors
    /// The TLS set-up failed.
    pub fn new(config: Config, clock: Clock, aws: &SdkConfig) -> Result<Self, reqwest::Error> {
        let store = Store::new(aws_sdk_dynamodb::Client::new(aws), config.table.clone());
        let hub = Self {
            queues: Queues::new(
                aws_sdk_sqs::Client::new(aws),
                config.place_order_queue_url.clone(),
                config.sync_order_queue_url.clone(),
                Metrics::unread(clock.clone()),
            ),
            secrets: Secrets::new(aws_sdk_secretsmanager::Client::new(aws), config.region, config.kms_key.clone()),
            metrics: Metrics::unread(clock.clone()),
            outbound: Outbound::new(&config, store.clone(), clock.clone())?,
            store,
            config,
            clock,
            connections: Aged::default(),
            uses: Aged::default(),
            packages: Aged::default(),
            standings: Aged::default(),
            fresh_from: Arc::default(),
        };
        Ok(hub)
    }

    /// Has the function publish its metrics there; without it nobody reads them.
    #[must_use]
    pub fn publishing(mut self, metrics: Metrics) -> Self {
        self.queues.metrics = metrics.clone();
        self.metrics = metrics;
        self
    }

    /// The connection with its mappings, kept for half a minute; that there is none is kept, too. One that is being deleted
    /// is none any more.
    ///
    /// # Errors
    /// [`StoreError`] where it is neither kept nor readable.
    pub async fn connected(&self, id: &ConnectionId) -> Result<Option<Arc<Connected>>, StoreError> {
        self.connected_within(id, CONNECTION_KEPT).await
    }

    /// The connection as it was at most a second ago, for a sender who is not proven by what is kept: so a new password
    /// works at once, and a stranger costs one reading a second at most.
    ///
    /// # Errors
    /// [`StoreError`] where it is neither kept nor readable.
    pub async fn connected_lately(&self, id: &ConnectionId) -> Result<Option<Arc<Connected>>, StoreError> {
        self.connected_within(id, DOUBTED_AFTER).await
    }

    async fn connected_within(
        &self,
        id: &ConnectionId,
        age: SignedDuration,
    ) -> Result<Option<Arc<Connected>>, StoreError> {
        let is_there = |connected: &Connected| connected.connection.state != ConnectionState::Closing;
        let fetch = async { Ok(self.store.connection(id).await?.filter(is_there).map(Arc::new)) };
        self.connections.get_or_fetch(id, self.clock.now(), |_| age, fetch).await
    }

    /// Notes that a way in was used, once an hour: after what it brought is stored, and whatever becomes of the note.
    pub async fn note_use(&self, id: &ConnectionId, way: &str) {
        let now = self.clock.now();
        let note = async {
            if let Err(error) = self.store.note_use(id, way, now).await {
                tracing::warn!(connection = %id, cause = %error, "a use could not be noted");
            }
            Ok::<_, Infallible>(())
        };
        let Ok(()) = self.uses.get_or_fetch(&(id.clone(), way.to_owned()), now, |()| USE_NOTED, note).await;
    }

    /// Forgets what is kept of a connection, after an admin changed it here.
    pub async fn forget(&self, id: &ConnectionId) {
        self.connections.forget(id).await;
    }

    /// What was read of the connection before `since` counts no more: an admin says that something was cured.
    pub async fn renew(&self, id: &ConnectionId, since: Timestamp) {
        {
            let mut fresh_from = self.fresh_from.lock().unwrap_or_else(PoisonError::into_inner);
            if fresh_from.get(id).is_some_and(|known| *known >= since) {
                return;
            }
            fresh_from.insert(id.clone(), since);
        }
        self.forget(id).await;
        self.packages.forget(id).await;
        self.secrets.forget(id).await;
    }

    /// For how long what is read of the connection is kept: `longest`, but never from before [`Self::renew`].
    pub(crate) fn keeps(&self, id: &ConnectionId, longest: SignedDuration) -> SignedDuration {
        let fresh_from = self.fresh_from.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        fresh_from.map_or(longest, |since| longest.min(since.duration_until(self.clock.now())))
    }

    /// The connection's secret, kept for a few minutes.
    ///
    /// # Errors
    /// A [`Trouble`] that passes, where it is neither kept nor readable.
    pub async fn secret(&self, connection: &ConnectionId) -> Result<Arc<ConnectionSecret>, Trouble> {
        self.secrets.get(connection, self.clock.now()).await.map_err(|error| unreadable(&error))
    }

    /// Talks to the connection's ATS. Where it refuses the credentials, the secret is read again and the talk repeated
    /// once.
    ///
    /// # Errors
    /// The ATS's [`Trouble`], or the secret store's.
    pub async fn ask_ats<T>(
        &self,
        connected: &Connected,
        deadline: Deadline,
        talk: impl Fn(&dyn Ats) -> Talk<Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let connection = &connected.connection;
        let Some(authorizes) = connection.ats.authorizes() else {
            return self.ask_ats_as_is(connected, deadline, talk).await;
        };
        let connector = |secret: &ConnectionSecret| connection.ats.connector(&secret.ats, secret.access.as_ref());
        let talk = |secret: &ConnectionSecret| Some(talk(connector(secret)?.as_ref()));
        // Boxed, as in the callers' futures it would lie on the stack several times over.
        Box::pin(access::ask(self, connected, authorizes, deadline, talk)).await
    }

    /// Talks to the connection's ATS with the access that is there, and replaces none: it changes nothing of ours.
    ///
    /// # Errors
    /// As [`Self::ask_ats`]; a [`Trouble`] that passes where the tokens must be replaced first.
    pub async fn ask_ats_as_is<T>(
        &self,
        connected: &Connected,
        deadline: Deadline,
        talk: impl Fn(&dyn Ats) -> Talk<Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let connection = &connected.connection;
        if connection.ats.authorizes().is_some() {
            access::is_usable(self, connected).await?;
        }
        let connector = |secret: &ConnectionSecret| connection.ats.connector(&secret.ats, secret.access.as_ref());
        let talk = |secret: &ConnectionSecret| Some(talk(connector(secret)?.as_ref()));
        Box::pin(self.ask(&connection.id, Reason::AtsCredentials, deadline, talk)).await
    }

    /// Where the connection's provider may call us.
    #[must_use]
    pub fn provider_webhook(&self, connection: &Connection) -> Option<Url> {
        let root = self.config.public_url.as_ref()?;
        let (provider, id) = (connection.provider.name(), &connection.id);
        Url::parse(&format!("{root}/api/external/provider/{provider}/{id}/webhook/")).ok()
    }

    /// Talks to the connection's provider, as [`Self::ask_ats`] does to the ATS.
    ///
    /// # Errors
    /// The provider's [`Trouble`], or the secret store's.
    pub async fn ask_provider<T>(
        &self,
        connected: &Connected,
        deadline: Deadline,
        talk: impl Fn(&dyn Provider) -> Talk<Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let connection = &connected.connection;
        let connector = |secret: &ConnectionSecret| connection.provider.connector(&secret.provider, connection.region);
        let talk = |secret: &ConnectionSecret| Some(talk(connector(secret)?.as_ref()));
        Box::pin(self.ask(&connection.id, Reason::ProviderCredentials, deadline, talk)).await
    }

    /// Asks the connection's ATS for the requests that wait, as [`Self::ask_ats`] does.
    ///
    /// # Errors
    /// The ATS's [`Trouble`], or the secret store's.
    pub async fn list_requests(
        &self,
        connected: &Connected,
        ats: &dyn ListsRequests,
        deadline: Deadline,
    ) -> Result<Page, Trouble> {
        let id = &connected.connection.id;
        self.ask(id, Reason::AtsCredentials, deadline, |secret| Some(ats.list(&secret.ats))).await
    }

    async fn ask<T>(
        &self,
        connection: &ConnectionId,
        mismatch: Reason,
        deadline: Deadline,
        talk: impl Fn(&ConnectionSecret) -> Option<Talk<Result<T, Trouble>>>,
    ) -> Result<T, Trouble> {
        let other_kind = || Trouble::because(Refusal::new(mismatch), "the secret is of another kind");
        let secret = self.secret(connection).await?;
        let first = talk(&secret).ok_or_else(other_kind)?;
        let answer = self.outbound.converse(first, connection, deadline).await;
        match answer {
            Err(trouble) if trouble.is_about_credentials() => {
                let reread =
                    self.secrets.reread(connection, self.clock.now()).await.map_err(|error| unreadable(&error))?;
                let Some(secret) = reread else { return Err(trouble) };
                let again = talk(&secret).ok_or_else(other_kind)?;
                self.outbound.converse(again, connection, deadline).await
            }
            answer => answer,
        }
    }
}

fn unreadable(error: &SecretError) -> Trouble {
    Trouble::later(format!("secret store: {error}"))
}
