use super::*;

#[tokio::test]
async fn an_opportunity_is_read_whole_and_written_blank() {
    let hub = Hub::new().await;
    let id = hub.lever.apply("acme", Applicant::new("Ada Moss", "ada@candidate.example", "nurse"));
    let path = format!("opportunities/{id}");
    let read = hub.get(&format!("{path}?expand=applications&expand=stage&expand=owner")).await;
    let found = &read.body["data"];
    assert_eq!((&found["name"], &found["emails"]), (&json!("Ada Moss"), &json!(["ada@candidate.example"])));
    assert_eq!((&found["stage"]["id"], &found["owner"]["username"]), (&json!("applicant-new"), &json!("rae")));
    assert_eq!(found["applications"][0]["posting"], "nurse");
    assert_eq!(found["tags"], json!(["Nurse", "Duluth", "Nursing", PACKAGE]));
    assert_eq!((&found["archived"], &found["isAnonymized"]), (&Value::Null, &json!(false)));
    assert_eq!(read.headers["server"], "lever-data-api");
    let plain = hub.get(&path).await.body["data"].clone();
    assert!(plain["stage"].is_string() && plain["owner"].is_string() && plain["applications"][0].is_string());
    let tags = json!({ "tags": ["Asurint: Completed", "asurint: completed", "Nurse"] });
    for _ in 0..2 {
        let written = hub.post(&format!("{path}/addTags"), tags.clone()).await;
        let found = &written.body["data"];
        assert_eq!((written.status, &found["name"], &found["emails"]), (200, &json!(""), &json!([])));
        assert_eq!((&found["phones"], found["tags"].as_array().unwrap().len()), (&json!([]), 6));
    }
    let tags = json!({ "tags": ["asurint: completed", "absent"] });
    assert_eq!(hub.post(&format!("{path}/removeTags?perform_as={RECRUITER}"), tags).await.status, 200);
    let changes: Vec<Entry> = hub.lever.history("acme", &id);
    let added = ["Asurint: Completed", "asurint: completed"].map(str::to_owned).to_vec();
    assert_eq!(changes[0].change, Change::TagsAdded(added));
    assert_eq!(changes[1].change, Change::TagsRemoved(vec!["asurint: completed".to_owned()]));
    assert_eq!((changes.len(), &changes[1].by), (2, &Actor::AppAs(RECRUITER.to_owned())));
    hub.assert_violations(0);
    assert_eq!(hub.post(&format!("{path}/addTags"), json!({ "tags": [MARKERS[0]] })).await.status, 200);
    assert_eq!(hub.post(&format!("{path}/removeTags"), json!({ "tags": ["Nurse"] })).await.status, 200);
    assert_eq!(hub.write(Method::PUT, &format!("{path}/stage"), json!({ "stage": "offer" })).await.status, 200);
    assert_eq!((hub.get("candidates/1").await.status, hub.lever.stage("acme", &id)), (404, "offer".to_owned()));
    hub.assert_violations(4);
}

