//! How requests for checks come in: whether the ATS calls us or lets itself be asked.

use jiff::SignedDuration;

use super::{Facts, Line};
use crate::ats::Intake;
use crate::authorization::Authorization;
use crate::poll::Poll;
use crate::reason::Owner;

/// After how long a newly granted access must have its webhook, and what enters the stage is told by it: two looks.
const SETTLED: SignedDuration = SignedDuration::from_mins(20);

const AUTHORIZE: &str = "Have the hub's operator send the link of admin-start-lever-authorization, and open it as a Super Admin \
                         of the ATS within ten minutes.";

impl Facts<'_> {
    /// `ats_is_wrong` says that the ATS was asked and something else is wrong with it.
    pub(super) fn ways_in(&self, ats_is_wrong: bool) -> Vec<Line> {
        match (self.connection.ats.intake(), self.connection.ats.authorizes()) {
            (Intake::Poll(_), _) => vec![self.polling(ats_is_wrong)],
            (Intake::Webhook(_), None) => vec![self.webhook()],
            (Intake::Webhook(_), Some(_)) => match self.authorization.filter(|of| of.granted_at.is_some()) {
                None => vec![
                    Line::wrong("authorization", Owner::AtsAdmin, "nobody has granted the access yet", AUTHORIZE),
                    Line::not_told("webhook_events", Owner::AtsAdmin, "it is made once the access is granted"),
                ],
                Some(authorization) => {
                    vec![granted(authorization), self.made_webhook(authorization, ats_is_wrong)]
                }
            },
        }
    }

    fn webhook(&self) -> Line {
        match (self.ats_heard_at, self.newest_order) {
            (Some(at), _) => {
                Line::good("webhook_events", Owner::AtsAdmin, format!("heard at {at}, or up to an hour later"))
            }
            (None, Some(order)) => Line::good(
                "webhook_events",
                Owner::AtsAdmin,
                format!("an order came of an event at {}", order.created_at),
            ),
            (None, None) => Line::not_told(
                "webhook_events",
                Owner::AtsAdmin,
                "no event was seen yet: move a test candidate to the trigger status",
            ),
        }
    }

    fn polling(&self, ats_is_wrong: bool) -> Line {
        let line = |poll: &Poll| {
            let Some(since) = poll.failing_since else {
                return match poll.looked_at {
                    Some(at) => Line::good("polling", Owner::HubOperator, format!("asked at {at}")),
                    None => Line::not_told("polling", Owner::HubOperator, "not asked yet: it is within a minute"),
                };
            };
            let owner = poll.refusal.as_ref().map_or(Owner::HubOperator, |refusal| refusal.reason.owner());
            let saw = format!("failing since {since}, next asked at {}: {}", poll.due_at, poll.cause);
            if ats_is_wrong {
                return Line::not_told("polling", owner, saw);
            }
            let told = poll.refusal.as_ref().map_or_else(String::new, |refusal| {
                format!(" {} {}", refusal.sentence(self.connection.provider.shown_as()), refusal.reason.cure())
            });
            let sentence = format!("The ATS has not given the list of requests since {since}.{told}");
            Line::wrong("polling", owner, saw, sentence)
        };
        self.poll.map_or_else(
            || {
                let sentence = "Nothing asks this ATS for requests: delete the connection and create it anew.";
                Line::wrong("polling", Owner::HubOperator, "no look is planned", sentence)
            },
            line,
        )
    }

    /// The webhook that we made ourselves, whose switch is the ATS's admin's.
    fn made_webhook(&self, authorization: &Authorization, ats_is_wrong: bool) -> Line {
        let settled_at = authorization.granted_at.and_then(|at| at.checked_add(SETTLED).ok());
        let is_usable = authorization.is_granted() && authorization.cause.is_empty() && !ats_is_wrong;
        let item = "webhook_events";
        match (&authorization.hook, authorization.heard_at, settled_at) {
            (_, Some(at), _) => Line::good(item, Owner::AtsAdmin, format!("heard at {at}, or up to an hour later")),
            (None, None, Some(settled)) if is_usable && settled < self.now => Line::wrong(
                item,
                Owner::HubOperator,
                "it could not be made yet",
                "The webhook could not be made at the ATS although the access is granted: see what reconcile logs about it.",
            ),
            (None, None, _) => Line::not_told(item, Owner::AtsAdmin, "not made yet: it is tried every ten minutes"),
            // An order that came long after the grant, and not by an event: it was found by the look for lost ones.
            (Some(_), None, Some(settled))
                if is_usable && self.newest_order.is_some_and(|order| order.created_at > settled) =>
            {
                Line::wrong(
                    item,
                    Owner::AtsAdmin,
                    "candidates entered the stage, and no event told us",
                    "Switch our webhook \"Candidate Stage Change\" on in the ATS's settings for webhooks: until then checks \
                     start up to ten minutes late.",
                )
            }
            (Some(_), None, _) => Line::not_told(
                item,
                Owner::AtsAdmin,
                "made; no event was seen yet: move a test candidate into the stage",
            ),
        }
    }
}

fn granted(authorization: &Authorization) -> Line {
    let item = "authorization";
    match (authorization.granted_at, authorization.lost_at) {
        (_, Some(at)) => {
            let sentence = format!("The ATS does not take the access any more that was granted to us. {AUTHORIZE}");
            Line::wrong(item, Owner::AtsAdmin, format!("lost at {at}: {}", authorization.cause), sentence)
        }
        (_, None) if !authorization.cause.is_empty() => Line::wrong(
            item,
            Owner::AtsAdmin,
            &authorization.cause,
            "The ATS does not take the client id or the client secret of the integration's app: give the right ones to the \
             hub's operator, who enters them.",
        ),
        (Some(at), None) => Line::good(item, Owner::AtsAdmin, format!("granted at {at}")),
        (None, None) => Line::not_told(item, Owner::AtsAdmin, "not granted"),
    }
}
