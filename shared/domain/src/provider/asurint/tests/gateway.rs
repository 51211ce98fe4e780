use super::*;

/// The names of the candidate in an order; an element of a person's data is otherwise dropped while reading.
pub(super) fn names_in(order: &[u8]) -> (String, String) {
    let order = String::from_utf8(order.to_vec()).unwrap().replace("Subject", "Kept").replace("Security", "Left");
    let root = xml::read(order.as_bytes()).unwrap_or_else(|_| panic!("not well formed: {order}"));
    let text = |name: &str| root.text_at(&format!("Input/Kepts/Kept/{name}")).unwrap_or_default().to_owned();
    (text("FirstName"), text("LastName"))
}

fn sent_for(way: &str, change: impl FnOnce(&mut Value), order: impl FnOnce(&mut NewOrder)) -> String {
    let mut new = new_order();
    order(&mut new);
    let (_, requests) = against(connector_with(way, change).place(&new, &correlation()), vec![accepted(way)]);
    sent(&requests[0])
}

#[test]
fn an_order_in_one_step_has_the_credentials_in_it() {
    assert_snapshot!(sent_for("one step", |_| (), |_| ()), @r#"
    POST https://orders.asurint.com/in
    content-type: text/xml; charset=utf-8
    <Order xmlns="http://schemas.ost.com/oml/base/1.0" xmlns:package="http://schemas.ost.com/oml/package/1.0" package:uri="0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11" reference1="REQ-77" reference2="9a2f" intendedUse="0"><Security xmlns="http://schemas.ost.com/oml/security/1.0"><RootCredentials username="hub" password="p&lt;&amp;&gt;"/><AccountID>A1</AccountID><LocationID>L1</LocationID><CustomerUserReferenceID>rae@client.example</CustomerUserReferenceID></Security><Contact xmlns="http://schemas.ost.com/oml/contact/1.0"><FirstName/><LastName/><Email>rae@client.example</Email><Phone/></Contact><QuoteBack>hub-1</QuoteBack><Input><Subjects><Subject role="Primary"><FirstName>Ada</FirstName><MiddleName/><LastName>Moss</LastName><Contact><Phone/><Email>ada@example.com</Email></Contact></Subject></Subjects></Input></Order>
    "#);
}

#[test]
fn an_order_in_two_steps_has_a_token_with_it() {
    let (mut requests, connector) = (Vec::new(), connector("two steps"));
    let (placed, _) = play(connector.place(&new_order(), &correlation()), |request| {
        requests.push(request.clone());
        if requests.len() == 1 { answer(200, "<UserToken> token-1 </UserToken>") } else { accepted("two steps") }
    });
    assert_eq!(placed_line(&placed), "accepted A123456 pending_candidate");
    assert_eq!((requests[0].sending, requests[1].sending), (Sending::Repeatable, Sending::Once));
    assert_snapshot!(requests.iter().map(sent).collect::<Vec<_>>().join("\n"), @r#"
    POST https://api-prod.asurint.com/gw1/SecurityService.svc/xml/authenticate
    content-type: text/xml; charset=utf-8
    <Security xmlns="http://schemas.ost.com/oml/security/1.0"><RootCredentials username="hub" password="p&lt;&amp;&gt;"/></Security>
    PUT https://api-prod.asurint.com/gw1/OrderingService.svc/xml/order
    content-type: text/xml; charset=utf-8
    x-asurint-usertoken: token-1
    <Order xmlns="http://schemas.ost.com/oml/base/1.0" xmlns:package="http://schemas.ost.com/oml/package/1.0" package:uri="0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11" reference1="REQ-77" reference2="9a2f" intendedUse="0"><Security xmlns="http://schemas.ost.com/oml/security/1.0"><AccountID>A1</AccountID><LocationID>L1</LocationID><CustomerUserReferenceID>rae@client.example</CustomerUserReferenceID></Security><Contact xmlns="http://schemas.ost.com/oml/contact/1.0"><FirstName/><LastName/><Email>rae@client.example</Email><Phone/></Contact><QuoteBack>hub-1</QuoteBack><Input><Subjects><Subject role="Primary"><FirstName>Ada</FirstName><MiddleName/><LastName>Moss</LastName><Contact><Phone/><Email>ada@example.com</Email></Contact></Subject></Subjects></Input></Order>
    "#);
}

#[test]
fn without_a_token_nothing_is_ordered() {
    let line = |outcome: HttpOutcome| {
        let (placed, sent) = play(connector("two steps").place(&new_order(), &correlation()), |_| outcome.clone());
        assert_eq!(sent, ["POST /gw1/SecurityService.svc/xml/authenticate"]);
        placed_line(&placed)
    };
    assert_snapshot!(line(answer(401, "zqx")), @"no effect, provider_credentials: asurint: HTTP 401");
    assert_snapshot!(line(answer(403, "zqx")), @"no effect, provider_permission: asurint: HTTP 403");
    assert_snapshot!(line(answer(500, "zqx")), @"no effect, later: asurint: HTTP 500");
    assert_snapshot!(line(answer(200, acknowledgement("Fatal", EXCEPTION))), @"no effect, provider_credentials: asurint: the sign-in is refused");
    assert_snapshot!(line(answer(200, "<UserToken/>")), @"no effect, later: asurint: an answer that is not the expected XML");
    assert_snapshot!(line(answer(200, "<UserToken>a\nb</UserToken>")), @"no effect, later: asurint: an answer that is not the expected XML");
    assert_snapshot!(line(Err(HttpFailure::Unclear("time-out"))), @"no effect, later: asurint: time-out");
}

#[test]
fn what_the_settings_say_stands_in_the_order() {
    let order = sent_for(
        "one step",
        |settings| {
            settings["intended_use"] = json!(3);
            settings["invitation"] = json!({"name": "candidateHub", "value": "a \"b\""});
        },
        |order| {
            order.group = GroupId::parse("L9").ok();
            order.job = None;
        },
    );
    assert!(order.contains(r#" reference2="9a2f" intendedUse="3" candidateHub="a &quot;b&quot;">"#), "{order}");
    assert!(order.contains("<LocationID>L9</LocationID>") && !order.contains("reference1"), "{order}");
}

#[test]
fn what_is_typed_stays_text() {
    let order = sent_for(
        "one step",
        |_| (),
        |order| {
            order.candidate.given_name = Some("</FirstName><SSN>1</SSN>\u{0}\u{b}\u{fffe}".into());
            order.candidate.family_name = Some("Moss & O'Neil \"]]>".into());
            order.requester_email = Some("<x>@client.example".into());
        },
    );
    assert!(order.contains("<FirstName>&lt;/FirstName&gt;&lt;SSN&gt;1&lt;/SSN&gt;   </FirstName>"), "{order}");
    assert!(order.contains("<LastName>Moss &amp; O&apos;Neil &quot;]]&gt;</LastName>"), "{order}");
    assert!(order.contains("<Email>&lt;x&gt;@client.example</Email>"), "{order}");
}

#[test]
fn somebody_must_ask_for_an_order() {
    let mut order = new_order();
    order.requester_email = None;
    for way in ["one step", "two steps"] {
        let connector = connector_with(way, |settings| settings["fallback_requester_email"] = Value::Null);
        let (placed, requests) = against(connector.place(&order, &correlation()), vec![]);
        assert_eq!(placed_line(&placed), "no effect, requester_missing: asurint: without a requester");
        assert_eq!(requests.len(), 0);
    }
}

#[test]
fn an_acknowledgement_says_yes_or_no_or_nothing() {
    let line = |body: String| place(&connector("one step"), &new_order(), answer(200, body));
    assert_snapshot!(line(acknowledgement(" complete ", NUMBER)), @"accepted A123456 pending_candidate");
    assert_snapshot!(line(acknowledgement("Fatal", EXCEPTION)), @"no effect, provider_refused: asurint: the acknowledgement is not Complete");
    assert_snapshot!(line(acknowledgement("Warning", NUMBER)), @"no effect, provider_refused: asurint: the acknowledgement is not Complete");
    assert_snapshot!(line(acknowledgement("", EXCEPTION)), @"no effect, provider_refused: asurint: the acknowledgement is not Complete");
    assert_snapshot!(line(acknowledgement("", NUMBER)), @"unclear, asurint: HTTP 200 without an id");
    assert_snapshot!(line(acknowledgement("Complete", "")), @"unclear, asurint: HTTP 200 without an id");
    assert_snapshot!(line(acknowledgement("Complete", &NUMBER.replace("A123456", "A 1"))), @"unclear, asurint: HTTP 200 without an id");
    assert_snapshot!(line(format!("<!DOCTYPE x>{}", acknowledgement("Fatal", EXCEPTION))), @"unclear, asurint: HTTP 200 without an id");
    assert_snapshot!(line(format!("\u{feff}<?xml version=\"1.0\"?>{}", acknowledgement("Complete", NUMBER))), @"accepted A123456 pending_candidate");
    assert_snapshot!(line(acknowledgement("Complete", NUMBER).replace('<', "<x:").replace("<x:/", "</x:")), @"accepted A123456 pending_candidate");
}

#[test]
fn the_list_of_packages_is_asked_for_without_anybody() {
    let list = "<ATSServiceAcknowledgement><ATSResponse><ATSResponsePackages><Packages/></ATSResponsePackages>\
                </ATSResponse></ATSServiceAcknowledgement>";
    let (packages, requests) = against(connector("one step").packages(), vec![answer(200, list)]);
    assert_eq!(packages, Ok(Vec::new()));
    assert_snapshot!(sent(&requests[0]), @r#"
    POST https://orders.asurint.com/in
    content-type: text/xml; charset=utf-8
    <Order xmlns="http://schemas.ost.com/oml/base/1.0" xmlns:package="http://schemas.ost.com/oml/package/1.0" intendedUse="0"><Security xmlns="http://schemas.ost.com/oml/security/1.0"><RootCredentials username="hub" password="p&lt;&amp;&gt;"/><AccountID>A1</AccountID><LocationID>L1</LocationID><CustomerUserReferenceID>hr@client.example</CustomerUserReferenceID></Security><Contact xmlns="http://schemas.ost.com/oml/contact/1.0"><FirstName/><LastName/><Email>hr@client.example</Email><Phone/></Contact><IncludeParentPackages>true</IncludeParentPackages></Order>
    "#);
    let refused = answer(200, acknowledgement("Fatal", EXCEPTION));
    let (packages, requests) = against(connector("two steps").packages(), vec![refused]);
    assert_snapshot!(trouble_line(&packages.unwrap_err()), @"provider_refused: asurint: the list of packages is refused");
    assert_eq!(requests[0].url.as_str(), "https://api-prod.asurint.com/gw1/OrderingService.svc/xml/order");
    assert!(!sent(&requests[0]).contains("RootCredentials"));
}

#[test]
fn the_gateway_cannot_be_asked_about_an_order() {
    for way in ["one step", "two steps"] {
        let (reading, _) = against(connector(way).read(&order_number()), vec![]);
        assert_eq!(reading, Ok(Reading::OnlyTold));
        let (found, _) = against(connector(way).find(&lookup()), vec![]);
        assert_eq!(found, Ok(Findings::Untold("the XML gateway has no call that looks for an order")));
        let again = connector_with(way, |settings| settings["ambiguous"] = json!("retry"));
        assert_eq!(against(again.find(&lookup()), vec![]).0, Ok(Findings::Orders(Vec::new())));
    }
}
