//! What every connector must keep, run over every registered folder. A new folder needs a sample here and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::access::{Access, HookKey, Tokens};
use crate::ats::{self, Ats, AtsEvent, Entry, Intake, Keys};
use crate::checklist::Used;
use crate::connection::tests::minted;
use crate::connection::{Connection, ConnectionSecret, NewConnection};
use crate::http::{HttpFailure, HttpOutcome, HttpRequest, HttpResponse, System};
use crate::id::{AtsId, GroupId, OrderId, PackageId, ProviderOrderId, UserId};
use crate::order::{LinkKind, View};
use crate::provider::{self, Correlation, Lookup, NewOrder, Provider, ProviderEvent};
use crate::region::Region;
use crate::request::{Candidate, CheckRequest, Subject};
use crate::secret::Secret;
use crate::status::{OrderResult, OrderStatus, ResultCode};
use crate::talk::{Talk, play};
use crate::webhook::{Scheme, Unreadable, Unverified, Verified, Webhook};

/// Stands in every secret and in everything personal that a test plants.
const MARKER: &str = "zqxmarker";

fn marked(what: &str) -> Secret {
    Secret::new(format!("{MARKER}-{what}"))
}

/// What goes over the wire.
#[derive(Clone)]
enum Body {
    Json(Value),
    /// A document whose root ends in its last end tag.
    Xml(String),
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl Body {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(value) => value.to_string().into_bytes(),
            Self::Xml(text) => text.clone().into_bytes(),
        }
    }

    /// The same with what nobody knows of yet.
    fn grown(&self) -> Self {
        match self {
            Self::Json(value) => Self::Json(grown(value)),
            Self::Xml(text) => {
                let (content, end) = text.rsplit_once("</").unwrap();
                Self::Xml(format!("{content}<ZzNew a=\"1\"><b/>x</ZzNew></{end}"))
            }
        }
    }
}

/// What a connector's folder adds to the suite.
struct Sample {
    settings: Value,
    credentials: Value,
    /// A body that its webhook takes, and one that answers each of its requests.
    event: Body,
    answer: Body,
    /// The `Debug` of its connector with marked credentials.
    printed: fn(&Connection, &ConnectionSecret) -> String,
}

fn ats_sample(name: &str) -> Sample {
    match name {
        "icims" => Sample {
            settings: json!({"kind": "icims", "customer_id": "7351", "trigger_statuses": ["1822"], "group_field": "unit"}),
            credentials: json!({"kind": "icims", "username": "api", "password": marked("password")}),
            event: json!({"eventType": "WorkFlowStatusChangeEvent", "customerId": "7351", "systemId": "1", "newStatus": "1822"}).into(),
            answer: json!({
                "baseprofile": {"id": 1}, "associatedprofile": {"id": 2}, "status": {"id": "C1822"},
                "firstname": marked("given"), "lastname": marked("family"), "email": marked("email"),
                "bgcpackagetype": "Standard", "unit": {"value": "Nursing"},
                "entries": [{"entry": 8, "assessmentnotes": "Order abcdefghij"}],
            }).into(),
            printed: |connection, secret| match (&connection.ats, &secret.ats) {
                (ats::AtsSettings::Icims(settings), ats::AtsCredentials::Icims(credentials)) => {
                    format!(
                        "{:?}",
                        ats::icims::Connector::new(settings.clone(), credentials.clone(), secret.access.clone())
                    )
                }
                _ => unreachable!("a sample of icims"),
            },
        },
        "pageup" => Sample {
            settings: json!({"kind": "pageup", "tenant_id": "6784", "data_centre": "dc2"}),
            credentials: json!({
                "kind": "pageup", "client_id": marked("client"), "client_secret": marked("password"),
            }),
            event: Value::Null.into(),
            answer: json!([{
                "id": 123_456, "note": marked("note"), "package": {"code": "p1"},
                "applicant": {"firstName": marked("given"), "lastName": marked("family"), "emailid": marked("email")},
                "application": {"id": 4711, "job": {"divisioncode": "g1"}},
                "requester": {"email": marked("requester")},
            }]).into(),
            printed: |connection, secret| match (&connection.ats, &secret.ats) {
                (ats::AtsSettings::Pageup(settings), ats::AtsCredentials::Pageup(credentials)) => {
                    format!(
                        "{:?}",
                        ats::pageup::Connector::new(settings.clone(), credentials.clone(), secret.access.clone())
                    )
                }
                _ => unreachable!("a sample of pageup"),
            },
        },
        "lever" => Sample {
            settings: json!({"kind": "lever"}),
            credentials: json!({"kind": "lever", "client_id": "crosscheck", "client_secret": marked("password")}),
            event: json!({
                "id": "e1", "event": "candidateStageChange",
                "data": {"opportunityId": "o1", "contactId": "c1", "fromStageId": null, "toStageId": "s1"},
            }).into(),
            answer: json!({"data": {
                "id": "o1", "noteId": "n1", "text": "Certn Background Check", "tags": ["Certn Package: Standard"],
                "name": format!("{MARKER} Moss"), "emails": [marked("email")], "email": marked("requester"),
                "stage": {"id": "s1", "text": "Certn Background Check"}, "archived": null, "isAnonymized": false,
                "stageChanges": [{"toStageId": "s1", "userId": "u1", "updatedAt": 1_793_527_199_000_i64}],
                "applications": [{"id": "a1", "posting": "p1"}],
            }}).into(),
            printed: |connection, secret| match (&connection.ats, &secret.ats) {
                (ats::AtsSettings::Lever(settings), ats::AtsCredentials::Lever(credentials)) => {
                    let access = secret.access.clone();
                    format!("{:?}", ats::lever::Connector::new(settings.clone(), credentials.clone(), access))
                }
                _ => unreachable!("a sample of lever"),
            },
        },
        _ => panic!("src/ats/{name} is registered and has no sample in src/contract.rs"),
    }
}

