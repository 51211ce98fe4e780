use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;
use crate::id::ConnectionId;
use crate::webhook::{IssuedPassword, Unauthentic};

const T: i64 = 1_793_527_200;
const BODY: &str = r#"{"eventId":"4a1f4f5e-7f0d-4c55-9a51-0c8b1f6b1a01","eventType":"ORDER_STATUS_CHANGED","occurredAt":"2026-11-01T10:00:00Z","clientId":"ACME01","orderId":"A123456","quoteBack":"HUB-1","status":"Completed","score":"Eligible for Hire","reportUrl":"https://portal.asurint.example/r/A123456"}"#;
const SIGNATURE: &str = "6378af5043c9ece023f04cbbb7f4cd353971feeffa8ce48b4bbdc0f2256f9e06";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn signed(secret: &str, at: i64, body: &str) -> String {
    let message = format!("{at}.{body}");
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(message).finalize().into_bytes();
    format!("t={at},v1={}", data_encoding::HEXLOWER.encode(&mac))
}

/// Whether an arrival is proven, with what a connection of these settings compares it to.
fn verify(
    settings: &Settings,
    authorization: Option<&str>,
    signature: Option<&str>,
    body: &str,
    late: i64,
) -> Result<Webhook<Verified>, Unauthentic> {
    let credentials =
        Credentials { signing_secrets: vec!["older".into(), "asurint-test-secret".into()], ..credentials() };
    let user = ConnectionId::parse("acme").unwrap();
    let passwords = ["new", "old"].map(|password| IssuedPassword::new(&password.into(), Timestamp::UNIX_EPOCH));
    let headers = [("authorization", authorization), ("x-asurint-signature", signature)];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Secret::from(value?))));
    let received_at = Timestamp::from_second(T + late).unwrap();
    let arrived = Webhook::received(headers.collect(), body.as_bytes().to_vec(), received_at).unwrap();
    arrived.verify(settings.scheme(&credentials, &user, &passwords))
}

pub(super) fn decoded(settings: &Settings, body: &str) -> Result<ProviderEvent, Unreadable> {
    let signature = signed("asurint-test-secret", T, body);
    let webhook = verify(settings, Some(&basic("acme", "new")), Some(&signature), body, 0).unwrap();
    let event = settings.decode(&webhook);
    assert!(!format!("{event:?}").contains("zqx"), "{event:?}");
    event
}

#[test]
fn a_postback_proves_itself_by_a_password_and_a_signature_of_the_last_five_minutes() {
    let settings = settings_with("json", |_| ());
    let right = format!("t={T},v1={SIGNATURE}");
    let authorization = basic("acme", "new");
    let proven = |authorization: Option<&str>, signature: Option<&str>, body: &str, late: i64| {
        verify(&settings, authorization, signature, body, late).is_ok()
    };
    assert_eq!((BODY.len(), signed("asurint-test-secret", T, BODY)), (285, right.clone()));
    let user = Some(authorization.as_str());
    for late in [0, 299, 300, -300] {
        assert!(proven(user, Some(&right), BODY, late), "{late}");
    }
    for late in [301, -301, 86_400] {
        assert!(!proven(user, Some(&right), BODY, late), "{late}");
    }
    assert!(proven(Some(&basic("acme", "old")), Some(&right), BODY, 0));
    assert!(proven(user, Some(&signed("older", T, BODY)), BODY, 0));
    for authorization in [None, Some(basic("acme", "other")), Some(basic("other", "new")), Some(String::new())] {
        assert!(!proven(authorization.as_deref(), Some(&right), BODY, 0), "{authorization:?}");
    }
    let of_another_time = format!("t={},v1={SIGNATURE}", T + 1);
    let bare = format!("t={T},v1=");
    for signature in [
        "",
        SIGNATURE,
        "t=,v1=",
        &of_another_time,
        &bare,
        &format!("v1={SIGNATURE}"),
        &format!("t={T}"),
        &format!("t=-{T},v1={SIGNATURE}"),
        &format!("t={T}.0,v1={SIGNATURE}"),
        &format!("t={T},v1={},v1={SIGNATURE}", "0".repeat(64)),
        &format!("t=1,t={T},v1={SIGNATURE}"),
        &format!("t=99999999999999999999,v1={SIGNATURE}"),
        &signed("other", T, BODY),
        &signed("", T, BODY),
    ] {
        assert!(!proven(user, Some(signature), BODY, 0), "{signature}");
    }
    assert!(proven(user, Some(&format!("t={T}, v1={}, v0=x", SIGNATURE.to_uppercase())), BODY, 0));
    assert!(!proven(user, Some(&right), &BODY.replace("Eligible", "eligible"), 0));
    assert!(!proven(user, Some(&right), &format!("{BODY} "), 0));
    assert!(!proven(user, None, BODY, 0));
}

