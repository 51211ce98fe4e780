//! Sends what the domain wants sent: to declared hosts only, within the budget, and an order once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::http::{
    AccessToken, Grant, HttpFailure, HttpOutcome, HttpRequest, HttpResponse, NoToken, NotSent, Sending,
};
use domain::id::ConnectionId;
use domain::limit::{Limit, Rate};
use domain::region::Region;
use domain::secret::Secret;
use domain::talk::Talk;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;
use url::Url;

use crate::cache::Aged;
use crate::clock::Clock;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::store::{Store, StoreError};
use crate::tls;

/// How long an order may take to be answered; the provider's own recommendation is not published.
const ONCE_TIMEOUT: Duration = Duration::from_secs(20);
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What must be left after a request, to store what came of it.
const RESERVE: Duration = Duration::from_secs(3);

/// How long a call waits for its turn at most, and what must be left for the call itself.
const LONGEST_TURN: Duration = Duration::from_secs(5);
const TURN_LEAVES: Duration = Duration::from_secs(8);

/// How late a turn may be taken.
const OVERSLEPT: SignedDuration = SignedDuration::from_millis(300);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// The time that must be left for a request that is sent once.
pub const ONCE_NEEDS: Duration = ONCE_TIMEOUT.saturating_add(RESERVE);