/// One for each codec of a provider.
fn provider_samples(name: &str) -> Vec<Sample> {
    match name {
        "certn" => vec![Sample {
            settings: json!({"kind": "certn"}),
            credentials: json!({
                "kind": "certn", "api_keys": [marked("key one"), marked("key two")],
                "webhook_secrets": [marked("hook one"), marked("hook two")],
            }),
            event: json!({"event_id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1"}).into(),
            answer: json!({
                "id": "c1", "overall_status": "COMPLETE", "overall_score": "CLEAR", "is_active": true,
                "case_report_file_id": "f1", "status": "COMPLETE", "pdf_url": marked("pdf"),
                "email_address": marked("email"),
                "results": [{
                    "id": "u1", "event_type": "CASE_STATUS_CHANGED", "object_id": "c1",
                    "email": marked("requester"), "name": "Standard", "overall_status": "DRAFT",
                }],
                "pagination": {"next_page": 2},
            })
            .into(),
            printed: |connection, secret| match (&connection.provider, &secret.provider) {
                (provider::ProviderSettings::Certn(settings), provider::ProviderCredentials::Certn(credentials)) => {
                    let connector =
                        provider::certn::Connector::new(settings.clone(), credentials.clone(), connection.region);
                    format!("{connector:?}")
                }
                _ => unreachable!("a sample of certn"),
            },
        }],
        "asurint" => vec![asurint_by_json(), asurint_by_xml()],
        _ => panic!("src/provider/{name} is registered and has no sample in src/contract.rs"),
    }
}

fn print_asurint(connection: &Connection, secret: &ConnectionSecret) -> String {
    match (&connection.provider, &secret.provider) {
        (provider::ProviderSettings::Asurint(settings), provider::ProviderCredentials::Asurint(credentials)) => {
            let connector = provider::asurint::Connector::new(settings.clone(), credentials.clone(), connection.region);
            format!("{connector:?}")
        }
        _ => unreachable!("a sample of asurint"),
    }
}

fn asurint_credentials() -> Value {
    json!({
        "kind": "asurint", "username": "acme", "password": marked("password"),
        "signing_secrets": [marked("hook one"), marked("hook two")],
    })
}

fn asurint_by_json() -> Sample {
    Sample {
        settings: json!({
            "kind": "asurint", "client_id": "ACME01", "codec": "json", "base_url": "https://api.asurint.com",
        }),
        credentials: asurint_credentials(),
        event: json!({
            "eventId": "e1", "eventType": "ORDER_STATUS_CHANGED", "occurredAt": "2026-11-01T10:00:00Z",
            "clientId": "ACME01", "orderId": "A1", "quoteBack": "abcdefghij", "status": "Completed",
        })
        .into(),
        answer: json!({
            "orderId": "A1", "quoteBack": "abcdefghij", "status": "Completed", "score": "Review",
            "reportUrl": "https://portal.asurint.com/r/A1", "updatedAt": "2026-11-01T10:00:00Z",
            "candidate": {"email": marked("email")}, "packages": [{"id": "p1", "name": "Standard", "active": true}],
            "orders": [{"orderId": "A1", "quoteBack": "abcdefghij", "status": "In Progress"}],
        })
        .into(),
        printed: print_asurint,
    }
}

