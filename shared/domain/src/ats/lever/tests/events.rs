//! What Lever sends.

use super::*;

const KEY: &str = "lever-test-signature-token";
const TOKEN: &str = "000102030405060708090a0b0c0d0e0f1011121314151617";
const SIGNATURE: &str = "e535a8f29c02580bbfed018074eb5ddd8f965247c822649e3da47545451b80dc";
const TRIGGERED_AT: i64 = 1_793_527_200_000;

fn event() -> Value {
    json!({
        "id": "5c0d5f0e-0000-4000-8000-000000000001", "event": "candidateStageChange", "triggeredAt": TRIGGERED_AT,
        "token": TOKEN, "signature": SIGNATURE,
        "data": {
            "opportunityId": "9a2f", "candidateId": "1111", "contactId": "41d7",
            "fromStageId": "applicant-new", "toStageId": "7c26",
        },
    })
}

fn with_key(key: &str) -> Access {
    Access { hook: Some(HookKey { id: "h1".to_owned(), token: Secret::from(key) }), ..granted() }
}

fn verified(body: &Value, access: Option<&Access>, received_at: Timestamp) -> Option<Webhook<Verified>> {
    let connection = ConnectionId::parse("lever-test").unwrap();
    let settings = settings(json!({}));
    let scheme = settings.scheme(Keys { connection: &connection, passwords: &[], access });
    Webhook::received(Vec::new(), body.to_string().into_bytes(), received_at).unwrap().verify(scheme).ok()
}

fn is_genuine(change: impl FnOnce(&mut Value)) -> bool {
    let mut body = event();
    change(&mut body);
    verified(&body, Some(&with_key(KEY)), start()).is_some()
}

#[test]
fn the_signature_is_over_the_token_and_the_time_and_stands_in_the_body() {
    let recorded = json!({
        "token": "be58f711f349c7780e4579cd7c63341ac6f881e4dccc3154", "triggeredAt": 1_431_454_330_072_i64,
        "signature": "c3f3a10173019b66802eb72685e954b840a7b256ff7c332fe5ae3307a27d44d5", "event": "x", "data": {},
    });
    assert!(
        verified(&recorded, Some(&with_key("73311aed32110cc40e00c672c2e03e1a42fa28a4fabde089")), start()).is_some()
    );
    assert!(verified(&recorded, Some(&with_key(KEY)), start()).is_none());
    assert!(is_genuine(|_| ()));
    // The body is not signed, which is why the opportunity is read before anything is ordered.
    assert!(is_genuine(|event| event["data"]["opportunityId"] = "forged".into()));
}

#[test]
fn whatever_is_not_signed_with_our_key_is_refused() {
    assert!(!is_genuine(|event| drop(event.as_object_mut().unwrap().remove("signature"))));
    assert!(!is_genuine(|event| drop(event.as_object_mut().unwrap().remove("token"))));
    assert!(!is_genuine(|event| drop(event.as_object_mut().unwrap().remove("triggeredAt"))));
    for signature in [json!(null), json!(""), json!("00"), json!(SIGNATURE[..62]), json!([SIGNATURE]), json!(7)] {
        assert!(!is_genuine(|event| event["signature"] = signature.clone()), "{signature}");
    }
    for at in
        [json!(TRIGGERED_AT.to_string()), json!(1_793_527_200_000.0), json!(TRIGGERED_AT + 1), json!(-1), json!(null)]
    {
        assert!(!is_genuine(|event| event["triggeredAt"] = at.clone()), "{at}");
    }
    assert!(!is_genuine(|event| event["token"] = json!(TOKEN.replace('0', "1"))));
    assert!(!is_genuine(|event| *event = json!([event.clone()])));
    assert!(verified(&event(), None, start()).is_none());
    assert!(verified(&event(), Some(&Access { hook: None, ..granted() }), start()).is_none());
    assert!(verified(&event(), Some(&with_key("")), start()).is_none());
    // The same facts twice: nobody can say which of them is signed.
    let twice = event().to_string().replacen('{', &format!("{{\"token\":\"{TOKEN}\","), 1);
    assert_eq!(wire::signed(twice.as_bytes()), None);
}

