//! What PageUp lists, however it is fuzzed.

use super::*;

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
    let subject = Subject {
        application: id(said(&invitation.application).unwrap_or(&invitation.id)),
        request: Some(id(&invitation.id)),
        requester: None,
        status: id("invited"),
    };
    CheckRequest {
        packages: code(&invitation.package).into_iter().collect(),
        department: code(&invitation.department),
        candidate: Candidate {
            given_name: secret(&invitation.given_name),
            family_name: secret(&invitation.family_name),
            email: secret(&invitation.email),
        },
        requester_email: secret(&invitation.requester),
        ..CheckRequest::of_nothing(subject)
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
fn of_two_names_an_empty_one_does_not_hide_the_other() {
    let line =
        read_entry(json!({}), r#"{"ID": "", "id": 7, "APPLICANT": {}, "applicant": {"email": "ada@example.com"}}"#);
    assert_eq!(line, "7 of 7 | - - ada@example.com | package - | department - | requester -");
}

#[test]
fn a_department_that_is_too_long_is_not_taken_for_none() {
    let entry = json!({"id": 7, "application": {"job": {"divisioncode": "x".repeat(501)}}}).to_string();
    assert!(!read_entry(json!({}), &entry).contains("department -"));
}