fn asurint_by_xml() -> Sample {
    let person = format!("<Subjects><Subject><Email>{MARKER}</Email></Subject></Subjects><Note>{MARKER}</Note>");
    Sample {
        settings: json!({
            "kind": "asurint", "client_id": "ACME01", "codec": "oml", "account_id": "A1", "location_id": "L1",
            "gateway": {"form": "one_step", "url": "https://orders.asurint.com/in"},
            "fallback_requester_email": format!("{MARKER}@client.example"),
        }),
        credentials: asurint_credentials(),
        event: Body::Xml(format!(
            "<Update><QuoteBack>abcdefghij</QuoteBack><Identifier><BackgroundCheckOrderNumber>A1\
             </BackgroundCheckOrderNumber></Identifier><OrderStatus>Completed</OrderStatus>{person}</Update>"
        )),
        answer: Body::Xml(format!(
            "<ApplicationAcknowledgement><PayloadDisposition><EntityDisposition><EntityStatus>Complete</EntityStatus>\
             <Identifier><BackgroundCheckOrderNumber>A1</BackgroundCheckOrderNumber></Identifier></EntityDisposition>\
             </PayloadDisposition>{person}</ApplicationAcknowledgement>"
        )),
        printed: print_asurint,
    }
}

/// What an ATS's admin may have granted.
fn access() -> Access {
    let tokens = Tokens {
        access: marked("access"),
        refresh: marked("refresh"),
        expires_at: Timestamp::UNIX_EPOCH,
        refreshed_at: Timestamp::UNIX_EPOCH,
    };
    Access { tokens, hook: Some(HookKey { id: "hook-1".to_owned(), token: marked("hook") }) }
}

/// Every registered ATS joined to every registered provider, in every region.
fn connections() -> Vec<(Sample, Sample, Connection, ConnectionSecret)> {
    let mut connections = Vec::new();
    for region in Region::ALL {
        for (ats, _) in ats::REGISTERED {
            for provider in provider::REGISTERED.iter().flat_map(|(provider, _)| provider_samples(provider)) {
                let ats = ats_sample(ats);
                let settings: provider::ProviderSettings = serde_json::from_value(provider.settings.clone()).unwrap();
                if !settings.traits().regions.contains(&region) {
                    continue;
                }
                let new: NewConnection = serde_json::from_value(json!({
                    "ats": ats.settings, "ats_credentials": ats.credentials,
                    "provider": provider.settings, "provider_credentials": provider.credentials,
                    "default_group": "g1", "transfer_acknowledged": true,
                }))
                .unwrap();
                let minted = crate::connection::Minted {
                    webhook_password: marked("hook"),
                    provider_password: marked("postback"),
                    link_key: marked("link"),
                    ..minted()
                };
                let (connection, mut secret) = new.accept(region, minted).unwrap();
                secret.access = Some(access());
                connections.push((ats, provider, connection, secret));
            }
        }
    }
    connections
}

fn id(text: &str) -> AtsId {
    AtsId::parse(text).unwrap()
}

fn subject() -> Subject {
    Subject { application: id("24680"), request: None, requester: Some(id("5566")), status: id("1822") }
}

fn candidate() -> Candidate {
    Candidate { given_name: Some(marked("given")), family_name: Some(marked("family")), email: Some(marked("email")) }
}

fn new_order() -> NewOrder {
    NewOrder {
        package: PackageId::parse("p1").unwrap(),
        package_name: "Standard".to_owned(),
        group: GroupId::parse("g1").ok(),
        ordered_by: UserId::parse("u1").ok(),
        requester_email: Some(marked("requester")),
        application: id("24680"),
        job: Some(id("1234")),
        candidate: candidate(),
    }
}

fn correlation() -> Correlation {
    Correlation { order: OrderId::parse("abcdefghij").unwrap(), callback: Some(crate::http::https("hub.example")) }
}

