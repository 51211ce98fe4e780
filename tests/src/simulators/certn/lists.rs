//! The list endpoints: their filters, pages and two envelopes.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::shared::lock;
use super::account::{USER_ROLE, group_json, package_json, tag_json, user_json};
use super::case_life::case_json;
use super::refusal::Refusal;
use super::{Case, CertnSimulator, planted};

/// The two known forms of a list answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// `results` beside a `pagination` object.
    #[default]
    Pagination,
    /// `count`, `next`, `previous`, `results`.
    Count,
}

type Pairs = Query<Vec<(String, String)>>;
type Answer = Result<Json<Value>, Refusal>;

const REPEATING: [&str; 5] = ["group", "overall_status", "tag", "check_type", "role"];

struct Filters(Vec<(String, String)>);

impl Filters {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the filter is absent, or one of its values passes.
    fn pass(&self, name: &str, passes: impl Fn(&str) -> bool) -> bool {
        self.one(name).is_none() || self.all(name).any(passes)
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        match self.one(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(name, "invalid", "Must be a valid boolean.")),
        }
    }

    fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
        let parsed = self.one(name).map(str::parse).transpose();
        parsed.map_err(|_| Refusal::invalid(name, "invalid", "Enter a valid date/time."))
    }

    fn number(&self, name: &'static str, default: usize) -> Result<usize, Refusal> {
        let parsed = self.one(name).map_or(Ok(default), str::parse).ok().filter(|number| *number > 0);
        parsed.ok_or_else(|| Refusal::client(StatusCode::NOT_FOUND, "not_found", "Invalid page."))
    }
}

impl CertnSimulator {
    fn filters(&self, list: &str, pairs: Vec<(String, String)>, known: &[&str]) -> Filters {
        for (index, (name, _)) in pairs.iter().enumerate() {
            let paging = name == "page" || (name == "page_size" && list != "events");
            if !paging && !known.contains(&name.as_str()) {
                self.harness.violations.record(format!("{list}: {name} is no filter of this list"));
            }
            let again = pairs.iter().take(index).any(|(before, _)| before == name);
            if again && !REPEATING.contains(&name.as_str()) {
                self.harness.violations.record(format!("{list}: {name} came twice"));
            }
        }
        Filters(pairs)
    }

    fn page(&self, path: &str, filters: &Filters, rows: Vec<Value>, envelope: Envelope) -> Answer {
        let page = filters.number("page", 1)?;
        let asked_size = filters.number("page_size", 10)?;
        if asked_size > 100 {
            self.harness.violations.record(format!("{path}: page_size is over 100"));
        }
        let page_size = asked_size.min(100);
        let count = rows.len();
        let page_count = count.div_ceil(page_size).max(1);
        if page > page_count {
            return Err(Refusal::client(StatusCode::NOT_FOUND, "not_found", "Invalid page."));
        }
        let skipped = page_size.saturating_mul(page.saturating_sub(1));
        let results: Vec<Value> = rows.into_iter().skip(skipped).take(page_size).collect();
        let next = (page < page_count).then(|| page + 1);
        let previous = (page > 1).then(|| page - 1);
        Ok(Json(match envelope {
            Envelope::Pagination => json!({
                "results": results,
                "pagination": {
                    "result_count": count,
                    "page_count": page_count,
                    "page_size": page_size,
                    "current_page": page,
                    "next_page": next,
                    "previous_page": previous,
                },
            }),
            Envelope::Count => {
                let link = |page| format!("{}{path}?page={page}&page_size={page_size}", self.url);
                json!({ "count": count, "next": next.map(link), "previous": previous.map(link), "results": results })
            }
        }))
    }
}

pub(super) async fn cases(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    const FILTERS: [&str; 8] = [
        "check_type",
        "email_address",
        "group",
        "order_timeframe_after",
        "order_timeframe_before",
        "ordered_by",
        "overall_status",
        "tag",
    ];
    let filters = simulator.filters("cases", pairs, &FILTERS);
    let after = filters.time("order_timeframe_after")?;
    let before = filters.time("order_timeframe_before")?;
    let wanted = |case: &Case| {
        filters.pass("check_type", |wanted| case.checks.iter().any(|check| check.check_type == wanted))
            && filters.pass("email_address", |wanted| case.email.eq_ignore_ascii_case(wanted))
            && filters.pass("group", |wanted| case.group.as_deref() == Some(wanted))
            && filters.pass("ordered_by", |wanted| case.ordered_by.as_deref() == Some(wanted))
            && filters.pass("overall_status", |wanted| case.status == wanted)
            && filters.pass("tag", |wanted| case.tags.iter().any(|tag| tag == wanted))
            && after.is_none_or(|after| case.created >= after)
            && before.is_none_or(|before| case.created <= before)
    };
    let state = lock(&simulator.state);
    let newest_first = state.cases.iter().rev().map(|stored| &stored.current);
    let rows = newest_first.filter(|case| wanted(case)).map(case_json).collect();
    simulator.page("/api/public/cases/", &filters, rows, state.envelope)
}

