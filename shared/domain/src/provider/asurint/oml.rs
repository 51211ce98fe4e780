//! The XML of Asurint's order gateway, as callers of it were seen to write and read it, and postbacks in XML.

use super::Postback;
use super::invitation::Invitation;
use super::settings::{Credentials, PostbackPaths, Settings};
use super::words::{JUST_PLACED, Said};
use super::xml::{self, Element, escaped};
use crate::http::HttpResponse;
use crate::id::{GroupId, OrderId, PackageId, ProviderOrderId};
use crate::provider::{NewOrder, Package};
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;
use crate::trouble::{Cause, Trouble};
use crate::webhook::Unreadable;

const BASE: &str = "http://schemas.ost.com/oml/base/1.0";
const PACKAGE: &str = "http://schemas.ost.com/oml/package/1.0";
const SECURITY: &str = "http://schemas.ost.com/oml/security/1.0";
const CONTACT: &str = "http://schemas.ost.com/oml/contact/1.0";

/// An element with a text, or an empty one.
fn element(name: &str, text: &str) -> String {
    if text.is_empty() { format!("<{name}/>") } else { format!("<{name}>{}</{name}>", escaped(text)) }
}

fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", escaped(value))
}

fn root_credentials(credentials: &Credentials) -> String {
    let username = attribute("username", &credentials.username);
    format!("<RootCredentials{username}{}/>", attribute("password", credentials.password.expose()))
}

/// What a token is asked for with.
pub(super) fn sign_in(credentials: &Credentials) -> String {
    format!("<Security xmlns=\"{SECURITY}\">{}</Security>", root_credentials(credentials))
}

/// What every document to the gateway has: who asks, and where it is booked. Without credentials a token goes with it.
struct Envelope<'a> {
    settings: &'a Settings,
    credentials: Option<&'a Credentials>,
    location: Option<&'a GroupId>,
    requester: Option<&'a Secret>,
}

impl Envelope<'_> {
    fn around(&self, attributes: &str, content: &str) -> String {
        let requester = self.requester.map_or("", |email| email.expose().as_str());
        let location = self.location.or(self.settings.location_id.as_ref()).map_or("", GroupId::as_str);
        let security = [
            self.credentials.map(root_credentials).unwrap_or_default(),
            element("AccountID", self.settings.account_id.as_deref().unwrap_or_default()),
            element("LocationID", location),
            element("CustomerUserReferenceID", requester),
        ]
        .concat();
        let contact = format!("<FirstName/><LastName/>{}<Phone/>", element("Email", requester));
        format!(
            "<Order xmlns=\"{BASE}\" xmlns:package=\"{PACKAGE}\"{attributes}>\
             <Security xmlns=\"{SECURITY}\">{security}</Security><Contact xmlns=\"{CONTACT}\">{contact}</Contact>\
             {content}</Order>"
        )
    }
}

/// An order: an invitation, and of the candidate the name and the address.
pub(super) fn order(
    settings: &Settings,
    credentials: Option<&Credentials>,
    order: &NewOrder,
    quote_back: &OrderId,
    invitation: &Invitation,
) -> String {
    let mut attributes = vec![
        attribute("package:uri", order.package.as_str()),
        order.job.as_ref().map(|job| attribute("reference1", job.as_str())).unwrap_or_default(),
        attribute("reference2", order.application.as_str()),
        attribute("intendedUse", &settings.intended_use.to_string()),
    ];
    attributes.extend(settings.invitation.as_ref().map(|flag| attribute(&flag.name, &flag.value)));
    let content = format!(
        "{}<Input><Subjects><Subject role=\"Primary\">{}<MiddleName/>{}<Contact><Phone/>{}</Contact></Subject>\
         </Subjects></Input>",
        element("QuoteBack", quote_back.as_str()),
        element("FirstName", invitation.given_name.expose()),
        element("LastName", invitation.family_name.expose()),
        element("Email", invitation.email.expose()),
    );
    let requester = invitation.requester.as_ref();
    Envelope { settings, credentials, location: order.group.as_ref(), requester }.around(&attributes.concat(), &content)
}

/// The question for all packages.
pub(super) fn package_list(
    settings: &Settings,
    credentials: Option<&Credentials>,
    requester: Option<&Secret>,
) -> String {
    let attributes = attribute("intendedUse", &settings.intended_use.to_string());
    let content = element("IncludeParentPackages", "true");
    Envelope { settings, credentials, location: None, requester }.around(&attributes, &content)
}

fn parse(response: &HttpResponse) -> Result<Element, Trouble> {
    xml::read(&response.body).map_err(|_| unexpected())
}

fn unexpected() -> Trouble {
    Trouble::later("asurint: an answer that is not the expected XML")
}

fn refused(reason: Reason, what: &str) -> Trouble {
    Trouble::because(Refusal::new(reason), format!("asurint: {what}"))
}

/// The disposition of an acknowledgement.
fn disposition(root: &Element) -> Option<&Element> {
    root.at("PayloadDisposition/EntityDisposition").filter(|_| root.is("ApplicationAcknowledgement"))
}

