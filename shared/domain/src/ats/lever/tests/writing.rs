//! How an order is shown: one tag, one note.

use super::*;

fn view(status: OrderStatus) -> View {
    View {
        order: OrderId::parse("order-1").unwrap(),
        status,
        action_by: None,
        refusal: None,
        result: None,
        sentence: String::new(),
        package_name: Some("Basic".to_owned()),
        reference: Some("A123456".to_owned()),
        status_word: None,
        provider: "Certn".to_owned(),
        link: LinkKind::None,
        checks: Vec::new(),
        was_completed: false,
        at: start(),
    }
}

fn completed(code: ResultCode, label: &str) -> View {
    View { result: Some(OrderResult { code, label: label.to_owned() }), ..view(OrderStatus::Completed) }
}

fn refused(status: OrderStatus, reason: Reason, about: &str) -> View {
    let view =
        View { refusal: Some(Refusal::about(reason, about)), reference: None, package_name: None, ..view(status) };
    view.named("Certn")
}

fn link() -> Url {
    "https://client.certn.co/cases/case-1/".parse().unwrap()
}

fn tagged(tags: &[&str]) -> HttpOutcome {
    json_answer(200, &json!({"data": {"id": "9a2f", "name": "", "emails": [], "phones": [], "tags": tags}}))
}

type Script<'a> = &'a dyn Fn(&str) -> Option<HttpOutcome>;

