//! What PageUp is told.

use super::*;

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
fn pageup_names_the_field_of_a_status_in_any_case_of_letters() {
    let refusal = r#"[{"field": "Status", "message": "not valid"}]"#;
    let shape = json!({"put_shape": "workcompliance"});
    assert_eq!(
        with_label("In progress", refusal, shape, &refused(Reason::NoEmail, "")),
        "Failed, In progress | 123456"
    );
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
fn notes_say_nothing_twice() {
    let line =
        put(json!({"put_shape": "workcompliance"}), &shown(OrderStatus::InDispute, |order| order.was_completed = true));
    assert!(!line.contains(r#""In dispute","In dispute""#), "{line}");
}
