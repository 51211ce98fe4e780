//! The template's routes on one loopback port. What API Gateway does for a deployed stack happens here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, RawPathParams, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use domain::secret::Secret;
use runtime::deadline::Deadline;
use runtime::edge::Call;
use runtime::handlers::Http;
use runtime::hub::Hub;

use crate::deployed::Deployed;
use crate::functions::{self, Function};
use crate::template::Route;

/// API Gateway's own limit on a body, in bytes.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;

/// Who an admin is on this machine.
pub const LOCAL_ADMIN: &str = "arn:aws:iam::000000000000:user/local";

/// The body of API Gateway's own 404.
pub const NO_ROUTE: &str = "{\"message\":\"Not Found\"}";

/// A router with all routes; `hub_of` gives each function its own hub, as each Lambda function has its own memory.
///
/// # Errors
/// A route of a function that does not exist, or of a method that is none.
pub fn router(routes: &[Route], hub_of: impl Fn(&str) -> Option<Arc<Hub>>) -> Result<Router, String> {
    let mut router = Router::new().fallback(no_route);
    for route in routes {
        let (Some(Function::Http(handler)), Some(hub)) = (functions::named(&route.function), hub_of(&route.function))
        else {
            return Err(format!("{} is not an HTTP function", route.function));
        };
        let (timeout, is_admin) = (route.timeout, route.needs_iam);
        let answer = move |path: RawPathParams, query: Query<HashMap<String, String>>, request: Request| {
            let hub = Arc::clone(&hub);
            async move { answer(hub, handler, &path, query.0, request, (timeout, is_admin)).await }
        };
        router = with_route(router, route, answer)?;
    }
    Ok(router)
}

/// The same routes, answered by the functions of a deployed stack.
///
/// # Errors
/// A route of a method that is none.
pub fn router_to(deployed: &Arc<Deployed>, routes: &[Route]) -> Result<Router, String> {
    let mut router = Router::new().fallback(no_route);
    for route in routes {
        let (deployed, behind) = (Arc::clone(deployed), route.clone());
        let answer = move |path: RawPathParams, request: Request| {
            let (deployed, route) = (Arc::clone(&deployed), behind.clone());
            async move { deployed.answer(&route, &path, request).await }
        };
        router = with_route(router, route, answer)?;
    }
    Ok(router)
}

fn with_route<T: 'static>(router: Router, route: &Route, answer: impl Handler<T, ()>) -> Result<Router, String> {
    let method: Method = route.method.parse().map_err(|_| format!("{} is not a method", route.method))?;
    let filter = MethodFilter::try_from(method).map_err(|_| format!("{} is not a method", route.method))?;
    Ok(router.route(&route.path.replace("{proxy+}", "{*proxy}"), on(filter, answer)))
}

/// What API Gateway itself answers where there is no route.
async fn no_route() -> Response {
    (StatusCode::NOT_FOUND, [("content-type", "application/json")], NO_ROUTE).into_response()
}

async fn answer(
    hub: Arc<Hub>,
    handler: Http,
    path: &RawPathParams,
    query: HashMap<String, String>,
    request: Request,
    (timeout, is_admin): (Duration, bool),
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let headers = parts.headers.iter();
    let call = Call {
        method: parts.method,
        path: path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        query,
        headers: headers.filter_map(|(n, v)| Some((n.as_str().to_owned(), Secret::from(v.to_str().ok()?)))).collect(),
        body: body.to_vec(),
        // The gateway of a deployed stack proves who calls an admin route; on loopback it is whoever runs the stack.
        caller: if is_admin { LOCAL_ADMIN.to_owned() } else { String::new() },
        deadline: Deadline::after(timeout),
    };
    handler(hub, call).await.map(Body::from)
}
