use std::time::Duration;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::ats::Listed;
use crate::http::AccessToken;
use crate::id::{AtsId, ConnectionId, GroupId, OrderId, PackageId};
use crate::order::{LinkKind, Order, Placement, Planned, Timing};
use crate::request::{AtsValue, Candidate};
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};
use crate::talk::play;

fn settings(extra: Value) -> Settings {
    let mut json = json!({"tenant_id": "6784", "data_centre": "dc2"});
    json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn credentials() -> Credentials {
    Credentials { client_id: Secret::from("client"), client_secret: Secret::from("s e&cret") }
}

fn connector(extra: Value) -> Connector {
    Connector::new(settings(extra), credentials())
}

fn subject() -> Subject {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Subject { application: id("4711"), request: Some(id("123456")), requester: None, status: id("invited") }
}

fn answer(status: u16, body: &str) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.into() })
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal} {:?}: {cause}", refusal.about),
    }
}

/// Asks for the invitations that wait, and is answered so.
fn listed(extra: Value, outcome: &HttpOutcome) -> Result<Page, Trouble> {
    let (page, sent) = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |_| outcome.clone());
    assert_eq!(sent.len(), 1, "{sent:?}");
    page
}

/// What PageUp says of a fact: nothing at all, `null`, or a text.
type Fact = Option<Option<String>>;

#[derive(Debug, Clone)]
struct Invitation {
    id: String,
    application: Fact,
    given_name: Fact,
    family_name: Fact,
    email: Fact,
    package: Fact,
    department: Fact,
    requester: Fact,
}

/// What an invitation says besides, and nobody needs.
const NOT_NEEDED: [(&str, &str); 7] = [
    ("note", "MARK note"),
    ("status", "MARK status"),
    ("applicant.mobile", "MARK mobile"),
    ("applicant.middleName", "MARK middle name"),
    ("application.job.title", "MARK job title"),
    ("application.job.jobNumber", "MARK job number"),
    ("package.name", "MARK package name"),
];

enum Node {
    Fields(Vec<(String, Self)>),
    List(Vec<Self>),
    Leaf(Value),
}

impl Node {
    fn wrapped(name: &str, inner: Self) -> Self {
        if name.is_empty() { inner } else { Self::Fields(vec![(name.to_owned(), inner)]) }
    }

    fn put(&mut self, path: &str, leaf: Value) {
        let Self::Fields(fields) = self else { panic!("{path} is below a leaf") };
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let known = fields.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            fields.push((name.to_owned(), Self::Fields(Vec::new())));
            fields.len() - 1
        });
        match rest {
            Some(rest) => fields[known].1.put(rest, leaf),
            None => fields[known].1 = Self::Leaf(leaf),
        }
    }
}

/// Choices without end out of one number. Without a number everything stays as it is.
struct Fuzz(Option<u64>);

