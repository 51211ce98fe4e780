//! The XML order gateway: one address for orders and package lists, and the older form in two steps.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::shared::lock;
use super::api::header_text;
use super::placing::Placed;
use super::refusal::{Refusal, xml_answer};
use super::xml::{Element, Unreadable, escape};
use super::{AsurintSimulator, oml_order, planted, xml};

pub(super) async fn gateway(State(simulator): State<AsurintSimulator>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = simulator.answer(&headers, &body).await;
    answer.unwrap_or_else(|refusal| simulator.refuse(refusal))
}

pub(super) async fn authenticate(
    State(simulator): State<AsurintSimulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = simulator.read_document("authenticate", &headers, &body).and_then(|root| {
        let credentials = if root.name == "Security" { root.child("RootCredentials") } else { Some(&root) };
        let client = simulator.client_of(credentials)?;
        Ok(simulator.new_token(&client))
    });
    match token {
        Ok(token) => xml_answer(StatusCode::OK, format!("<UserToken>{token}</UserToken>")),
        Err(refusal) => simulator.refuse(refusal),
    }
}

pub(super) async fn order_with_token(
    State(simulator): State<AsurintSimulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = simulator.order_with_token(&headers, &body).await;
    answer.unwrap_or_else(|refusal| simulator.refuse(refusal))
}

impl AsurintSimulator {
    fn refuse(&self, refusal: Refusal) -> Response {
        let in_band = match refusal.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => lock(&self.state).refuses_credentials_in_band,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::UNSUPPORTED_MEDIA_TYPE => false,
            status => status.is_client_error(),
        };
        let status = if in_band { StatusCode::OK } else { refusal.status };
        refusal.into_acknowledgement(status)
    }

    fn read_document(&self, what: &str, headers: &HeaderMap, body: &[u8]) -> Result<Element, Refusal> {
        self.check_type(what, headers, "text/xml")?;
        let document = std::str::from_utf8(body).map_err(|_| Unreadable::Malformed);
        document.and_then(xml::read).map_err(|why| {
            self.harness.violations.record(format!("{what} is XML that nobody may send: {why:?}"));
            Refusal::plain(StatusCode::BAD_REQUEST, "malformed", "The document can not be read")
        })
    }

    /// The client whose credentials an element holds.
    fn client_of(&self, credentials: Option<&Element>) -> Result<String, Refusal> {
        let sent =
            credentials.and_then(|element| Some((element.attribute("username")?, element.attribute("password")?)));
        let Some((username, password)) = sent else {
            self.harness.violations.record("the XML gateway was called without RootCredentials");
            return Err(Refusal::unauthorized());
        };
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        let known = state.clients.values_mut().find(|known| {
            let client = &known.client;
            client.username == username && client.password == password
        });
        let known = known.ok_or_else(Refusal::unauthorized)?;
        known.limit.take(self.harness.now())?;
        Ok(known.client.id.clone())
    }

    fn client_of_token(&self, token: Option<&str>) -> Result<String, Refusal> {
        let Some(token) = token else {
            self.harness.violations.record("the XML gateway was called without X-Asurint-UserToken");
            return Err(Refusal::unauthorized());
        };
        let now = self.harness.now();
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        let known = state.tokens.get(token).filter(|(_, ends)| now < *ends).map(|(client, _)| client.clone());
        let known = known.and_then(|client| state.clients.get_mut(&client)).ok_or_else(Refusal::unauthorized)?;
        known.limit.take(now)?;
        Ok(known.client.id.clone())
    }

    async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
        let root = self.read_document("the order", headers, body)?;
        let client = self.client_of(root.at("Security/RootCredentials"))?;
        if root.child("IncludeParentPackages").is_some() {
            return self.package_list(&client, &root);
        }
        let order = self.place_document(&client, &root).await?;
        let body = format!(
            "<ApplicationAcknowledgement><PayloadDisposition><EntityDisposition><EntityStatus>Complete</EntityStatus>\
             <Identifier><BackgroundCheckOrderNumber>{order}</BackgroundCheckOrderNumber></Identifier>\
             </EntityDisposition></PayloadDisposition>{}</ApplicationAcknowledgement>",
            planted::subject(),
        );
        Ok(xml_answer(StatusCode::OK, body))
    }

    async fn order_with_token(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
        let root = self.read_document("the order", headers, body)?;
        let client = self.client_of_token(header_text(headers, "X-Asurint-UserToken"))?;
        let order = self.place_document(&client, &root).await?;
        Ok(xml_answer(StatusCode::OK, format!("<OrderID>{order}</OrderID>")))
    }

    async fn place_document(&self, client: &str, root: &Element) -> Result<String, Refusal> {
        let flag = lock(&self.state).clients.get(client).and_then(|client| client.invitation_flag.clone());
        oml_order::check(&self.harness.violations, root, flag.as_ref().map(|(name, _)| name.as_str()))?;
        let new = oml_order::read(root, flag.as_ref())?;
        let Placed { order, early_event, .. } = self.place(client, new)?;
        if let Some(event) = early_event {
            self.deliver_now(&event).await;
        }
        Ok(order.id)
    }

    fn package_list(&self, client: &str, root: &Element) -> Result<Response, Refusal> {
        oml_order::check(&self.harness.violations, root, None)?;
        if root.child("Input").is_some() {
            self.harness.violations.record("a package list was asked for with a candidate in it");
        }
        let state = lock(&self.state);
        let packages = state.clients.get(client).map(|client| client.packages.iter()).unwrap_or_default();
        let rows: String = packages
            .map(|package| {
                let [id, name] = [&package.id, &package.name].map(|text| escape(text.as_str()));
                let (active, note) = (package.active, planted::PACKAGE_NOTE);
                format!(
                    "<Package><PackageID>{id}</PackageID><Name>{name}</Name><Active>{active}</Active>\
                     <Note>{note}</Note></Package>"
                )
            })
            .collect();
        let body = format!(
            "<ATSServiceAcknowledgement><ATSResponse><ATSResponsePackages><Packages>{rows}</Packages>\
             </ATSResponsePackages></ATSResponse></ATSServiceAcknowledgement>"
        );
        Ok(xml_answer(StatusCode::OK, body))
    }
}
