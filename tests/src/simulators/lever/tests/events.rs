use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::*;

const MINUTE: i64 = 60;

/// A hub's door for events: what came, and what it answers.
#[derive(Clone, Default)]
struct Door {
    came: Arc<Mutex<Vec<Value>>>,
    status: Arc<Mutex<u16>>,
}

impl Door {
    #[expect(clippy::disallowed_methods, reason = "a test's server lives as long as the test")]
    async fn open() -> (Self, String) {
        let door = Self { status: Arc::new(Mutex::new(200)), ..Self::default() };
        let (listener, address) = bind(0).await.unwrap();
        let routes = Router::new().route("/ca/lever/t", post(come)).with_state(door.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (door, format!("http://{address}/ca/lever/t"))
    }

    fn answer(&self, status: u16) {
        *lock(&self.status) = status;
    }

    fn came(&self) -> Vec<Value> {
        std::mem::take(&mut *lock(&self.came))
    }
}

async fn come(State(door): State<Door>, headers: HeaderMap, body: String) -> StatusCode {
    assert!(headers["user-agent"] == "Lever-Webhooks" && headers["content-type"] == "application/json");
    lock(&door.came).push(serde_json::from_str(&body).unwrap());
    StatusCode::from_u16(*lock(&door.status)).unwrap()
}

struct Watched {
    hub: Hub,
    door: Door,
    url: String,
    signature_token: String,
    id: String,
}

async fn watched() -> Watched {
    let hub = Hub::new().await;
    let (door, url) = Door::open().await;
    let created = hub.post("webhooks", json!({ "url": url, "event": "candidateStageChange" })).await;
    assert_eq!(created.status, 201);
    let signature_token = created.body["data"]["configuration"]["signatureToken"].as_str().unwrap().to_owned();
    assert_eq!(signature_token.len(), 48);
    let id = hub.lever.apply("acme", Applicant::new("Ada Moss", "ada@candidate.example", "nurse"));
    hub.lever.toggle("acme", "candidateStageChange", true);
    Watched { hub, door, url, signature_token, id }
}

impl Watched {
    fn is_signed(&self, body: &Value) -> bool {
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let expected = signature(&self.signature_token, text("token"), body["triggeredAt"].as_i64().unwrap());
        text("signature") == expected
    }
}

#[tokio::test]
async fn a_move_is_told_once_the_group_is_on() {
    let watched = watched().await;
    let (lever, id) = (&watched.hub.lever, &watched.id);
    lever.toggle("acme", "candidateStageChange", false);
    assert_eq!(lever.advance("acme", id, "offer").await, []);
    lever.toggle("acme", "candidateStageChange", true);
    let told = lever.advance("acme", id, BACKGROUND_CHECK_STAGE).await;
    assert_eq!((told.len(), told[0].status(), told[0].outcome), (1, Some(200), Outcome::Delivered));
    let came = watched.door.came();
    let body = &came[0];
    assert!(came.len() == 1 && watched.is_signed(body) && body["id"].is_string());
    assert_eq!((&body["event"], &body["triggeredAt"]), (&json!("candidateStageChange"), &json!(1_793_527_200_000_i64)));
    let data = &body["data"];
    assert_eq!((&data["opportunityId"], &data["fromStageId"]), (&json!(id), &json!("offer")));
    assert_eq!(data["toStageId"], BACKGROUND_CHECK_STAGE);
    assert!(data["contactId"] != data["candidateId"]);
    let changes = lever.stage_changes("acme", id);
    assert_eq!(changes.last().unwrap().user.as_deref(), Some(RECRUITER));
    let read = watched.hub.get(&format!("opportunities/{id}")).await.body["data"]["stageChanges"].clone();
    assert_eq!(read[2]["toStageIndex"], 5);
    assert!(lever.advance("acme", id, BACKGROUND_CHECK_STAGE).await.is_empty());
    watched.hub.assert_violations(0);
}

#[tokio::test]
async fn an_event_is_tried_six_times() {
    let watched = watched().await;
    let lever = &watched.hub.lever;
    watched.door.answer(302);
    let told = lever.advance("acme", &watched.id, "offer").await;
    assert!(matches!(told[0].outcome, Outcome::Waiting { .. }));
    assert_eq!(lever.retry_due("acme").await, []);
    for minutes in [1, 5, 30] {
        watched.hub.wait(minutes * MINUTE);
        assert_eq!(lever.retry_due("acme").await.len(), 1);
    }
    lever.set_options("acme", Options { retry_signs_anew: true, ..Options::default() });
    for outcome_is_lost in [false, true] {
        let retried = lever.retry_now("acme").await;
        assert_eq!(retried[0].outcome == Outcome::Lost, outcome_is_lost);
    }
    assert_eq!(lever.retry_now("acme").await, []);
    let came = watched.door.came();
    assert!(came.iter().all(|body| watched.is_signed(body)));
    let tokens: Vec<&Value> = came.iter().map(|body| &body["token"]).collect();
    assert_eq!((tokens.len(), tokens[3] == tokens[0], tokens[4] == tokens[0]), (6, true, false));
    watched.door.answer(204);
    assert_eq!(lever.rerun("acme", 0).await.unwrap().outcome, Outcome::Delivered);
    watched.hub.assert_violations(0);
    watched.door.answer(429);
    lever.rerun("acme", 0).await;
    watched.hub.assert_violations(1);
}

#[tokio::test]
async fn events_come_twice_forged_empty_and_out_of_order() {
    let watched = watched().await;
    let (lever, id) = (&watched.hub.lever, &watched.id);
    let advance = async |stage: &str, options: EventOptions| {
        lever.advance_with("acme", id, stage, SUPER_ADMIN, options).await.len()
    };
    let options =
        EventOptions { copies: 2, without_id: true, from_stage: FromStage::Absent, ..EventOptions::default() };
    assert_eq!(advance("offer", options).await, 2);
    let came = watched.door.came();
    assert!(came[0] == came[1] && came[0].get("id").is_none() && came[0]["data"].get("fromStageId").is_none());
    let forged = lever.forge("acme", 0, json!({ "opportunityId": "another" })).await.unwrap();
    assert_eq!((&forged.body["token"], &forged.body["signature"]), (&came[0]["token"], &came[0]["signature"]));
    assert!(watched.is_signed(&watched.door.came()[0]));
    for (signature, stage) in [(SignatureForm::Wrong, "lead-new"), (SignatureForm::Missing, "lead-responded")] {
        let from_stage = FromStage::Null;
        let options = EventOptions { signature, from_stage, triggered_at: Some(1), ..EventOptions::default() };
        assert_eq!(advance(stage, options).await, 1);
    }
    let came = watched.door.came();
    assert!(!came.iter().any(|body| watched.is_signed(body)) && came[1].get("signature").is_none());
    assert_eq!((&came[0]["triggeredAt"], came[0]["data"].get("fromStageId")), (&json!(1), Some(&Value::Null)));
    lever.ping("acme").await;
    let ping = watched.door.came().remove(0);
    assert!(watched.is_signed(&ping) && ping["data"] == json!({}) && ping.get("id").is_none());
    for stage in ["offer", "lead-new"] {
        assert_eq!(advance(stage, EventOptions { hold: true, ..EventOptions::default() }).await, 0);
    }
    assert_eq!((watched.door.came().len(), lever.release("acme", true).await.len()), (0, 2));
    let stages: Vec<Value> = watched.door.came().iter().map(|body| body["data"]["toStageId"].clone()).collect();
    assert_eq!(stages, ["lead-new", "offer"]);
    assert_eq!(advance("offer", EventOptions { copies: 0, ..EventOptions::default() }).await, 0);
    watched.hub.assert_violations(0);
}

#[tokio::test]
async fn webhooks_are_not_de_duplicated_and_tell_their_token_once() {
    let watched = watched().await;
    let (hub, lever) = (&watched.hub, &watched.hub.lever);
    lever.set_options("acme", Options { doubles_created_webhook: true, ..Options::default() });
    let origins = json!({ "conditions": { "origins": ["sourced"] } });
    let event = "candidateStageChange";
    let webhook = json!({ "url": watched.url, "event": event, "configuration": origins });
    let second = hub.post("webhooks", webhook).await.body["data"]["data"].clone();
    assert!(second["configuration"]["signatureToken"].is_string());
    let by_hand = lever.add_webhook("acme", event, &watched.url);
    assert_eq!(lever.advance("acme", &watched.id, "offer").await.len(), 2);
    let listed = hub.get("webhooks").await.body;
    assert!(listed.get("hasNext").is_none() && !listed.to_string().contains("signatureToken"));
    assert_eq!((listed["data"].as_array().unwrap().len(), lever.webhooks("acme").len()), (2, 3));
    let change = json!({ "data": [{ "id": second["id"], "url": "https://hub.example/w" }] });
    assert_eq!(hub.write(Method::PUT, "webhooks", change).await.body["data"][0]["url"], "https://hub.example/w");
    let path = format!("webhooks/{}", second["id"].as_str().unwrap());
    let deleted = [(); 2].map(|()| hub.write(Method::DELETE, &path, Value::Null));
    let [first, again] = deleted;
    assert_eq!((first.await.status, again.await.status), (204, 404));
    let [_, (last, _)] = lever.webhooks("acme").try_into().unwrap();
    assert_ne!(lever.regenerate_token("acme", &last), by_hand);
    for wrong in [json!({ "url": "http://hub.example", "event": event }), json!({ "url": watched.url, "event": "x" })] {
        assert_eq!(hub.post("webhooks", wrong).await.status, 400);
    }
    assert_eq!(lever.archive("acme", &watched.id, Some("hired")).await, []);
    lever.anonymize("acme", &watched.id);
    lever.delete("acme", &watched.id).await;
    assert_eq!(hub.get(&format!("opportunities/{}", watched.id)).await.status, 404);
    hub.assert_violations(0);
}

#[tokio::test]
async fn a_move_by_the_hub_is_told_to_the_hub() {
    let watched = watched().await;
    watched.hub.lever.set_options("acme", Options { allows_moves: true, ..Options::default() });
    let path = format!("opportunities/{}/stage", watched.id);
    assert_eq!(watched.hub.write(Method::PUT, &path, json!({ "stage": "offer" })).await.status, 200);
    assert_eq!(watched.door.came()[0]["data"]["toStageId"], "offer");
    watched.hub.assert_violations(0);
}