#[test]
fn where_the_settings_allow_it_a_signature_may_be_missing_but_never_wrong() {
    let settings = settings_with("json", |settings| settings["signature"] = json!("if_present"));
    let authorization = basic("acme", "new");
    let proven = |authorization: Option<&str>, signature: Option<&str>, late: i64| {
        verify(&settings, authorization, signature, BODY, late).is_ok()
    };
    let right = format!("t={T},v1={SIGNATURE}");
    assert!(proven(Some(&authorization), None, 0) && proven(Some(&authorization), Some(&right), 0));
    assert!(!proven(Some(&authorization), Some("t=1,v1=00"), 0) && !proven(Some(&authorization), Some(""), 0));
    assert!(!proven(Some(&authorization), Some(&right), 301));
    assert!(!proven(None, None, 0) && !proven(None, Some(&right), 0));
}

fn line(settings: &Settings, body: &str) -> String {
    let ours = |ours: Option<OrderId>| ours.map_or("nobody's".to_owned(), |ours| ours.to_string());
    match decoded(settings, body) {
        Ok(ProviderEvent::Changed { event, order, ours: of }) => format!("{event}: {order} of {} changed", ours(of)),
        Ok(ProviderEvent::Told { truth, ours: of }) => {
            let at = truth.modified.map_or("some time".to_owned(), |at| at.to_string());
            format!("{} of {} at {at}: {} {:?}", truth.order, ours(of), truth_line(&truth), truth.report)
        }
        Ok(ProviderEvent::UnknownType { event }) => format!("{event}: unknown"),
        Err(unreadable) => format!("{unreadable:?}"),
    }
}

fn xml_postback(change: fn(&str) -> String) -> String {
    change(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<OrderStatusUpdate xmlns=\"http://schemas.ost.com/oml/base/1.0\">\
         <EventID>e1</EventID><OccurredAt>2026-11-01T10:00:00Z</OccurredAt><QuoteBack>HUB-1</QuoteBack><Identifier>\
         <BackgroundCheckOrderNumber>A123456</BackgroundCheckOrderNumber><ClientID>ACME01</ClientID></Identifier>\
         <OrderStatus>Completed</OrderStatus><OrderScore>Eligible for Hire</OrderScore>\
         <ReportLink>https://portal.asurint.com/r/A123456</ReportLink><!-- zqx -->\
         <Subjects><Subject role=\"Primary\"><SSN>zqx</SSN></Subject></Subjects><Finding>zqx</Finding></OrderStatusUpdate>",
    )
}