pub(super) async fn packages(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    let filters = simulator.filters("packages", pairs, &["is_active", "permissible_purposes"]);
    let active = filters.flag("is_active")?;
    let state = lock(&simulator.state);
    let packages = state.account.packages.iter();
    let rows = packages.filter(|package| active.is_none_or(|active| package.active == active));
    simulator.page("/api/public/packages/", &filters, rows.map(package_json).collect(), state.envelope)
}

pub(super) async fn groups(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    let filters = simulator.filters("groups", pairs, &["id", "is_active", "name", "parent_id"]);
    let active = filters.flag("is_active")?;
    let state = lock(&simulator.state);
    let rows = state.account.groups.iter().filter(|(group, parent)| {
        filters.pass("id", |wanted| group.id == wanted)
            && filters.pass("name", |wanted| group.name == wanted)
            && filters.pass("parent_id", |wanted| parent.as_deref() == Some(wanted))
            && active.is_none_or(|active| group.active == active)
    });
    let rows = rows.map(|(group, parent)| group_json(group, parent.as_ref())).collect();
    simulator.page("/api/public/groups/", &filters, rows, state.envelope)
}

pub(super) async fn one_group(State(simulator): State<CertnSimulator>, Path(id): Path<String>) -> Answer {
    let state = lock(&simulator.state);
    let found = state.account.groups.iter().find(|(group, _)| group.id == id);
    found.map(|(group, parent)| Json(group_json(group, parent.as_ref()))).ok_or_else(Refusal::not_found)
}

pub(super) async fn users(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    let filters = simulator.filters("users", pairs, &["email", "full_name", "group", "id", "is_active", "role"]);
    let active = filters.flag("is_active")?;
    let state = lock(&simulator.state);
    let rows = state.account.users.iter().filter(|user| {
        filters.pass("email", |wanted| user.email.eq_ignore_ascii_case(wanted))
            && filters.pass("full_name", |wanted| planted::USER_NAME == wanted)
            && filters.pass("group", |wanted| user.groups.iter().any(|group| group == wanted))
            && filters.pass("id", |wanted| user.id == wanted)
            && filters.pass("role", |wanted| USER_ROLE == wanted)
            && active.is_none_or(|active| user.active == active)
    });
    simulator.page("/api/public/users/", &filters, rows.map(user_json).collect(), state.envelope)
}

pub(super) async fn one_user(State(simulator): State<CertnSimulator>, Path(id): Path<String>) -> Answer {
    let state = lock(&simulator.state);
    state.account.user(&id).map(|user| Json(user_json(user))).ok_or_else(Refusal::not_found)
}

pub(super) async fn tags(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    let filters = simulator.filters("tags", pairs, &["id", "is_active", "name"]);
    let active = filters.flag("is_active")?;
    let state = lock(&simulator.state);
    let rows = state.account.tags.iter().filter(|tag| {
        filters.pass("id", |wanted| tag.id == wanted)
            && filters.pass("name", |wanted| tag.name == wanted)
            && active.is_none_or(|active| tag.active == active)
    });
    simulator.page("/api/public/tags/", &filters, rows.map(tag_json).collect(), state.envelope)
}

pub(super) async fn events(State(simulator): State<CertnSimulator>, Query(pairs): Pairs) -> Answer {
    const CURSOR: &str = "last_processed_event_id";
    let filters = simulator.filters("events", pairs, &[CURSOR]);
    let state = lock(&simulator.state);
    let already_processed = match filters.one(CURSOR) {
        None => 0,
        Some(cursor) => {
            let position = state.events.iter().position(|event| event.id == cursor);
            position.ok_or_else(|| Refusal::invalid(CURSOR, "does_not_exist", "Event does not exist."))? + 1
        }
    };
    let form = state.webhook.options.body;
    let rows = state.events.iter().skip(already_processed).map(|event| event.to_json(form)).collect();
    simulator.page("/api/public/events/", &filters, rows, state.envelope)
}