/// Writes with `special` answers, and else to a Lever that takes everything.
fn written(extra: Value, view: &View, entry: Entry<'_>, special: Script<'_>) -> (String, Vec<String>) {
    let link = link();
    let link = (view.status == OrderStatus::Completed).then_some(&link);
    let (done, sent) = lines(connector(extra).write(&subject(), view, link, entry), |line| {
        special(line).unwrap_or_else(|| match line.split(' ').nth(1).unwrap().split('?').next().unwrap() {
            "opportunities/9a2f/addTags" | "opportunities/9a2f/removeTags" => tagged(&[]),
            "opportunities/9a2f/notes" if line.starts_with("GET") => answer(200, r#"{"data": []}"#),
            "opportunities/9a2f/notes" => answer(201, r#"{"data": {"noteId": "n1"}}"#),
            "opportunities/9a2f/notes/n1" => answer(200, r#"{"data": {"noteId": "n1"}}"#),
            _ => panic!("asked for {line}"),
        })
    });
    (done.unwrap_or_else(|trouble| trouble_line(&trouble)), sent)
}

fn new(view: &View) -> String {
    let (note, sent) = written(json!({}), view, Entry::New, &|_| None);
    assert_eq!((note.as_str(), sent.len()), ("n1", 2), "{sent:?}");
    sent.join("\n").replace("POST opportunities/9a2f/", "")
}

#[test]
fn every_status_has_a_tag_and_a_note() {
    use OrderStatus as S;
    assert_snapshot!(new(&view(S::Received)), @r#"
    addTags {"tags":["Certn: Pending Candidate"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Pending Candidate"}
    "#);
    assert_snapshot!(new(&view(S::PendingCandidate)), @r#"
    addTags {"tags":["Certn: Pending Candidate"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Pending Candidate"}
    "#);
    assert_snapshot!(new(&view(S::CandidateStarted)), @r#"
    addTags {"tags":["Certn: Pending Candidate"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Pending Candidate"}
    "#);
    assert_snapshot!(new(&View { reference: None, package_name: None, ..view(S::InProgress) }), @r#"
    addTags {"tags":["Certn: In Progress"]}
    notes {"value":"[order:order-1] Certn\nStatus: In Progress"}
    "#);
    let waits = View { sentence: "{provider} is waiting for you.".to_owned(), ..view(S::ActionRequired) };
    assert_snapshot!(new(&waits.named("Certn")), @r#"
    addTags {"tags":["Certn: In Progress"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: In Progress\nCertn is waiting for you."}
    "#);
    assert_snapshot!(new(&view(S::InDispute)), @r#"
    addTags {"tags":["Certn: In Progress"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: In Progress\nIn dispute"}
    "#);
    assert_snapshot!(new(&completed(ResultCode::Clear, "Eligible for Hire")), @r#"
    addTags {"tags":["Certn: Completed"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Completed\nScore: Eligible for Hire\nhttps://client.certn.co/cases/case-1/"}
    "#);
    assert_snapshot!(new(&View { status_word: Some("Done".to_owned()), ..completed(ResultCode::None, "") }), @r#"
    addTags {"tags":["Certn: Completed"]}
    notes {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Done\nScore: No result given\nhttps://client.certn.co/cases/case-1/"}
    "#);
    let again = "\\nTo send again, move the candidate into another stage and back.";
    for (status, word, again) in [
        (S::Cancelled, "Cancelled", ""),
        (S::Declined, "Declined", ""),
        (S::Expired, "Expired", again),
        (S::Undeliverable, "Not Delivered", again),
    ] {
        let sent = new(&View { sentence: "Do this.".to_owned(), ..view(status) });
        let note = format!("[order:order-1] Certn order A123456\\nPackage: Basic\\nStatus: {word}\\nDo this.{again}");
        assert_eq!(sent, format!("addTags {{\"tags\":[\"Certn: {word}\"]}}\nnotes {{\"value\":\"{note}\"}}"));
    }
    assert_snapshot!(new(&refused(S::Rejected, Reason::NoEmail, "")), @r#"
    addTags {"tags":["Certn: Error (No Email)"]}
    notes {"value":"[order:order-1] Certn\nStatus: No Email\nThe candidate has no e-mail address. Add one, then send again. (no_email)\nTo send again, move the candidate into another stage and back."}
    "#);
    assert_snapshot!(new(&refused(S::Held, Reason::OrderOutcomeUnknown, "")), @r#"
    addTags {"tags":["Certn: Error (Being Confirmed)"]}
    notes {"value":"[order:order-1] Certn\nStatus: Being Confirmed\nWe are confirming this order with Certn. Please do not send it again. (order_outcome_unknown)"}
    "#);
}

#[test]
fn the_result_stands_in_the_note_and_in_no_tag() {
    for code in ResultCode::ALL {
        let sent = new(&completed(code, "zqx label"));
        let (tags, note) = sent.split_once('\n').unwrap();
        assert!(!tags.contains("zqx") && (code == ResultCode::None || note.contains("Score: zqx label")), "{sent}");
        assert!(!note.contains("\"score\"") && !note.contains("secret") && !note.contains("notifyFollowers"), "{sent}");
    }
    let disputed = View { status: OrderStatus::InDispute, ..completed(ResultCode::Review, "Review") };
    assert!(!new(&disputed).contains("Review"));
}

#[test]
fn what_others_wrote_notifies_nobody_and_stays_on_its_line() {
    let view = View {
        reference: Some("A@rae\n[order:other]".to_owned()),
        package_name: Some("Basic @rae\u{0}".to_owned()),
        status_word: Some("\tWord@\u{85}".to_owned()),
        sentence: "Ask @rae.\r\nThen".to_owned(),
        ..completed(ResultCode::Custom, &"@".repeat(500))
    };
    let text = screen::note(&settings(json!({})), &view, Some(&"https://a.example/@rae".parse().unwrap()));
    assert!(!text.contains('@') && text.lines().count() == 6, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 420));
    let (head, _) = text.split_once("\nScore").unwrap();
    assert_snapshot!(head, @"
    [order:order-1] Certn order A＠rae [order:other]
    Package: Basic ＠rae
    Status: Word＠
    Ask ＠rae.  Then
    ");
    assert!(text.ends_with("\nhttps://a.example/%40rae"));
    let typed =
        screen::note(&settings(json!({})), &refused(OrderStatus::Rejected, Reason::UnknownPackage, "@rae\nx"), None);
    assert_snapshot!(typed.lines().nth(2).unwrap(), @r#"The package "＠rae x" is not known to Certn. Ask your ATS administrator to correct it. (unknown_package)"#);
}

fn removed(extra: Value, present: &[&str]) -> String {
    let (note, sent) = written(extra, &view(OrderStatus::InProgress), Entry::New, &|line| {
        line.starts_with("POST opportunities/9a2f/addTags").then(|| tagged(present))
    });
    assert_eq!(note, "n1");
    let removal = sent.iter().find(|line| line.contains("removeTags"));
    removal.map_or("-", |line| line.strip_prefix("POST opportunities/9a2f/removeTags ").unwrap()).to_owned()
}

#[test]
fn every_other_status_tag_of_ours_goes_and_no_other() {
    let check = |present: &[&str]| removed(json!({}), present);
    assert_snapshot!(check(&["Nurse", "Certn Package: Basic", "Certn: In Progress"]), @"-");
    assert_snapshot!(check(&["Certn: In Progress", "Certn: Pending Candidate", "Nurse"]), @r#"{"tags":["Certn: Pending Candidate"]}"#);
    assert_snapshot!(check(&["certn: in progress", "CERTN: COMPLETED", "Certn: Error (No Email)"]), @r#"{"tags":["certn: in progress","CERTN: COMPLETED","Certn: Error (No Email)"]}"#);
    assert_snapshot!(check(&["Completed", "Certn: Important", "Asurint: Completed", "Certn: Error", "Certn: Clear"]), @"-");
    assert_snapshot!(check(&[]), @"-");
    let bare = json!({"status_tag": "{status}", "status_words": {"completed": "Done", "error": "Problem"}});
    assert_snapshot!(removed(bare, &["In Progress", "Done", "Completed", "Problem", "Certn: Completed"]), @r#"{"tags":["Done","Problem"]}"#);
    for reason in Reason::ALL {
        let tag = format!("Certn: Error ({})", reason.label());
        assert_eq!(check(&[&tag]), json!({"tags": [tag]}).to_string());
    }
}

#[test]
fn secrecy_followers_and_the_acting_user_go_along_only_where_they_are_set() {
    let all = json!({"secret_notes": true, "notify_followers": true, "perform_as": "be12"});
    let check = |view: &View, entry: Entry<'_>| {
        let present = tagged(&["Certn: Expired"]);
        let (_, sent) = written(all.clone(), view, entry, &|line| line.contains("addTags").then(|| present.clone()));
        sent.join("\n").replace("opportunities/9a2f/", "")
    };
    let (running, done) = (view(OrderStatus::InProgress), completed(ResultCode::Clear, "Clear"));
    assert_snapshot!(check(&running, Entry::New), @r#"
    POST addTags?perform_as=be12 {"tags":["Certn: In Progress"]}
    POST removeTags?perform_as=be12 {"tags":["Certn: Expired"]}
    POST notes?perform_as=be12 {"secret":true,"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: In Progress"}
    "#);
    assert_snapshot!(check(&done, Entry::New).lines().last().unwrap(), @r#"POST notes?perform_as=be12 {"notifyFollowers":true,"secret":true,"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Completed\nScore: Clear\nhttps://client.certn.co/cases/case-1/"}"#);
    assert_snapshot!(check(&done, Entry::At("n1")).lines().last().unwrap(), @r#"PUT notes/n1?perform_as=be12 {"secret":true,"values":[{"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Completed\nScore: Clear\nhttps://client.certn.co/cases/case-1/"}]}"#);
}

const TEXT: &str = "[order:order-1] Certn order A123456\nPackage: Basic\nStatus: In Progress";

/// What happens to the note, without the tags, the bodies and what all lines have.
fn noted(entry: Entry<'_>, special: Script<'_>) -> String {
    let (done, sent) = written(json!({}), &view(OrderStatus::InProgress), entry, &|line| {
        special(&line.replace("opportunities/9a2f/", ""))
    });
    let short = |line: &String| line.replace("opportunities/9a2f/", "").split(" {").next().unwrap().to_owned();
    format!("{} | {done}", sent.iter().skip(1).map(short).collect::<Vec<_>>().join(", "))
}

fn notes(notes: &Value) -> HttpOutcome {
    json_answer(200, &json!({"data": notes}))
}

#[test]
fn a_new_note_is_found_by_whatever_lever_calls_it() {
    let check = |body: &str| noted(Entry::New, &|line| line.starts_with("POST notes").then(|| answer(201, body)));
    assert_snapshot!(check(r#"{"data": {"noteId": "n1"}}"#), @"POST notes | n1");
    assert_snapshot!(check(r#"{"data": {"id": "n2", "noteId": "n2", "fields": [{"value": "x"}], "user": null}}"#), @"POST notes | n2");
    assert_snapshot!(check("{}"), @"POST notes, GET notes?limit=100 | later: lever: the new note is not among the candidate's notes");
    let found = noted(Entry::New, &|line| match line {
        "GET notes?limit=100" => Some(notes(&json!([{"id": "n3", "fields": [{"value": TEXT}]}]))),
        line => line.starts_with("POST notes").then(|| answer(201, "")),
    });
    assert_snapshot!(found, @"POST notes, GET notes?limit=100 | n3");
}

#[test]
fn a_note_is_made_once_and_never_sent_again_by_itself() {
    let mut sendings = Vec::new();
    let talk = connector(json!({})).write(&subject(), &view(OrderStatus::InProgress), None, Entry::New);
    drop(play(talk, |request| {
        sendings.push(request.sending);
        if sendings.len() == 1 { tagged(&[]) } else { Err(HttpFailure::Unclear("time-out")) }
    }));
    assert_eq!(sendings, [Sending::Repeatable, Sending::Once]);
}

#[test]
fn after_an_unknown_outcome_the_note_is_looked_for_on_every_page() {
    let page = |notes: Value, next: Value, has_next: Value| {
        json_answer(200, &json!({"data": notes, "next": next, "hasNext": has_next}))
    };
    let others = json!([
        {"id": "x1", "fields": [{"value": "[order:order-2] Certn"}, {"value": null}, {"value": 4}]},
        {"id": "x2", "fields": [{"value": "Somebody asks\nabout [order:order-1]"}]}, {"id": "x3"}, 7,
    ]);
    let check = |second: &Value, has_next: &Value| {
        noted(Entry::Perhaps, &|line| match line {
            "GET notes?limit=100" => Some(page(others.clone(), json!("o 1"), has_next.clone())),
            "GET notes?limit=100&offset=o+1" => Some(page(second.clone(), Value::Null, Value::Bool(false))),
            _ => None,
        })
    };
    let mine = json!([{"id": "n1", "fields": [{"value": "[order:order-1] Certn\nStatus: Expired"}]}]);
    assert_snapshot!(check(&mine, &json!(true)), @"GET notes?limit=100, GET notes?limit=100&offset=o+1, PUT notes/n1 | n1");
    assert_snapshot!(check(&json!([{"id": "n1", "value": "[order:order-1]"}]), &json!(true)), @"GET notes?limit=100, GET notes?limit=100&offset=o+1, PUT notes/n1 | n1");
    assert_snapshot!(check(&mine, &Value::Null), @"GET notes?limit=100, GET notes?limit=100&offset=o+1, PUT notes/n1 | n1");
    assert_snapshot!(check(&mine, &json!(false)), @"GET notes?limit=100, POST notes | n1");
    assert_snapshot!(check(&others, &json!(true)), @"GET notes?limit=100, GET notes?limit=100&offset=o+1, POST notes | n1");
    let endless = noted(Entry::Perhaps, &|line| {
        line.starts_with("GET notes").then(|| page(json!([]), json!("more"), json!(true)))
    });
    assert_eq!((endless.matches("GET").count(), endless.matches("POST").count()), (20, 1), "{endless}");
    assert_snapshot!(noted(Entry::Perhaps, &|line| line.starts_with("GET").then(|| answer(503, ""))), @"GET notes?limit=100 | later: lever: note: HTTP 503 code -");
    assert_snapshot!(noted(Entry::At("../n1"), &|_| None), @"GET notes?limit=100, POST notes | n1");
}

#[test]
fn a_note_that_is_gone_is_looked_for_and_made_again() {
    let gone = |line: &str| line.starts_with("PUT notes/n1").then(|| answer(404, ""));
    assert_snapshot!(noted(Entry::At("n1"), &gone), @"PUT notes/n1, GET notes?limit=100, POST notes | n1");
    let elsewhere = |line: &str| match line {
        "GET notes?limit=100" => Some(notes(&json!([{"id": "n1", "value": TEXT}, {"id": "n2", "value": TEXT}]))),
        line if line.starts_with("PUT notes/n2") => Some(answer(200, r#"{"data": {"noteId": "n2"}}"#)),
        line => gone(line),
    };
    assert_snapshot!(noted(Entry::At("n1"), &elsewhere), @"PUT notes/n1, GET notes?limit=100, PUT notes/n2 | n2");
    let all_gone = |line: &str| if line.starts_with("PUT") { Some(answer(404, "")) } else { elsewhere(line) };
    assert_snapshot!(noted(Entry::At("n1"), &all_gone), @"PUT notes/n1, GET notes?limit=100, PUT notes/n2, POST notes | n1");
}

#[test]
fn a_note_that_may_not_be_changed_gets_a_comment_and_else_a_new_note() {
    for refused in [400, 403, 405] {
        let with = |known: Value, comment: u16, listed: Value| {
            noted(Entry::At("n1"), &|line| match line {
                "GET notes/n1" => Some(json_answer(200, &json!({"data": {"id": "n1", "fields": known}}))),
                "GET notes?limit=100" => Some(notes(&listed)),
                line if line.starts_with("PUT") => Some(answer(refused, "")),
                line if line.starts_with("POST notes?note_id=n1") => {
                    Some(answer(comment, r#"{"data": {"noteId": "n1"}}"#))
                }
                line if line.starts_with("POST notes") => Some(answer(201, r#"{"data": {"noteId": "n9"}}"#)),
                _ => None,
            })
        };
        let (before, now) = (json!({"value": "[order:order-1] Certn"}), json!({"value": format!("{TEXT}\n")}));
        let check = |known: Value, comment: u16| with(known, comment, json!([]));
        assert_eq!(check(json!([before]), 201), "PUT notes/n1, GET notes/n1, POST notes?note_id=n1 | n1");
        assert_eq!(check(json!([before, now, {"value": "Thanks!"}]), 201), "PUT notes/n1, GET notes/n1 | n1");
        assert_eq!(check(json!([now, before]), 201), "PUT notes/n1, GET notes/n1, POST notes?note_id=n1 | n1");
        assert_eq!(
            check(json!([before]), 405),
            "PUT notes/n1, GET notes/n1, POST notes?note_id=n1, GET notes?limit=100, POST notes | n9"
        );
        assert_eq!(
            check(json!([before]), 503),
            "PUT notes/n1, GET notes/n1, POST notes?note_id=n1 | later: lever: note: HTTP 503 code -"
        );
        let beside = json!([{"id": "n1", "fields": [before]}, {"id": "n8", "fields": [now]}]);
        assert_eq!(
            with(json!([before]), 403, beside),
            "PUT notes/n1, GET notes/n1, POST notes?note_id=n1, GET notes?limit=100 | n8"
        );
        let older = json!([{"id": "n8", "fields": [before]}]);
        assert_eq!(
            with(json!([before]), 403, older),
            "PUT notes/n1, GET notes/n1, POST notes?note_id=n1, GET notes?limit=100, POST notes | n9"
        );
    }
    let unreadable =
        noted(Entry::At("n1"), &|line| (line.starts_with("PUT") || line == "GET notes/n1").then(|| answer(403, "")));
    assert_snapshot!(unreadable, @"PUT notes/n1, GET notes/n1, GET notes?limit=100, POST notes | n1");
}

#[test]
fn a_comment_is_the_text_and_nothing_else() {
    let all = json!({"secret_notes": true, "notify_followers": true, "perform_as": "be12"});
    let (note, sent) = written(all, &completed(ResultCode::Clear, "Clear"), Entry::At("n1"), &|line| {
        line.starts_with("PUT").then(|| answer(405, ""))
    });
    assert_eq!(note, "n1");
    assert_snapshot!(sent.last().unwrap(), @r#"POST opportunities/9a2f/notes?perform_as=be12&note_id=n1 {"value":"[order:order-1] Certn order A123456\nPackage: Basic\nStatus: Completed\nScore: Clear\nhttps://client.certn.co/cases/case-1/"}"#);
}

#[test]
fn any_step_that_fails_is_the_trouble_of_the_write() {
    let check = |at: &str, status: u16| {
        let (done, sent) = written(json!({}), &view(OrderStatus::InProgress), Entry::New, &|line| {
            let present = || tagged(&["Certn: Completed"]);
            let fails = line.contains(at).then(|| answer(status, r#"{"code": "SomeError", "message": "Ada Moss"}"#));
            fails.or_else(|| line.contains("addTags").then(present))
        });
        format!("{} {done}", sent.len())
    };
    let every = |at: &str| [400, 401, 403, 404, 422, 429, 500].map(|status| check(at, status)).join("\n");
    assert_snapshot!(every("addTags"), @r#"
    1 ats_option_missing "tag": lever: tag: HTTP 400 code SomeError
    1 ats_credentials "": lever: tag: HTTP 401 code SomeError
    1 ats_permission "tag": lever: tag: HTTP 403 code SomeError
    1 ats_record_gone "": lever: tag: HTTP 404 code SomeError
    1 ats_option_missing "tag": lever: tag: HTTP 422 code SomeError
    1 later: lever: tag: HTTP 429 code SomeError
    1 later: lever: tag: HTTP 500 code SomeError
    "#);
    assert_snapshot!(every("removeTags"), @r#"
    2 ats_option_missing "tag": lever: tag: HTTP 400 code SomeError
    2 ats_credentials "": lever: tag: HTTP 401 code SomeError
    2 ats_permission "tag": lever: tag: HTTP 403 code SomeError
    2 ats_record_gone "": lever: tag: HTTP 404 code SomeError
    2 ats_option_missing "tag": lever: tag: HTTP 422 code SomeError
    2 later: lever: tag: HTTP 429 code SomeError
    2 later: lever: tag: HTTP 500 code SomeError
    "#);
    assert_snapshot!(every("/notes"), @r#"
    3 ats_option_missing "note": lever: note: HTTP 400 code SomeError
    3 ats_credentials "": lever: note: HTTP 401 code SomeError
    3 ats_permission "note": lever: note: HTTP 403 code SomeError
    3 ats_record_gone "": lever: note: HTTP 404 code SomeError
    3 ats_option_missing "note": lever: note: HTTP 422 code SomeError
    3 later: lever: note: HTTP 429 code SomeError
    3 later: lever: note: HTTP 500 code SomeError
    "#);
    assert_snapshot!(check("addTags", 200), @"1 later: lever: an answer that is not the expected JSON");
    let without = Connector::new(settings(json!({})), credentials(), None);
    let (done, sent) =
        lines(without.write(&subject(), &view(OrderStatus::InProgress), None, Entry::New), |_| unreachable!());
    assert_eq!(
        (trouble_line(&done.unwrap_err()), sent.len()),
        (r#"ats_credentials "": lever: no access is granted"#.to_owned(), 0)
    );
}

#[test]
fn a_redirected_write_keeps_its_method_and_body() {
    let mut sent = Vec::new();
    let talk = connector(json!({})).write(&subject(), &view(OrderStatus::InProgress), None, Entry::At("n1"));
    let (done, _) = play(talk, |request| {
        sent.push((request.url.host_str().unwrap().to_owned(), line(request), request.sending));
        if request.url.host_str() == Some("api.lever.co") {
            return moved_to(&request.url.as_str().replace("api.lever.co", "api.eu.lever.co"));
        }
        assert_eq!(request.headers.len(), 2);
        if request.url.path().ends_with("addTags") { tagged(&[]) } else { answer(200, "{}") }
    });
    assert_eq!((done, sent.len()), (Ok("n1".to_owned()), 4));
    for pair in sent.chunks(2) {
        assert_eq!((&pair[0].1, pair[0].2, pair[1].0.as_str()), (&pair[1].1, pair[1].2, "api.eu.lever.co"));
    }
}
