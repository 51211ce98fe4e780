//! The JSON API: what is asked, and what its answers come to.

use ::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::invitation::Invitation;
use super::wire::{self, Found};
use super::{Connector, SYSTEM, nowhere};
use crate::http::{HttpOutcome, HttpRequest, HttpResponse, Lane, Sending};
use crate::id::{OrderId, ProviderOrderId};
use crate::provider::{Cancelled, Correlation, Findings, Lookup, NewOrder, Package, Reading, Truth};
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble, classify_post, no_response};

/// A connector that speaks JSON.
pub(super) struct Api<'c>(pub(super) &'c Connector);

impl Api<'_> {
    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.settings.base_url.as_deref().cloned().unwrap_or_else(nowhere);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn signed(&self, request: HttpRequest) -> HttpRequest {
        let credentials = &self.0.credentials;
        let pair = format!("{}:{}", credentials.username, credentials.password.expose());
        request
            .header("authorization", Secret::new(format!("Basic {}", STANDARD.encode(pair))))
            .header("x-asurint-client-id", Secret::from(self.0.settings.client_id.as_str()))
    }

    fn get(&self, path: &[&str], query: &[(&str, &str)]) -> HttpRequest {
        self.signed(HttpRequest::get(&SYSTEM, self.url(path, query)))
    }

    pub(super) fn packages(&self) -> Talk<Result<Vec<Package>, Trouble>> {
        Talk::ask(self.get(&["packages"], &[]), |outcome| {
            Talk::Done(success(outcome).and_then(|response| wire::packages(&response)))
        })
    }

    pub(super) fn place(
        &self,
        order: &NewOrder,
        correlation: &Correlation,
        invitation: &Invitation,
    ) -> Talk<PostOutcome<Truth>> {
        let settings = self.0.settings.clone();
        let body = wire::order_body(&settings.client_id, order, correlation, invitation);
        let request = HttpRequest::json(&SYSTEM, Method::POST, self.url(&["orders"], &[]), &body);
        let mut request = self.signed(request).header("idempotency-key", Secret::from(correlation.order.as_str()));
        request.sending = Sending::Once;
        request.lane = Lane::Orders;
        let ours = correlation.order.clone();
        Talk::ask(request, move |outcome| {
            Talk::Done(match outcome {
                Ok(response) if response.status == 409 => in_the_way(&response, &ours, |said| said.truth(&settings)),
                outcome => classify_post(
                    "asurint",
                    outcome,
                    |response| wire::placed(response, &ours).map(|said| said.truth(&settings)),
                    wire::order_trouble,
                ),
            })
        })
    }

    pub(super) fn find(&self, lookup: &Lookup) -> Talk<Result<Findings, Trouble>> {
        let (settings, ours) = (self.0.settings.clone(), lookup.order.clone());
        Talk::ask(self.get(&["orders"], &[("quoteBack", ours.as_str())]), move |outcome| {
            let found = success(outcome).and_then(|response| wire::found(&response, &ours));
            Talk::Done(found.map(|found| match found {
                Found::Orders(orders) => {
                    Findings::Orders(orders.into_iter().map(|said| said.truth(&settings)).collect())
                }
                Found::Unnamed => Findings::Untold("an order was found that does not say whose it is"),
            }))
        })
    }

    /// Whether orders can be looked up, by looking for one that nobody has placed.
    pub(super) fn can_look_up(&self) -> Talk<Result<(), Trouble>> {
        Talk::ask(self.get(&["orders"], &[("quoteBack", "connection-check")]), |outcome| {
            Talk::Done(success(outcome).map(|_| ()))
        })
    }

    pub(super) fn read(&self, order: &ProviderOrderId) -> Talk<Result<Reading, Trouble>> {
        let settings = self.0.settings.clone();
        Talk::ask(self.get(&["orders", order.as_str()], &[]), move |outcome| {
            Talk::Done(match outcome {
                Ok(HttpResponse { status: 404, .. }) => Ok(Reading::Gone),
                other => success(other)
                    .and_then(|response| wire::order(&response))
                    .map(|said| Reading::Is(Box::new(said.truth(&settings)))),
            })
        })
    }

    pub(super) fn cancel(&self, order: &ProviderOrderId) -> Talk<Result<Cancelled, Trouble>> {
        let request = self.get(&["orders", order.as_str(), "cancel"], &[]);
        Talk::ask(HttpRequest { method: Method::POST, ..request }, |outcome| {
            Talk::Done(match outcome {
                Ok(HttpResponse { status: 404, .. }) => Ok(Cancelled::Gone),
                Ok(HttpResponse { status: 409, .. }) => Ok(Cancelled::Closed),
                other => success(other).map(|_| Cancelled::Taken),
            })
        })
    }
}

/// An order with our id is there already: it is taken for ours if it says so, and else a person looks.
fn in_the_way(response: &HttpResponse, ours: &OrderId, truth: impl FnOnce(super::Said) -> Truth) -> PostOutcome<Truth> {
    match wire::already_placed(response, ours) {
        Some(said) => PostOutcome::Accepted(truth(said)),
        None => PostOutcome::NoEffect(Trouble::because(
            Refusal::new(Reason::PossibleDuplicate),
            "asurint: HTTP 409 without our order",
        )),
    }
}

/// A 2xx, or what stands in its way.
fn success(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| no_response("asurint", &failure))?;
    if response.is_success() { Ok(response) } else { Err(wire::trouble(&response)) }
}
