//! What is asked for a check.

use super::*;

fn opportunity() -> Value {
    json!({
        "id": "9a2f", "name": "Ada Moss", "headline": "private", "contact": "41d7", "emails": ["ada@example.com"],
        "phones": [{"type": null, "value": "5550100100"}], "location": "private",
        "stage": {"id": STAGE, "text": "Certn Background Check"},
        "stageChanges": [
            {"toStageId": "applicant-new", "toStageIndex": 1, "userId": null, "updatedAt": 1_793_527_100_000_i64},
            {"toStageId": STAGE, "toStageIndex": 4, "userId": "be12", "updatedAt": 1_793_527_199_000_i64},
        ],
        "confidentiality": "non-confidential", "archived": null, "tags": ["Nurse", "Certn Package: Basic"],
        "applications": [{"id": "7278", "type": "posting", "posting": "p1", "name": "Ada Moss", "ipAddress": "192.0.2.1"}],
        "lastAdvancedAt": 1_793_527_198_000_i64, "isAnonymized": false, "dataProtection": null,
    })
}

fn posting() -> Value {
    json!({
        "id": "p1", "text": "Nurse", "tags": ["Certn Package: Basic"],
        "categories": {"department": " Nursing ", "location": "Duluth", "team": null, "allLocations": ["Duluth"]},
    })
}

/// What Lever answers unless `special` says otherwise.
fn lever(special: &dyn Fn(&str) -> Option<HttpOutcome>, line: &str) -> HttpOutcome {
    let data = |data: Value| json_answer(200, &json!({"data": data}));
    special(line).unwrap_or_else(|| match line {
        "GET opportunities/9a2f?expand=applications&expand=stage" => data(opportunity()),
        "GET postings/p1" => data(posting()),
        "GET users/be12" => data(json!({"id": "be12", "name": "Rae", "email": " rae@client.example "})),
        _ => panic!("asked for {line}"),
    })
}

fn shown(read: Result<CheckRequest, Trouble>) -> String {
    let request = match read {
        Ok(request) => request,
        Err(trouble) => return trouble_line(&trouble),
    };
    assert!(!format!("{request:?}").contains("Moss") && !format!("{request:?}").contains('@'));
    let entry = request.entry.map_or("-".to_owned(), |entry| format!("{} {}", entry.at, entry.may_reorder));
    let start = format!("{:?} entry {entry}", request.in_trigger_status);
    match &request.barrier {
        Some(Barrier::NotForUs(why)) => return format!("{start} {}", why.code()),
        Some(Barrier::Refusal(refusal)) => return format!("{start} refused {refusal}"),
        None => {}
    }
    let secret = |value: &Option<Secret>| value.as_ref().map_or("-".to_owned(), |value| value.expose().clone());
    let words: Vec<&str> = request.packages.iter().map(|word| word.text.as_str()).collect();
    let Candidate { given_name, family_name, email } = &request.candidate;
    let (job, group) = (request.job.as_ref().map_or("-", |job| job.as_str()), request.department.as_ref());
    assert!(request.packages.iter().chain(group).all(|word| !word.is_code && word.id.is_none()));
    format!(
        "{start} [{}] job {job} group {}, {}|{}|{}, by {}",
        words.join(", "),
        group.map_or("-", |group| group.text.as_str()),
        secret(given_name),
        secret(family_name),
        secret(email),
        secret(&request.requester_email)
    )
}

fn read(extra: Value, special: &dyn Fn(&str) -> Option<HttpOutcome>) -> (String, Vec<String>) {
    let (read, sent) = lines(connector(extra).read_request(&subject(), None), |line| lever(special, line));
    (shown(read), sent)
}

fn with(change: impl FnOnce(&mut Value)) -> (String, Vec<String>) {
    let mut body = opportunity();
    change(&mut body);
    let body = json!({"data": body});
    read(json!({}), &|line| line.starts_with("GET opportunities/").then(|| json_answer(200, &body)))
}

fn at(start: &str, outcome: &HttpOutcome) -> String {
    read(json!({}), &|line| line.starts_with(start).then(|| outcome.clone())).0
}