#[test]
fn a_postback_is_a_hint_where_the_order_can_be_read_and_the_truth_where_it_cannot() {
    let (json, oml) = (settings_with("json", |_| ()), settings_with("two steps", |_| ()));
    let xml = xml_postback(str::to_owned);
    assert_snapshot!(line(&json, BODY), @"4a1f4f5e-7f0d-4c55-9a51-0c8b1f6b1a01: A123456 of HUB-1 changed");
    assert_snapshot!(line(&json, &xml), @"e1: A123456 of HUB-1 changed");
    let told = |body: &str| line(&oml, body);
    assert_snapshot!(told(&xml).split("At(").next().unwrap(), @r#"A123456 of HUB-1 at 2026-11-01T10:00:00Z: completed = Clear "Eligible for Hire""#);
    assert!(told(&xml).contains("/r/A123456"), "{}", told(&xml));
    assert_snapshot!(told(BODY), @r#"A123456 of HUB-1 at 2026-11-01T10:00:00Z: completed = Clear "Eligible for Hire" Missing"#);
}

#[test]
fn what_a_json_postback_needs_must_be_there() {
    let settings = settings_with("json", |_| ());
    let with = |field: &str, value: Value| {
        let mut body: Value = serde_json::from_str(BODY).unwrap();
        body["eventId"] = json!("e1");
        body[field] = value;
        line(&settings, &body.to_string())
    };
    assert_snapshot!(with("added", json!([1])), @"e1: A123456 of HUB-1 changed");
    assert_snapshot!(with("quoteBack", json!("not an id")), @"e1: A123456 of nobody's changed");
    assert_snapshot!(with("quoteBack", Value::Null), @"e1: A123456 of nobody's changed");
    for harmless in ["status", "score", "reportUrl", "occurredAt"] {
        assert_eq!(with(harmless, Value::Null), "e1: A123456 of HUB-1 changed", "{harmless}");
    }
    assert_snapshot!(with("eventType", json!("SOMETHING_NEW")), @"e1: unknown");
    assert_snapshot!(with("clientId", json!("OTHER")), @r#"Malformed("clientId is not the connection's")"#);
    assert_snapshot!(with("eventId", Value::Null), @": A123456 of HUB-1 changed");
    for field in ["eventType", "clientId"] {
        assert_eq!(with(field, Value::Null), "Malformed(\"not a postback of Asurint\")", "{field}");
    }
    assert_snapshot!(with("orderId", json!("../users")), @r#"Malformed("the postback names no order")"#);
    for body in ["null", "[]", "7", "\"x\"", "{}"] {
        assert_eq!(line(&settings, body), "Malformed(\"not a postback of Asurint\")", "{body}");
    }
    for body in ["", "{", "\u{feff}{}"] {
        assert_eq!(line(&settings, body), "Malformed(\"the body is not the JSON of an event\")", "{body}");
    }
}

#[test]
fn what_an_xml_postback_needs_must_be_there() {
    let line = |change: fn(&str) -> String| line(&settings_with("one step", |_| ()), &xml_postback(change));
    let short = |change: fn(&str) -> String| line(change).split(": completed").next().unwrap().to_owned();
    assert_snapshot!(short(|body| body.replace("2026-11-01T10:00:00Z", "soon")), @"A123456 of HUB-1 at some time");
    assert_snapshot!(short(|body| body.replace("QuoteBack", "Other")), @"A123456 of nobody's at 2026-11-01T10:00:00Z");
    assert_snapshot!(short(|body| body.replace("ClientID", "Other")), @"A123456 of HUB-1 at 2026-11-01T10:00:00Z");
    assert_snapshot!(short(|body| body.replace("EventID", "Other")), @"A123456 of HUB-1 at 2026-11-01T10:00:00Z");
    assert_snapshot!(short(|body| format!("\u{feff} {body}").replace("<?xml version=\"1.0\" encoding=\"utf-8\"?>", "")), @"A123456 of HUB-1 at 2026-11-01T10:00:00Z");
    assert_snapshot!(short(|body| body.replace("BackgroundCheckOrderNumber", "backgroundcheckordernumber")), @"A123456 of HUB-1 at 2026-11-01T10:00:00Z");
    assert_snapshot!(line(|body| body.replace("Completed", "").replace("Eligible for Hire", "")), @r#"Malformed("the postback names no status")"#);
    assert_snapshot!(line(|body| body.replace("A123456", "a b")), @r#"Malformed("the postback names no order")"#);
    assert_snapshot!(line(|body| body.replace("ACME01", "OTHER")), @r#"Malformed("clientId is not the connection's")"#);
    assert_snapshot!(line(|body| body.replace("<EventID>", "")), @r#"Malformed("the body is not the XML of an event")"#);
}

#[test]
fn the_settings_say_where_in_an_xml_postback_what_stands() {
    let settings = settings_with("one step", |settings| {
        settings["postback_paths"] = json!({
            "order": ["Nothing/Here", "Check/@Number"], "status": ["Check/State"], "score": ["@grade"],
            "quote_back": ["Check/Ref"],
        });
    });
    let body =
        "<Update grade=\"Review\"><Check Number=\"A7\"><State>COMPLETED</State><Ref>hub-1</Ref></Check></Update>";
    assert_snapshot!(line(&settings, body), @r#"A7 of hub-1 at some time: completed = Review "Review" Missing"#);
}

#[test]
fn no_document_type_no_entity_and_nothing_boundless_is_read() {
    let mut bomb = "<!DOCTYPE x [<!ENTITY e0 \"Completed\">".to_owned();
    for level in 1..10 {
        bomb.push_str(&format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10)));
    }
    let (deep, wide) =
        (format!("{}{}", "<a>".repeat(33), "</a>".repeat(33)), format!("<a>{}</a>", "<b/>".repeat(20_000)));
    let settings = settings_with("one step", |_| ());
    for hostile in [
        format!("{bomb}]><a><OrderStatus>&e9;</OrderStatus></a>"),
        "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/hostname\">]><a>&f;</a>".to_owned(),
        "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\"><a/>".to_owned(),
        "<!DOCTYPE a><a/>".to_owned(),
        "<a><OrderStatus>&e;</OrderStatus></a>".to_owned(),
        "<a OrderStatus=\"&e;\"/>".to_owned(),
        "<a b=\"1\" b=\"2\"/>".to_owned(),
        "<?php x ?><a/>".to_owned(),
        "<a/><a/>".to_owned(),
        "<a/>x".to_owned(),
        "<a>&#0;</a>".to_owned(),
        "<a>&#xFFFFFFFF;</a>".to_owned(),
        "<".to_owned(),
        "<a".to_owned(),
        "<a></b>".to_owned(),
        deep.clone(),
        "<a>".repeat(80_000),
        wide,
    ] {
        let start = &hostile[..hostile.len().min(80)];
        assert_eq!(line(&settings, &hostile), "Malformed(\"the body is not the XML of an event\")", "{start}");
    }
    assert!(xml::read(&deep.as_bytes()["<a>".len()..deep.len() - "</a>".len()]).is_ok());
    assert!(xml::read(b"<a>\xff</a>").is_err());
    assert!(xml::read(&[b"<a>".as_slice(), &vec![b' '; 1024 * 1024], b"</a>"].concat()).is_err());
    let numbered = xml_postback(|body| body.replace("Completed", "&#67;omple<![CDATA[ted]]>"));
    assert!(line(&settings, &numbered).contains("completed"));
}

/// Something like XML, so that more than the first character is looked at.
fn like_xml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<"),
        Just(">"),
        Just("</"),
        Just("/>"),
        Just("OrderStatus"),
        Just("<OrderStatus>"),
        Just("</OrderStatus>"),
        Just("<!DOCTYPE"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<?"),
        Just("?>"),
        Just("&"),
        Just("&amp;"),
        Just("&#0;"),
        Just("&#x110000;"),
        Just("\""),
        Just("'"),
        Just("="),
        Just(" a"),
        Just("x:"),
        Just("é"),
        Just("\u{0}"),
        Just("\n"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| format!("<{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_comes_is_told_or_malformed(xml in like_xml(), text in "\\PC{0,60}") {
        for body in [&xml, &text, &format!("<a>{xml}</a>")] {
            let _ = oml::postback(body.as_bytes(), &PostbackPaths::default());
            prop_assert!(wire::postback(Value::String(body.clone())).is_err());
            prop_assert!(wire::signature(body, b"x").is_none_or(|signed| signed.at.is_some()));
        }
    }

    #[test]
    fn a_broken_postback_is_malformed_or_told(at in 0_usize..600, with in any::<u8>()) {
        let mut body = xml_postback(str::to_owned).into_bytes();
        if let Some(byte) = body.get_mut(at) {
            *byte = with;
        }
        let _ = xml::read(&body);
        let _ = oml::postback(&body, &PostbackPaths::default());
    }
}
