//! What is known of a connection without asking anybody, as lines beside those of its ATS and its provider.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{CREDENTIALS, Checklist, Line, listed};
use crate::authorization::Authorization;
use crate::connection::{Connection, ConnectionSecret, ConnectionState, ReportUrl};
use crate::order::Order;
use crate::poll::Poll;
use crate::reason::{Owner, Reason, Refusal};
use crate::region::Region;
use crate::status::OrderStatus;

/// From how many days before its end a key is to be replaced: that is when the provider's own mails begin.
const KEY_WARNING_DAYS: i32 = 30;

/// A day's calls to one system, for orders and for everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub system: &'static str,
    pub orders_left: u32,
    pub reads_left: u32,
    /// What each of the two has at the beginning of a day.
    pub of: u32,
}

/// What the stack knows of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub connection: &'a Connection,
    /// The stack's.
    pub region: Region,
    /// What the secret store holds, or why there is nothing of use in it.
    pub secret: Result<&'a ConnectionSecret, &'static str>,
    pub authorization: Option<&'a Authorization>,
    pub poll: Option<&'a Poll>,
    /// When the ATS's webhook last came in, where that is noted.
    pub ats_heard_at: Option<Timestamp>,
    /// When the provider's did.
    pub provider_heard_at: Option<Timestamp>,
    pub newest_order: Option<&'a Order>,
    pub allowances: &'a [Allowance],
    pub now: Timestamp,
}

/// Why neither side is asked.
const NO_SECRET: &str = "not asked, as there is no secret to sign in with";