#[tokio::test]
async fn a_note_is_replaced_as_a_whole() {
    let hub = Hub::new().await;
    let id = hub.lever.apply("acme", Applicant::default());
    let notes = format!("opportunities/{id}/notes");
    let full = hub.post(&notes, json!({ "value": "[order:1] Pending" })).await;
    let note = full.body["data"]["noteId"].as_str().unwrap().to_owned();
    assert_eq!((full.status, &full.body["data"]["fields"][0]["value"]), (201, &json!("[order:1] Pending")));
    hub.post(&format!("{notes}?note_id={note}"), json!({ "value": "more" })).await;
    assert_eq!(hub.lever.notes("acme", &id)[0].text(), "[order:1] Pending\n\nmore");
    let path = format!("{notes}/{note}");
    for _ in 0..2 {
        let put = hub.write(Method::PUT, &path, json!({ "values": [{ "value": "[order:1] Completed" }] })).await;
        assert_eq!((put.status, put.body), (200, json!({ "data": { "noteId": note } })));
    }
    let seen = hub.lever.notes("acme", &id);
    assert_eq!((seen.len(), seen[0].text(), seen[0].by.is_app()), (1, "[order:1] Completed".to_owned(), true));
    hub.lever
        .set_options("acme", Options { note_put: NotePut::NotAllowed, short_note_answers: true, ..Options::default() });
    let refused = hub.write(Method::PUT, &path, json!({ "values": [{ "value": "x" }] })).await.status;
    let short = hub.post(&notes, json!({ "value": "short" })).await.body["data"].clone();
    assert_eq!((refused, short.as_object().unwrap().len()), (405, 1));
    hub.lever.set_options("acme", Options::default());
    let by_hand = format!("{notes}/{}", hub.lever.add_note("acme", &id, "Call back"));
    assert_eq!(hub.write(Method::PUT, &by_hand, json!({ "values": [{ "value": "x" }] })).await.status, 403);
    let read = hub.get(&by_hand).await.body["data"]["fields"][0]["value"].clone();
    assert!(read.as_str().unwrap().starts_with("Call back planted-"));
    assert_eq!(hub.write(Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(hub.get(&notes).await.body["data"].as_array().unwrap().len(), 2);
    hub.assert_violations(0);
    assert_eq!(hub.post(&notes, json!({ "value": "Ask @rae", "score": 4 })).await.status, 201);
    hub.assert_violations(2);
}

#[tokio::test]
async fn a_list_is_answered_in_pages() {
    let hub = Hub::new().await;
    let applicant = |stage: &str| Applicant { stage: stage.to_owned(), ..Applicant::default() };
    let ids: Vec<String> = (0..5).map(|_| hub.lever.apply("acme", applicant(BACKGROUND_CHECK_STAGE))).collect();
    hub.lever.apply("acme", applicant("offer"));
    hub.lever.set_confidential("acme", &ids[0], true);
    let list = format!("opportunities?stage_id={BACKGROUND_CHECK_STAGE}");
    let mut offset = String::new();
    let mut seen = Vec::new();
    for count in [3, 1] {
        let page = hub.get(&format!("{list}&limit=3{offset}")).await.body;
        let found = page["data"].as_array().unwrap();
        assert_eq!((found.len(), &page["hasNext"]), (count, &json!(count == 3)));
        seen.extend(found.iter().map(|found| found["id"].as_str().unwrap().to_owned()));
        offset = format!("&offset={}", page["next"].as_str().unwrap_or_default());
    }
    seen.reverse();
    assert_eq!(seen, ids[1..]);
    for (field, count) in [("advanced_at_start=1793527200000", 4), ("advanced_at_start=1793527200001", 0)] {
        assert_eq!(hub.get(&format!("{list}&{field}")).await.body["data"].as_array().unwrap().len(), count);
    }
    for (path, status) in [
        (format!("{list}&limit=101"), 400),
        (format!("{list}&offset=x"), 400),
        (format!("{list}&confidentiality=all"), 403),
        (format!("opportunities/{}", ids[0]), 403),
        (format!("opportunities/{}?expand=contact", ids[1]), 403),
        ("opportunities/none".to_owned(), 404),
        ("users?email=RAE@client.example".to_owned(), 200),
    ] {
        assert_eq!(hub.get(&path).await.status, status, "{path}");
    }
    hub.lever.set_options("acme", Options { omits_has_next: true, ..Options::default() });
    assert_eq!(hub.get("tags").await.body, json!({ "data": [] }));
    hub.assert_violations(0);
    hub.get(&format!("opportunities?expand=followers&include={}", "name")).await;
    hub.assert_violations(2);
}

#[tokio::test]
async fn the_limit_says_nothing_of_when_to_come_back() {
    let hub = Hub::new().await;
    for _ in 0..20 {
        assert_eq!(hub.get("stages").await.status, 200);
    }
    let over = hub.get("stages").await;
    assert_eq!((over.status, over.headers.get(header::RETRY_AFTER)), (429, None));
    hub.now.fetch_add(100, Ordering::Relaxed);
    assert_eq!((hub.get("stages").await.status, hub.get("stages").await.status), (200, 429));
    assert_eq!(hub.lever.limit_hits("acme"), 2);
    hub.assert_violations(0);
}

#[tokio::test]
async fn tags_of_a_posting_reach_its_people_as_the_account_has_it() {
    let hub = Hub::new().await;
    let apply = || hub.lever.apply("acme", Applicant::new("Ada Moss", "ada@candidate.example", "nurse"));
    let has = |id: &str, tag: &str| hub.lever.tags("acme", id).iter().any(|known| known == tag);
    let first = apply();
    hub.lever.tag_posting("acme", "nurse", "one");
    hub.lever.set_options("acme", Options { posting_tags: PostingTags::Followed, ..Options::default() });
    hub.lever.tag_posting("acme", "nurse", "two");
    assert!(!has(&first, "one") && has(&first, "two") && has(&apply(), "one"));
    hub.lever.set_options("acme", Options { posting_tags: PostingTags::NotInherited, ..Options::default() });
    let last = apply();
    assert!(!has(&last, PACKAGE) && has(&last, "Nurse"));
    hub.lever.rename_posting("acme", "nurse", "Head nurse");
    assert!(!has(&first, "Nurse") && has(&first, "Head nurse") && has(&first, PACKAGE));
    hub.assert_violations(0);
}

#[tokio::test]
async fn a_person_with_curl_is_the_recruiter() {
    let hub = Hub::new().await;
    let id = hub.control("apply", json!({ "name": "Bo Reed", "posting": "nurse" })).await.body["id"].clone();
    assert_eq!(hub.control("apply", json!({ "nickname": "Bo" })).await.status, 422);
    let moved = hub.control("advance", json!({ "opportunity": id, "stage": "asurint background check" })).await;
    assert_eq!((moved.status, moved.body), (200, json!([])));
    for (path, body, status) in [
        ("advance", json!({ "opportunity": id, "stage": "Nowhere" }), 404),
        ("tag", json!({ "opportunity": id, "tag": "a" }), 204),
        ("tag", json!({ "posting": "nurse", "tag": PACKAGE, "remove": true }), 204),
        ("tag", json!({ "tag": "a" }), 422),
        ("emails", json!({ "opportunity": id, "emails": [] }), 204),
        ("toggle", json!({ "on": true }), 204),
        ("options", json!({ "omits_has_next": true }), 200),
        ("options", json!({ "unknown": true }), 422),
        ("rerun", json!({ "number": 0 }), 404),
        ("ping", json!({}), 200),
        ("revoke", json!({ "account": "other" }), 404),
    ] {
        assert_eq!(hub.control(path, body).await.status, status, "{path}");
    }
    let seen = hub.send("localhost", Method::GET, "/_control/opportunities", "", String::new()).await.body;
    let found = &seen[0]["opportunities"][0];
    assert_eq!((&found["name"], &found["stage"]), (&json!("Bo Reed"), &json!(BACKGROUND_CHECK_STAGE)));
    assert_eq!((&seen[0]["postings"][0]["tags"], &seen[0]["toggled"][0]), (&json!([]), &json!("candidateStageChange")));
    hub.assert_violations(0);
}
