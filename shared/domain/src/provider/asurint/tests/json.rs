use super::*;

#[test]
fn an_order_goes_out_as_an_invitation() {
    let request = |change: fn(&mut NewOrder)| {
        let mut order = new_order();
        change(&mut order);
        let connector = connector_with("json", |settings| settings["fallback_requester_email"] = Value::Null);
        let (_, requests) = against(connector.place(&order, &correlation()), vec![accepted("json")]);
        sent(&requests[0])
    };
    assert_snapshot!(request(|_| ()), @r#"
    POST https://api.asurint.com/hub/v1/orders
    content-type: application/json
    authorization: Basic aHViOnA8Jj4=
    x-asurint-client-id: ACME01
    idempotency-key: hub-1
    {"callbackUrl":"https://hub.example/asurint/acme","candidate":{"email":"ada@example.com","firstName":"Ada","lastName":"Moss"},"clientId":"ACME01","package":{"id":"0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11","name":"Basic Search + Employment"},"permissiblePurpose":"EMPLOYMENT","quoteBack":"hub-1","reference1":"REQ-77","reference2":"9a2f","requester":{"email":"rae@client.example"},"workflow":"CANDIDATE_HUB"}
    "#);
    let bare = request(|order| {
        order.requester_email = None;
        order.job = None;
    });
    assert_snapshot!(bare.lines().last().unwrap(), @r#"{"callbackUrl":"https://hub.example/asurint/acme","candidate":{"email":"ada@example.com","firstName":"Ada","lastName":"Moss"},"clientId":"ACME01","package":{"id":"0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11","name":"Basic Search + Employment"},"permissiblePurpose":"EMPLOYMENT","quoteBack":"hub-1","reference2":"9a2f","workflow":"CANDIDATE_HUB"}"#);
    let (_, requests) = against(
        connector("json").place(&new_order(), &Correlation { callback: None, ..correlation() }),
        vec![accepted("json")],
    );
    assert!(!sent(&requests[0]).contains("callbackUrl"));
}

#[test]
fn the_other_requests_carry_nobodys_data() {
    let shown = |requests: Vec<HttpRequest>| requests.iter().map(sent).collect::<Vec<_>>().join("\n");
    let connector = connector("json");
    let (_, packages) = against(connector.packages(), vec![answer(200, json!({"packages": []}))]);
    assert_snapshot!(shown(packages), @r"
    GET https://api.asurint.com/hub/v1/packages
    authorization: Basic aHViOnA8Jj4=
    x-asurint-client-id: ACME01
    ");
    let (_, found) = against(connector.find(&lookup()), vec![answer(200, json!([]))]);
    assert_snapshot!(shown(found), @r"
    GET https://api.asurint.com/hub/v1/orders?quoteBack=hub-1
    authorization: Basic aHViOnA8Jj4=
    x-asurint-client-id: ACME01
    ");
    let (reading, read) = against(connector.read(&order_number()), vec![answer(404, "")]);
    assert_eq!(reading, Ok(Reading::Gone));
    assert_snapshot!(shown(read), @r"
    GET https://api.asurint.com/hub/v1/orders/A123456
    authorization: Basic aHViOnA8Jj4=
    x-asurint-client-id: ACME01
    ");
}

#[test]
fn an_order_that_is_there_already_is_taken_for_ours_only_if_it_says_so() {
    let line = |status: u16, body: Value| place(&connector("json"), &new_order(), answer(status, body));
    let order = |quote_back: Value| {
        let mut order = told(json!("In Progress"), Value::Null, Value::Null);
        order["quoteBack"] = quote_back;
        order
    };
    assert_snapshot!(line(200, order(json!("hub-1"))), @"accepted A123456 in_progress");
    assert_snapshot!(line(200, order(json!("hub-2"))), @"unclear, asurint: HTTP 200 without an id");
    assert_snapshot!(line(201, json!({"orderId": "A123456"})), @"accepted A123456 pending_candidate");
    assert_snapshot!(line(409, order(json!("hub-1"))), @"accepted A123456 in_progress");
    for other in [order(json!("hub-2")), order(Value::Null), json!({"quoteBack": "hub-1"}), json!([]), json!("zqx")] {
        assert_eq!(line(409, other), "no effect, possible_duplicate: asurint: HTTP 409 without our order");
    }
}

#[test]
fn every_field_at_fault_has_its_reason_and_no_message_is_read() {
    let line = |status: u16, field: &str, code: &str| {
        let error = json!({"code": code, "field": field, "message": "Ada Moss zqx"});
        place(&connector("json"), &new_order(), answer(status, json!({"errors": [error]})))
    };
    let table = [
        (400, "candidate.email", "invalid"),
        (422, "candidate.email", "invalid"),
        (400, "candidate.firstName", "required"),
        (422, "candidate.lastName", "invalid_characters"),
        (422, "candidate", "required"),
        (422, "candidate.phone", "invalid"),
        (400, "requester.email", "invalid"),
        (400, "reference1", "too_long"),
        (404, "package.id", "inactive_package"),
        (400, "zqx zqx", "zqx@example.com"),
        (422, "", ""),
        (401, "", "unauthorized"),
        (403, "", "forbidden"),
    ];
    assert_snapshot!(table.map(|(status, field, code)| line(status, field, code)).join("\n"), @"
    no effect, invalid_email: asurint: HTTP 400 code=invalid field=candidate.email
    no effect, invalid_email: asurint: HTTP 422 code=invalid field=candidate.email
    no effect, missing_candidate_data: asurint: HTTP 400 code=required field=candidate.firstName
    no effect, missing_candidate_data: asurint: HTTP 422 code=invalid_characters field=candidate.lastName
    no effect, missing_candidate_data: asurint: HTTP 422 code=required field=candidate
    no effect, provider_refused: asurint: HTTP 422 code=invalid field=candidate.phone
    no effect, provider_refused: asurint: HTTP 400 code=invalid field=requester.email
    no effect, provider_refused: asurint: HTTP 400 code=too_long field=reference1
    no effect, unknown_package: asurint: HTTP 404 code=inactive_package field=package.id
    no effect, provider_refused: asurint: HTTP 400 code= field=
    no effect, provider_refused: asurint: HTTP 422 code= field=
    no effect, provider_credentials: asurint: HTTP 401 code=unauthorized field=
    no effect, provider_permission: asurint: HTTP 403 code=forbidden field=
    ");
}

#[test]
fn a_lookup_finds_only_what_says_that_it_is_ours() {
    let order = |id: &str, quote_back: Value| {
        let mut order = told(json!("Completed"), json!("Review"), Value::Null);
        order["orderId"] = json!(id);
        order["quoteBack"] = quote_back;
        order
    };
    let line = |status: u16, body: Value| match against(connector("json").find(&lookup()), vec![answer(status, body)]).0
    {
        Ok(Findings::Orders(orders)) => orders.iter().map(|order| order.order.as_str()).collect::<Vec<_>>().join(" "),
        Ok(Findings::Untold(why)) => format!("untold: {why}"),
        Err(trouble) => trouble_line(&trouble),
    };
    let ours = || order("A1", json!("hub-1"));
    assert_eq!(line(200, json!([])), "");
    assert_eq!(line(200, json!({"orders": []})), "");
    assert_eq!(line(200, json!([ours()])), "A1");
    assert_eq!(line(200, json!({"orders": [ours(), order("A2", json!("hub-2"))]})), "A1");
    assert_eq!(line(200, json!([order("A2", json!("HUB-1"))])), "");
    assert_eq!(line(200, json!([ours(), order("A3", json!("hub-1"))])), "A1 A3");
    let unnamed = "untold: an order was found that does not say whose it is";
    assert_eq!(line(200, json!([ours(), order("A2", Value::Null)])), unnamed);
    let unexpected = "later: asurint: an answer that is not the expected JSON";
    for odd in [json!({}), json!("zqx"), json!([order("a b", json!("hub-1"))]), json!({"orders": null})] {
        assert_eq!(line(200, odd), unexpected);
    }
    assert_eq!(line(404, json!({})), "provider_refused: asurint: HTTP 404 code= field=");
    assert_eq!(line(500, json!({})), "later: asurint: HTTP 500 code= field=");
}

#[test]
fn an_order_is_read_gone_or_in_trouble() {
    let line =
        |status: u16, body: Value| match against(connector("json").read(&order_number()), vec![answer(status, body)]).0
        {
            Ok(Reading::Is(truth)) => truth_line(&truth),
            Ok(Reading::Gone) => "gone".to_owned(),
            Ok(Reading::OnlyTold) => unreachable!("it can be asked"),
            Err(trouble) => trouble_line(&trouble),
        };
    assert_snapshot!(line(200, told(json!("Completed"), json!("Review"), Value::Null)), @r#"completed = Review "Review""#);
    assert_snapshot!(line(200, json!({"orderId": 7, "status": "Completed", "score": 3})), @r#"completed = Custom "3""#);
    assert_snapshot!(line(200, json!({"orderId": "A1"})), @"in_progress");
    assert_snapshot!(line(404, json!({})), @"gone");
    assert_snapshot!(line(200, json!({})), @"later: asurint: an answer that is not the expected JSON");
    assert_snapshot!(line(200, json!([])), @"later: asurint: an answer that is not the expected JSON");
    assert_snapshot!(line(401, json!({})), @"provider_credentials: asurint: HTTP 401 code= field=");
    assert_snapshot!(line(429, json!({})), @"later: asurint: HTTP 429 code= field=");
}
