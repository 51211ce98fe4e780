//! What a connection needs at Asurint, looked at by reading alone.

use super::{Api, Codec, Connector, Gateway, XmlGateway};
use crate::checklist::{Answers, CREDENTIALS, Line, Used, packages};
use crate::provider::Provider;
use crate::reason::Owner;
use crate::talk::Talk;

const NEW_CREDENTIALS: &str = "Asurint does not take the integration's user name and password, its Client ID, or the account and \
                               the location: have Asurint's support tell the right ones, and hand them to the hub's operator.";

const RIGHTS: &str = "Have Asurint's support allow it for the integration's user.";

impl Connector {
    pub(super) fn examined(&self, used: &Used) -> Talk<Vec<Line>> {
        match (self.settings.codec, self.settings.gateway.as_deref()) {
            (Codec::Json, _) => self.examined_json(used.clone()),
            (Codec::Oml, Some(Gateway::TwoStep { .. })) => self.examined_by_token(used),
            (Codec::Oml, _) => self.examined_by_list(used.clone()),
        }
    }

    /// Looks for an order that nobody has placed, which tells whether lookups work, and at the packages.
    fn examined_json(&self, used: Used) -> Talk<Vec<Line>> {
        let api = Api(self);
        let is_listed = self.settings.packages.is_some();
        self.packages().beside(api.can_look_up()).map(move |(there, lookup)| {
            let mut answers = Answers::default();
            answers.take("orders", lookup);
            // A list in the settings is no answer of Asurint's.
            let there = if is_listed { there.ok() } else { answers.take("packages", there) };
            let mut lines = Self::answered(answers, "the user and the Client ID are accepted");
            lines.extend(packages(&used.packages, there.as_deref()));
            lines.extend(untold(&used));
            lines
        })
    }

    /// Of what the gateway in one step is seen to do, only listing packages has no effect.
    fn examined_by_list(&self, used: Used) -> Talk<Vec<Line>> {
        if self.settings.packages.is_some() {
            return self.packages().map(move |there| {
                let why = "the XML gateway can be asked for nothing but packages, which the settings list";
                let mut lines = vec![Line::not_told(CREDENTIALS, Owner::ProviderAdmin, why)];
                lines.extend(packages(&used.packages, there.ok().as_deref()));
                lines.extend(untold(&used));
                lines
            });
        }
        XmlGateway(self).sign_in_by_list().map(move |there| {
            let mut answers = Answers::default();
            let there = answers.take("packages", there);
            let mut lines = Self::answered(answers, "the user, the account and the location are accepted");
            lines.extend(packages(&used.packages, there.as_deref()));
            lines.extend(untold(&used));
            lines
        })
    }

    /// In the form in two steps a token can be asked for, which orders nothing; a list there is no known call.
    fn examined_by_token(&self, used: &Used) -> Talk<Vec<Line>> {
        let (settings, used) = (self.settings.clone(), used.clone());
        XmlGateway(self).can_sign_in().map(move |token| {
            let mut answers = Answers::default();
            answers.take("a token", token);
            let mut lines = Self::answered(answers, "the user is accepted");
            match &settings.packages {
                None => {
                    let why = "only the form in one step was seen to list packages";
                    lines.push(Line::not_told("packages", Owner::ProviderAdmin, why));
                }
                Some(listed) => {
                    let there: Vec<_> = listed.iter().map(super::as_package).collect();
                    lines.extend(packages(&used.packages, Some(&there)));
                }
            }
            lines.extend(untold(&used));
            lines
        })
    }

    fn answered(answers: Answers, signed_in: &str) -> Vec<Line> {
        answers.lines("Asurint", Owner::ProviderAdmin, signed_in, NEW_CREDENTIALS, RIGHTS)
    }
}

/// Asurint has no call that tells of users and groups: it refuses an order that names a wrong one.
fn untold(used: &Used) -> Vec<Line> {
    let has_group = used.default_group.is_some() || !used.groups.is_empty();
    let asked = [("groups", has_group), ("fallback_requester", used.fallback_requester.is_some())];
    let why = "Asurint tells of it only when something is ordered";
    asked.into_iter().filter(|(_, is)| *is).map(|(item, _)| Line::not_told(item, Owner::ProviderAdmin, why)).collect()
}
