//! What can be told about a connection to PageUp without taking an invitation off its list.

use std::collections::BTreeSet;

use super::settings::{Settings, is_data_centre};
use super::{Connector, wire};
use crate::ats::look::{Item, REACHABLE, WAITS, complete, listed, out_of_reach, unanswered};
use crate::checklist::{CREDENTIALS, Found, Line};
use crate::http::{HttpOutcome, NoToken};
use crate::reason::Owner;
use crate::talk::Talk;

const DATA_CENTRE: &str = "data_centre";
const SCOPE: &str = "scope";
const TENANT: &str = "tenant";
const STATUSES: &str = "statuses";

const ITEMS: [Item; 6] = [
    (DATA_CENTRE, Owner::HubOperator),
    (REACHABLE, Owner::HubOperator),
    (CREDENTIALS, Owner::AtsAdmin),
    (SCOPE, Owner::AtsAdmin),
    (TENANT, Owner::HubOperator),
    (STATUSES, Owner::HubOperator),
];

/// Only a token is asked for: whether reading the list takes its invitations off it is not published, so that the list is
/// left to the poller, which stores what it reads.
pub(super) fn examine(connector: &Connector) -> Talk<Vec<Line>> {
    let settings = connector.settings.clone();
    let place = data_centre(&settings);
    if place.found == Found::Wrong {
        return Talk::Done(complete(&ITEMS, vec![place], WAITS));
    }
    Talk::ask(connector.grant().request, move |outcome| {
        let mut lines = of_token(&settings, &outcome);
        let is_in = lines.iter().all(|line| line.found != Found::Wrong);
        lines.push(place);
        if is_in {
            lines.extend(left_to_the_poller(&settings));
        }
        Talk::Done(complete(&ITEMS, lines, WAITS))
    })
}

/// Whether the two hosts are of one data centre and one environment, as far as their names tell.
fn data_centre(settings: &Settings) -> Line {
    let (login, api) = (settings.token_url(), settings.url(&[]));
    let hosts = [&login, &api].map(|url| url.host_str().unwrap_or_default().to_owned());
    let centre = |host: &str| host.split('.').find(|part| is_data_centre(part)).map(str::to_owned);
    let is_uat = |host: &str| host.split('.').any(|part| matches!(part, "loginuat" | "apiuat"));
    let [login, api] = hosts;
    let (of_login, of_api) = (centre(&login), centre(&api));
    let apart = of_login.is_some() && of_api.is_some() && of_login != of_api;
    let saw = format!("tokens from {login}, calls to {api}");
    if !apart && is_uat(&login) == is_uat(&api) {
        return Line::good(DATA_CENTRE, Owner::HubOperator, saw);
    }
    let sentence = format!(
        "The connection asks {login} for its tokens and calls {api}: these are two data centres or environments of PageUp, \
         and a token of one is not taken by the other. Please set data_centre, environment, token_url and api_base of the \
         connection to the one that PageUp named for the client id."
    );
    Line::wrong(DATA_CENTRE, Owner::HubOperator, saw, sentence)
}

/// What the answer of the token endpoint tells.
fn of_token(settings: &Settings, outcome: &HttpOutcome) -> Vec<Line> {
    let login = settings.token_url().host_str().unwrap_or_default().to_owned();
    let response = match (outcome, unanswered("pageup", outcome)) {
        (Ok(response), None) => response,
        (_, cause) => return vec![out_of_reach("PageUp", &cause.unwrap_or_default())],
    };
    let reached = Line::good(REACHABLE, Owner::HubOperator, format!("{login} answers"));
    let wanted: Vec<&str> = settings.scope.split_whitespace().collect();
    let taken = || Line::good(CREDENTIALS, Owner::AtsAdmin, format!("{login} takes the client id and secret"));
    match wire::access_token(response) {
        Ok(_) => vec![reached, taken(), scope(&wanted, wire::granted_scopes(response).as_ref())],
        Err(NoToken::Credentials) => {
            let sentence = format!(
                "PageUp does not accept the client id and client secret of the integration at {login}. Please ask PageUp \
                 Professional Services for the client id and client secret of this customer, and for which data centre \
                 and environment they are, and give all four to the operator of the integration."
            );
            let saw = format!("{login}: HTTP {}", response.status);
            vec![reached, Line::wrong(CREDENTIALS, Owner::AtsAdmin, saw, sentence)]
        }
        Err(NoToken::Permission) => {
            vec![reached, taken(), not_granted(&wanted, format!("{login}: HTTP {}", response.status))]
        }
        Err(NoToken::Unavailable) => {
            let saw = format!("{login}: HTTP {} without a token", response.status);
            let sentence = format!(
                "What answers at {login} is not PageUp's token endpoint. Please compare data_centre, environment and \
                 token_url of the connection with what PageUp gave for the client id."
            );
            vec![Line::wrong(REACHABLE, Owner::HubOperator, saw, sentence)]
        }
    }
}

/// A token endpoint that names no scopes grants those that were asked for.
fn scope(wanted: &[&str], granted: Option<&BTreeSet<String>>) -> Line {
    let Some(granted) = granted else {
        return if wanted.is_empty() {
            Line::not_told(SCOPE, Owner::AtsAdmin, "no scope is set, and PageUp does not say which ones it grants")
        } else {
            Line::good(SCOPE, Owner::AtsAdmin, format!("granted as asked for: {}", listed(wanted)))
        };
    };
    let missing: Vec<&str> = wanted.iter().copied().filter(|scope| !granted.contains(*scope)).collect();
    if missing.is_empty() {
        return Line::good(SCOPE, Owner::AtsAdmin, format!("{} granted", granted.len()));
    }
    not_granted(&missing, format!("not granted: {}", listed(&missing)))
}

fn not_granted(scopes: &[&str], saw: String) -> Line {
    let what = if scopes.is_empty() { "any scope".to_owned() } else { format!("the scopes {}", listed(scopes)) };
    let sentence = format!(
        "PageUp accepts the integration's client id but does not grant it {what}. Please ask PageUp Professional Services to \
         grant this client the background check scopes for reading and for writing, or to say what they are called."
    );
    Line::wrong(SCOPE, Owner::AtsAdmin, saw, sentence)
}

fn left_to_the_poller(settings: &Settings) -> [Line; 2] {
    let tenant = format!(
        "not asked, as reading the list may take invitations off it: that tenant {} and the path are right is assumed \
         until the poller's next look",
        settings.tenant_id
    );
    let statuses = "not asked: which status words PageUp takes is only learned by writing one";
    [Line::not_told(TENANT, Owner::HubOperator, tenant), Line::not_told(STATUSES, Owner::HubOperator, statuses)]
}