impl Fuzz {
    fn next(&mut self) -> u64 {
        let Some(state) = &mut self.0 else { return 0 };
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 31)
    }

    fn choose(&mut self, among: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(among).unwrap()).unwrap()
    }

    fn one_of<'a>(&mut self, these: &[&'a str]) -> &'a str {
        these[self.choose(these.len())]
    }

    fn uuid(&mut self) -> String {
        Uuid::from_u64_pair(self.next(), self.next()).to_string()
    }

    fn cased(&mut self, name: &str) -> String {
        let (first, rest) = name.split_at(1);
        match self.choose(4) {
            0 => name.to_owned(),
            1 => first.to_uppercase() + rest,
            2 => name.to_lowercase(),
            _ => name.to_uppercase(),
        }
    }

    fn rendered(&mut self, node: Node) -> String {
        match node {
            Node::Leaf(value) => value.to_string(),
            Node::List(nodes) => {
                format!("[{}]", nodes.into_iter().map(|node| self.rendered(node)).collect::<Vec<_>>().join(","))
            }
            Node::Fields(fields) => {
                let mut fields: Vec<String> = fields
                    .into_iter()
                    .map(|(name, node)| format!("{:?}:{}", self.cased(&name), self.rendered(node)))
                    .collect();
                if self.0.is_some() {
                    fields.push(format!("{:?}:{:?}", self.uuid(), self.uuid()));
                }
                let shuffled = (1..=fields.len()).rev().map(|left| fields.remove(self.choose(left)));
                format!("{{{}}}", shuffled.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// An identifier as a text, or as a number where it is one.
    fn id(&mut self, text: &str) -> Value {
        let number = text.parse::<u64>().ok().filter(|_| self.choose(2) == 1);
        number.map_or_else(|| text.into(), Value::from)
    }

    fn entry(&mut self, invitation: &Invitation) -> Node {
        let mut entry = Node::Fields(Vec::new());
        for (path, text) in NOT_NEEDED {
            entry.put(path, text.into());
        }
        entry.put(self.one_of(&["id", "invitationId"]), self.id(&invitation.id));
        if let Some(application) = &invitation.application {
            let id = application.as_ref().map_or(Value::Null, |id| self.id(id));
            entry.put("application.id", id);
        }
        let facts: [(&Fact, &[&str]); 6] = [
            (&invitation.given_name, &["applicant.firstName", "firstName"]),
            (&invitation.family_name, &["applicant.lastName", "lastName"]),
            (&invitation.email, &["applicant.emailid", "applicant.email", "applicant.emailAddress", "email"]),
            (&invitation.package, &["package.code"]),
            (
                &invitation.department,
                &["application.job.divisioncode", "application.job.department.code", "application.job.team.externalId"],
            ),
            (
                &invitation.requester,
                &["requester.email", "requestedBy.emailAddress", "requester.emailAddress", "requestedBy.email"],
            ),
        ];
        for (fact, paths) in facts {
            if let Some(fact) = fact {
                entry.put(self.one_of(paths), json!(fact));
            }
        }
        entry
    }

    fn page(&mut self, invitations: &[Invitation]) -> HttpOutcome {
        let entry = |invitation| {
            let entry = self.entry(invitation);
            Node::wrapped(self.one_of(&["", "backgroundCheckRequest"]), entry)
        };
        let list = Node::List(invitations.iter().map(entry).collect());
        let page = Node::wrapped(self.one_of(&["", "backgroundCheckRequests", "items", "data"]), list);
        answer(200, &self.rendered(page))
    }
}

fn said(fact: &Fact) -> Option<&str> {
    fact.as_ref()?.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn expected(invitation: &Invitation) -> CheckRequest {
    let id = |text: &str| AtsId::parse(text).unwrap();
    let code = |fact| said(fact).map(|text| AtsValue { id: None, text: text.to_owned(), is_code: true });
    let secret = |fact| said(fact).map(Secret::from);
    CheckRequest {
        subject: Subject {
            application: id(said(&invitation.application).unwrap_or(&invitation.id)),
            request: Some(id(&invitation.id)),
            requester: None,
            status: id("invited"),
        },
        in_trigger_status: None,
        packages: code(&invitation.package).into_iter().collect(),
        department: code(&invitation.department),
        candidate: Candidate {
            given_name: secret(&invitation.given_name),
            family_name: secret(&invitation.family_name),
            email: secret(&invitation.email),
        },
        requester_email: secret(&invitation.requester),
    }
}

fn read_back(Listed { subject, kept }: &Listed) -> CheckRequest {
    let (read, sent) = play(connector(json!({})).read_request(subject, Some(kept)), |_| unreachable!());
    assert!(sent.is_empty());
    read.unwrap()
}

fn invitations() -> impl Strategy<Value = Vec<Invitation>> {
    let fact = |text: &'static str| prop::option::weighted(0.8, prop::option::weighted(0.8, text));
    let invitation = (
        prop_oneof!["[1-9][0-9]{0,9}", "[A-Za-z][A-Za-z0-9_.:-]{0,12}"],
        fact("([1-9][0-9]{0,9}|[A-Z]{1,4}-[0-9]{1,6})"),
        fact(" ?[A-Za-zÄéß\"\\\\' -]{0,12} ?"),
        fact(" ?[A-Za-zÄéß\"\\\\' -]{0,12} ?"),
        fact(" ?[a-z.+]{1,8}@example\\.com ?"),
        fact(" {0,2}[0-9a-f]{8}-[0-9a-f]{4} {0,2}"),
        fact(" {0,2}[A-Za-z0-9 -]{0,12}"),
        fact("[A-Za-z.]{1,8}@Client\\.example"),
    );
    let made = |(id, application, given_name, family_name, email, package, department, requester)| Invitation {
        id,
        application,
        given_name,
        family_name,
        email,
        package,
        department,
        requester,
    };
    prop::collection::vec(invitation.prop_map(made), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn however_pageup_fuzzes_its_invitations_the_same_is_read(invitations in invitations(), seed in any::<u64>()) {
        let plain = listed(json!({}), &Fuzz(None).page(&invitations)).unwrap();
        let read: Vec<CheckRequest> = plain.requests.iter().map(read_back).collect();
        prop_assert_eq!(read, invitations.iter().map(expected).collect::<Vec<_>>());
        prop_assert_eq!((plain.unreadable, plain.is_full), (0, invitations.len() >= 5));
        for listed in &plain.requests {
            prop_assert!(!listed.kept.expose().contains("MARK"), "{}", listed.kept.expose());
        }
        prop_assert_eq!(listed(json!({}), &Fuzz(Some(seed)).page(&invitations)).unwrap(), plain);
    }
}

/// The ids of an answer's requests, and what else is said of it.
fn read_body(status: u16, body: &str) -> String {
    match listed(json!({}), &answer(status, body)) {
        Err(trouble) => trouble_line(&trouble),
        Ok(page) => {
            let ids = page.requests.iter().map(|listed| listed.subject.request.as_ref().unwrap().as_str());
            let full = if page.is_full { ", full" } else { "" };
            format!("[{}], {} unreadable{full}", ids.collect::<Vec<_>>().join(" "), page.unreadable)
        }
    }
}

#[test]
fn what_is_not_a_page_is_none_and_an_empty_page_is_one() {
    let check = |status: u16, body: &str, expected: &str| assert_eq!(read_body(status, body), expected, "{body}");
    let odd = "later: pageup: an answer that is not the expected JSON";
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for body in ["[{\"id\":\"1\"},", "\"[]\"", "\"Ada Moss\"", "5", "true", "<html><h1>Sign in</h1></html>", "{}"] {
        check(200, body, odd);
    }
    check(200, &nested(200), odd);
    check(200, &format!("{{{0:?}:{0:?}}}", "5b0c9f3e-2d1a-4a77-9a51-6f2f3a5f9c10"), odd);
    for body in ["", " \r\n", "[]", "null", "{\"Items\":[]}", "{\"data\":null}", "{\"Data\":{\"ITEMS\":[]}}"] {
        check(200, body, "[], 0 unreadable");
        check(204, body, "[], 0 unreadable");
    }
    check(200, &nested(100), "[], 1 unreadable");
}

#[test]
fn an_entry_without_an_id_is_counted_and_a_full_page_is_one_of_five_rows() {
    let check = |body: Value| read_body(200, &body.to_string());
    let rows = |ids: &[&str]| Value::from_iter(ids.iter().map(|id| json!({"id": id})));
    assert_snapshot!(check(rows(&["1", "2", "3", "4"])), @"[1 2 3 4], 0 unreadable");
    assert_snapshot!(check(rows(&["1", "2", "3", "4", "5"])), @"[1 2 3 4 5], 0 unreadable, full");
    assert_snapshot!(check(rows(&["1", "", "3", "../4", "a b"])), @"[1 3], 3 unreadable, full");
    assert_snapshot!(check(json!([{"id": null}, {"ID": 2}, {"id": ["3"]}, {"id": {"id": 4}}, {"id": true}, 6, null, "7"])), @"[2], 7 unreadable, full");
    assert_snapshot!(check(json!({"backgroundCheckRequest": {"id": 9}})), @"[9], 0 unreadable");
    assert_snapshot!(check(json!({"id": 9, "applicant": null})), @"[9], 0 unreadable");
    assert_snapshot!(check(json!({"items": {"id": 9}})), @"[9], 0 unreadable");
    assert_snapshot!(check(json!({"message": "Ada Moss"})), @"[], 1 unreadable");
    assert_snapshot!(check(json!([{"backgroundCheckRequest": null, "id": 9}, {"backgroundCheckRequest": []}])), @"[9], 1 unreadable");
}

/// What is read of one entry.
fn read_entry(extra: Value, entry: &str) -> String {
    let page = listed(extra, &answer(200, &format!("[{entry}]"))).unwrap();
    let request = read_back(&page.requests[0]);
    let secret = |value: &Option<Secret>| value.as_ref().map_or("-".to_owned(), |value| value.expose().clone());
    let code = |value: Option<&AtsValue>| value.map_or("-".to_owned(), |value| value.text.clone());
    format!(
        "{} of {} | {} {} {} | package {} | department {} | requester {}",
        request.subject.request.as_ref().unwrap(),
        request.subject.application,
        secret(&request.candidate.given_name),
        secret(&request.candidate.family_name),
        secret(&request.candidate.email),
        code(request.packages.first()),
        code(request.department.as_ref()),
        secret(&request.requester_email)
    )
}

#[test]
fn of_two_names_that_differ_only_in_their_case_the_one_that_has_something_counts() {
    let check = |entry: &str| read_entry(json!({}), entry);
    assert_snapshot!(check(r#"{"ID": null, "id": 7, "Package": {"CODE": "p1", "code": null}, "package": null}"#), @"7 of 7 | - - - | package p1 | department - | requester -");
    assert_snapshot!(check(r#"{"id": 7, "ID": null, "PACKAGE": null, "package": {"CODE": null, "code": "p1"}}"#), @"7 of 7 | - - - | package p1 | department - | requester -");
}

#[test]
fn a_name_that_is_a_uuid_is_noise_whatever_it_holds() {
    let check = |name: &str| {
        let entry = format!(r#"{{"id": 7, "{name}": {{"code": "p9"}}, "package": {{"{name}": "p9", "code": "p1"}}}}"#);
        let paths = json!({"package": [format!("{name}.code"), format!("package.{name}"), "package.code"]});
        let line = read_entry(json!({"field_paths": paths}), &entry);
        assert!(line.contains("| package p1 |"), "{line}");
    };
    check("5b0c9f3e-2d1a-4a77-9a51-6f2f3a5f9c10");
    check("5B0C9F3E-2D1A-4A77-9A51-6F2F3A5F9C10");
    check("5b0c9f3e2d1a4a779a516f2f3a5f9c10");
    check("{5b0c9f3e-2d1a-4a77-9a51-6f2f3a5f9c10}");
}

#[test]
fn a_fact_is_the_first_text_or_number_of_a_sensible_length() {
    let check = |email: Value| {
        let entry = json!({"id": 7, "applicant": {"emailid": email, "email": "second@example.com"}});
        read_entry(json!({}), &entry.to_string()).split(" | ").nth(1).unwrap().trim_start_matches("- - ").to_owned()
    };
    assert_eq!(check(json!("ä".repeat(500))), "ä".repeat(500));
    assert_eq!(check(json!(format!(" {} ", "ä".repeat(500)))), "ä".repeat(500));
    for other in [json!("ä".repeat(501)), json!(""), json!(" \t"), json!(null), json!(true), json!({}), json!(["a"])] {
        assert_eq!(check(other), "second@example.com");
    }
    assert_eq!(check(json!(5)), "5");
}

#[test]
fn where_a_fact_stands_is_a_setting_in_any_case_of_letters() {
    let entry = r#"{"Ref": {"No": 9}, "Id": 7, "Person": {"Mail": "ada@example.com", "First": "Ada"}, "Unit": "g7",
        "ORDERED": {"by": "rec@example.com"}, "kind": "p1", "applicant": {"lastName": "Moss"}, "applicationId": 5}"#;
    let paths = json!({
        "id": ["missing", "REF.no"], "application": ["ApplicationID"], "given_name": ["person.FIRST"],
        "email": ["person.mail"], "package": ["Kind"], "department": ["unit.code", "unit"], "requester": ["ordered.by"],
    });
    assert_snapshot!(read_entry(json!({"field_paths": paths}), entry), @"9 of 5 | Ada Moss ada@example.com | package p1 | department g7 | requester rec@example.com");
    assert_snapshot!(read_entry(json!({}), entry), @"7 of 7 | - Moss - | package - | department - | requester -");
}

const RECORDED: &str = r#"{
    "5b0c9f3e-2d1a-4a77-9a51-6f2f3a5f9c10": "c3c1a1de-70f5-4f0c-8a1e-0d6a7f7e2b11",
    "id": "123456", "status": "Requested", "note": "call first",
    "package": {"code": "0b9b2c1e-8f5d-4a52-9b1e-3d1f2a6c7e90", "name": "Criminal + ID"},
    "applicant": {"id": 88, "firstName": "Ana", "middleName": "Lou", "lastName": "Diaz", "emailid": "ana@example.com",
        "mobile": "+61 400 000 000"},
    "application": {"id": 4711, "job": {"id": 501, "jobNumber": "501", "title": "Nurse", "divisioncode": "c0ffee00"}},
    "requester": {"firstName": "Rae", "lastName": "Cho", "email": "rae@client.example"}}"#;

#[test]
fn only_what_an_order_needs_is_kept_of_an_invitation() {
    assert_snapshot!(read_entry(json!({}), RECORDED), @"123456 of 4711 | Ana Diaz ana@example.com | package 0b9b2c1e-8f5d-4a52-9b1e-3d1f2a6c7e90 | department c0ffee00 | requester rae@client.example");
    let page = listed(json!({}), &answer(200, &format!("[{RECORDED}]"))).unwrap();
    let kept = page.requests[0].kept.expose();
    assert_snapshot!(kept, @r#"{"given_name":"Ana","family_name":"Diaz","email":"ana@example.com","package":"0b9b2c1e-8f5d-4a52-9b1e-3d1f2a6c7e90","department":"c0ffee00","requester":"rae@client.example"}"#);
    for never in ["call first", "400 000", "Lou", "Nurse", "Rae", "Cho", "Criminal", "88", "501"] {
        assert!(!kept.contains(never), "{never}: {kept}");
    }
    let printed = format!("{page:?} {:?}", read_back(&page.requests[0]));
    for personal in ["Ana", "Diaz", "ana@", "rae@"] {
        assert!(!printed.contains(personal), "{personal}: {printed}");
    }
}

#[test]
fn without_what_was_kept_there_is_nothing_to_order() {
    let check = |kept: Option<&str>| {
        let kept = kept.map(Secret::from);
        let (read, _) = play(connector(json!({})).read_request(&subject(), kept.as_ref()), |_| unreachable!());
        trouble_line(&read.unwrap_err())
    };
    for kept in [None, Some(""), Some("[]x"), Some("ana@example.com")] {
        assert_eq!(check(kept), r#"ats_record_gone "": pageup: nothing is kept of the invitation"#);
    }
}

#[test]
fn the_list_is_asked_for_with_a_token_and_by_the_put_shape() {
    let asked = |extra: Value| {
        let (_, sent) = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |request| {
            assert!(request.grant.is_some() && request.headers.is_empty() && request.body.is_none());
            answer(204, "")
        });
        sent.join(", ")
    };
    assert_snapshot!(asked(json!({})), @"GET /v3/6784/recruitment/backgroundchecks");
    assert_snapshot!(asked(json!({"put_shape": "workcompliance", "background_check_path": "workcompliance/invitations"})), @"GET /v3/6784/workcompliance/invitations?status=pending");
    let of_another_kind: AtsCredentials =
        serde_json::from_value(json!({"kind": "icims", "username": "api", "password": "pw"})).unwrap();
    let (page, sent) = play(settings(json!({})).list(&of_another_kind), |_| unreachable!());
    assert_eq!(
        (trouble_line(&page.unwrap_err()), sent.len()),
        (r#"ats_credentials "": the secret is of another kind"#.to_owned(), 0)
    );
}

fn start() -> Timestamp {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

fn planned() -> Planned {
    Planned {
        id: OrderId::parse("order-1").unwrap(),
        connection: ConnectionId::parse("pageup-test").unwrap(),
        ats: "pageup".to_owned(),
        subject: subject(),
        generation: 0,
        package: PackageId::parse("p1").ok(),
        package_name: Some("Standard".to_owned()),
        group: GroupId::parse("g1").ok(),
        ordered_by: None,
        candidate_mark: None,
        status_ids_agree: false,
        request_kept_until: None,
    }
}

/// What is to be shown of a placed order, with the provider's name in its sentence.
fn shown(status: OrderStatus, change: impl FnOnce(&mut Order)) -> View {
    let mut order = Order::intend(planned(), start());
    (order.placement, order.status) = (Placement::Placed, status);
    change(&mut order);
    order.was_completed |= status == OrderStatus::Completed;
    order.settled(start(), &Timing::default());
    order.desired.unwrap().named("Certn")
}

fn of(status: OrderStatus) -> View {
    shown(status, |_| ())
}

fn completed(code: ResultCode, label: &str) -> View {
    shown(OrderStatus::Completed, |order| order.result = Some(OrderResult { code, label: label.to_owned() }))
}

/// The view with three checks, of which so many are finished.
fn with_checks(view: View, finished: usize) -> View {
    let names = ["Identity verification", "Criminal record report", "Credit report"];
    let checks = names.iter().enumerate().map(|(n, name)| json!({"name": name, "finished": n < finished}));
    View { checks: serde_json::from_value(checks.collect()).unwrap(), ..view }
}

fn refused(reason: Reason, about: &str) -> View {
    let order = Order::refuse(planned(), Refusal::about(reason, about), start(), &Timing::default());
    order.desired.unwrap().named("Certn")
}

fn waiting(trouble: &Trouble) -> View {
    let (mut order, _) = Order::wait(planned(), trouble, start(), &Timing::default());
    order.settled(start() + Timing::default().patience, &Timing::default());
    order.desired.unwrap().named("Certn")
}

fn body_of(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap().expose()).unwrap()
}

/// The one request by which a view is written.
fn put(extra: Value, view: &View) -> String {
    let link = Url::parse("https://client.certn.co/au/cases/case-1/").unwrap();
    let link = (view.link == LinkKind::Report).then_some(&link);
    let write = |entry: Entry<'_>| {
        let mut bodies = Vec::new();
        let (written, sent) = play(connector(extra.clone()).write(&subject(), view, link, entry), |request| {
            assert!(request.grant.is_some());
            bodies.push(body_of(request).to_string());
            answer(202, "")
        });
        assert_eq!(written, Ok("123456".to_owned()));
        format!("{} {}", sent.join(", "), bodies.join(", "))
    };
    let line = write(Entry::New);
    assert_eq!((write(Entry::Perhaps), write(Entry::At("123456"))), (line.clone(), line.clone()));
    line.replace("/v3/6784/recruitment/backgroundchecks", "…")
}

#[test]
fn what_is_not_ordered_is_put_with_the_recruiters_sentence() {
    let line = |view: View| put(json!({}), &view);
    assert_snapshot!(line(refused(Reason::UnknownPackage, "STD-1")), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The package \"STD-1\" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package)","status":"Failed"}"#);
    assert_snapshot!(line(refused(Reason::NoEmail, "")), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The candidate has no e-mail address. Add one, then send again. (no_email)","status":"Failed"}"#);
    assert_snapshot!(line(refused(Reason::SetupIncomplete, "a package for ATS use, a group")), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Ordering from this system is not set up yet. Missing: a package for ATS use, a group. Ask your administrator, then send again. (setup_incomplete)","status":"Failed"}"#);
    assert_snapshot!(line(waiting(&Trouble::later("certn: HTTP 503"))), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Certn cannot be reached. The order is kept and will be sent; nothing to do. (provider_unavailable)","status":"In progress"}"#);
    assert_snapshot!(line(waiting(&Trouble::because(Refusal::new(Reason::ProviderCredentials), "certn: HTTP 401"))), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The connection to Certn needs attention. The order is kept and will be sent. (provider_credentials)","status":"In progress"}"#);
    assert_snapshot!(line(View { status: OrderStatus::Received, ..of(OrderStatus::PendingCandidate) }), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Received","status":"In progress"}"#);
}

#[test]
fn every_state_of_an_order_has_its_put() {
    use OrderStatus as S;
    let line = |view: View| put(json!({}), &view);
    let asks = |by: Option<ActionBy>| shown(S::ActionRequired, |order| order.action_by = by);
    assert_snapshot!(line(of(S::PendingCandidate)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Invitation sent","status":"In progress"}"#);
    assert_snapshot!(line(of(S::CandidateStarted)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Candidate started","status":"In progress"}"#);
    assert_snapshot!(line(of(S::InProgress)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In progress","status":"In progress"}"#);
    assert_snapshot!(line(with_checks(of(S::InProgress), 0)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In progress","status":"In progress"}"#);
    assert_snapshot!(line(with_checks(of(S::InProgress), 2)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"2 of 3 checks finished","status":"In progress"}"#);
    assert_snapshot!(line(asks(Some(ActionBy::Candidate))), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Certn is waiting for the candidate.","status":"In progress"}"#);
    assert_snapshot!(line(asks(Some(ActionBy::Client))), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Certn is waiting for you.","status":"In progress"}"#);
    assert_snapshot!(line(asks(None)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"Certn is waiting for the candidate.","status":"In progress"}"#);
    assert_snapshot!(line(of(S::InDispute)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In dispute","status":"In progress"}"#);
    assert_snapshot!(line(completed(ResultCode::Clear, "Clear")), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"","result":{"items":[],"summary":"Clear","url":"https://client.certn.co/au/cases/case-1/"},"status":"Completed"}"#);
    assert_snapshot!(line(with_checks(completed(ResultCode::Review, "Review"), 3)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"","result":{"items":[],"summary":"Review","url":"https://client.certn.co/au/cases/case-1/"},"status":"Completed"}"#);
    assert_snapshot!(line(completed(ResultCode::None, "No result given")), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"","result":{"items":[],"summary":"No result given","url":"https://client.certn.co/au/cases/case-1/"},"status":"Completed"}"#);
    assert_snapshot!(line(of(S::Cancelled)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The check was cancelled at Certn.","status":"Failed"}"#);
    assert_snapshot!(line(of(S::Declined)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The candidate declined the check.","status":"Failed"}"#);
    assert_snapshot!(line(of(S::Expired)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The candidate did not complete the form in time. Send again if still needed.","status":"Failed"}"#);
    assert_snapshot!(line(of(S::Undeliverable)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The invitation could not be delivered. Check the e-mail address, then ask Certn to re-invite or send again.","status":"Failed"}"#);
}

#[test]
fn finished_checks_are_named_in_the_result_only_where_that_is_wanted() {
    let line = |view: View| put(json!({"result_items": true}), &view);
    assert_snapshot!(line(of(OrderStatus::InProgress)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In progress","status":"In progress"}"#);
    assert_snapshot!(line(with_checks(of(OrderStatus::InProgress), 0)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In progress","status":"In progress"}"#);
    assert_snapshot!(line(with_checks(of(OrderStatus::InProgress), 2)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"2 of 3 checks finished","result":{"items":[{"name":"Identity verification","status":"Completed"},{"name":"Criminal record report","status":"Completed"}]},"status":"In progress"}"#);
    assert_snapshot!(line(with_checks(completed(ResultCode::Clear, "Clear"), 3)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"","result":{"items":[{"name":"Identity verification","status":"Completed"},{"name":"Criminal record report","status":"Completed"},{"name":"Credit report","status":"Completed"}],"summary":"Clear","url":"https://client.certn.co/au/cases/case-1/"},"status":"Completed"}"#);
    assert_snapshot!(line(with_checks(of(OrderStatus::Cancelled), 1)), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The check was cancelled at Certn.","result":{"items":[{"name":"Identity verification","status":"Completed"}]},"status":"Failed"}"#);
}

#[test]
fn a_dispute_leaves_a_completed_check_completed_unless_it_may_be_reopened() {
    let line = |reopen: bool, status: OrderStatus| {
        put(json!({"reopen_completed": reopen}), &shown(status, |order| order.was_completed = true))
    };
    assert_snapshot!(line(false, OrderStatus::InDispute), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In dispute","result":{"items":[],"summary":"In dispute","url":null},"status":"Completed"}"#);
    assert_snapshot!(line(true, OrderStatus::InDispute), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"In dispute","result":{"items":[],"summary":"In dispute","url":null},"status":"In progress"}"#);
    assert_snapshot!(line(false, OrderStatus::Cancelled), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The check was cancelled at Certn.","result":{"items":[],"summary":"Cancelled","url":null},"status":"Completed"}"#);
    assert_snapshot!(line(true, OrderStatus::Cancelled), @r#"PUT …/123456 {"externalReferenceId":"order-1","message":"The check was cancelled at Certn.","result":{"items":[],"summary":"Cancelled","url":null},"status":"Failed"}"#);
}

#[test]
fn the_other_put_shape_has_the_same_facts_as_notes() {
    let line = |view: View| {
        let shape = json!({"put_shape": "workcompliance", "background_check_path": "workcompliance/invitations"});
        put(shape, &view).replace("/v3/6784/workcompliance/invitations", "…")
    };
    assert_snapshot!(line(refused(Reason::NoEmail, "")), @r#"PUT …/123456/statuses {"Notes":["The candidate has no e-mail address. Add one, then send again. (no_email)","Order order-1"],"Status":"Failed"}"#);
    assert_snapshot!(line(with_checks(of(OrderStatus::InProgress), 2)), @r#"PUT …/123456/statuses {"Notes":["2 of 3 checks finished","Order order-1"],"Status":"In progress"}"#);
    assert_snapshot!(line(completed(ResultCode::Clear, "Clear")), @r#"PUT …/123456/statuses {"Notes":["Clear","https://client.certn.co/au/cases/case-1/","Order order-1"],"Status":"Completed"}"#);
    assert_snapshot!(line(shown(OrderStatus::InDispute, |order| order.was_completed = true)), @r#"PUT …/123456/statuses {"Notes":["In dispute","Order order-1"],"Status":"Completed"}"#);
    assert_snapshot!(line(of(OrderStatus::Expired)), @r#"PUT …/123456/statuses {"Notes":["The candidate did not complete the form in time. Send again if still needed.","Order order-1"],"Status":"Failed"}"#);
}

#[test]
fn a_request_without_an_id_of_its_own_is_put_under_its_application() {
    let of_application = Subject { request: None, ..subject() };
    let (written, sent) =
        play(connector(json!({})).write(&of_application, &of(OrderStatus::PendingCandidate), None, Entry::New), |_| {
            answer(200, "")
        });
    assert_eq!(
        (written, sent),
        (Ok("4711".to_owned()), vec!["PUT /v3/6784/recruitment/backgroundchecks/4711".to_owned()])
    );
}

#[test]
fn a_message_is_clipped_but_for_its_code_and_holds_no_control_characters() {
    let message = |limit: usize, view: &View| {
        let body = wire::body(&settings(json!({"message_limit": limit})), view, None, "Failed");
        body["message"].as_str().unwrap().to_owned()
    };
    for reason in Reason::ALL {
        let (view, code) = (refused(*reason, &"ä".repeat(60)), format!(" ({})", reason.code()));
        let full = format!("{}{code}", view.sentence);
        for limit in [100, 101, 250, 4_000] {
            let message = message(limit, &view);
            assert!(message.chars().count() <= limit && message.ends_with(&code), "{limit}: {message}");
            assert_eq!(message == full, full.chars().count() <= limit, "{limit}: {message}");
        }
        assert_eq!(message(250, &view), full, "the default limit cuts {}", reason.code());
    }
    assert_snapshot!(message(100, &refused(Reason::UnknownPackage, "STD-1")), @r#"The package "STD-1" is not known to Certn. Ask your ATS administrator to correct … (unknown_package)"#);
    let odd =
        View { sentence: "Ask\u{0}Certn.\r\nThen\u{7f} send\u{85}again.".to_owned(), ..refused(Reason::NoEmail, "") };
    assert_snapshot!(message(250, &odd), @"Ask Certn.  Then  send again. (no_email)");
    let typed = refused(Reason::UnknownPackage, "a\u{1b}[31m\nb");
    assert_snapshot!(message(250, &typed), @r#"The package "a [31m b" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package)"#);
}

/// Writes to a PageUp that takes only one label; what came out, and the labels in turn.
fn with_label(known: &str, refusal: &str, extra: Value, view: &View) -> String {
    let mut tried = Vec::new();
    let (written, sent) = play(connector(extra).write(&subject(), view, None, Entry::New), |request| {
        let body = body_of(request);
        let label = body["status"].as_str().or(body["Status"].as_str()).unwrap().to_owned();
        tried.push(label.clone());
        if label == known { answer(200, "{}") } else { answer(400, refusal) }
    });
    assert_eq!(sent.len(), tried.len());
    format!("{} | {}", tried.join(", "), written.unwrap_or_else(|trouble| trouble_line(&trouble)))
}

const NO_SUCH_STATUS: &str = r#"[{"message": "You may not do this now"}, {"message": "not valid", "field": "status"}]"#;

#[test]
fn a_label_that_pageup_does_not_take_gives_way_to_the_next() {
    let check = |known: &str, view: &View| with_label(known, NO_SUCH_STATUS, json!({}), view);
    let (refused, running) = (refused(Reason::NoEmail, ""), of(OrderStatus::PendingCandidate));
    assert_snapshot!(check("Failed", &refused), @"Failed | 123456");
    assert_snapshot!(check("In progress", &refused), @"Failed, In progress | 123456");
    assert_snapshot!(check("In Progress", &refused), @"Failed, In progress, In Progress | 123456");
    assert_snapshot!(check("Other", &refused), @r#"Failed, In progress, In Progress | ats_option_missing "status": pageup: HTTP 400 field status"#);
    assert_snapshot!(check("In Progress", &running), @"In progress, In Progress | 123456");
    assert_snapshot!(check("Failed", &running), @r#"In progress, In Progress | ats_option_missing "status": pageup: HTTP 400 field status"#);
    assert_snapshot!(check("Other", &completed(ResultCode::Clear, "Clear")), @r#"Completed | ats_option_missing "status": pageup: HTTP 400 field status"#);
    let own = json!({"status_labels": {"in_progress": "In Progress", "failed": "Error", "completed": "Done"}});
    let with_own = |known: &str, view: &View| with_label(known, NO_SUCH_STATUS, own.clone(), view);
    assert_snapshot!(with_own("Other", &refused), @r#"Error, In Progress | ats_option_missing "status": pageup: HTTP 400 field status"#);
    assert_snapshot!(with_own("Done", &completed(ResultCode::Clear, "Clear")), @"Done | 123456");
    let shape = json!({"put_shape": "workcompliance"});
    assert_snapshot!(with_label("In progress", NO_SUCH_STATUS, shape, &refused), @"Failed, In progress | 123456");
}

#[test]
fn no_other_refusal_makes_another_label_be_tried() {
    let check = |refusal: &str| with_label("In Progress", refusal, json!({}), &refused(Reason::NoEmail, ""));
    assert_snapshot!(check(r#"[{"message": "status"}]"#), @r#"Failed | ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check(r#"[{"field": "message", "message": "too long"}]"#), @r#"Failed | ats_option_missing "message": pageup: HTTP 400 field message"#);
    assert_snapshot!(check(r#"[{"field": null, "message": "status"}, {"field": "result.url"}, {"field": "status"}]"#), @r#"Failed | ats_option_missing "result.url": pageup: HTTP 400 field result.url"#);
    assert_snapshot!(check(r#"{"field": "status"}"#), @r#"Failed | ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check("<html>status</html>"), @r#"Failed | ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check(""), @r#"Failed | ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check(r#"[{"FIELD": "status", "5b0c9f3e-2d1a-4a77-9a51-6f2f3a5f9c10": "x"}]"#), @"Failed, In progress, In Progress | 123456");
}

#[test]
fn every_refusal_of_pageup_has_one_meaning() {
    let check = |outcome: HttpOutcome| {
        let view = of(OrderStatus::PendingCandidate);
        let (written, sent) =
            play(connector(json!({})).write(&subject(), &view, None, Entry::New), |_| outcome.clone());
        assert_eq!(sent.len(), 1, "{sent:?}");
        let (put, list) =
            (trouble_line(&written.unwrap_err()), trouble_line(&listed(json!({}), &outcome).unwrap_err()));
        assert!(!put.contains("Moss") && !list.contains("Moss"), "{put} | {list}");
        if put == list { put } else { format!("{put} | list: {list}") }
    };
    let refused = |status| {
        check(answer(status, r#"[{"message": "Ada Moss may not"}, {"field": "result.url", "message": "Moss"}]"#))
    };
    assert_snapshot!([400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 302].map(refused).join("\n"), @r#"
    ats_option_missing "result.url": pageup: HTTP 400 field result.url
    ats_credentials "": pageup: HTTP 401 field result.url
    ats_permission "result.url": pageup: HTTP 403 field result.url
    ats_record_gone "": pageup: HTTP 404 field result.url | list: ats_permission "tenant": pageup: HTTP 404 field result.url
    later: pageup: HTTP 408 field result.url
    ats_option_missing "result.url": pageup: HTTP 409 field result.url
    ats_option_missing "result.url": pageup: HTTP 422 field result.url
    later after 7200s: pageup: HTTP 429 field result.url
    later: pageup: HTTP 500 field result.url
    later: pageup: HTTP 503 field result.url
    later: pageup: HTTP 302 field result.url
    "#);
    assert_snapshot!(check(answer(400, "<h1>Ada Moss</h1>")), @r#"ats_option_missing "": pageup: HTTP 400 field -"#);
    assert_snapshot!(check(answer(403, "")), @r#"ats_permission "": pageup: HTTP 403 field -"#);
    assert_snapshot!(check(Err(HttpFailure::Unclear("time-out"))), @"later: pageup: time-out");
    let not_sent = |why| check(Err(HttpFailure::NotSent(why)));
    let budget = NotSent::Budget(Duration::from_secs(7));
    assert_snapshot!([NotSent::Connect, NotSent::Deadline, budget, NotSent::ForeignHost].map(not_sent).join("\n"), @r#"
    later: pageup: no connection
    later: pageup: not enough time left to ask
    later after 7s: pageup: our call budget is spent
    provider_refused "host": pageup: the host is not on the allow-list
    "#);
    let tokens = [NoToken::Credentials, NoToken::Permission, NoToken::Unavailable];
    assert_snapshot!(tokens.map(|why| not_sent(NotSent::NoToken(why))).join("\n"), @r#"
    ats_credentials "": pageup: the token endpoint refuses the client
    ats_permission "scope": pageup: the scope is not granted
    later: pageup: no access token (Unavailable)
    "#);
}

fn grant(extra: Value) -> Grant {
    let mut grants = Vec::new();
    let _ = play(
        connector(extra.clone()).write(&subject(), &of(OrderStatus::PendingCandidate), None, Entry::New),
        |request| {
            grants.extend(request.grant.clone());
            answer(200, "")
        },
    );
    let _ = play(settings(extra).list(&AtsCredentials::Pageup(credentials())), |request| {
        grants.extend(request.grant.clone());
        answer(204, "")
    });
    let told = |grant: &Grant| (grant.request.url.clone(), grant.request.body.clone());
    assert_eq!(told(&grants[0]), told(&grants[1]));
    *grants.remove(0)
}

fn token(status: u16, body: &str) -> String {
    let response = HttpResponse { status, headers: Vec::new(), body: body.into() };
    match (grant(json!({})).read)(&response) {
        Ok(AccessToken { token, lives }) => format!("{} for {lives:?}", token.expose()),
        Err(why) => format!("{why:?}"),
    }
}

#[test]
fn a_token_lives_half_a_minute_less_than_pageup_says() {
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 300, "token_type": "Bearer", "scope": "x"}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 3600}"#), @"t1 for 3570s");
    assert_snapshot!(token(200, r#"{"access_token": "t1"}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": null}"#), @"t1 for 270s");
    assert_snapshot!(token(200, r#"{"access_token": "t1", "expires_in": 10}"#), @"t1 for 0ns");
}

#[test]
fn without_a_token_it_is_known_who_can_help() {
    let error =
        |status, error: &str| token(status, &json!({"error": error, "error_description": "Ada Moss"}).to_string());
    assert_snapshot!(error(400, "invalid_client"), @"Credentials");
    assert_snapshot!(error(401, "invalid_client"), @"Credentials");
    assert_snapshot!(error(400, "unauthorized_client"), @"Credentials");
    assert_snapshot!(error(400, "invalid_scope"), @"Permission");
    assert_snapshot!(error(403, "access_denied"), @"Permission");
    assert_snapshot!(token(403, "<h1>Forbidden</h1>"), @"Permission");
    assert_snapshot!(token(401, ""), @"Credentials");
    let unavailable =
        [(500, "{}"), (503, ""), (429, "{}"), (404, ""), (302, ""), (200, "<h1>Sign in</h1>"), (200, "{}"), (204, "")];
    for (status, body) in unavailable {
        assert_eq!(token(status, body), "Unavailable", "{status} {body}");
    }
}

#[test]
fn a_token_is_asked_for_as_the_client_and_with_the_scope_that_is_set() {
    let asked = |extra: Value| {
        let Grant { request, .. } = grant(extra);
        let [(name, kind)] = request.headers.as_slice() else { panic!("{:?}", request.headers) };
        assert_eq!((*name, kind.expose().as_str()), ("content-type", "application/x-www-form-urlencoded"));
        assert!(!format!("{request:?}").contains("cret"));
        let form = String::from_utf8(request.body.unwrap().expose().clone()).unwrap();
        format!("{} {form}", request.method)
    };
    assert_snapshot!(asked(json!({})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret&scope=Public.BackgroundCheck.Read+Public.BackgroundCheck.Write");
    assert_snapshot!(asked(json!({"scope": " Compliance.Read  "})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret&scope=Compliance.Read");
    assert_snapshot!(asked(json!({"scope": ""})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret");
    assert_snapshot!(asked(json!({"scope": " "})), @"POST grant_type=client_credentials&client_id=client&client_secret=s+e%26cret");
}

#[test]
fn every_environment_and_data_centre_has_its_addresses() {
    let check = |extra: Value| {
        let settings = settings(extra);
        assert_eq!(settings.problems(&credentials()), []);
        let urls = [settings.token_url(), settings.url(&["1", "statuses"])];
        assert!(urls.iter().all(|url| (SYSTEM.allows)(Region::Ca, url.host_str().unwrap())), "{urls:?}");
        urls.map(String::from).join(" ")
    };
    assert_snapshot!(check(json!({})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"data_centre": "dc5"})), @"https://login.dc5.pageuppeople.com/connect/token https://api.dc5.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"environment": "uat", "data_centre": "dc10"})), @"https://loginuat.dc10.pageuppeople.com/connect/token https://apiuat.dc10.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"token_url": "https://acme.login.pageuppeople.com/connect/token"})), @"https://acme.login.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"api_base": "https://apiuat.dc0.pageuppeople.com/v4/tenants/6784/"})), @"https://login.dc2.pageuppeople.com/connect/token https://apiuat.dc0.pageuppeople.com/v4/tenants/6784/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"api_base": "https://api.dc3.pageuppeople.com"})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc3.pageuppeople.com/recruitment/backgroundchecks/1/statuses");
    assert_snapshot!(check(json!({"background_check_path": "background-checks"})), @"https://login.dc2.pageuppeople.com/connect/token https://api.dc2.pageuppeople.com/v3/6784/background-checks/1/statuses");
}

#[test]
fn only_hosts_of_pageup_are_called() {
    let check = |host: &str, expected: bool| {
        for region in [Region::Ca, Region::Uk, Region::Au] {
            assert_eq!((SYSTEM.allows)(region, host), expected, "{host}");
        }
    };
    for n in 0..=99 {
        for name in ["login", "loginuat", "api", "apiuat"] {
            check(&format!("{name}.dc{n}.pageuppeople.com"), true);
        }
    }
    check("acme.login.pageuppeople.com", true);
    check("acme-2.loginuat.pageuppeople.com", true);
    for foreign in [
        "evilpageuppeople.com",
        "api.dc2.evilpageuppeople.com",
        "api.dc2.pageuppeople.com.evil.com",
        "api.dc2.pageuppeople.com.",
        "api.dcx.pageuppeople.com",
        "api.dc.pageuppeople.com",
        "api.dc100.pageuppeople.com",
        "api.dc-1.pageuppeople.com",
        "api.dc2x.pageuppeople.com",
        "api.dc2.dc2.pageuppeople.com",
        "x.api.dc2.pageuppeople.com",
        "a.b.login.pageuppeople.com",
        "a_b.login.pageuppeople.com",
        ".login.pageuppeople.com",
        "login.pageuppeople.com",
        "acme.api.pageuppeople.com",
        "careers.dc2.pageuppeople.com",
        "pageuppeople.com",
        "",
    ] {
        check(foreign, false);
    }
}

#[test]
fn every_setting_at_fault_is_named() {
    let with = |extra: Value, credentials: Credentials, expected: &[&str]| {
        let problems = settings(extra.clone()).problems(&credentials);
        let fields: Vec<&str> = problems.iter().map(|invalid| invalid.field.as_str()).collect();
        assert_eq!(fields, expected, "{extra}");
    };
    let check = |extra: Value, expected: &[&str]| with(extra, credentials(), expected);
    check(json!({}), &[]);
    for data_centre in ["dcX", "dc123", "", "dc", "2", "DC2", "dc2.evil.com", "dc 2"] {
        check(json!({"data_centre": data_centre}), &["ats.data_centre"]);
    }
    for token_url in [
        "https://login.dc2.pageuppeople.com.evil.com/connect/token",
        "https://evil.com/connect/token",
        "http://login.dc2.pageuppeople.com/connect/token",
        "https://login.dc2.pageuppeople.com:8443/connect/token",
        "https://api.dc2.pageuppeople.com/connect/token",
    ] {
        check(json!({"token_url": token_url}), &["ats.token_url"]);
    }
    for api_base in ["https://login.dc2.pageuppeople.com/v3", "http://api.dc2.pageuppeople.com/v3", "https://evil.com"]
    {
        check(json!({"api_base": api_base}), &["ats.api_base"]);
    }
    for path in ["", "/a", "a/", "a//b", "a/../b", "..", "./a", "a?b", "a b", "a%2fb", "a#b", "ä"] {
        check(json!({"background_check_path": path}), &["ats.background_check_path"]);
    }
    for label in ["in_progress", "completed", "failed"] {
        check(json!({"status_labels": {label: ""}}), &["ats.status_labels"]);
        check(json!({"status_labels": {label: " "}}), &["ats.status_labels"]);
    }
    for name in ["id", "application", "given_name", "family_name", "email", "package", "department", "requester"] {
        let field = format!("ats.field_paths.{name}");
        for paths in [json!([]), json!([""]), json!(["a", ""]), json!(["a".repeat(201)]), json!(vec!["a"; 11])] {
            check(json!({"field_paths": {name: paths}}), &[&field]);
        }
    }
    for (field, bad, good) in [
        ("poll_seconds", [0, 59, 3_601], [60, 3_600]),
        ("max_pages", [0, 101, 1_000], [1, 100]),
        ("message_limit", [10, 99, 4_001], [100, 4_000]),
    ] {
        bad.iter().for_each(|value| check(json!({field: value}), &[&format!("ats.{field}")]));
        good.iter().for_each(|value| check(json!({field: value}), &[]));
    }
    let nobody = || Credentials { client_id: Secret::from(""), client_secret: Secret::from("") };
    with(json!({}), Credentials { client_id: Secret::from(""), ..credentials() }, &["ats_credentials.client_id"]);
    with(
        json!({}),
        Credentials { client_secret: Secret::from(""), ..credentials() },
        &["ats_credentials.client_secret"],
    );
    let all = &["ats.data_centre", "ats.max_pages", "ats_credentials.client_id", "ats_credentials.client_secret"];
    with(json!({"data_centre": "x", "max_pages": 0}), nobody(), all);
}

#[test]
fn what_pageup_has_no_setting_for_is_refused() {
    let check = |extra: Value| {
        let mut json = json!({"tenant_id": "6784", "data_centre": "dc2"});
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        assert!(serde_json::from_value::<Settings>(json).is_err(), "{extra}");
    };
    check(json!({"datacentre": "dc2"}));
    check(json!({"field_paths": {"mobile": ["applicant.mobile"]}}));
    check(json!({"status_labels": {"pending": "Pending"}}));
    check(json!({"environment": "test"}));
    check(json!({"put_shape": "other"}));
    check(json!({"token_url": "not an address"}));
    check(json!({"tenant_id": "../6785"}));
    check(json!({"tenant_id": ""}));
    let more = json!({"client_id": "a", "client_secret": "b", "scope": "c"});
    assert!(serde_json::from_value::<Credentials>(more).is_err());
}

#[test]
fn pageup_is_asked_as_often_as_is_set_and_says_what_it_can() {
    let settings = settings(json!({"poll_seconds": 90, "max_pages": 7}));
    assert_eq!(settings.pace(), Pace { every: SignedDuration::from_secs(90), pages: 7 });
    assert!(matches!(settings.intake(), Intake::Poll(_)));
    assert!(settings.names_groups() && settings.shows_single_checks() && !settings.takes_links_without_login());
}

#[test]
fn pageup_names_the_field_of_a_status_in_any_case_of_letters() {
    let refusal = r#"[{"field": "Status", "message": "not valid"}]"#;
    let shape = json!({"put_shape": "workcompliance"});
    assert_eq!(with_label("In progress", refusal, shape, &refused(Reason::NoEmail, "")), "Failed, In progress | 123456");
}

#[test]
fn a_field_that_pageup_names_is_quoted_in_a_cause() {
    let field = format!("Ada Moss <ada@example.com> said\n{}", "x".repeat(5000));
    let page = listed(json!({}), &answer(400, &json!([{"field": field}]).to_string()));
    let cause = page.unwrap_err().cause().to_string();
    assert!(cause.chars().count() < 100 && !cause.contains('\n'), "{} characters", cause.chars().count());
}

#[test]
fn no_control_character_gets_out_in_a_result() {
    let odd = View {
        checks: serde_json::from_value(json!([{"name": "Credit\u{1b}[31m report", "finished": true}])).unwrap(),
        ..completed(ResultCode::Custom, "Amber\u{0}")
    };
    let line = put(json!({"result_items": true}), &odd);
    assert!(!line.contains("\\u00"), "{line}");
}

#[test]
fn an_address_of_its_own_in_another_data_centre_lies_outside() {
    for extra in [
        json!({"api_base": "https://api.dc3.pageuppeople.com/v3/6784"}),
        json!({"token_url": "https://login.dc4.pageuppeople.com/connect/token"}),
    ] {
        assert!(settings(extra.clone()).keeps_data_outside(Region::Au), "{extra}");
    }
}

#[test]
fn an_address_with_a_password_or_a_query_is_refused() {
    for extra in [
        json!({"token_url": "https://u:secret@login.dc2.pageuppeople.com/connect/token"}),
        json!({"api_base": "https://u:secret@api.dc2.pageuppeople.com/v3/6784"}),
        json!({"api_base": "https://api.dc2.pageuppeople.com/v3/6784?x=1#y"}),
    ] {
        assert_eq!(settings(extra.clone()).problems(&credentials()).len(), 1, "{extra}");
    }
}

#[test]
fn of_two_names_an_empty_one_does_not_hide_the_other() {
    let line = read_entry(json!({}), r#"{"ID": "", "id": 7, "APPLICANT": {}, "applicant": {"email": "ada@example.com"}}"#);
    assert_eq!(line, "7 of 7 | - - ada@example.com | package - | department - | requester -");
}

#[test]
fn a_department_that_is_too_long_is_not_taken_for_none() {
    let entry = json!({"id": 7, "application": {"job": {"divisioncode": "x".repeat(501)}}}).to_string();
    assert!(!read_entry(json!({}), &entry).contains("department -"));
}

#[test]
fn notes_say_nothing_twice() {
    let line = put(json!({"put_shape": "workcompliance"}), &shown(OrderStatus::InDispute, |order| order.was_completed = true));
    assert!(!line.contains(r#""In dispute","In dispute""#), "{line}");
}

#[test]
fn a_tokens_life_may_be_a_text_and_an_empty_token_is_none() {
    assert_eq!(token(200, r#"{"access_token": "t1", "expires_in": "3600"}"#), "t1 for 3570s");
    assert_eq!(token(200, r#"{"access_token": "t1", "expires_in": 3600.0}"#), "t1 for 3570s");
    assert_eq!(token(200, r#"{"access_token": "", "expires_in": 3600}"#), "Unavailable");
}

#[test]
fn blank_credentials_are_empty_ones() {
    let blank = Credentials { client_id: Secret::from(" "), client_secret: Secret::from("\n") };
    assert_eq!(settings(json!({})).problems(&blank).len(), 2);
}
