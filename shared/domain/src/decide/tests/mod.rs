mod repeat;

use insta::assert_snapshot;

use super::*;
use crate::id::AtsId;
use crate::mapping::Mapping;
use crate::reason::NotForUs;
use crate::request::{AtsValue, Candidate, Subject};

const STANDARD: &str = "7a0e1c52-9b1f-4a6e-8d3c-2f5b6a7c8d90";
const PLUS: &str = "0b4f6f0a-1c2d-4e3f-9a8b-7c6d5e4f3a2b";
const UNLISTED: &str = "11111111-2222-4333-8444-555555555555";

struct Setup {
    connection: Connection,
    mappings: Mappings,
    request: CheckRequest,
    packages: Result<Vec<Package>, Trouble>,
    standing: Result<Standing, Trouble>,
}

fn value(id: Option<&str>, text: &str) -> AtsValue {
    AtsValue::word(id.map(str::to_owned), text.to_owned())
}

fn package(id: &str, name: &str) -> Package {
    Package::new(PackageId::parse(id).unwrap(), name.to_owned(), true)
}

fn standing(group: GroupStanding, requester: Option<RequesterStanding>) -> Result<Standing, Trouble> {
    Ok(Standing { group, requester })
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn subject() -> Subject {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Subject { application: id("24680"), request: None, requester: Some(id("5566")), status: id("1822") }
}

fn setup() -> Setup {
    let candidate = Candidate {
        given_name: Some(Secret::from("Ada")),
        family_name: Some(Secret::from("Moss")),
        email: Some(Secret::from("ada@example.com")),
    };
    Setup {
        connection: crate::connection::tests::connection().0,
        mappings: Mappings::default(),
        request: CheckRequest {
            in_trigger_status: Some(true),
            packages: vec![value(Some("D100"), "Standard")],
            candidate,
            requester_email: Some(Secret::from("rec@example.com")),
            ..CheckRequest::of_nothing(subject())
        },
        packages: Ok(vec![package(STANDARD, "Standard"), package(PLUS, "Standard Plus")]),
        standing: standing(GroupStanding::Active, Some(RequesterStanding::Member(user("u1")))),
    }
}

fn mapped(setup: &mut Setup, kind: MappingKind, from: &str, to: &str) {
    setup.mappings.0.push(Mapping { kind, ats_value: from.to_owned(), provider_value: to.to_owned() });
}

fn named(text: &str) -> String {
    text.replace(STANDARD, "<standard>").replace(PLUS, "<plus>").replace(UNLISTED, "<unlisted>")
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { .. } => "later".to_owned(),
        Trouble::Because { refusal, .. } => refusal.to_string(),
    }
}

fn decided(change: impl FnOnce(&mut Setup)) -> String {
    let mut setup = setup();
    change(&mut setup);
    let Setup { connection, mappings, request, packages, standing } = &setup;
    let (decision, trace) = check(Facts { connection, mappings, request, packages, standing });
    let known = |package: &Option<Package>| package.as_ref().map_or("-".to_owned(), |package| package.name.clone());
    let line = match &decision {
        Decision::Order(order) => {
            let by = order.ordered_by.as_ref().map_or("-", UserId::as_str);
            assert_eq!(order.candidate, request.candidate);
            let group = order.group.as_ref().map_or("-", GroupId::as_str);
            format!("order {} {:?} in {group} by {by}", order.package, order.package_name)
        }
        Decision::NotForUs(why) => format!("not for us: {}", why.code()),
        Decision::Refuse { refusal, package } => {
            format!("refuse {refusal} {:?}, package {}", refusal.about, known(package))
        }
        Decision::Wait { trouble, package } => format!("wait {}, package {}", trouble_line(trouble), known(package)),
    };
    let line = named(&format!("{line} | {trace}"));
    for personal in ["Ada", "Moss", "ada@", "rec@"] {
        assert!(!line.contains(personal), "{line}");
    }
    line
}

