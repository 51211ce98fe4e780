//! What every simulator has: a clock, faults, violations, a log of the requests that it answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, middleware};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The time that a simulator believes; tests move it, the local stack gives the machine's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Locks, whatever happened to the thread that held the lock before.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a vendor should never have received. One entry fails the test that caused it.
#[derive(Clone, Default)]
pub struct Violations(Arc<Mutex<Vec<String>>>);

impl Violations {
    pub fn record(&self, what: impl Into<String>) {
        lock(&self.0).push(what.into());
    }

    #[must_use]
    pub fn all(&self) -> Vec<String> {
        lock(&self.0).clone()
    }
}

/// One answered request: method and path, without query, headers or body.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    pub at: Timestamp,
    pub method: String,
    pub path: String,
    pub status: u16,
}

/// What goes wrong with the requests that a [`Fault`] matches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Answers with this status instead of doing anything.
    Status { code: u16, retry_after: Option<u64>, body: Option<String> },
    /// Does the work, then answers with this status: the caller cannot know.
    StatusAfterCommit { code: u16 },
    /// Closes the connection without doing anything.
    ResetBefore,
    /// Does the work, then closes the connection without an answer.
    ResetAfterCommit,
    /// Waits, then does the work.
    DelayBeforeMs(u64),
    /// Does the work, then waits before answering.
    DelayAfterCommitMs(u64),
    /// Never does the work and never answers, until the faults are cleared.
    HoldBefore,
    /// Does the work and never answers, until the faults are cleared.
    HoldAfterCommit,
}

/// A fault for the requests whose `"METHOD /path"` contains `on`; `times` of them, or all where it is 0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    pub on: String,
    #[serde(default)]
    pub times: u32,
    pub effect: Effect,
}

#[derive(Default)]
struct FaultState {
    armed: Vec<(Fault, u32)>,
    answered: Vec<Answered>,
}

/// The faults of one simulator and the log of what it answered.
#[derive(Clone)]
pub struct Harness {
    pub clock: Clock,
    pub violations: Violations,
    state: Arc<Mutex<FaultState>>,
    /// Wakes a test that waits for a held request.
    pub held: Arc<Notify>,
    released: Arc<Notify>,
}

impl Harness {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            violations: Violations::default(),
            state: Arc::default(),
            held: Arc::default(),
            released: Arc::default(),
        }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub fn arm(&self, on: &str, times: u32, effect: Effect) {
        lock(&self.state).armed.push((Fault { on: on.to_owned(), times, effect }, 0));
    }

    pub fn clear_faults(&self) {
        lock(&self.state).armed.clear();
        self.released.notify_waiters();
    }

    /// Every request answered so far whose `"METHOD /path"` contains `on`.
    #[must_use]
    pub fn answered(&self, on: &str) -> Vec<Answered> {
        let state = lock(&self.state);
        state.answered.iter().filter(|a| format!("{} {}", a.method, a.path).contains(on)).cloned().collect()
    }

    fn next_effect(&self, request: &str) -> Option<Effect> {
        let mut state = lock(&self.state);
        let (fault, used) =
            state.armed.iter_mut().find(|(f, used)| request.contains(&f.on) && (f.times == 0 || *used < f.times))?;
        *used += 1;
        Some(fault.effect.clone())
    }

    async fn hold(&self) {
        let released = self.released.notified();
        self.held.notify_one();
        released.await;
    }

    /// Serves `routes` with faults and control routes on `listener` until the process ends.
    pub async fn serve(self, routes: Router, listener: TcpListener) {
        let control = Router::new()
            .route("/_control/faults", get(list_faults).post(arm_fault).delete(clear_faults))
            .route("/_control/violations", get(list_violations))
            .route("/_control/requests", get(list_requests))
            .with_state(self.clone());
        let app = routes.layer(middleware::from_fn_with_state(self, with_faults)).merge(control);
        // Serving ends only with the process; a failed accept is retried by axum itself.
        let _ = axum::serve(listener, app).await;
    }
}

/// A client of services on this machine, for which reading the machine's certificates is wasted time.
pub fn loopback_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).tls_certs_only([])
}

/// Binds a loopback port; 0 takes any free one.
pub async fn bind(port: u16) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Closes the connection without an answer: unwinding the connection's task drops its socket.
fn reset() -> ! {
    std::panic::resume_unwind(Box::new("the simulator closes this connection"))
}

async fn with_faults(State(harness): State<Harness>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let version = request.version();
    if path.starts_with("/_control") {
        return next.run(request).await;
    }
    if version != Version::HTTP_11 {
        harness.violations.record(format!("{method} {path} came as {version:?}, not HTTP/1.1"));
    }
    let response = match harness.next_effect(&format!("{method} {path}")) {
        None => next.run(request).await,
        Some(Effect::Status { code, retry_after, body }) => failure(code, retry_after, body),
        Some(Effect::StatusAfterCommit { code }) => {
            next.run(request).await;
            failure(code, None, None)
        }
        Some(Effect::ResetBefore) => reset(),
        Some(Effect::ResetAfterCommit) => {
            next.run(request).await;
            reset()
        }
        Some(Effect::DelayBeforeMs(ms)) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        Some(Effect::DelayAfterCommitMs(ms)) => {
            let response = next.run(request).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            response
        }
        Some(Effect::HoldBefore) => {
            harness.hold().await;
            next.run(request).await
        }
        Some(Effect::HoldAfterCommit) => {
            let response = next.run(request).await;
            harness.hold().await;
            response
        }
    };
    let answered = Answered { at: harness.now(), method, path, status: response.status().as_u16() };
    lock(&harness.state).answered.push(answered);
    response
}

fn failure(code: u16, retry_after: Option<u64>, body: Option<String>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = body.unwrap_or_else(|| "<html><body>An error page that is not JSON</body></html>".to_owned());
    let mut response = (status, Body::from(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn list_faults(State(harness): State<Harness>) -> Json<Vec<Fault>> {
    Json(lock(&harness.state).armed.iter().map(|(fault, _)| fault.clone()).collect())
}

async fn arm_fault(State(harness): State<Harness>, Json(fault): Json<Fault>) -> StatusCode {
    lock(&harness.state).armed.push((fault, 0));
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(harness): State<Harness>) -> StatusCode {
    harness.clear_faults();
    StatusCode::NO_CONTENT
}

async fn list_violations(State(harness): State<Harness>) -> Json<Vec<String>> {
    Json(harness.violations.all())
}

async fn list_requests(State(harness): State<Harness>) -> Json<Vec<Answered>> {
    Json(lock(&harness.state).answered.clone())
}
