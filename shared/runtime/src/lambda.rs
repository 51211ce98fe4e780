//! Starts a function on AWS Lambda: everything that is slow happens here, before the first event.

use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
pub use domain::hint::Queue;
use domain::hint::{Message, VERSION};
use domain::secret::Secret;
use futures::FutureExt;
use futures::future::join_all;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::RequestContext;
use lambda_http::{RequestExt, service_fn};
use lambda_runtime::{Error, LambdaEvent};

use crate::clock::Clock;
use crate::config::Config;
use crate::deadline::Deadline;
use crate::edge::Call;
use crate::handlers::{Failed, Http, Scheduled, Worker};
use crate::hub::Hub;
use crate::telemetry::{self, Metrics};

/// What a function opens in Init, so that its first event does not wait for it. Whoever reaches more opens it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    Nothing,
    Table,
    TableAndSecrets,
    /// Everything that a sender waits for.
    TableSecretsAndQueue(Queue),
}

impl Opens {
    pub async fn open(self, hub: &Hub) {
        match self {
            Self::Nothing => {}
            Self::Table => hub.store.warm_up().await,
            Self::TableAndSecrets => {
                futures::join!(hub.store.warm_up(), hub.secrets.warm_up());
            }
            Self::TableSecretsAndQueue(queue) => {
                futures::join!(hub.store.warm_up(), hub.secrets.warm_up(), hub.queues.warm_up(queue));
            }
        }
    }
}

async fn init(function: &'static str, opens: Opens) -> Result<Arc<Hub>, Error> {
    let config = Config::from_environment()?;
    telemetry::start(config.log_level);
    let clock = Clock::default();
    let aws = crate::aws::from_environment().await;
    let metrics = Metrics::new(function, clock.clone(), |line| {
        // A metric that cannot be written has nowhere to say so.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    });
    let hub = Hub::new(config, clock, &aws)?.publishing(metrics);
    opens.open(&hub).await;
    Ok(Arc::new(hub))
}

/// Runs a function to the end of its process. Its binary only calls this: everything is compiled here.
fn run(serve: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve)
}

/// Serves an HTTP function.
///
/// # Errors
/// The function could not start.
pub fn serve_http(function: &'static str, handle: Http) -> Result<(), Error> {
    run(answer_calls(function, Opens::Table, handle))
}

/// Serves a webhook that sends to `queue`.
///
/// # Errors
/// The function could not start.
pub fn serve_webhook(function: &'static str, queue: Queue, handle: Http) -> Result<(), Error> {
    run(answer_calls(function, Opens::TableSecretsAndQueue(queue), handle))
}

async fn answer_calls(function: &'static str, opens: Opens, handle: Http) -> Result<(), Error> {
    let hub = init(function, opens).await?;
    lambda_http::run(service_fn(move |request: lambda_http::Request| {
        let hub = Arc::clone(&hub);
        async move { Ok::<_, Error>(handle(hub, call(request)).await) }
    }))
    .await
}

fn call(request: lambda_http::Request) -> Call {
    let left = request.lambda_context_ref().map_or(Duration::from_secs(10), |context| time_left(context.deadline));
    let pairs = |map: QueryMap| map.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let caller = caller(&request);
    let (path, query) = (pairs(request.path_parameters()), pairs(request.query_string_parameters()));
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    let headers = headers.filter_map(|(n, v)| Some((n.as_str().to_owned(), Secret::from(v.to_str().ok()?)))).collect();
    Call { method: parts.method, path, query, headers, body: body.to_vec(), caller, deadline: Deadline::after(left) }
}

/// The ARN that API Gateway has proven by the request's signature.
fn caller(request: &lambda_http::Request) -> String {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { return String::new() };
    let proven = context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
    proven.and_then(|iam| iam.user_arn.clone()).unwrap_or_default()
}

/// What is left until the time that Lambda gave, in milliseconds since 1970.
fn time_left(deadline_ms: u64) -> Duration {
    let now = u64::try_from(Clock::default().now().as_millisecond()).unwrap_or(0);
    Duration::from_millis(deadline_ms.saturating_sub(now))
}

/// Serves a queue's worker. Each message stands or falls alone, even where its handling panics.
///
/// # Errors
/// The function could not start.
pub fn serve_queue(function: &'static str, handle: Worker) -> Result<(), Error> {
    run(async move {
        let hub = init(function, Opens::TableAndSecrets).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
            let hub = Arc::clone(&hub);
            async move {
                let deadline = Deadline::after(time_left(event.context.deadline));
                Ok::<_, Error>(handle_batch(hub, event.payload, deadline, handle).await)
            }
        }))
        .await
    })
}

/// Handles the messages of a batch side by side; names those that must come again.
pub async fn handle_batch(hub: Arc<Hub>, event: SqsEvent, deadline: Deadline, handle: Worker) -> SqsBatchResponse {
    let work = event.records.into_iter().map(|record| {
        let message = record.body.as_deref().and_then(|body| serde_json::from_str::<Message>(body).ok());
        let message = message.filter(|message| message.v <= VERSION);
        let work = message.map(|message| handle(Arc::clone(&hub), message, deadline));
        async move {
            let done = match work {
                Some(work) => AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(Failed)),
                None => {
                    tracing::error!("a message that this version cannot read");
                    Err(Failed)
                }
            };
            (record.message_id.unwrap_or_default(), done)
        }
    });
    let failed = join_all(work).await.into_iter().filter(|(_, done)| done.is_err());
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .map(|(id, _)| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

/// Serves a scheduled function.
///
/// # Errors
/// The function could not start.
pub fn serve_schedule(function: &'static str, handle: Scheduled) -> Result<(), Error> {
    run(async move {
        let hub = init(function, Opens::Nothing).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
            let hub = Arc::clone(&hub);
            async move {
                let deadline = Deadline::after(time_left(event.context.deadline));
                handle(hub, deadline).await.map_err(|Failed| Error::from("see the log"))
            }
        }))
        .await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_is_whom_the_gateway_has_proven_and_never_a_header() {
        let mut event = serde_json::json!({
            "version": "2.0", "routeKey": "GET /admin/connections", "rawPath": "/admin/connections", "rawQueryString": "",
            "headers": {"x-amzn-requestcontext": "arn:aws:iam::1:user/mallory", "host": "x"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "x", "stage": "$default", "requestId": "r", "timeEpoch": 0,
                "http": {"method": "GET", "path": "/admin/connections", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
                "authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/ada", "callerId": "c", "accountId": "1"}},
            },
            "isBase64Encoded": false,
        });
        let call_of = |event: &serde_json::Value| call(lambda_http::request::from_str(&event.to_string()).unwrap());
        assert_eq!(call_of(&event).caller, "arn:aws:iam::1:user/ada");
        event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        assert_eq!(call_of(&event).caller, "");
    }
}