/// The decision with only those lines of its trace that a test is about.
fn about(rules: &[&str], change: impl FnOnce(&mut Setup)) -> String {
    let line = decided(change);
    let (decision, trace) = line.split_once(" | ").unwrap();
    let of_rules = |step: &&str| rules.iter().any(|rule| step.starts_with(&format!("{rule}: ")));
    format!("{decision} | {}", trace.split("; ").filter(of_rules).collect::<Vec<_>>().join("; "))
}

fn with_values(values: &[(Option<&str>, &str)]) -> String {
    let values = values.iter().map(|(id, text)| value(*id, text)).collect();
    about(&["package"], |setup| setup.request.packages = values)
}

#[test]
fn a_decision_comes_with_every_rule_that_was_tried() {
    assert_snapshot!(decided(|_| ()), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>; candidate: an e-mail address → ok; group: no department → default group: g1; group at the provider: active → ok; requester: a member of the group → ok"#);
}

#[test]
fn a_package_is_found_by_its_exact_name_in_any_case_and_with_spaces_around_it() {
    assert_snapshot!(with_values(&[(Some("D100"), "Standard")]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(with_values(&[(None, "  sTANDARD ")]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(with_values(&[(None, "Standard Plu")]), @r#"refuse unknown_package "Standard Plu", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
    assert_snapshot!(with_values(&[(Some("D9"), "")]), @r#"refuse unknown_package "D9", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
    let nameless = |setup: &mut Setup| {
        setup.request.packages = vec![value(Some("D9"), "")];
        setup.packages = Ok(vec![package(STANDARD, "")]);
    };
    assert_snapshot!(about(&["package"], nameless), @r#"refuse unknown_package "D9", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
}

#[test]
fn a_package_is_found_by_the_first_uuid_in_the_text() {
    assert_snapshot!(with_values(&[(None, &format!("Whatever ({STANDARD})"))]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(with_values(&[(None, &STANDARD.to_uppercase())]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(with_values(&[(None, &format!("Package-{STANDARD}-new"))]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(with_values(&[(None, &format!("Whatever ({UNLISTED})"))]), @r#"refuse unknown_package "Whatever (11111111-2222-4333-8444-55555…", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(with_values(&[(None, &format!("{STANDARD}0"))]), @r#"refuse unknown_package "<standard>0", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
}

#[test]
fn a_mapping_of_the_node_id_or_the_text_goes_before_everything_else() {
    let with = |from: &str, to: &str| about(&["package"], |setup| mapped(setup, MappingKind::Package, from, to));
    assert_snapshot!(with("D100", PLUS), @r#"order <plus> "Standard Plus" in g1 by u1 | package: 1 value → <plus>"#);
    assert_snapshot!(with(" standard", PLUS), @r#"order <plus> "Standard Plus" in g1 by u1 | package: 1 value → <plus>"#);
    assert_snapshot!(with("D100", UNLISTED), @r#"refuse unknown_package "Standard", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(with("D100", "not an id"), @r#"refuse unknown_package "Standard", package - | package: 1 value → a mapping to something that is not an id: refused"#);
    let on_group = decided(|setup| mapped(setup, MappingKind::Group, "D100", PLUS));
    assert_eq!(on_group, decided(|_| ()));
}

#[test]
fn exactly_one_package_must_be_meant() {
    assert_snapshot!(with_values(&[]), @r#"refuse no_package "", package - | package: 0 values → refused"#);
    assert_snapshot!(with_values(&[(None, "Standard"), (None, "Standard Plus")]), @r#"refuse multiple_packages "Standard, Standard Plus", package - | package: 2 values → more than one package: refused"#);
    assert_snapshot!(with_values(&[(None, "Standard"), (None, STANDARD)]), @r#"order <standard> "Standard" in g1 by u1 | package: 2 values → <standard>"#);
    assert_snapshot!(with_values(&[(None, "Standard"), (None, "Unheard")]), @r#"refuse unknown_package "Unheard", package - | package: 2 values → no mapping, no id, no package of that name: refused"#);
    assert_snapshot!(with_values(&[(None, &format!("{PLUS} or {STANDARD}"))]), @r#"refuse multiple_packages "<plus> or…", package - | package: 1 value → more than one id in one text: refused"#);
    assert_snapshot!(with_values(&[(None, &format!("{STANDARD} = {}", STANDARD.to_uppercase()))]), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    let twice = |text: &str| {
        let value = value(None, text);
        about(&["package"], |setup| {
            setup.request.packages = vec![value];
            setup.packages = Ok(vec![package(STANDARD, "Standard"), package(PLUS, "standard ")]);
        })
    };
    assert_snapshot!(twice("Standard"), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(twice("STANDARD"), @r#"refuse multiple_packages "STANDARD", package - | package: 1 value → more than one package of that name: refused"#);
    assert_snapshot!(twice(PLUS), @r#"order <plus> "standard " in g1 by u1 | package: 1 value → <plus>"#);
}

#[test]
fn without_the_catalogue_an_id_goes_through_and_a_name_waits() {
    let with = |text: &str, mapped_to: Option<&str>, trouble: Trouble| {
        let value = value(Some("D100"), text);
        about(&["package"], |setup| {
            setup.request.packages = vec![value];
            setup.packages = Err(trouble);
            if let Some(to) = mapped_to {
                mapped(setup, MappingKind::Package, "D100", to);
            }
        })
    };
    let credentials = || Trouble::because(Refusal::new(Reason::ProviderCredentials), "certn: HTTP 401");
    assert_snapshot!(with(UNLISTED, None, Trouble::later("certn: HTTP 500")), @r#"order <unlisted> "<unlisted>" in g1 by u1 | package: 1 value → <unlisted>"#);
    assert_snapshot!(with("Standard", Some(PLUS), Trouble::later("certn: HTTP 500")), @r#"order <plus> "Standard" in g1 by u1 | package: 1 value → <plus>"#);
    assert_snapshot!(with("Standard", None, Trouble::later("certn: HTTP 500")), @"wait later, package - | package: 1 value → a name, and the list cannot be read: waits");
    assert_snapshot!(with("Standard", None, credentials()), @"wait provider_credentials, package - | package: 1 value → a name, and the list cannot be read: waits");
}

#[test]
fn a_package_that_is_off_and_a_candidate_without_an_address_are_refused() {
    let check = |change: fn(&mut Setup)| about(&["package", "candidate"], change);
    assert_snapshot!(check(|setup| setup.packages.as_mut().unwrap()[0].orderable = false), @r#"refuse package_not_enabled "Standard", package Standard | package: 1 value → <standard>, not enabled for ordering: refused"#);
    assert_snapshot!(check(|setup| setup.request.candidate.email = None), @r#"refuse no_email "", package Standard | package: 1 value → <standard>; candidate: no e-mail address → refused"#);
    let nameless = |setup: &mut Setup| {
        setup.request.candidate.given_name = None;
        setup.request.candidate.family_name = None;
    };
    assert_snapshot!(check(nameless), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>; candidate: an e-mail address → ok"#);
}

#[test]
fn the_group_is_the_departments_or_else_the_default() {
    let with = |department: Option<(Option<&str>, &str)>, default: Option<&str>| {
        about(&["group"], |setup| {
            setup.request.department = department.map(|(id, text)| value(id, text));
            setup.connection.default_group = default.map(|group| GroupId::parse(group).unwrap());
            mapped(setup, MappingKind::Group, "Nursing", "g-nursing");
            mapped(setup, MappingKind::Group, "D7", "g-seven");
            mapped(setup, MappingKind::Group, "Broken", "not an id");
        })
    };
    assert_snapshot!(with(None, Some("g1")), @r#"order <standard> "Standard" in g1 by u1 | group: no department → default group: g1"#);
    assert_snapshot!(with(None, None), @r#"refuse no_group "", package Standard | group: no department → default group: none set"#);
    assert_snapshot!(with(Some((None, " NURSING")), None), @r#"order <standard> "Standard" in g-nursing by u1 | group: a mapped department → g-nursing"#);
    assert_snapshot!(with(Some((Some("D7"), "Surgery")), Some("g1")), @r#"order <standard> "Standard" in g-seven by u1 | group: a mapped department → g-seven"#);
    assert_snapshot!(with(Some((None, "Broken")), Some("g1")), @r#"refuse unknown_group "Broken", package Standard | group: a department with a mapping to something that is not an id → refused"#);
    assert_snapshot!(with(Some((Some("D8"), "")), Some("g1")), @r#"refuse unknown_group "D8", package Standard | group: a department without a mapping → refused"#);
    assert_snapshot!(with(Some((Some("D8"), "Surgery")), Some("g1")), @r#"refuse unknown_group "Surgery", package Standard | group: a department without a mapping → refused"#);
}

#[test]
fn the_provider_must_know_the_group_and_its_requester() {
    use GroupStanding::{Active, Inactive, Unknown};
    let with = |group, requester: Option<RequesterStanding>, fallback: Option<&str>| {
        about(&["group at the provider", "requester"], |setup| {
            setup.standing = standing(group, requester);
            setup.connection.fallback_requester = fallback.map(user);
        })
    };
    let outside = || Some(RequesterStanding::OutsideGroup(user("u1")));
    assert_snapshot!(with(Inactive, None, Some("u9")), @r#"refuse group_inactive "", package Standard | group at the provider: inactive → refused"#);
    assert_snapshot!(with(Unknown, None, Some("u9")), @r#"refuse unknown_group "g1", package Standard | group at the provider: unknown → refused"#);
    assert_snapshot!(with(Active, Some(RequesterStanding::Member(user("u1"))), Some("u9")), @r#"order <standard> "Standard" in g1 by u1 | group at the provider: active → ok; requester: a member of the group → ok"#);
    assert_snapshot!(with(Active, outside(), None), @r#"refuse requester_not_in_group "", package Standard | group at the provider: active → ok; requester: not a member of the group → refused"#);
    assert_snapshot!(with(Active, outside(), Some("u9")), @r#"order <standard> "Standard" in g1 by u9 | group at the provider: active → ok; requester: not a member of the group → the fallback user"#);
    assert_snapshot!(with(Active, Some(RequesterStanding::Unknown), None), @r#"refuse requester_unknown "", package Standard | group at the provider: active → ok; requester: not a user at the provider → refused"#);
    assert_snapshot!(with(Active, Some(RequesterStanding::Unknown), Some("u9")), @r#"order <standard> "Standard" in g1 by u9 | group at the provider: active → ok; requester: not a user at the provider → the fallback user"#);
    assert_snapshot!(with(Active, None, None), @r#"refuse requester_missing "", package Standard | group at the provider: active → ok; requester: not said by the ATS → refused"#);
    assert_snapshot!(with(Active, None, Some("u9")), @r#"order <standard> "Standard" in g1 by u9 | group at the provider: active → ok; requester: not said by the ATS → the fallback user"#);
}

#[test]
fn an_unreadable_standing_waits_unless_its_reason_refuses() {
    let with = |trouble: Trouble| about(&["requester and group"], |setup| setup.standing = Err(trouble));
    let because = |reason| Trouble::because(Refusal::new(reason), "certn: HTTP 4xx");
    assert_snapshot!(with(Trouble::later("certn: no connection")), @"wait later, package Standard | requester and group: certn: no connection → waits");
    assert_snapshot!(with(because(Reason::ProviderCredentials)), @"wait provider_credentials, package Standard | requester and group: certn: HTTP 4xx → waits");
    assert_snapshot!(with(because(Reason::ProviderPermission)), @"wait provider_permission, package Standard | requester and group: certn: HTTP 4xx → waits");
    assert_snapshot!(with(because(Reason::ProviderRefused)), @r#"refuse provider_refused "", package Standard | requester and group: certn: HTTP 4xx → refused"#);
}

/// What a recruiter reads of a decision, if it refuses or waits for a reason.
fn sentence(change: impl FnOnce(&mut Setup)) -> Option<String> {
    let mut setup = setup();
    change(&mut setup);
    let Setup { connection, mappings, request, packages, standing } = &setup;
    match check(Facts { connection, mappings, request, packages, standing }).0 {
        Decision::Refuse { refusal, .. } | Decision::Wait { trouble: Trouble::Because { refusal, .. }, .. } => {
            Some(refusal.sentence("Certn"))
        }
        _ => None,
    }
}

#[test]
fn no_sentence_of_a_decision_names_nothing() {
    let check = |change: fn(&mut Setup)| {
        let sentence = sentence(change).unwrap();
        assert!(!sentence.contains("\"\"") && !sentence.contains(": .") && !sentence.contains("{}"), "{sentence}");
    };
    check(|setup| setup.request.packages = vec![value(Some("D9"), "")]);
    check(|setup| setup.request.packages = vec![value(None, "")]);
    check(|setup| {
        setup.request.packages = vec![value(Some("D8"), ""), value(Some("D9"), "")];
        mapped(setup, MappingKind::Package, "D8", STANDARD);
        mapped(setup, MappingKind::Package, "D9", PLUS);
    });
    check(|setup| setup.request.department = Some(value(Some("D9"), "")));
    check(|setup| setup.request.department = Some(value(None, "")));
    check(|setup| {
        setup.packages.as_mut().unwrap()[0].name.clear();
        setup.packages.as_mut().unwrap()[0].orderable = false;
        setup.request.packages = vec![value(None, STANDARD)];
    });
    for reason in Reason::ALL {
        let unnamed = Trouble::because(Refusal::new(*reason), "certn: HTTP 400");
        if let Some(sentence) = sentence(|setup| setup.standing = Err(unnamed)) {
            assert!(!sentence.contains("\"\"") && !sentence.contains(": ."), "{sentence}");
        }
    }
    let of_the_group = sentence(|setup| setup.standing = Err(Trouble::because(Refusal::new(Reason::UnknownGroup), "")));
    assert_snapshot!(of_the_group.unwrap(), @r#"The department code "g1" is not a Certn group. Ask your ATS administrator."#);
    let of_the_package =
        |setup: &mut Setup| setup.standing = Err(Trouble::because(Refusal::new(Reason::UnknownPackage), ""));
    assert_snapshot!(sentence(of_the_package).unwrap(), @r#"The package "Standard" is not known to Certn. Ask your ATS administrator to correct it."#);
}

#[test]
fn a_paused_connection_keeps_an_order_and_still_refuses() {
    let paused = |setup: &mut Setup| setup.connection.state = ConnectionState::Paused;
    let closing = |setup: &mut Setup| setup.connection.state = ConnectionState::Closing;
    assert_snapshot!(about(&["connection"], paused), @"wait connection_paused, package Standard | connection: paused → waits");
    assert_snapshot!(about(&["connection"], closing), @"wait connection_paused, package Standard | connection: closing → waits");
    let paused_without_package = |setup: &mut Setup| {
        paused(setup);
        setup.request.packages.clear();
    };
    assert_snapshot!(about(&["package"], paused_without_package), @r#"refuse no_package "", package - | package: 0 values → refused"#);
}

#[test]
fn the_provider_is_asked_about_the_very_group_that_the_decision_takes() {
    let asked = |change: fn(&mut Setup)| {
        let mut setup = setup();
        change(&mut setup);
        let question = question(&setup.connection, &setup.mappings, &setup.request);
        question
            .map(|(group, email)| (group.unwrap(), email))
            .map(|(group, email)| format!("{group} {}", email.map_or("-".to_owned(), |email| email.expose().clone())))
    };
    assert_eq!(asked(|_| ()).as_deref(), Some("g1 rec@example.com"));
    assert_eq!(asked(|setup| setup.request.requester_email = None).as_deref(), Some("g1 -"));
    assert_eq!(asked(|setup| setup.request.department = Some(value(None, "Nursing"))), None);
    assert_eq!(asked(|setup| setup.connection.default_group = None), None);
    let mapped_department = |setup: &mut Setup| {
        setup.request.department = Some(value(None, "Nursing"));
        mapped(setup, MappingKind::Group, "nursing", "g2");
    };
    assert_eq!(asked(mapped_department).as_deref(), Some("g2 rec@example.com"));
}

/// An id that Certn gives packages, in capitals: its case of letters counts.
const LETTERS: &str = "PKG-Standard";

fn code(text: &str) -> AtsValue {
    AtsValue::code(text).unwrap()
}

fn with_code(text: &str, change: impl FnOnce(&mut Setup)) -> String {
    about(&["package"], |setup| {
        setup.request.packages = vec![code(text)];
        setup.packages.as_mut().unwrap().push(package(LETTERS, "Letters"));
        change(setup);
    })
}

#[test]
fn a_package_code_is_the_very_id_and_never_a_name() {
    let check = |text: &str| with_code(text, |_| ());
    assert_snapshot!(check(STANDARD), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(check(&format!(" \t{STANDARD}\n ")), @r#"order <standard> "Standard" in g1 by u1 | package: 1 value → <standard>"#);
    assert_snapshot!(check(LETTERS), @r#"order PKG-Standard "Letters" in g1 by u1 | package: 1 value → PKG-Standard"#);
    assert_snapshot!(check(&LETTERS.to_lowercase()), @r#"refuse unknown_package "pkg-standard", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(check(&STANDARD.to_uppercase()), @r#"refuse unknown_package "7A0E1C52-9B1F-4A6E-8D3C-2F5B6A7C8D90", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(check("Standard"), @r#"refuse unknown_package "Standard", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(check("Standard Plus"), @r#"refuse unknown_package "Standard Plus", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
    assert_snapshot!(check(&format!("Standard ({STANDARD})")), @r#"refuse unknown_package "Standard (7a0e1c52-9b1f-4a6e-8d3c-2f5b6…", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
    assert_snapshot!(check(UNLISTED), @r#"refuse unknown_package "<unlisted>", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_snapshot!(check("../packages"), @r#"refuse unknown_package "../packages", package - | package: 1 value → no mapping, no id, no package of that name: refused"#);
    let named_like_the_code = |setup: &mut Setup| setup.packages.as_mut().unwrap()[0].name = "STD-1".to_owned();
    assert_snapshot!(with_code("STD-1", named_like_the_code), @r#"refuse unknown_package "STD-1", package - | package: 1 value → an id that the provider does not list: refused"#);
    assert_eq!(AtsValue::code(" \t"), None);
}

#[test]
fn a_mapping_goes_before_a_package_code_and_an_unreadable_list_takes_it_at_its_word() {
    let mapped_to = |to: &str| with_code(LETTERS, |setup| mapped(setup, MappingKind::Package, LETTERS, to));
    assert_snapshot!(mapped_to(PLUS), @r#"order <plus> "Standard Plus" in g1 by u1 | package: 1 value → <plus>"#);
    assert_snapshot!(mapped_to(UNLISTED), @r#"refuse unknown_package "PKG-Standard", package - | package: 1 value → an id that the provider does not list: refused"#);
    let unreadable = |text: &str| with_code(text, |setup| setup.packages = Err(Trouble::later("certn: HTTP 500")));
    assert_snapshot!(unreadable(UNLISTED), @r#"order <unlisted> "<unlisted>" in g1 by u1 | package: 1 value → <unlisted>"#);
    assert_snapshot!(unreadable("Standard"), @r#"order Standard "Standard" in g1 by u1 | package: 1 value → Standard"#);
    assert_snapshot!(unreadable("Standard Plus"), @"wait later, package - | package: 1 value → a name, and the list cannot be read: waits");
    let off = |setup: &mut Setup| setup.packages.as_mut().unwrap()[0].orderable = false;
    assert_snapshot!(with_code(STANDARD, off), @r#"refuse package_not_enabled "Standard", package Standard | package: 1 value → <standard>, not enabled for ordering: refused"#);
}

#[test]
fn a_department_code_is_the_very_group() {
    let with = |department: &str, change: fn(&mut Setup)| {
        about(&["group", "group at the provider"], |setup| {
            setup.request.department = Some(code(department));
            mapped(setup, MappingKind::Group, "D7", "g-seven");
            mapped(setup, MappingKind::Group, "Broken", "not an id");
            change(setup);
        })
    };
    let unknown = |setup: &mut Setup| setup.standing = standing(GroupStanding::Unknown, None);
    assert_snapshot!(with(" g-nursing ", |_| ()), @r#"order <standard> "Standard" in g-nursing by u1 | group: the department's code → g-nursing; group at the provider: active → ok"#);
    assert_snapshot!(with("g-nursing", |setup| setup.connection.default_group = None), @r#"order <standard> "Standard" in g-nursing by u1 | group: the department's code → g-nursing; group at the provider: active → ok"#);
    assert_snapshot!(with("d7", |_| ()), @r#"order <standard> "Standard" in g-seven by u1 | group: a mapped department → g-seven; group at the provider: active → ok"#);
    assert_snapshot!(with("Broken", |_| ()), @r#"refuse unknown_group "Broken", package Standard | group: a department with a mapping to something that is not an id → refused"#);
    assert_snapshot!(with("Nursing ward", |_| ()), @r#"refuse unknown_group "Nursing ward", package Standard | group: a department's code that is not an id → refused"#);
    assert_snapshot!(with("g-nursing", unknown), @r#"refuse unknown_group "g-nursing", package Standard | group: the department's code → g-nursing; group at the provider: unknown → refused"#);
    // What the recruiter sees in the ATS is the code, also where it is mapped.
    assert_snapshot!(with("D7", unknown), @r#"refuse unknown_group "D7", package Standard | group: a mapped department → g-seven; group at the provider: unknown → refused"#);
}

#[test]
fn nothing_can_be_ordered_without_a_package_for_ats_use_and_a_group() {
    let with = |change: fn(&mut Setup)| about(&["prerequisites"], change);
    let none_orderable = |setup: &mut Setup| {
        setup.packages.as_mut().unwrap().iter_mut().for_each(|package| package.orderable = false);
        setup.connection.default_group = None;
    };
    assert_snapshot!(with(|setup| setup.packages = Ok(Vec::new())), @r#"refuse setup_incomplete "a package for ATS use", package - | prerequisites: missing: a package for ATS use → refused"#);
    assert_snapshot!(with(none_orderable), @r#"refuse setup_incomplete "a package for ATS use, a group", package - | prerequisites: missing: a package for ATS use, a group → refused"#);
    let with_department = |setup: &mut Setup| {
        setup.packages = Ok(Vec::new());
        setup.connection.default_group = None;
        setup.request.department = Some(code("g-nursing"));
    };
    assert_snapshot!(with(with_department), @r#"refuse setup_incomplete "a package for ATS use", package - | prerequisites: missing: a package for ATS use → refused"#);
    let everything_wrong = |setup: &mut Setup| {
        setup.packages = Ok(Vec::new());
        setup.request.packages.clear();
        setup.request.candidate.email = None;
        setup.connection.state = ConnectionState::Paused;
    };
    assert_snapshot!(with(everything_wrong), @r#"refuse setup_incomplete "a package for ATS use", package - | prerequisites: missing: a package for ATS use → refused"#);
    assert_snapshot!(with(|setup| setup.packages.as_mut().unwrap()[0].orderable = false), @r#"refuse package_not_enabled "Standard", package Standard |"#);
    let unreadable = |setup: &mut Setup| {
        setup.packages = Err(Trouble::later("certn: HTTP 500"));
        setup.connection.default_group = None;
    };
    assert_snapshot!(with(unreadable), @"wait later, package - |");
    assert_snapshot!(sentence(none_orderable).unwrap(), @"Ordering from this system is not set up yet. Missing: a package for ATS use, a group. Ask your administrator, then send again.");
}

#[test]
fn only_a_word_that_means_nothing_at_the_provider_is_told_to_the_admin() {
    let told = |change: fn(&mut Setup)| {
        let mut setup = setup();
        change(&mut setup);
        let Setup { connection, mappings, request, packages, standing } = &setup;
        let (decision, _) = check(Facts { connection, mappings, request, packages, standing });
        unmapped(&decision, request).map_or("-".to_owned(), |(kind, word)| format!("{} {word:?}", kind.code()))
    };
    let unknown_group = |setup: &mut Setup| setup.standing = standing(GroupStanding::Unknown, None);
    assert_snapshot!(told(|setup| setup.request.packages = vec![code("STD-1")]), @r#"package "STD-1""#);
    assert_snapshot!(told(|setup| setup.request.packages = vec![value(Some("D9"), " Standart ")]), @r#"package "Standart""#);
    assert_snapshot!(told(|setup| setup.request.packages = vec![value(Some("D9"), "")]), @r#"package "D9""#);
    assert_snapshot!(told(|setup| setup.request.department = Some(value(Some("D8"), "Surgery"))), @r#"group "Surgery""#);
    assert_snapshot!(told(|setup| setup.request.department = Some(code("Nursing ward"))), @r#"group "Nursing ward""#);
    let unknown_at_the_provider = |setup: &mut Setup| {
        setup.request.department = Some(code("g-nursing"));
        setup.standing = standing(GroupStanding::Unknown, None);
    };
    assert_snapshot!(told(unknown_at_the_provider), @r#"group "g-nursing""#);
    let ignored: [fn(&mut Setup); 9] = [
        |_| (),
        unknown_group,
        |setup| setup.request.packages.clear(),
        |setup| setup.request.packages = vec![value(None, "")],
        |setup| setup.request.packages.push(value(None, "Standard Plus")),
        |setup| setup.request.candidate.email = None,
        |setup| setup.connection.default_group = None,
        |setup| setup.packages = Ok(Vec::new()),
        |setup| setup.packages = Err(Trouble::later("certn: HTTP 500")),
    ];
    for change in ignored {
        assert_eq!(told(change), "-");
    }
}

#[test]
fn the_word_that_is_told_is_the_one_that_was_refused() {
    let mut setup = setup();
    setup.request.packages = vec![value(Some("D100"), "Standard"), value(Some("D200"), "Unheard")];
    let Setup { connection, mappings, request, packages, standing } = &setup;
    let (decision, _) = check(Facts { connection, mappings, request, packages, standing });
    assert_eq!(unmapped(&decision, request), Some((MappingKind::Package, "Unheard")));
}

#[test]
fn what_the_ats_itself_says_against_a_request_goes_before_everything_else() {
    let barred = |barrier: Barrier| decided(|setup| setup.request.barrier = Some(barrier));
    assert_snapshot!(barred(Barrier::NotForUs(NotForUs::StaleTrigger)), @"not for us: stale_trigger | the ATS's own reading: stale_trigger → not for us");
    assert_snapshot!(barred(Barrier::Refusal(Refusal::new(Reason::CandidateArchived))), @r#"refuse candidate_archived "", package - | the ATS's own reading: candidate_archived → refused"#);
}

/// The same request to a provider that keeps no groups and no users, and takes nobody without both names.
fn at_asurint(change: impl FnOnce(&mut Setup)) -> String {
    about(&["candidate", "group", "requester"], |setup| {
        setup.connection.provider = serde_json::from_value(serde_json::json!({
            "kind": "asurint", "client_id": "ACME01", "codec": "json", "base_url": "https://api.asurint.com",
        }))
        .unwrap();
        setup.connection.default_group = None;
        setup.standing = standing(GroupStanding::Active, Some(RequesterStanding::NeedsNone));
        change(setup);
    })
}

#[test]
fn a_provider_without_groups_and_users_needs_neither_but_both_names() {
    assert_snapshot!(at_asurint(|_| ()), @r#"order <standard> "Standard" in - by - | candidate: an e-mail address → ok; group: no department → default group: none set; requester: the provider keeps no users → ok"#);
    assert_snapshot!(at_asurint(|setup| setup.request.requester_email = None), @r#"order <standard> "Standard" in - by - | candidate: an e-mail address → ok; group: no department → default group: none set; requester: the provider keeps no users → ok"#);
    assert_snapshot!(at_asurint(|setup| setup.request.candidate.family_name = None), @r#"refuse missing_candidate_data "", package Standard | candidate: no given and family name → refused"#);
    assert_snapshot!(at_asurint(|setup| setup.request.candidate.given_name = None), @r#"refuse missing_candidate_data "", package Standard | candidate: no given and family name → refused"#);
}