fn view() -> View {
    View {
        order: OrderId::parse("abcdefghij").unwrap(),
        status: OrderStatus::Completed,
        action_by: None,
        refusal: None,
        result: Some(OrderResult { code: ResultCode::Clear, label: "Clear".to_owned() }),
        sentence: String::new(),
        package_name: Some("Standard".to_owned()),
        reference: None,
        status_word: None,
        provider: String::new(),
        link: LinkKind::Report,
        checks: Vec::new(),
        was_completed: false,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// The requests together with those for the tokens that they need.
fn with_grants(requests: Vec<HttpRequest>) -> Vec<HttpRequest> {
    let grants: Vec<HttpRequest> = requests.iter().filter_map(|r| Some(r.grant.as_ref()?.request.clone())).collect();
    [requests, grants].concat()
}

/// The requests of one call, and the `Debug` of its answer.
type Conversation = (Vec<HttpRequest>, String);

fn talk<T: std::fmt::Debug>(talk: Talk<T>, outcome: &HttpOutcome) -> Conversation {
    let mut requests = Vec::new();
    let (answer, _) = play(talk, |request| {
        requests.push(request.clone());
        outcome.clone()
    });
    (requests, format!("{answer:?}"))
}

/// What the connection's ATS is asked and told.
fn with_ats(connection: &Connection, secret: &ConnectionSecret, outcome: &HttpOutcome) -> Vec<Conversation> {
    let link = crate::http::https("hub.example");
    let ats: &dyn Ats = &*connection.ats.connector(&secret.ats, secret.access.as_ref()).unwrap();
    let intake = match connection.ats.intake() {
        Intake::Webhook(_) => talk(ats.read_request(&subject(), None), outcome),
        Intake::Poll(polled) => talk(polled.list(&secret.ats), outcome),
    };
    vec![
        intake,
        talk(ats.read_request(&subject(), Some(&marked("kept"))), outcome),
        talk(ats.examine(None), outcome),
        talk(ats.examine(Some(&subject())), outcome),
        talk(ats.write(&subject(), &view(), Some(&link), Entry::New), outcome),
        talk(ats.write(&subject(), &view(), None, Entry::Perhaps), outcome),
        talk(ats.write(&subject(), &view(), None, Entry::At("88")), outcome),
    ]
}

fn with_provider(provider: &dyn Provider, outcome: &HttpOutcome) -> Vec<Conversation> {
    let (order, group) = (ProviderOrderId::parse("c1").unwrap(), GroupId::parse("g1").unwrap());
    let lookup = Lookup {
        order: OrderId::parse("abcdefghij").unwrap(),
        email: Some(marked("email")),
        group: Some(group.clone()),
        ordered_by: UserId::parse("u1").ok(),
        placed_after: Timestamp::UNIX_EPOCH,
    };
    let used = Used {
        default_group: Some(group.clone()),
        fallback_requester: UserId::parse("u1").ok(),
        packages: PackageId::parse("p1").into_iter().collect(),
        groups: vec![group.clone()],
    };
    let mut all = vec![
        talk(provider.packages(), outcome),
        talk(provider.examine(&used), outcome),
        talk(provider.standing(Some(&group), Some(&marked("requester"))), outcome),
        talk(provider.place(&new_order(), &correlation()), outcome),
        talk(provider.find(&lookup), outcome),
        talk(provider.read(&order), outcome),
    ];
    if let Some(files) = provider.report_files() {
        all.extend([talk(files.make_report(&order), outcome), talk(files.report_file("f1"), outcome)]);
    }
    all.extend(provider.group_list().map(|list| talk(list.groups(), outcome)));
    all.extend(provider.event_list().map(|list| talk(list.events_after(Some("e1")), outcome)));
    all
}

fn answered(status: u16, body: &Body) -> HttpOutcome {
    let headers = vec![("x-error".to_owned(), format!("1:field: {MARKER}"))];
    Ok(HttpResponse { status, headers, body: body.bytes() })
}

/// The answer of the sample, every kind of refusal with personal data in it, and no answer.
fn outcomes(sample: &Sample) -> Vec<HttpOutcome> {
    let error = Body::from(json!({"type": "x", "detail": MARKER, "errors": [
        {"code": "invalid", "detail": MARKER, "attr": "group", "errorCode": 2, "errorMessage": MARKER},
    ]}));
    let mut outcomes = vec![
        answered(200, &sample.answer),
        answered(200, &json!(MARKER).into()),
        Err(HttpFailure::Unclear("time-out")),
    ];
    outcomes.extend([400, 401, 403, 404, 409, 422, 429, 500].map(|status| answered(status, &error)));
    outcomes
}

fn conversations() -> Vec<(&'static System, Region, Conversation)> {
    let mut all = Vec::new();
    for (ats, provider, connection, secret) in connections() {
        let region = connection.region;
        let provider_connector = connection.provider.connector(&secret.provider, region).unwrap();
        let system = |registered: &[(&str, &'static System)], name: &str| {
            registered.iter().find(|(registered, _)| *registered == name).unwrap().1
        };
        let (of_ats, of_provider) =
            (system(ats::REGISTERED, connection.ats.name()), system(provider::REGISTERED, connection.provider.name()));
        for outcome in outcomes(&ats) {
            all.extend(with_ats(&connection, &secret, &outcome).into_iter().map(|done| (of_ats, region, done)));
        }
        for outcome in outcomes(&provider) {
            all.extend(
                with_provider(&*provider_connector, &outcome).into_iter().map(|done| (of_provider, region, done)),
            );
        }
    }
    all
}

/// The folders that are not registered, and the registered names without a folder.
fn mismatch(folders: &BTreeSet<String>, registered: &BTreeSet<String>) -> Vec<String> {
    folders.symmetric_difference(registered).cloned().collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_folder_is_registered_under_its_name_and_has_its_three_files() {
    for (parent, registered) in [("ats", ats::REGISTERED), ("provider", provider::REGISTERED)] {
        let entries = source().join(parent).read_dir().unwrap().map(|entry| entry.unwrap().path());
        let folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        let folder_names = names(folders.iter().map(|path| path.file_name().unwrap().to_str().unwrap()));
        assert_eq!(mismatch(&folder_names, &names(registered.iter().map(|(name, _)| *name))), [""; 0], "src/{parent}");
        for folder in folders {
            for file in ["mod.rs", "wire.rs", "settings.rs"] {
                assert!(folder.join(file).is_file(), "{} has no {file}", folder.display());
            }
        }
        for (name, system) in registered {
            assert_eq!(*name, system.name);
        }
    }
}

#[test]
fn a_folder_without_registration_and_a_registration_without_folder_are_found() {
    assert_eq!(mismatch(&names(["icims", "lever"]), &names(["icims"])), ["lever"]);
    assert_eq!(mismatch(&names(["icims"]), &names(["icims", "pageup"])), ["pageup"]);
    assert_eq!(mismatch(&names(["icims"]), &names(["icims"])), [""; 0]);
}

#[test]
fn every_request_stays_on_a_host_of_its_system_in_its_region() {
    let mut seen = BTreeSet::new();
    for (system, region, (requests, _)) in conversations() {
        for request in with_grants(requests) {
            let host = request.url.host_str().unwrap().to_owned();
            assert!((system.allows)(region, &host), "{request:?} in {}", region.code());
            assert_eq!((request.system.name, request.url.scheme(), request.url.port()), (system.name, "https", None));
            assert_eq!((request.url.username(), request.url.password(), request.url.fragment()), ("", None, None));
            seen.insert((system.name, region.code()));
        }
    }
    for (name, system) in ats::REGISTERED.iter().chain(provider::REGISTERED) {
        let of_system = seen.iter().filter(|(seen, _)| *seen == system.name).count();
        let regions = connections()
            .iter()
            .filter(|(_, _, connection, _)| [connection.ats.name(), connection.provider.name()].contains(name))
            .map(|(_, _, connection, _)| connection.region.code())
            .collect::<BTreeSet<_>>();
        assert_eq!(of_system, regions.len(), "{name}");
    }
}

#[test]
fn a_secret_is_in_no_address_and_nothing_is_ordered_twice_by_itself() {
    for (_, _, (requests, _)) in conversations() {
        for request in requests {
            let credentials =
                ["password", "client", "key one", "key two", "hook"].map(|what| marked(what).expose().clone());
            for request in with_grants(vec![request.clone()]) {
                assert!(credentials.iter().all(|secret| !request.url.as_str().contains(secret)), "{request:?}");
            }
            let signed_in = request.headers.iter().any(|(name, _)| *name == "authorization");
            let holds_password = |body: &Secret<Vec<u8>>| {
                String::from_utf8_lossy(body.expose()).contains(marked("password").expose().as_str())
            };
            assert!(
                signed_in || request.grant.is_some() || request.body.as_ref().is_some_and(holds_password),
                "{request:?}"
            );
            assert!(request.url.path() != "/", "{request:?}");
        }
    }
    for (_, sample, connection, secret) in connections() {
        let provider = connection.provider.connector(&secret.provider, connection.region).unwrap();
        for outcome in
            outcomes(&sample).into_iter().filter(|outcome| !matches!(outcome, Ok(HttpResponse { status: 401, .. })))
        {
            let (requests, _) = talk(provider.place(&new_order(), &correlation()), &outcome);
            assert_eq!(requests.len(), 1);
            assert_eq!(requests[0].sending, crate::http::Sending::Once);
        }
    }
}

#[test]
fn nothing_that_is_printed_shows_a_secret_or_a_person() {
    let check = |printed: String| assert!(!printed.contains(MARKER), "{printed}");
    for (_, _, (requests, answer)) in conversations() {
        check(format!("{requests:?}"));
        check(answer);
    }
    for (ats, provider, connection, secret) in connections() {
        check(format!("{connection:?} {secret:?}"));
        check(format!("{:?} {:?} {:?}", secret.ats, secret.provider, provider_scheme(&connection, &secret)));
        check((ats.printed)(&connection, &secret));
        check((provider.printed)(&connection, &secret));
    }
    check(format!("{:?} {:?}", new_order(), candidate()));
    check(format!(
        "{:?}",
        CheckRequest {
            candidate: candidate(),
            requester_email: Some(marked("requester")),
            ..CheckRequest::of_nothing(subject())
        }
    ));
    assert!(serde_json::to_string(&marked("x")).unwrap().contains(MARKER));
}

type Headers = Vec<(String, Secret)>;

/// What a sender proves itself with: a password that we issued, and a key to sign with.
#[derive(Clone)]
struct Sender {
    password: Secret,
    key: Secret,
}

impl Sender {
    fn new(password: &str, key: &str) -> Self {
        Self { password: marked(password), key: marked(key) }
    }

    fn basic(&self, user: &str) -> (String, Secret) {
        let pair = STANDARD.encode(format!("{user}:{}", self.password.expose()));
        ("authorization".to_owned(), Secret::new(format!("Basic {pair}")))
    }

    fn sign(&self, message: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).unwrap();
        data_encoding::HEXLOWER.encode(&mac.chain_update(message).finalize().into_bytes())
    }

    /// The body as this sender sends it, with the headers that prove it.
    fn send(&self, scheme: Scheme<'_>, body: &Body) -> (Headers, Vec<u8>) {
        let mut bytes = body.bytes();
        let headers = match scheme {
            Scheme::Basic { user, .. } => vec![self.basic(user)],
            Scheme::HmacSha256Hex { header, .. } => vec![(header.to_owned(), Secret::new(self.sign(&bytes)))],
            Scheme::SignedInBody { .. } => {
                if let Body::Json(Value::Object(mut fields)) = body.clone()
                    && !fields.is_empty()
                {
                    fields.insert("token".to_owned(), json!("t0"));
                    fields.insert("triggeredAt".to_owned(), json!(0));
                    fields.insert("signature".to_owned(), json!(self.sign(b"t00")));
                    bytes = Value::Object(fields).to_string().into_bytes();
                }
                Vec::new()
            }
            Scheme::BasicAndSigned { user, header, .. } => {
                let signature = self.sign(&[b"0.", bytes.as_slice()].concat());
                vec![(header.to_owned(), Secret::new(format!("t=0,v1={signature}"))), self.basic(user)]
            }
        };
        (headers, bytes)
    }
}

fn arrived(headers: Headers, body: &[u8]) -> Webhook<Unverified> {
    Webhook::received(headers, body.to_vec(), Timestamp::UNIX_EPOCH).unwrap()
}

fn ats_scheme<'a>(connection: &'a Connection, secret: &'a ConnectionSecret) -> Option<Scheme<'a>> {
    let Intake::Webhook(intake) = connection.ats.intake() else { return None };
    let (id, passwords) = (&connection.id, &connection.webhook_passwords);
    Some(intake.scheme(Keys { connection: id, passwords, access: secret.access.as_ref() }))
}

fn provider_scheme<'a>(connection: &'a Connection, secret: &'a ConnectionSecret) -> Scheme<'a> {
    connection.provider.scheme(&secret.provider, &connection.id, &connection.provider_passwords).unwrap()
}

fn check_scheme(scheme: Scheme<'_>, sender: &Sender, body: &Body) {
    let accepts = |(headers, body): (Headers, Vec<u8>)| arrived(headers, &body).verify(scheme).is_ok();
    let (headers, bytes) = sender.send(scheme, body);
    assert!(accepts((headers.clone(), bytes.clone())));
    let wrong = Sender { password: marked("wrong"), key: marked("wrong") };
    for stranger in [wrong, Sender { password: Secret::default(), key: Secret::default() }] {
        assert!(!accepts(stranger.send(scheme, body)));
        assert!(
            !accepts(Sender { key: sender.key.clone(), ..stranger.clone() }.send(scheme, body))
                || is_signed_only(scheme)
        );
    }
    assert!(!accepts((Vec::new(), body.bytes())));
    if let Some((name, value)) = headers.first() {
        let value = value.expose();
        for changed in ["", " ", "Basic", "sha256=", "t=0,v1=", &value[..value.len() - 4], &format!("{value}ff")] {
            let mut changed_headers = headers.clone();
            changed_headers[0] = (name.clone(), Secret::from(changed));
            assert!(!accepts((changed_headers, bytes.clone())), "{changed}");
        }
    }
    if !matches!(scheme, Scheme::Basic { .. } | Scheme::SignedInBody { .. }) {
        for n in 0..bytes.len() {
            let mut tampered = bytes.clone();
            tampered[n] ^= 1;
            assert!(!accepts((headers.clone(), tampered)), "byte {n}");
        }
        assert!(!accepts((headers.clone(), [bytes.as_slice(), b" "].concat())));
    }
    let nobody = match scheme {
        Scheme::Basic { user, .. } => Scheme::Basic { user, passwords: &[] },
        Scheme::HmacSha256Hex { header, .. } => Scheme::HmacSha256Hex { header, secrets: &[] },
        Scheme::SignedInBody { read, .. } => Scheme::SignedInBody { read, secrets: &[] },
        Scheme::BasicAndSigned { user, passwords, header, read, required, .. } => {
            Scheme::BasicAndSigned { user, passwords, header, read, required, secrets: &[] }
        }
    };
    assert!(arrived(headers, &bytes).verify(nobody).is_err());
}

/// Whether no password counts.
const fn is_signed_only(scheme: Scheme<'_>) -> bool {
    matches!(scheme, Scheme::HmacSha256Hex { .. } | Scheme::SignedInBody { .. })
}

#[test]
fn an_unsigned_or_tampered_webhook_is_refused_by_every_scheme() {
    for (ats, provider, connection, secret) in connections() {
        if let Some(scheme) = ats_scheme(&connection, &secret) {
            check_scheme(scheme, &Sender::new("hook", "hook"), &ats.event);
        }
        for key in ["hook one", "hook two"] {
            check_scheme(provider_scheme(&connection, &secret), &Sender::new("postback", key), &provider.event);
        }
    }
}

fn grown(body: &Value) -> Value {
    let mut grown = body.clone();
    if let Some(entries) = grown.as_array_mut() {
        entries.iter_mut().for_each(|entry| *entry = self::grown(entry));
        return grown;
    }
    for (name, value) in [("zz_new", json!({"a": [1, null]})), ("zzNew", Value::Null), ("zz", json!("x"))] {
        grown[name] = value;
    }
    grown
}

fn check_decode<E: PartialEq + std::fmt::Debug>(
    scheme: Scheme<'_>,
    sender: &Sender,
    body: &Body,
    decode: &dyn Fn(&Webhook<Verified>) -> Result<E, Unreadable>,
    understood: fn(&E) -> bool,
) {
    let read = |body: &Body| {
        let (headers, body) = sender.send(scheme, body);
        let webhook = arrived(headers, &body).verify(scheme).ok()?;
        let (first, again) = (decode(&webhook), decode(&webhook));
        assert_eq!(first, again);
        Some(first)
    };
    let event = read(body).unwrap().unwrap();
    assert!(understood(&event), "{event:?}");
    assert_eq!(read(&body.grown()), Some(Ok(event)));
    for hostile in [json!(null), json!([]), json!(7), json!("x"), json!({})] {
        // Where the signature stands in the body, such a body has none.
        assert!(matches!(read(&hostile.clone().into()), None | Some(Err(Unreadable::Malformed(_)))), "{hostile}");
    }
}

#[test]
fn the_same_webhook_is_the_same_event_and_unknown_fields_do_not_count() {
    for (ats, provider, connection, secret) in connections() {
        if let (Intake::Webhook(intake), Some(scheme)) = (connection.ats.intake(), ats_scheme(&connection, &secret)) {
            let understood = |event: &AtsEvent| matches!(event, AtsEvent::CheckRequested(_));
            let decode = |webhook: &Webhook<_>| intake.decode(webhook);
            check_decode(scheme, &Sender::new("hook", "hook"), &ats.event, &decode, understood);
        }
        let decode = |webhook: &Webhook<_>| connection.provider.decode(webhook);
        let understood =
            |event: &ProviderEvent| matches!(event, ProviderEvent::Changed { .. } | ProviderEvent::Told { .. });
        let sender = Sender::new("postback", "hook one");
        check_decode(provider_scheme(&connection, &secret), &sender, &provider.event, &decode, understood);
    }
}

#[test]
fn unknown_fields_of_an_answer_do_not_count() {
    for (ats, provider, connection, secret) in connections() {
        let of_provider = connection.provider.connector(&secret.provider, connection.region).unwrap();
        let answers = |body: &Body| {
            let mut answers = with_ats(&connection, &secret, &answered(200, body));
            answers.extend(with_provider(&*of_provider, &answered(200, body)));
            answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()
        };
        for sample in [ats, provider] {
            assert_eq!(answers(&sample.answer), answers(&sample.answer.grown()));
        }
    }
}

const FORBIDDEN_CRATES: [&str; 12] = [
    "tokio",
    "aws-",
    "reqwest",
    "hyper",
    "tracing",
    "getrandom",
    "rand",
    "chrono",
    "time",
    "mio",
    "socket2",
    "lambda_",
];

/// The crates of a `cargo tree` that bring a clock, a socket, a runtime or an environment.
fn impure_crates(tree: &str) -> Vec<&str> {
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let impure = |name: &str| {
        FORBIDDEN_CRATES.iter().any(|bad| name == *bad || (bad.ends_with(['-', '_']) && name.starts_with(*bad)))
            || name.starts_with("hyper-")
            || name.starts_with("tokio-")
            || name.starts_with("tracing-")
    };
    reached.into_iter().filter(|name| impure(name)).collect()
}

#[test]
fn no_crate_behind_the_domain_has_a_clock_or_a_socket() {
    assert_eq!(
        impure_crates("domain v0.1.0\ntokio v1.0\naws-config v1\nhyper-util v0\nserde v1"),
        ["aws-config", "hyper-util", "tokio"]
    );
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "domain", "-e", "normal", "--prefix", "none", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let listed = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(listed.starts_with("domain ") && listed.contains("serde_json "), "{listed}");
    assert_eq!(impure_crates(&listed), [""; 0]);
}

/// The words in the code of one file, but for its tests, by which a clock or an environment would come in.
fn impure_words(file: &str) -> Vec<&'static str> {
    let words = [
        "SystemTime",
        "Instant::now",
        "std::env",
        "env::var",
        "Timestamp::now",
        "Zoned::now",
        "std::net",
        "std::fs",
        "std::thread",
        "async fn",
    ];
    let (code, _) = file.split_once("mod tests {").unwrap_or((file, ""));
    words.into_iter().filter(|word| code.contains(word)).collect()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[test]
fn no_connector_knows_a_provider_and_no_provider_a_connector() {
    for (folder, stranger) in [("ats", "crate::provider"), ("provider", "crate::ats")] {
        let files = files_under(&source().join(folder));
        assert!(files.len() >= 4, "{files:?}");
        let known: Vec<_> =
            files.iter().filter(|file| std::fs::read_to_string(file).unwrap().contains(stranger)).collect();
        assert!(known.is_empty(), "{stranger} in {known:?}");
    }
}

#[test]
fn no_file_of_the_domain_reads_a_clock_or_the_environment() {
    assert_eq!(impure_words("let now = Timestamp::now();\nmod tests { std::fs::read() }"), ["Timestamp::now"]);
    let files = files_under(&source());
    let code: Vec<_> =
        files.iter().filter(|path| !path.ends_with("tests.rs") && !path.ends_with("contract.rs")).collect();
    assert!(code.len() > 20, "{code:?}");
    for path in code {
        let file = std::fs::read_to_string(path).unwrap();
        assert_eq!(impure_words(&file), [""; 0], "{}", path.display());
    }
}
