//! The XML order gateway: what is sent to it in one step or in two, and what its answers come to.

use ::http::Method;
use url::Url;

use super::invitation::{self, Invitation};
use super::settings::Gateway;
use super::{Connector, SYSTEM, nowhere, oml};
use crate::http::{HttpOutcome, HttpRequest, HttpResponse, Lane, Sending};
use crate::provider::{Correlation, NewOrder, Package, Truth};
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble, classify_post, no_response};

/// A connector that speaks XML.
pub(super) struct XmlGateway<'c>(pub(super) &'c Connector);

fn document(method: Method, url: Url, lane: Lane, document: String) -> HttpRequest {
    let headers = vec![("content-type", Secret::from("text/xml; charset=utf-8"))];
    let body = Some(Secret::new(document.into_bytes()));
    HttpRequest { method, headers, body, lane, ..HttpRequest::get(&SYSTEM, url) }
}

fn below(base: &Url, path: [&str; 3]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

impl XmlGateway<'_> {
    /// Sends a document as `sending` says, in the older form with a token that is asked for first.
    fn send<T: Send + 'static>(
        &self,
        lane: Lane,
        sending: Sending,
        write: impl FnOnce(bool) -> String,
        then: impl FnOnce(Result<HttpOutcome, Trouble>) -> T + Send + 'static,
    ) -> Talk<T> {
        let base = match self.0.settings.gateway.as_deref() {
            Some(Gateway::TwoStep { base_url }) => base_url,
            one_step => {
                let url = match one_step {
                    Some(Gateway::OneStep { url }) => url.clone(),
                    _ => nowhere(),
                };
                let request = HttpRequest { sending, ..document(Method::POST, url, lane, write(true)) };
                return Talk::ask(request, |outcome| Talk::Done(then(Ok(outcome))));
            }
        };
        let sign_in = self.sign_in(base, lane);
        let url = below(base, ["OrderingService.svc", "xml", "order"]);
        let request = HttpRequest { sending, ..document(Method::PUT, url, lane, write(false)) };
        Talk::ask(sign_in, |outcome| match success(outcome).and_then(|response| oml::token(&response)) {
            Ok(token) => {
                Talk::ask(request.header("x-asurint-usertoken", token), |outcome| Talk::Done(then(Ok(outcome))))
            }
            Err(trouble) => Talk::Done(then(Err(trouble))),
        })
    }

    pub(super) fn packages(&self) -> Talk<Result<Vec<Package>, Trouble>> {
        let Connector { settings, credentials } = self.0;
        let requester = invitation::requester(None, settings);
        let write = |inside: bool| oml::package_list(settings, inside.then_some(credentials), requester.as_ref());
        self.send(Lane::Reads, Sending::Repeatable, write, |answer| {
            answer.and_then(success).and_then(|response| oml::packages(&response))
        })
    }

    /// The list of packages, as a sign-in: where the gateway says no to it within its answer, the credentials are wrong.
    pub(super) fn sign_in_by_list(&self) -> Talk<Result<Vec<Package>, Trouble>> {
        self.packages().map(|there| there.map_err(oml::as_sign_in))
    }

    /// Whether the form in two steps gives a token.
    pub(super) fn can_sign_in(&self) -> Talk<Result<(), Trouble>> {
        let base = match self.0.settings.gateway.as_deref() {
            Some(Gateway::TwoStep { base_url }) => base_url.clone(),
            _ => nowhere(),
        };
        Talk::ask(self.sign_in(&base, Lane::Reads), |outcome| {
            Talk::Done(success(outcome).and_then(|response| oml::token(&response)).map(|_| ()))
        })
    }

    fn sign_in(&self, base: &Url, lane: Lane) -> HttpRequest {
        let url = below(base, ["SecurityService.svc", "xml", "authenticate"]);
        document(Method::POST, url, lane, oml::sign_in(&self.0.credentials))
    }

    pub(super) fn place(
        &self,
        order: &NewOrder,
        correlation: &Correlation,
        invitation: &Invitation,
    ) -> Talk<PostOutcome<Truth>> {
        let Connector { settings, credentials } = self.0;
        let write =
            |inside: bool| oml::order(settings, inside.then_some(credentials), order, &correlation.order, invitation);
        let of = settings.clone();
        self.send(Lane::Orders, Sending::Once, write, move |answer| {
            let outcome = match answer {
                Ok(outcome) => outcome,
                Err(trouble) => return PostOutcome::NoEffect(trouble),
            };
            match classify_post("asurint", outcome, oml::acknowledged, oml::trouble) {
                PostOutcome::Accepted(Ok(said)) => PostOutcome::Accepted(said.truth(&of)),
                PostOutcome::Accepted(Err(trouble)) | PostOutcome::NoEffect(trouble) => PostOutcome::NoEffect(trouble),
                PostOutcome::Unclear(cause) => PostOutcome::Unclear(cause),
            }
        })
    }
}

/// A 2xx, or what stands in its way.
fn success(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    let response = outcome.map_err(|failure| no_response("asurint", &failure))?;
    if response.is_success() { Ok(response) } else { Err(oml::trouble(&response)) }
}