type Name = (ConnectionId, &'static str);
type Spent = Arc<Mutex<HashMap<Name, Timestamp>>>;

/// The way out.
#[derive(Debug, Clone)]
pub struct Outbound {
    pooled: reqwest::Client,
    /// A new connection for each request: a pooled one may be half closed, and then nobody knows whether it was read.
    fresh: reqwest::Client,
    region: Region,
    endpoints: HashMap<String, Url>,
    store: Store,
    clock: Clock,
    /// Until when a system said that nothing is left of a connection's allowance.
    spent: Spent,
    tokens: Aged<Name, AccessToken>,
}

fn client(keep_alive: bool) -> reqwest::Result<reqwest::Client> {
    tls::client()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(if keep_alive { 8 } else { 0 })
        .user_agent("crosscheck")
        .build()
}

impl Outbound {
    /// # Errors
    /// The TLS set-up failed.
    pub fn new(config: &Config, store: Store, clock: Clock) -> reqwest::Result<Self> {
        Ok(Self {
            pooled: client(true)?,
            fresh: client(false)?,
            region: config.region,
            endpoints: config.endpoints.clone(),
            store,
            clock,
            spent: Spent::default(),
            tokens: Aged::default(),
        })
    }

    /// Plays a conversation to its end.
    pub async fn converse<T>(&self, mut talk: Talk<T>, connection: &ConnectionId, deadline: Deadline) -> T {
        loop {
            match talk {
                Talk::Done(answer) => return answer,
                Talk::Ask(requests, then) => {
                    let sent = requests.iter().map(|request| self.send(request, connection, deadline));
                    talk = then(join_all(sent).await);
                }
            }
        }
    }

    /// Forgets the connection's tokens for a system, as they were given for other credentials.
    pub async fn forget_token(&self, connection: &ConnectionId, system: &'static str) {
        self.tokens.forget(&(connection.clone(), system)).await;
    }

    async fn send(&self, request: &HttpRequest, connection: &ConnectionId, deadline: Deadline) -> HttpOutcome {
        let Some(grant) = &request.grant else { return self.send_as(request, None, connection, deadline).await };
        let name = (connection.clone(), request.system.name);
        let token = self.token(grant, &name, deadline).await?;
        let outcome = self.send_as(request, Some(&token), connection, deadline).await;
        if !matches!(&outcome, Ok(response) if response.status == 401) {
            return outcome;
        }
        // The token may have been revoked before its end; a refusal of a new one stands.
        self.tokens.forget_if(&name, |kept| kept.token == token).await;
        let token = self.token(grant, &name, deadline).await?;
        self.send_as(request, Some(&token), connection, deadline).await
    }

    /// The connection's token for a system, kept for as long as it lives and fetched by one caller at a time.
    async fn token(&self, grant: &Grant, name: &Name, deadline: Deadline) -> Result<Secret, HttpFailure> {
        let lives = |kept: &AccessToken| SignedDuration::try_from(kept.lives).unwrap_or(SignedDuration::ZERO);
        let fetch = async {
            let outcome = self.send_as(&grant.request, None, &name.0, deadline).await;
            outcome.map_err(|_| NoToken::Unavailable).and_then(|response| (grant.read)(&response))
        };
        let kept = self.tokens.get_or_fetch(name, self.clock.now(), lives, fetch).await;
        kept.map(|kept| kept.token).map_err(|why| HttpFailure::NotSent(NotSent::NoToken(why)))
    }

    async fn send_as(
        &self,
        request: &HttpRequest,
        token: Option<&Secret>,
        connection: &ConnectionId,
        deadline: Deadline,
    ) -> HttpOutcome {
        let host = request.url.host_str().unwrap_or_default();
        let declared = request.url.scheme() == "https" && (request.system.allows)(self.region, host);
        if !declared {
            return Err(HttpFailure::NotSent(NotSent::ForeignHost));
        }
        time_for(request, deadline)?;
        if let Err(wait) = self.permit(request, connection, deadline).await {
            return Err(HttpFailure::NotSent(NotSent::Budget(wait)));
        }
        // A turn may have been waited for.
        let timeout = time_for(request, deadline)?;
        let outcome = self.exchange(request, token, timeout).await;
        if let Ok(response) = &outcome {
            self.learn(request, connection, response);
        }
        let status = outcome.as_ref().map_or(0, |response| response.status);
        let failure = outcome.as_ref().err().map(|failure| format!("{failure:?}")).unwrap_or_default();
        let transaction = outcome.as_ref().ok().and_then(|response| response.header("x-transaction")).unwrap_or("");
        tracing::debug!(
            system = request.system.name,
            method = %request.method,
            status,
            cause = failure,
            transaction = domain::text::quoted(transaction),
            "called"
        );
        outcome
    }

    async fn permit(
        &self,
        request: &HttpRequest,
        connection: &ConnectionId,
        deadline: Deadline,
    ) -> Result<(), Duration> {
        let now = self.clock.now();
        let name = (connection.clone(), request.system.name);
        let spent_until = self.spent.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
        if let Some(until) = spent_until.filter(|until| now < *until) {
            return Err(until.duration_since(now).unsigned_abs());
        }
        let permitted = match request.system.limit {
            None => return Ok(()),
            Some(Limit::Quota(quota)) => self.store.permit(connection, request.system, quota, request.lane, now).await,
            Some(Limit::Rate(rate)) => self.wait_for_turn(request, connection, rate, deadline).await,
        };
        match permitted {
            Ok(permitted) => permitted,
            Err(error) => {
                // Without its book-keeping the budget cannot be kept, and the table is needed after the call anyway.
                tracing::warn!(cause = %error, "the call budget cannot be told");
                Err(Duration::from_secs(5))
            }
        }
    }

    /// Waits for a turn. One that was overslept is not taken: late calls would come in a bunch.
    async fn wait_for_turn(
        &self,
        request: &HttpRequest,
        connection: &ConnectionId,
        rate: Rate,
        deadline: Deadline,
    ) -> Result<Result<(), Duration>, StoreError> {
        loop {
            let longest = LONGEST_TURN.min(deadline.left().saturating_sub(TURN_LEAVES));
            let turn = match self.store.turn(connection, request.system, rate, longest, &self.clock).await? {
                Ok(turn) => turn,
                Err(after) => return Ok(Err(after)),
            };
            tokio::time::sleep(self.clock.now().duration_until(turn).try_into().unwrap_or_default()).await;
            if turn.duration_until(self.clock.now()) <= OVERSLEPT || longest.is_zero() {
                return Ok(Ok(()));
            }
        }
    }

    /// Follows `x-ratelimit-remaining`: where nothing is left, nothing is asked until `x-ratelimit-reset`.
    fn learn(&self, request: &HttpRequest, connection: &ConnectionId, response: &HttpResponse) {
        let number = |name: &str| response.header(name).and_then(|value| value.trim().parse::<i64>().ok());
        if number("x-ratelimit-remaining") != Some(0) {
            return;
        }
        let wait = SignedDuration::from_secs(number("x-ratelimit-reset").unwrap_or(60).clamp(1, 86_400));
        let until = self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let name = (connection.clone(), request.system.name);
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).insert(name, until);
    }

    async fn exchange(&self, request: &HttpRequest, token: Option<&Secret>, timeout: Duration) -> HttpOutcome {
        let elsewhere = self.endpoints.get(request.system.name);
        let url = elsewhere.map_or_else(|| request.url.clone(), |at| moved(&request.url, at));
        let client = match request.sending {
            Sending::Repeatable => &self.pooled,
            Sending::Once => &self.fresh,
        };
        let mut builder = client.request(request.method.clone(), url).timeout(timeout);
        if let (Some(_), Some(host)) = (elsewhere, request.url.host_str()) {
            // A simulator may stand for several hosts.
            builder = builder.header("host", host);
        }
        let bearer = token.map(|token| ("authorization", Secret::new(format!("Bearer {}", token.expose()))));
        for (name, value) in request.headers.iter().chain(&bearer) {
            let mut value =
                HeaderValue::from_str(value.expose()).map_err(|_| HttpFailure::NotSent(NotSent::Connect))?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.expose().clone());
        }
        let mut response = builder.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(n, v)| Some((n.as_str().to_owned(), v.to_str().ok()?.to_owned()))).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| HttpFailure::Unclear("the answer broke off"))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(HttpFailure::Unclear("the answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body })
    }
}

/// How long the request may take.
fn time_for(request: &HttpRequest, deadline: Deadline) -> Result<Duration, HttpFailure> {
    let timeout = match request.sending {
        Sending::Once if deadline.left() < ONCE_NEEDS => Duration::ZERO,
        Sending::Once => ONCE_TIMEOUT,
        Sending::Repeatable => READ_TIMEOUT.min(deadline.left().saturating_sub(RESERVE)),
    };
    if timeout < Duration::from_millis(100) {
        return Err(HttpFailure::NotSent(NotSent::Deadline));
    }
    Ok(timeout)
}

/// Whether a request without an answer certainly never left.
fn failure(error: &reqwest::Error) -> HttpFailure {
    if error.is_connect() || error.is_builder() {
        HttpFailure::NotSent(NotSent::Connect)
    } else if error.is_timeout() {
        HttpFailure::Unclear("time-out")
    } else {
        HttpFailure::Unclear("the connection broke off")
    }
}

/// The same path and query at another place: the simulators of a local stack.
fn moved(url: &Url, at: &Url) -> Url {
    let mut moved = at.clone();
    moved.set_path(url.path());
    moved.set_query(url.query());
    moved
}
