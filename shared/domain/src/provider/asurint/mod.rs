//! Asurint: invites candidates to its Candidate Hub. Two codecs for the same orders, a JSON API and an XML gateway.

mod api;
mod check;
mod gateway;
mod invitation;
mod oml;
mod settings;
mod wire;
mod words;
mod xml;

use self::api::Api;
use self::gateway::XmlGateway;
pub use self::settings::{
    Ambiguous, Codec, Credentials, Gateway, InvitationFlag, ListedPackage, PostbackPaths, Settings, Signature,
};
use self::words::Said;
use super::{
    Cancelled, CancelsOrders, Correlation, Findings, GroupStanding, ListsEvents, ListsGroups, Lookup, MakesReportFiles,
    NewOrder, Package, Provider, ProviderEvent, Reading, RequesterStanding, Standing, Truth,
};
use crate::checklist::{Line, Used};
use crate::http::{System, https};
use crate::id::{GroupId, OrderId, ProviderOrderId};
use crate::region::Region;
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::{PostOutcome, Trouble};
use crate::webhook::{Unreadable, Verified, Webhook};

/// Asurint publishes no limit of its calls.
pub static SYSTEM: System = System { name: "asurint", allows: |_, host| settings::is_host(host), limit: None };

/// What a postback tells, in either codec.
struct Postback {
    /// Its id, which tells nothing: a repetition changes nothing either.
    event: Option<String>,
    client_id: Option<String>,
    tells_of_status: bool,
    ours: Option<OrderId>,
    /// Nothing where it names no order.
    said: Option<Said>,
}

impl Settings {
    /// Reads a postback in either codec, whichever orders go out in.
    ///
    /// # Errors
    /// [`Unreadable`]: not a postback, or another client's.
    pub(super) fn decode(&self, webhook: &Webhook<Verified>) -> Result<ProviderEvent, Unreadable> {
        let body = webhook.body();
        let without_mark = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let postback = if without_mark.trim_ascii_start().starts_with(b"<") {
            oml::postback(body, &self.postback_paths)?
        } else {
            wire::postback(webhook.json()?)?
        };
        // An XML postback may name no client; its password is of this connection in any case.
        if postback.client_id.is_some_and(|client| client != self.client_id) {
            return Err(Unreadable::Malformed("clientId is not the connection's"));
        }
        let event = postback.event.unwrap_or_default();
        if !postback.tells_of_status {
            return Ok(ProviderEvent::UnknownType { event });
        }
        let said = postback.said.ok_or(Unreadable::Malformed("the postback names no order"))?;
        Ok(match self.codec {
            // The order can be read, so what the postback says of it does not count.
            Codec::Json => ProviderEvent::Changed { event, order: said.order, ours: postback.ours },
            Codec::Oml => ProviderEvent::Told { truth: Box::new(said.truth(self)), ours: postback.ours },
        })
    }
}

/// Asurint with one connection's settings and credentials.
#[derive(Debug, Clone)]
pub struct Connector {
    settings: Settings,
    credentials: Credentials,
}

impl Connector {
    #[must_use]
    pub const fn new(settings: Settings, credentials: Credentials, _: Region) -> Self {
        Self { settings, credentials }
    }
}

fn as_package(one: &ListedPackage) -> Package {
    Package::new(one.id.clone(), one.name.clone(), true)
}

/// Stands for an address that the settings lack. They are checked before they are saved; with what was saved otherwise
/// nothing is sent, as this is no host of Asurint's.
fn nowhere() -> url::Url {
    https("unset.invalid")
}

impl Provider for Connector {
    fn examine(&self, used: &Used) -> Talk<Vec<Line>> {
        self.examined(used)
    }

    fn packages(&self) -> Talk<Result<Vec<Package>, Trouble>> {
        if let Some(listed) = &self.settings.packages {
            return Talk::Done(Ok(listed.iter().map(as_package).collect()));
        }
        match self.settings.codec {
            Codec::Json => Api(self).packages(),
            Codec::Oml => XmlGateway(self).packages(),
        }
    }

    /// Asurint has no call for either: it refuses an order that names a wrong one.
    fn standing(&self, _: Option<&GroupId>, requester_email: Option<&Secret>) -> Talk<Result<Standing, Trouble>> {
        let is_named = invitation::requester(requester_email, &self.settings).is_some();
        let requester = (is_named || self.settings.codec == Codec::Json).then_some(RequesterStanding::NeedsNone);
        Talk::Done(Ok(Standing { group: GroupStanding::Active, requester }))
    }

    fn place(&self, order: &NewOrder, correlation: &Correlation) -> Talk<PostOutcome<Truth>> {
        let invitation = match invitation::Invitation::of(order, &self.settings) {
            Ok(invitation) => invitation,
            Err(trouble) => return Talk::Done(PostOutcome::NoEffect(trouble)),
        };
        match self.settings.codec {
            Codec::Json => Api(self).place(order, correlation, &invitation),
            Codec::Oml => XmlGateway(self).place(order, correlation, &invitation),
        }
    }

    fn find(&self, lookup: &Lookup) -> Talk<Result<Findings, Trouble>> {
        match (self.settings.codec, self.settings.ambiguous) {
            (Codec::Json, _) => Api(self).find(lookup),
            (Codec::Oml, Ambiguous::Hold) => {
                Talk::Done(Ok(Findings::Untold("the XML gateway has no call that looks for an order")))
            }
            (Codec::Oml, Ambiguous::Retry) => Talk::Done(Ok(Findings::Orders(Vec::new()))),
        }
    }

    fn read(&self, order: &ProviderOrderId) -> Talk<Result<Reading, Trouble>> {
        match self.settings.codec {
            Codec::Json => Api(self).read(order),
            Codec::Oml => Talk::Done(Ok(Reading::OnlyTold)),
        }
    }

    fn report_files(&self) -> Option<&dyn MakesReportFiles> {
        None
    }

    /// Orders go to an account and a location that the settings name.
    fn group_list(&self) -> Option<&dyn ListsGroups> {
        None
    }

    fn event_list(&self) -> Option<&dyn ListsEvents> {
        None
    }

    fn cancels(&self) -> Option<&dyn CancelsOrders> {
        match self.settings.codec {
            Codec::Json => Some(self),
            // The XML gateway has no such call.
            Codec::Oml => None,
        }
    }
}

impl CancelsOrders for Connector {
    fn cancel(&self, order: &ProviderOrderId) -> Talk<Result<Cancelled, Trouble>> {
        Api(self).cancel(order)
    }
}

#[cfg(test)]
mod tests;
