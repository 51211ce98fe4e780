//! What AWS does around the functions: serves their routes, hands them messages, runs them by the clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::FutureExt;
use runtime::deadline::Deadline;
use runtime::hub::Hub;
use runtime::lambda::handle_batch;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::Error;
use crate::embedded_aws::LocalQueue;
use crate::functions::{self, Function};

/// How long a worker and a scheduled function may take, as in the template.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How many batches of one queue are under way at once, as in the template.
const CONCURRENCY: usize = 5;

#[expect(clippy::disallowed_methods, reason = "this is what stands in for AWS, not a function")]
fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

pub(super) fn serve(listener: TcpListener, router: Router) {
    spawn(async move {
        // Serving ends only with the process.
        let _ = axum::serve(listener, router).await;
    });
}

pub(super) fn work(function: &str, hub: Arc<Hub>, queue: LocalQueue) -> Result<(), Error> {
    let Some(Function::Worker(handler)) = functions::named(function) else {
        return Err(format!("{function} is no worker").into());
    };
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    spawn(async move {
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            let (event, ids) = queue.take().await.into_parts();
            let (hub, queue) = (Arc::clone(&hub), queue.clone());
            spawn(async move {
                let response = handle_batch(hub, event, Deadline::after(TIMEOUT), handler).await;
                queue.settle(ids, &response);
                drop(permit);
            });
        }
    });
    Ok(())
}

pub(super) async fn run_once(function: &str, hub: Arc<Hub>) {
    if let Some(Function::Scheduled(handler)) = functions::named(function) {
        // A failed run is in the log, and the next one comes in a minute.
        let _ = std::panic::AssertUnwindSafe(handler(hub, Deadline::after(TIMEOUT))).catch_unwind().await;
    }
}

pub(super) fn repeat(function: &str, hub: Arc<Hub>, every: Duration) {
    let function = function.to_owned();
    spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            run_once(&function, Arc::clone(&hub)).await;
        }
    });
}