fn decoded_at(received_at: Timestamp, extra: Value, change: impl FnOnce(&mut Value)) -> String {
    let mut body = event();
    change(&mut body);
    let webhook = verified(&body, Some(&with_key(KEY)), received_at).unwrap();
    assert_eq!(token_of(&webhook).as_deref(), Some(TOKEN));
    match settings(extra).decode(&webhook) {
        Ok(AtsEvent::CheckRequested(Subject { application, request: None, requester: None, status })) => {
            format!("check {application} at {status}")
        }
        Ok(AtsEvent::NotForUs(why)) => why.code().to_owned(),
        other => format!("{other:?}"),
    }
}

fn decoded(change: impl FnOnce(&mut Value)) -> String {
    decoded_at(Timestamp::from_millisecond(TRIGGERED_AT).unwrap(), json!({}), change)
}

#[test]
fn a_change_of_stage_may_ask_for_a_check() {
    let check = |change: fn(&mut Value)| assert_eq!(decoded(change), "check 9a2f at 7c26");
    check(|_| ());
    check(|event| drop(event.as_object_mut().unwrap().remove("id")));
    check(|event| event["id"] = json!({"a": 1}));
    check(|event| event["data"]["fromStageId"] = Value::Null);
    check(|event| drop(event["data"].as_object_mut().unwrap().remove("fromStageId")));
    check(|event| event["data"]["candidateId"] = json!([]));
    check(|event| event["data"]["addedByLever"] = json!({"a": [1, null]}));
    assert_eq!(decoded(|event| event["data"]["toStageId"] = "applicant-new".into()), "check 9a2f at applicant-new");
}

#[test]
fn a_test_and_any_other_event_are_not_for_us_and_a_malformed_one_is_refused() {
    assert_eq!(decoded(|event| event["data"] = json!({})), "test_ping");
    assert_eq!(decoded(|event| (event["data"], event["event"]) = (json!({}), "candidateHired".into())), "test_ping");
    for other in ["applicationCreated", "candidateHired", "candidateArchiveChange", "candidateDeleted", "x", ""] {
        assert_eq!(decoded(|event| event["event"] = other.into()), "unknown_event_type");
    }
    let missing = r#"Err(Malformed("opportunityId or toStageId is missing"))"#;
    for name in ["opportunityId", "toStageId"] {
        for value in [json!(null), json!(""), json!(7), json!("../users"), json!("a/b"), json!("a b")] {
            assert_eq!(decoded(|event| event["data"][name] = value.clone()), missing, "{name} {value}");
        }
    }
    let malformed = r#"Err(Malformed("the body is not the JSON of an event"))"#;
    for data in [json!(null), json!([]), json!("x"), json!(7)] {
        assert_eq!(decoded(|event| event["data"] = data.clone()), malformed, "{data}");
    }
    assert_eq!(decoded(|event| event["event"] = json!(7)), malformed);
    assert_eq!(decoded(|event| drop(event.as_object_mut().unwrap().remove("data"))), malformed);
}

#[test]
fn an_event_counts_for_three_days_and_a_little() {
    let check = |hours: u32, seconds: i64, expected: &str| {
        let received_at = Timestamp::from_millisecond(TRIGGERED_AT + seconds * 1_000).unwrap();
        assert_eq!(
            decoded_at(received_at, json!({"max_age_hours": hours}), |_| ()),
            expected,
            "{hours} h, {seconds} s"
        );
    };
    check(72, 72 * 3_600, "check 9a2f at 7c26");
    check(72, 72 * 3_600 + 300, "check 9a2f at 7c26");
    check(72, 72 * 3_600 + 301, "stale_trigger");
    check(1, 3_600 + 301, "stale_trigger");
    check(336, 336 * 3_600, "check 9a2f at 7c26");
    check(72, -3_600, "check 9a2f at 7c26");
}