/// Whether an acknowledgement says no. Its exception may echo a person's data, so its text is not looked at.
fn says_no(disposition: &Element) -> bool {
    let status = disposition.text_at("EntityStatus");
    status
        .map_or_else(|| disposition.at("EntityException").is_some(), |status| !status.eq_ignore_ascii_case("Complete"))
}

/// The token in the answer to a sign-in.
pub(super) fn token(response: &HttpResponse) -> Result<Secret, Trouble> {
    let root = parse(response)?;
    if disposition(&root).is_some_and(says_no) {
        return Err(refused(Reason::ProviderCredentials, "the sign-in is refused"));
    }
    // It goes into a header.
    let is_token = |text: &&str| text.len() <= 4_096 && text.bytes().all(|b| b.is_ascii_graphic());
    let token = if root.is("UserToken") { root.text() } else { root.text_at("UserToken") };
    token.filter(is_token).map(Secret::from).ok_or_else(unexpected)
}

/// What an acknowledgement says: an order or a definite refusal. Nothing where it says neither.
pub(super) fn acknowledged(response: &HttpResponse) -> Option<Result<Said, Trouble>> {
    let root = xml::read(&response.body).ok()?;
    let number = if root.is("OrderID") {
        root.text()?
    } else {
        let disposition = disposition(&root)?;
        if says_no(disposition) {
            return Some(Err(refused(Reason::ProviderRefused, "the acknowledgement is not Complete")));
        }
        disposition.text_at("EntityStatus")?;
        disposition.text_at("Identifier/BackgroundCheckOrderNumber")?
    };
    let order = ProviderOrderId::parse(number).ok()?;
    Some(Ok(Said { order, status: Some(JUST_PLACED.to_owned()), score: None, report: None, at: None }))
}

/// Under which names a package's facts are looked for: nothing of the list's rows is published.
const PACKAGE_IDS: [&str; 6] = ["PackageID", "ID", "Uri", "@PackageID", "@id", "@uri"];
const PACKAGE_NAMES: [&str; 4] = ["Name", "PackageName", "@Name", "@PackageName"];
const PACKAGE_SWITCHES: [&str; 4] = ["Active", "IsActive", "@Active", "@IsActive"];

const LIST_REFUSED: &str = "the list of packages is refused";

/// What is wrong with the credentials where the list of packages, which has nothing else in it, was refused.
pub(super) fn as_sign_in(trouble: Trouble) -> Trouble {
    let in_band = refused(Reason::ProviderRefused, LIST_REFUSED);
    if trouble == in_band { refused(Reason::ProviderCredentials, LIST_REFUSED) } else { trouble }
}

pub(super) fn packages(response: &HttpResponse) -> Result<Vec<Package>, Trouble> {
    let root = parse(response)?;
    if disposition(&root).is_some_and(says_no) {
        return Err(refused(Reason::ProviderRefused, LIST_REFUSED));
    }
    let list = root.at("ATSResponse/ATSResponsePackages/Packages").ok_or_else(unexpected)?;
    let package = |row: &Element| {
        // Without an id there is nothing that could be ordered.
        let id = PackageId::parse(row.first_at(&PACKAGE_IDS)?).ok()?;
        let is_off = row.first_at(&PACKAGE_SWITCHES).is_some_and(|word| matches!(word, "false" | "False" | "0"));
        Some(Package::new(id, row.first_at(&PACKAGE_NAMES).unwrap_or_default().to_owned(), !is_off))
    };
    Ok(list.children("Package").filter_map(package).collect())
}

/// What a call means that the gateway did not answer with 2xx.
pub(super) fn trouble(response: &HttpResponse) -> Trouble {
    let cause = format!("HTTP {}", response.status);
    match response.status {
        401 => refused(Reason::ProviderCredentials, &cause),
        403 => refused(Reason::ProviderPermission, &cause),
        400..=407 | 409..=428 | 430..=499 => refused(Reason::ProviderRefused, &cause),
        _ => Trouble::Later { cause: Cause::new(format!("asurint: {cause}")), after: response.retry_after() },
    }
}

/// A postback in XML. It has no type: whatever it tells is told of an order.
pub(super) fn postback(body: &[u8], paths: &PostbackPaths) -> Result<Postback, Unreadable> {
    let root = xml::read(body).map_err(|_| Unreadable::Malformed("the body is not the XML of an event"))?;
    let text = |paths: &[String]| root.first_at(paths).map(str::to_owned);
    let order = text(&paths.order).and_then(|order| ProviderOrderId::parse(&order).ok());
    let status = text(&paths.status).ok_or(Unreadable::Malformed("the postback names no status"))?;
    let at = text(&paths.occurred_at).and_then(|at| at.parse().ok());
    Ok(Postback {
        event: text(&paths.event),
        client_id: text(&paths.client_id),
        tells_of_status: true,
        ours: text(&paths.quote_back).and_then(|id| OrderId::parse(&id).ok()),
        said: order.map(|order| Said {
            order,
            status: Some(status),
            score: text(&paths.score),
            report: text(&paths.report),
            at,
        }),
    })
}
