//! Sends what the domain wants sent: to declared hosts only, within the budget, and an order once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::http::{HttpFailure, HttpOutcome, HttpRequest, HttpResponse, NotSent, Sending};
use domain::id::ConnectionId;
use domain::region::Region;
use domain::talk::Talk;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderValue;
use url::Url;

use crate::clock::Clock;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::store::Store;

/// How long an order may take to be answered; the provider's own recommendation is not published.
const ONCE_TIMEOUT: Duration = Duration::from_secs(20);
const READ_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What must be left after a request, to store what came of it.
const RESERVE: Duration = Duration::from_secs(3);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// The time that must be left for a request that is sent once.
pub const ONCE_NEEDS: Duration = ONCE_TIMEOUT.saturating_add(RESERVE);

type Spent = Arc<Mutex<HashMap<(ConnectionId, &'static str), Timestamp>>>;

/// The way out.
#[derive(Debug, Clone)]
pub struct Outbound {
    pooled: reqwest::Client,
    region: Region,
    endpoints: HashMap<String, Url>,
    store: Store,
    clock: Clock,
    /// Until when a system said that nothing is left of a connection's allowance.
    spent: Spent,
}

fn client(keep_alive: bool) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
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
            region: config.region,
            endpoints: config.endpoints.clone(),
            store,
            clock,
            spent: Spent::default(),
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

    async fn send(&self, request: &HttpRequest, connection: &ConnectionId, deadline: Deadline) -> HttpOutcome {
        let host = request.url.host_str().unwrap_or_default();
        let declared = request.url.scheme() == "https" && (request.system.hosts)(self.region).iter().any(|h| h == host);
        if !declared {
            return Err(HttpFailure::NotSent(NotSent::ForeignHost));
        }
        let timeout = match request.sending {
            Sending::Once if deadline.left() < ONCE_NEEDS => {
                return Err(HttpFailure::NotSent(NotSent::Deadline));
            }
            Sending::Once => ONCE_TIMEOUT,
            Sending::Repeatable => READ_TIMEOUT.min(deadline.left().saturating_sub(RESERVE)),
        };
        if timeout < Duration::from_millis(100) {
            return Err(HttpFailure::NotSent(NotSent::Deadline));
        }
        if let Err(wait) = self.permit(request, connection).await {
            return Err(HttpFailure::NotSent(NotSent::Budget(wait)));
        }
        let outcome = self.exchange(request, timeout).await;
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

    async fn permit(&self, request: &HttpRequest, connection: &ConnectionId) -> Result<(), Duration> {
        let now = self.clock.now();
        let name = (connection.clone(), request.system.name);
        let spent_until = self.spent.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
        if let Some(until) = spent_until.filter(|until| now < *until) {
            return Err(until.duration_since(now).unsigned_abs());
        }
        let Some(quota) = request.system.quota else { return Ok(()) };
        match self.store.permit(connection, request.system, quota, request.lane, now).await {
            Ok(permitted) => permitted,
            Err(error) => {
                // Without its book-keeping the budget cannot be kept, and the table is needed after the call anyway.
                tracing::warn!(cause = %error, "the call budget cannot be told");
                Err(Duration::from_secs(5))
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

    async fn exchange(&self, request: &HttpRequest, timeout: Duration) -> HttpOutcome {
        let url =
            self.endpoints.get(request.system.name).map_or_else(|| request.url.clone(), |at| moved(&request.url, at));
        let client = match request.sending {
            Sending::Repeatable => self.pooled.clone(),
            // A pooled connection may be half closed, and then nobody knows whether the request was read.
            Sending::Once => client(false).map_err(|_| HttpFailure::NotSent(NotSent::Connect))?,
        };
        let mut builder = client.request(request.method.clone(), url).timeout(timeout);
        for (name, value) in &request.headers {
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
