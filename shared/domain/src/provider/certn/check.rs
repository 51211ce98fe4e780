//! What a connection needs at Certn, looked at by reading alone.

use super::{Connector, HttpOutcome, HttpResponse, success, wire};
use crate::checklist::{Answers, LONGEST, Line, Mapped, UNREAD, Used, listed, packages};
use crate::id::{GroupId, UserId};
use crate::provider::{Group, GroupStanding, ListsEvents, ListsGroups, Package, Provider};
use crate::reason::Owner;
use crate::secret::Secret;
use crate::talk::Talk;
use crate::trouble::Trouble;

/// What Certn knows of the fallback requester.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fallback {
    Unknown,
    Inactive,
    OutsideGroup,
    MayOrder,
}

/// What is asked once a key is known that Certn takes.
struct Found {
    packages: Option<Vec<Package>>,
    groups: Option<Vec<Group>>,
    /// Nothing where the connection has none, or Certn did not say.
    fallback: Option<Fallback>,
}

impl Connector {
    /// Tries each key, then asks everything else with one that is taken.
    pub(super) fn examined(&self, used: &Used) -> Talk<Vec<Line>> {
        let probe = self.get(&["cases"], &[("page", "1"), ("page_size", "1")]);
        let probes = self.keys.iter().map(|key| Self::signed(&probe, key)).collect();
        let (connector, used) = (self.clone(), used.clone());
        Talk::ask_all(probes, move |outcomes| {
            let read = |outcome: HttpOutcome| success(outcome).and_then(|response| wire::cases(&response).map(|_| ()));
            let probed: Vec<Result<(), Trouble>> = outcomes.into_iter().map(read).collect();
            let is_refused = |one: &Result<(), Trouble>| one.as_ref().is_err_and(Trouble::is_about_credentials);
            let taken =
                probed.iter().position(Result::is_ok).or_else(|| probed.iter().position(|one| !is_refused(one)));
            let refused = probed.iter().filter(|one| is_refused(one)).count();
            let signed_in = match (probed.len(), refused) {
                (1, _) => "the key is accepted".to_owned(),
                (keys, 0) => format!("each of the {keys} keys is accepted"),
                (keys, refused) => format!("{refused} of the {keys} keys is refused, and the other one is used"),
            };
            let mut answers = Answers::default();
            let key = taken.and_then(|taken| connector.keys.get(taken).cloned());
            for (index, answer) in probed.into_iter().enumerate() {
                if taken.is_none_or(|taken| taken == index) {
                    answers.take("cases", answer);
                }
            }
            match key.filter(|_| answers.may_go_on()) {
                Some(key) => connector.with_key(key).look(used, answers, signed_in),
                None => Talk::Done(connector.lines(&used, answers, &signed_in, &Found::nothing())),
            }
        })
    }

    fn with_key(self, key: Secret) -> Self {
        Self { keys: vec![key], ..self }
    }

    fn look(self, used: Used, mut answers: Answers, signed_in: String) -> Talk<Vec<Line>> {
        let groups = ListsGroups::groups(&self);
        let users = self.fallback(used.fallback_requester.as_ref(), used.default_group.as_ref());
        let talk = self.packages().beside(groups).beside(users.beside(self.events_after(None)));
        talk.map(move |((packages, groups), (fallback, events))| {
            let found = Found {
                packages: answers.take("packages", packages),
                groups: answers.take("groups", groups),
                fallback: answers.take("users", fallback).flatten(),
            };
            answers.take("events", events);
            self.lines(&used, answers, &signed_in, &found)
        })
    }

    /// Whether the user may order in the group; without a user only whether users can be read, as every order needs.
    fn fallback(&self, user: Option<&UserId>, group: Option<&GroupId>) -> Talk<Result<Option<Fallback>, Trouble>> {
        let Some(user) = user.cloned() else {
            let one = self.get(&["users"], &[("page", "1"), ("page_size", "1")]);
            return self.ask(one, |outcome| Talk::Done(success(outcome).map(|_| None)));
        };
        let (connector, group) = (self.clone(), group.cloned());
        self.ask(self.get(&["users", user.as_str()], &[]), move |outcome| {
            let standing = match outcome {
                Ok(HttpResponse { status: 404, .. }) => return Talk::Done(Ok(Some(Fallback::Unknown))),
                other => success(other).and_then(|response| wire::is_active(&response)),
            };
            match (standing, group) {
                (Err(trouble), _) => Talk::Done(Err(trouble)),
                (Ok(false), _) => Talk::Done(Ok(Some(Fallback::Inactive))),
                (Ok(true), None) => Talk::Done(Ok(Some(Fallback::MayOrder))),
                (Ok(true), Some(group)) => {
                    let in_group = [("id", user.as_str()), ("group", group.as_str())];
                    connector.list_all(&["users"], &in_group, wire::users).map(move |members| {
                        let is_member = wire::is_among(&members?, &user);
                        Ok(Some(if is_member { Fallback::MayOrder } else { Fallback::OutsideGroup }))
                    })
                }
            }
        })
    }