impl Facts<'_> {
    /// Why the ATS is not to be asked.
    #[must_use]
    pub fn keeps_from_ats(&self) -> Option<&'static str> {
        let Ok(secret) = self.secret else { return Some(NO_SECRET) };
        if self.connection.ats.connector(&secret.ats, secret.access.as_ref()).is_none() {
            return Some(NO_SECRET);
        }
        self.connection.ats.authorizes()?;
        if !self.authorization.is_some_and(Authorization::is_granted) {
            return Some("not asked, as the access is not granted");
        }
        match &secret.access {
            None => Some("not asked, as the secret holds no access"),
            Some(access) if !access.tokens.is_usable(self.now) => {
                Some("not asked, as the access token has run out: the next call that needs it replaces it")
            }
            Some(_) => None,
        }
    }

    /// Why the provider is not to be asked.
    #[must_use]
    pub fn keeps_from_provider(&self) -> Option<&'static str> {
        let Ok(secret) = self.secret else { return Some(NO_SECRET) };
        let connector = self.connection.provider.connector(&secret.provider, self.connection.region);
        connector.is_none().then_some(NO_SECRET)
    }

    /// The whole list: `ats` and `provider` are what looking at those two came to.
    #[must_use]
    pub fn checklist(&self, mut ats: Vec<Line>, mut provider: Vec<Line>) -> Checklist {
        if let Some(why) = self.keeps_from_ats() {
            ats.push(Line::not_told(CREDENTIALS, Owner::AtsAdmin, why));
        }
        if let Some(why) = self.keeps_from_provider() {
            provider.push(Line::not_told(CREDENTIALS, Owner::ProviderAdmin, why));
        }
        ats.extend(self.ways_in(ats.iter().any(Line::is_wrong)));
        provider.push(self.key_expiry(provider.iter().any(|line| line.item == CREDENTIALS && line.is_wrong())));
        provider.push(self.provider_webhook());
        let mut lines = self.own();
        let is_explained = [&ats, &provider, &lines].into_iter().flatten().any(Line::is_wrong);
        lines.push(self.waiting(is_explained));
        Checklist::of([ats, provider, lines].concat())
    }

    /// What the hub's operator sets.
    fn own(&self) -> Vec<Line> {
        let mut lines = vec![self.region_line(), self.secret_line(), self.settings(), self.state()];
        lines.extend(self.default_group());
        if self.connection.fallback_requester.is_none() {
            let saw = "none is set: an order whose requester cannot order is refused";
            lines.push(Line::not_told("fallback_requester", Owner::HubOperator, saw));
        }
        lines.push(self.report());
        lines.extend(self.passwords());
        lines.extend(self.allowances.iter().map(call_budget));
        lines
    }

    fn region_line(&self) -> Line {
        let Connection { region, ats, provider, transfer_acknowledged, .. } = self.connection;
        let wrong = |saw: String, sentence: &str| Line::wrong("region", Owner::HubOperator, saw, sentence);
        if *region != self.region || !provider.traits().regions.contains(region) {
            return wrong(
                format!("{} in the stack of {}", region.code(), self.region.code()),
                "The connection belongs to another region than this stack, or its provider is not offered here. Connect \
                 the customer anew in the stack of the right region, and delete this connection.",
            );
        }
        let leaves = ats.keeps_data_outside(*region) || provider.traits().keeps_data_outside;
        if leaves && !transfer_acknowledged {
            return wrong(
                format!("{}; data is kept outside it", region.code()),
                "The ATS or the provider keeps data outside the region, and nobody has said that the client knows. Ask the \
                 client, and connect anew with transfer_acknowledged.",
            );
        }
        Line::good("region", Owner::HubOperator, region.code())
    }

    fn secret_line(&self) -> Line {
        let wrong = |saw: &str| {
            let sentence = "The connection's secret is not of use: create the connection anew with all credentials, or \
                            restore the secret in the secret store.";
            Line::wrong("secret", Owner::HubOperator, saw, sentence)
        };
        let secret = match self.secret {
            Err(why) => return wrong(why),
            Ok(secret) => secret,
        };
        let Connection { ats, provider, region, .. } = self.connection;
        match (ats.connector(&secret.ats, None), provider.connector(&secret.provider, *region)) {
            (None, _) => wrong("its ATS credentials are of another kind of ATS"),
            (_, None) => wrong("its provider credentials are of another kind of provider"),
            (Some(_), Some(_)) => Line::good("secret", Owner::HubOperator, "there, and of the right kinds"),
        }
    }

    /// Whether the connection could be saved today as it is.
    fn settings(&self) -> Line {
        let both_asked = self.keeps_from_provider().is_none() && self.secret_line().found == super::Found::Good;
        let (Ok(secret), true) = (self.secret, both_asked) else {
            return Line::not_told("settings", Owner::HubOperator, NO_SECRET);
        };
        let Connection { ats, provider, .. } = self.connection;
        let problems = [ats.problems(&secret.ats), provider.problems(&secret.provider)].concat();
        if problems.is_empty() {
            return Line::good("settings", Owner::HubOperator, "each is as it must be");
        }
        let fields = listed(problems.iter().map(|invalid| invalid.field.as_str()));
        let sentence =
            format!("Correct the settings or credentials of the connection, which are not as they must be: {fields}.");
        Line::wrong("settings", Owner::HubOperator, fields, sentence)
    }

    fn state(&self) -> Line {
        match self.connection.state {
            ConnectionState::Active => Line::good("state", Owner::HubOperator, "active"),
            ConnectionState::Paused => Line::wrong(
                "state",
                Owner::HubOperator,
                "paused",
                "Ordering is paused: resume the connection. What waits is then ordered by itself.",
            ),
            ConnectionState::Closing => Line::wrong(
                "state",
                Owner::HubOperator,
                "being deleted",
                "The connection is being deleted, and the deletion did not end: call it again.",
            ),
        }
    }

    /// Nothing where one is set: then the provider is asked about it.
    fn default_group(&self) -> Option<Line> {
        let Connection { default_group, ats, provider, .. } = self.connection;
        if default_group.is_some() {
            return None;
        }
        let item = "default_group";
        Some(match (provider.traits().needs_group, ats.traits().names_groups) {
            (false, _) => Line::good(item, Owner::HubOperator, "none is set, and none is needed"),
            (true, true) => {
                Line::not_told(item, Owner::HubOperator, "none is set: the ATS names the group of each job")
            }
            (true, false) => Line::wrong(
                item,
                Owner::HubOperator,
                "none is set, and the ATS names none",
                "Set the connection's default group to the id of a group at the provider: without one no order can be placed.",
            ),
        })
    }

    fn report(&self) -> Line {
        let Connection { report, ats, provider, .. } = self.connection;
        match report {
            ReportUrl::PortalLink => {
                Line::good("report", Owner::HubOperator, "the provider's own page, behind its log-in")
            }
            ReportUrl::Pdf { days }
                if provider.traits().makes_report_files && ats.traits().takes_links_without_login =>
            {
                Line::good("report", Owner::HubOperator, format!("a link to the PDF, good for {days} days"))
            }
            ReportUrl::Pdf { .. } => Line::wrong(
                "report",
                Owner::HubOperator,
                "a link to the PDF",
                "Set the connection's report to portal_link: its provider makes no file of a report, or its ATS takes no link \
                 without a log-in.",
            ),
        }
    }

    fn passwords(&self) -> Vec<Line> {
        let Connection { ats, provider, webhook_passwords, provider_passwords, .. } = self.connection;
        let both = [
            ("webhook_password", ats.traits().takes_password, webhook_passwords.len(), "ATS"),
            ("provider_webhook_password", provider.traits().takes_password, provider_passwords.len(), "provider"),
        ];
        let line = |(item, _, count, whose): (&'static str, bool, usize, &str)| {
            if count > 0 {
                return Line::good(item, Owner::HubOperator, format!("{count} may be used"));
            }
            let sentence = format!(
                "The {whose} has no password for our webhook, so that none of its calls is taken: issue a new one with \
                 admin-rotate-credentials, and have it entered there."
            );
            Line::wrong(item, Owner::HubOperator, "there is none", sentence)
        };
        both.into_iter().filter(|(_, takes, _, _)| *takes).map(line).collect()
    }

    fn key_expiry(&self, is_refused: bool) -> Line {
        let item = "key_expiry";
        let Some(day) = self.connection.provider.key_expires_on() else {
            return Line::not_told(item, Owner::ProviderAdmin, "no day is known on which the key ends");
        };
        let today = self.now.to_zoned(TimeZone::UTC).date();
        let left = today.until(day).map_or(0, |left| left.get_days());
        let saw = format!("the key ends on {day}, {left} days from now");
        if is_refused {
            Line::not_told(item, Owner::ProviderAdmin, saw)
        } else if left < KEY_WARNING_DAYS {
            let name = self.connection.provider.shown_as();
            let sentence = format!(
                "The integration's API key at {name} ends on {day}. Make a new one there and hand it to the hub's operator, \
                 who enters it with the day on which it was made."
            );
            Line::wrong(item, Owner::ProviderAdmin, saw, sentence)
        } else {
            Line::good(item, Owner::ProviderAdmin, saw)
        }
    }

    fn provider_webhook(&self) -> Line {
        match self.provider_heard_at {
            Some(at) => {
                Line::good("webhook_events", Owner::ProviderAdmin, format!("heard at {at}, or up to an hour later"))
            }
            None => Line::not_told(
                "webhook_events",
                Owner::ProviderAdmin,
                "no event was seen yet, and the provider lists no webhooks",
            ),
        }
    }

    /// What the newest order waits for and no look from outside can see: what only ordering or writing shows.
    fn waiting(&self, is_explained: bool) -> Line {
        let Some(order) = self.newest_order else {
            return Line::not_told("newest_order", Owner::HubOperator, "nothing was ordered yet");
        };
        let held = order.refusal.as_ref().filter(|_| order.status == OrderStatus::Held);
        let blocks = |refusal: &&Refusal| order.is_blocked_by(refusal.reason);
        let Some(refusal) = held.or(order.write_refusal.as_ref().filter(blocks)) else {
            return Line::good("newest_order", Owner::HubOperator, "waits for nobody");
        };
        let (reason, owner) = (refusal.reason, refusal.reason.owner());
        let saw = format!("{} waits: {reason_code}", order.id, reason_code = reason.code());
        let shows_only_there = matches!(
            reason,
            Reason::ProviderPermission | Reason::AtsPermission | Reason::AtsRequiredField | Reason::AtsOptionMissing
        );
        if is_explained || !shows_only_there {
            return Line::not_told("newest_order", owner, saw);
        }
        let told = refusal.sentence(self.connection.provider.shown_as());
        Line::wrong("newest_order", owner, saw, format!("{told} {} What waits then goes on by itself.", reason.cure()))
    }
}

fn call_budget(allowance: &Allowance) -> Line {
    let Allowance { system, orders_left, reads_left, of } = allowance;
    let saw =
        format!("{system}: of {of} calls a day each, {orders_left} are left for orders and {reads_left} for reads");
    if orders_left.min(reads_left) < &(of / 20) {
        let sentence = format!(
            "Today's calls to {system} are nearly spent. Orders wait until midnight UTC and then go on by themselves; find \
             out what calls so often, and ask {system} for a higher limit if it is ordinary use."
        );
        Line::wrong("call_budget", Owner::HubOperator, saw, sentence)
    } else {
        Line::good("call_budget", Owner::HubOperator, saw)
    }
}
