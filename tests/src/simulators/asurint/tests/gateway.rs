//! The XML gateway.

use axum::http::Method;

use super::super::*;
use super::{Hub, PACKAGE};

fn envelope(security: &str, rest: &str) -> String {
    format!(
        "<Order xmlns=\"http://schemas.ost.com/oml/base/1.0\" \
         xmlns:package=\"http://schemas.ost.com/oml/package/1.0\" package:uri=\"{PACKAGE}\" reference1=\"REQ-77\" \
         intendedUse=\"0\"><Security xmlns=\"http://schemas.ost.com/oml/security/1.0\">{security}<AccountID/>\
         <LocationID/></Security><Contact xmlns=\"http://schemas.ost.com/oml/contact/1.0\"><FirstName/><LastName/>\
         <Email>rae@client.example</Email><Phone/></Contact>{rest}</Order>"
    )
}

const CREDENTIALS: &str = "<RootCredentials username=\"hub\" password=\"pass\"/>";

fn subject(quote_back: &str, last_name: &str) -> String {
    format!(
        "<QuoteBack>{quote_back}</QuoteBack><Input><Subjects><Subject role=\"Primary\"><FirstName>Ada</FirstName>\
         <MiddleName/><LastName>{last_name}</LastName><Contact><Phone>(555) 010-0100</Phone>\
         <Email>ada@candidate.example</Email></Contact></Subject></Subjects></Input>"
    )
}

#[tokio::test]
async fn the_gateway_takes_the_same_order_as_xml() {
    let hub = Hub::new().await;
    let list = envelope(CREDENTIALS, "<IncludeParentPackages>true</IncludeParentPackages>");
    let (status, packages) = hub.oml(&list).await;
    let root = xml::read(&packages).unwrap();
    let package = root.at("ATSResponse/ATSResponsePackages/Packages/Package").unwrap();
    assert_eq!((status, package.text_at("PackageID")), (200, PACKAGE));
    assert_eq!(package.child("Name").unwrap().text, "Basic Search ");
    let (_, refused) = hub.oml(&envelope(CREDENTIALS, &subject("HUB-1", "St. John"))).await;
    let root = xml::read(&refused).unwrap();
    let message = root.text_at("PayloadDisposition/EntityDisposition/EntityException/Exception/ExceptionMessage");
    assert!(message.contains("period") && message.contains(planted::ECHOED_EMAIL), "{message}");
    let (status, placed) = hub.oml(&envelope(CREDENTIALS, &subject("HUB-1", "Moss &amp; O&#39;Neil"))).await;
    let root = xml::read(&placed).unwrap();
    let number = "PayloadDisposition/EntityDisposition/Identifier/BackgroundCheckOrderNumber";
    let order = hub.asurint.orders().pop().unwrap();
    assert_eq!((status, root.text_at(number)), (200, order.id.as_str()));
    assert_eq!((order.last_name.as_str(), order.codec), ("Moss & O'Neil", Codec::Oml));
    let wrong = CREDENTIALS.replace("pass\"", "word\"");
    assert_eq!(hub.oml(&envelope(&wrong, &subject("HUB-2", "Moss"))).await.0, 401);
    hub.asurint.refuse_credentials_in_band(true);
    assert_eq!(hub.oml(&envelope(&wrong, &subject("HUB-2", "Moss"))).await.0, 200);
    let xml_type = ("Content-Type", "text/xml");
    let security = format!("<Security xmlns=\"http://schemas.ost.com/oml/security/1.0\">{CREDENTIALS}</Security>");
    let path = "/gw1/SecurityService.svc/xml/authenticate";
    let (_, token) = hub.send(Method::POST, path, &[xml_type], security).await.unwrap();
    let token = xml::read(&token).unwrap().text;
    hub.asurint.cancel_in_portal(&order.id);
    let headers = [xml_type, ("X-Asurint-UserToken", token.as_str())];
    let body = envelope("", &subject("HUB-2", "Moss"));
    let (_, placed) = hub.send(Method::PUT, "/gw1/OrderingService.svc/xml/order", &headers, body).await.unwrap();
    assert_eq!(xml::read(&placed).unwrap().text, hub.asurint.orders()[1].id);
    assert_eq!(hub.violations(), Vec::<String>::new());
    let [expansion, ..] = hostile_xml("HUB-3");
    assert_eq!(hub.oml(&expansion).await, hub.oml("<a>&e;</a>").await);
    assert_eq!((hub.violations().len(), hub.asurint.orders().len()), (2, 2));
}