    fn lines(&self, used: &Used, answers: Answers, signed_in: &str, found: &Found) -> Vec<Line> {
        let region = self.region.code();
        let key = format!(
            "Certn in region {region} does not take the integration's API key: it has ended, was revoked, or is of another \
             region. Make a new one at https://client.certn.co/{region}/ under Settings > Integrations > API Keys, and hand \
             it to the hub's operator."
        );
        let rights =
            "Make the API key as an administrator of the account, and see that the account has the public API.";
        let mut lines = answers.lines("Certn", Owner::ProviderAdmin, signed_in, &key, rights);
        lines.extend(packages(&used.packages, found.packages.as_deref()));
        lines.extend(groups(used, found.groups.as_deref()));
        lines.extend(used.fallback_requester.as_ref().map(|user| fallback(user, used, found.fallback)));
        lines
    }
}

impl Found {
    const fn nothing() -> Self {
        Self { packages: None, groups: None, fallback: None }
    }
}

fn groups(used: &Used, there: Option<&[Group]>) -> Vec<Line> {
    let Some(there) = there else {
        let items = [used.default_group.as_ref().map(|_| "default_group"), Some("mapped_groups")];
        return items.into_iter().flatten().map(|item| Line::not_told(item, Owner::ProviderAdmin, UNREAD)).collect();
    };
    let standing = |group: &GroupId| match there.iter().find(|one| one.id == *group) {
        None => GroupStanding::Unknown,
        Some(one) if one.active => GroupStanding::Active,
        Some(_) => GroupStanding::Inactive,
    };
    let is_cut = there.len() >= LONGEST;
    let mut lines = Vec::new();
    if let Some(group) = &used.default_group {
        let item = "default_group";
        lines.push(match standing(group) {
            GroupStanding::Active => Line::good(item, Owner::HubOperator, format!("{group} is active")),
            GroupStanding::Inactive => {
                let sentence = format!("The group {group}, in which checks are ordered, is inactive: reactivate it.");
                Line::wrong(item, Owner::ProviderAdmin, format!("{group} is inactive"), sentence)
            }
            GroupStanding::Unknown if is_cut => {
                Line::not_told(item, Owner::HubOperator, format!("{group} is not among the first {LONGEST}"))
            }
            GroupStanding::Unknown => {
                let sentence = format!(
                    "The connection's default group {group} is not a group of the provider: set the id that stands in the \
                     address of the group's page there."
                );
                Line::wrong(item, Owner::HubOperator, format!("{group} is not there"), sentence)
            }
        });
    }
    // What is wrong with the default group is said above.
    let mapped: Vec<&GroupId> =
        used.groups.iter().filter(|group| Some(*group) != used.default_group.as_ref()).collect();
    let of = |wanted: GroupStanding| {
        listed(mapped.iter().filter(|group| standing(group) == wanted).map(|group| group.as_str()))
    };
    let mapped = Mapped {
        item: "mapped_groups",
        count: mapped.len(),
        gone: of(GroupStanding::Unknown),
        off: of(GroupStanding::Inactive),
        is_cut,
    };
    lines.extend(mapped.lines("is not among the groups", "is an inactive group: reactivate it"));
    lines
}

fn fallback(user: &UserId, used: &Used, found: Option<Fallback>) -> Line {
    let item = "fallback_requester";
    match found {
        None => Line::not_told(item, Owner::ProviderAdmin, "the user could not be read"),
        Some(Fallback::MayOrder) => Line::good(item, Owner::HubOperator, format!("{user} may order")),
        Some(Fallback::Unknown) => Line::wrong(
            item,
            Owner::HubOperator,
            format!("{user} is not there"),
            format!("The connection's fallback requester {user} is not a user at Certn: set the id of one."),
        ),
        Some(Fallback::Inactive) => Line::wrong(
            item,
            Owner::ProviderAdmin,
            format!("{user} is inactive"),
            format!(
                "The user {user}, in whose name orders go where the recruiter's cannot, is inactive: reactivate it."
            ),
        ),
        Some(Fallback::OutsideGroup) => {
            let group = used.default_group.as_ref().map_or("", GroupId::as_str);
            let sentence = format!(
                "The user {user}, in whose name orders go where the recruiter's cannot, is not in the group {group}: add it."
            );
            Line::wrong(item, Owner::ProviderAdmin, format!("{user} is not in the group {group}"), sentence)
        }
    }
}