#[test]
fn a_request_is_read_from_opportunity_posting_and_user() {
    let (line, sent) = read(json!({}), &|_| None);
    assert_snapshot!(line, @"Some(true) entry 2026-11-01T09:59:59Z false [Basic] job p1 group -, Ada|Moss|ada@example.com, by rae@client.example");
    assert_snapshot!(sent.join("\n"), @"
    GET opportunities/9a2f?expand=applications&expand=stage
    GET postings/p1
    GET users/be12
    ");
    let group = |from: &str| read(json!({"group_from": from, "reorder": true}), &|_| None).0;
    assert_snapshot!(group("department"), @"Some(true) entry 2026-11-01T09:59:59Z true [Basic] job p1 group Nursing, Ada|Moss|ada@example.com, by rae@client.example");
    assert_snapshot!(group("location"), @"Some(true) entry 2026-11-01T09:59:59Z true [Basic] job p1 group Duluth, Ada|Moss|ada@example.com, by rae@client.example");
    assert_snapshot!(group("team"), @"Some(true) entry 2026-11-01T09:59:59Z true [Basic] job p1 group -, Ada|Moss|ada@example.com, by rae@client.example");
}

#[test]
fn without_access_nothing_is_asked_or_told() {
    let without = Connector::new(settings(json!({})), credentials(), None);
    let (read, sent) = lines(without.read_request(&subject(), None), |_| unreachable!());
    assert_eq!((shown(read), sent.len()), (r#"ats_credentials "": lever: no access is granted"#.to_owned(), 0));
}

#[test]
fn only_a_candidate_who_is_in_the_trigger_stage_now_is_checked() {
    let is_trigger = |configured: &str, stage: Value| {
        let mut body = opportunity();
        body["stage"] = stage;
        let (body, named) = (json!({"data": body}), json!({"data": {"id": "other", "text": "Certn Background Check"}}));
        let special = |line: &str| match line {
            "GET stages/7c26" => Some(answer(404, "")),
            "GET stages/other" => Some(json_answer(200, &named)),
            line => line.starts_with("GET opportunities/").then(|| json_answer(200, &body)),
        };
        let (line, sent) = read(json!({"trigger_stage": configured}), &special);
        format!("{} after {}", line.split(" [").next().unwrap(), sent.len())
    };
    let check = |configured: &str, stage: Value| is_trigger(configured, stage);
    let background = "{provider} background CHECK ";
    assert_snapshot!(check(background, json!({"id": STAGE, "text": " Certn Background Check"})), @"Some(true) entry 2026-11-01T09:59:59Z false after 3");
    assert_snapshot!(check(STAGE, json!({"id": STAGE, "text": "Renamed"})), @"Some(true) entry 2026-11-01T09:59:59Z false after 3");
    assert_snapshot!(check(STAGE, json!(STAGE)), @"Some(true) entry 2026-11-01T09:59:59Z false after 3");
    assert_snapshot!(check(background, json!("other")), @"Some(true) entry 2026-11-01T09:59:58Z false after 3");
    assert_snapshot!(check(background, json!(STAGE)), @"Some(false) entry - not_trigger_status after 2");
    assert_snapshot!(check(background, json!({"id": STAGE, "text": "Renamed"})), @"Some(false) entry - not_trigger_status after 1");
    assert_snapshot!(check(background, json!({"id": "offer", "text": "Offer"})), @"Some(false) entry - stale_trigger after 1");
    assert_snapshot!(check(background, Value::Null), @"Some(false) entry - stale_trigger after 1");
}

#[test]
fn the_last_move_into_the_stage_tells_when_and_who() {
    let moves = |changes: Value| with(|body| body["stageChanges"] = changes).0;
    let of = |user: &str, at: i64| json!({"toStageId": STAGE, "userId": user, "updatedAt": at * 1_000});
    let rest = |line: String| line.replace("[Basic] job p1 group -, Ada|Moss|ada@example.com, ", "");
    assert_snapshot!(rest(moves(json!([of("x1", 1), {"toStageId": "offer", "updatedAt": 2000}, of("be12", 3)]))), @"Some(true) entry 1970-01-01T00:00:03Z false by rae@client.example");
    assert_snapshot!(rest(moves(json!([of("be12", 3), of("x1", 1)]))), @"Some(true) entry 1970-01-01T00:00:03Z false by rae@client.example");
    assert_snapshot!(rest(moves(json!([{"toStageId": "offer", "updatedAt": 2000, "userId": "x1"}]))), @"Some(true) entry 2026-11-01T09:59:58Z false by -");
    assert_snapshot!(rest(moves(Value::Null)), @"Some(true) entry 2026-11-01T09:59:58Z false by -");
    let nothing = with(|body| (body["stageChanges"], body["lastAdvancedAt"]) = (json!([]), Value::Null)).0;
    assert_snapshot!(rest(nothing), @"Some(true) entry - by -");
}

#[test]
fn an_archived_or_anonymized_candidate_is_refused_without_another_look() {
    let check = |change: fn(&mut Value)| {
        let (line, sent) = with(change);
        assert_eq!(sent.len(), 1);
        line.replace("Some(true) entry 2026-11-01T09:59:59Z false ", "")
    };
    assert_eq!(check(|body| body["archived"] = json!({"reason": "r", "archivedAt": 1})), "refused candidate_archived");
    let flat = |body: &mut Value| {
        drop(body.as_object_mut().unwrap().remove("archived"));
        body["archivedAt"] = json!(1_793_527_199_000_i64);
    };
    assert_eq!(check(flat), "refused candidate_archived");
    assert_eq!(check(|body| body["isAnonymized"] = true.into()), "refused candidate_anonymized");
    assert_eq!(with(|body| (body["archivedAt"], body["archiveReason"]) = (Value::Null, Value::Null)).0, with(|_| ()).0);
    // Whoever is elsewhere is not refused: nobody asked for a check.
    let line =
        with(|body| (body["isAnonymized"], body["stage"]) = (true.into(), json!({"id": "offer", "text": "Offer"})));
    assert!(line.0.ends_with("stale_trigger"), "{line:?}");
}

#[test]
fn a_name_is_split_at_its_last_space_and_the_first_address_that_is_one_counts() {
    let check = |name: Value, emails: Value| {
        let (line, _) = with(|body| (body["name"], body["emails"]) = (name, emails));
        line.split("group -, ").nth(1).unwrap().split(", by").next().unwrap().to_owned()
    };
    assert_snapshot!(check(json!(" Ada Maria  Moss "), json!(["", " ", " a@example.com ", "b@example.com"])), @"Ada Maria|Moss|a@example.com");
    assert_snapshot!(check(json!("Ada"), json!([])), @"Ada|-|-");
    assert_snapshot!(check(json!(" "), json!([null, "a@example.com"])), @"-|-|a@example.com");
    assert_snapshot!(check(Value::Null, Value::Null), @"-|-|-");
}

#[test]
fn what_is_not_there_or_hidden_is_done_without() {
    let check = |start: &str, status: u16| {
        at(start, &answer(status, "{}")).replace("Some(true) entry 2026-11-01T09:59:59Z false ", "")
    };
    for status in [403, 404] {
        assert_eq!(check("GET users", status), "[Basic] job p1 group -, Ada|Moss|ada@example.com, by -");
        assert_eq!(
            check("GET postings", status),
            "[Basic] job - group -, Ada|Moss|ada@example.com, by rae@client.example"
        );
    }
    for status in [429, 500] {
        assert_eq!(check("GET users", status), format!("later: lever: users: HTTP {status} code -"));
        assert_eq!(check("GET postings", status), format!("later: lever: postings: HTTP {status} code -"));
    }
    assert_eq!(check("GET users", 401), "ats_credentials \"\": lever: users: HTTP 401 code -");
    let (line, sent) = with(|body| body["applications"] = json!([]));
    assert_snapshot!(line, @"Some(true) entry 2026-11-01T09:59:59Z false [Basic] job - group -, Ada|Moss|ada@example.com, by rae@client.example");
    assert_eq!(sent.len(), 2);
    for applications in [json!(["7278"]), json!([{"id": "7278", "type": "user", "posting": null}]), Value::Null] {
        assert_eq!(with(|body| body["applications"] = applications).0, line);
    }
    let expanded = with(|body| body["applications"][0]["posting"] = json!({"id": "p1", "text": "Nurse"}));
    assert!(expanded.0.contains("job p1"));
    let (line, sent) = with(|body| (body["applications"], body["stageChanges"]) = (json!([]), json!([])));
    assert_snapshot!(line, @"Some(true) entry 2026-11-01T09:59:58Z false [Basic] job - group -, Ada|Moss|ada@example.com, by -");
    assert_eq!(sent.len(), 1);
}

#[test]
fn every_refusal_of_an_opportunity_has_one_meaning() {
    let check = |status: u16| at("GET opp", &answer(status, r#"{"code":"ResourceNotFound","message":"Ada Moss"}"#));
    assert_snapshot!([400, 401, 403, 404, 408, 409, 422, 429, 500, 503, 302].map(check).join("\n"), @r#"
    ats_option_missing "opportunity": lever: opportunity: HTTP 400 code ResourceNotFound
    ats_credentials "": lever: opportunity: HTTP 401 code ResourceNotFound
    candidate_confidential "": lever: opportunity: HTTP 403 code ResourceNotFound
    ats_record_gone "": lever: opportunity: HTTP 404 code ResourceNotFound
    later: lever: opportunity: HTTP 408 code ResourceNotFound
    ats_option_missing "opportunity": lever: opportunity: HTTP 409 code ResourceNotFound
    ats_option_missing "opportunity": lever: opportunity: HTTP 422 code ResourceNotFound
    later: lever: opportunity: HTTP 429 code ResourceNotFound
    later: lever: opportunity: HTTP 500 code ResourceNotFound
    later: lever: opportunity: HTTP 503 code ResourceNotFound
    later: lever: opportunity: HTTP 302 code ResourceNotFound
    "#);
    let elsewhere = r#"{"code":"ForbiddenError","message":"Unable to find a signing key that matches"}"#;
    assert_snapshot!(at("GET opp", &answer(403, elsewhere)), @r#"ats_credentials "": lever: opportunity: HTTP 403 code ForbiddenError"#);
    assert_snapshot!(at("GET opp", &answer(502, "<h1>Ada Moss</h1>")), @"later: lever: opportunity: HTTP 502 code -");
    assert_snapshot!(at("GET opp", &answer(200, "<h1>Ada Moss</h1>")), @"later: lever: an answer that is not the expected JSON");
    assert_snapshot!(at("GET opp", &Err(HttpFailure::Unclear("time-out"))), @"later: lever: time-out");
    assert_snapshot!(at("GET opp", &Err(HttpFailure::NotSent(NotSent::Connect))), @"later: lever: no connection");
}

#[test]
fn a_moved_account_is_followed_once_and_only_to_lever() {
    let hosts = |location: &str| {
        let (mut hosts, location) = (Vec::new(), location.to_owned());
        let (read, _) = play(connector(json!({})).read_request(&subject(), None), |request| {
            let host = request.url.host_str().unwrap().to_owned();
            let headers = &request.headers;
            assert_eq!((headers[0].0, headers[0].1.expose().as_str()), ("authorization", "Bearer jwt"));
            hosts.push(format!("{host}{}", request.url.path()));
            let moved = host == "api.lever.co" || location.contains("again");
            let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let path = format!("{}{query}#f", request.url.path());
            if moved { moved_to(&location.replace("{path}", &path)) } else { lever(&|_| None, &line(request)) }
        });
        format!("{} | {}", hosts.join(", "), shown(read))
    };
    assert_snapshot!(hosts("https://api.eu.lever.co{path}"), @"api.lever.co/v1/opportunities/9a2f, api.eu.lever.co/v1/opportunities/9a2f, api.lever.co/v1/postings/p1, api.lever.co/v1/users/be12, api.eu.lever.co/v1/postings/p1, api.eu.lever.co/v1/users/be12 | Some(true) entry 2026-11-01T09:59:59Z false [Basic] job p1 group -, Ada|Moss|ada@example.com, by rae@client.example");
    assert_snapshot!(hosts("https://again.lever.co{path}"), @"api.lever.co/v1/opportunities/9a2f, again.lever.co/v1/opportunities/9a2f | later: lever: opportunity: HTTP 301 code -");
    for foreign in [
        "https://evil.example{path}",
        "https://lever.co.evil.example{path}",
        "https://evillever.co{path}",
        "http://api.eu.lever.co{path}",
        "https://api.eu.lever.co:8443{path}",
        "https://user@api.eu.lever.co{path}",
        "//evil.example{path}",
        "",
    ] {
        let line = hosts(foreign);
        if foreign.is_empty() {
            assert!(line.ends_with("later: lever: opportunity: HTTP 301 code -"), "{line}");
        } else {
            assert_eq!(line, "api.lever.co/v1/opportunities/9a2f | later: lever: opportunity: HTTP 301 code -");
        }
    }
}

#[test]
fn tags_choose_the_package_with_the_candidates_own_before_the_postings() {
    let check = |own: &[&str], posting: &[&str]| {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        packages::chosen(&tags(own), &tags(posting), "Certn Package:", Some(" Default ")).join(", ")
    };
    assert_eq!(check(&[], &[]), "Default");
    assert_eq!(check(&["Nurse", "Certn Package:", "Certn Package", "A Certn Package: Basic"], &[]), "Default");
    assert_eq!(check(&["Certn Package: Basic"], &[]), "Basic");
    assert_eq!(check(&[" CERTN package:  Basic + Education "], &["Certn Package: Other"]), "Basic + Education");
    assert_eq!(check(&[], &["Nurse", "Certn Package: Basic"]), "Basic");
    assert_eq!(check(&[], &["Certn Package: Basic", "Certn Package: Plus"]), "Basic, Plus");
    assert_eq!(check(&["Certn Package: Basic", "certn package:basic"], &[]), "Basic");
    assert_eq!(check(&["Certn Package: Basic", "Certn Package: Plus"], &["Certn Package: BASIC"]), "Plus");
    assert_eq!(check(&["Certn Package: Basic", "Certn Package: Plus"], &[]), "Basic, Plus");
    let both = ["Certn Package: Basic", "Certn Package: Plus"];
    assert_eq!(check(&both, &both), "Basic, Plus");
    let three = ["Certn Package: Basic", "Certn Package: Plus", "Certn Package: Max"];
    assert_eq!(check(&three, &["Certn Package: Basic"]), "Plus, Max");
    assert_eq!(packages::chosen(&[], &[], "Certn Package:", None), [""; 0]);
    assert_eq!(packages::name_in("İstanbul: Ärzte", "İSTANBUL:"), Some("Ärzte"));
    assert_eq!(packages::name_in("ÄRZTE: ß", "ärzte:"), Some("ß"));
}
