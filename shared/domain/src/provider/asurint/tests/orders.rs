use super::*;

#[test]
fn an_order_is_accepted_with_its_number() {
    for way in WAYS {
        let line = place(&connector(way), &new_order(), accepted(way));
        assert_eq!(line, "accepted A123456 pending_candidate", "{way}");
        let (placed, _) = against(connector(way).place(&new_order(), &correlation()), vec![accepted(way)]);
        let PostOutcome::Accepted(truth) = placed else { panic!("{placed:?}") };
        assert_eq!((truth.short_id, truth.modified, truth.report), (None, None, ReportPage::Missing));
    }
}

#[test]
fn an_order_that_did_not_arrive_or_was_not_answered_is_no_refusal() {
    let limited =
        HttpResponse { status: 429, headers: vec![("retry-after".to_owned(), "12".to_owned())], body: vec![] };
    for way in WAYS {
        let line = |outcome: HttpOutcome| place(&connector(way), &new_order(), outcome);
        for status in [302, 408, 500, 502, 503] {
            assert_eq!(line(answer(status, "zqx")), format!("unclear, asurint: HTTP {status}"), "{way}");
        }
        assert_eq!(line(answer(200, "zqx")), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(answer(200, "<a/>")), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(answer(200, json!({"orderId": "../x"}))), "unclear, asurint: HTTP 200 without an id", "{way}");
        assert_eq!(line(Err(HttpFailure::Unclear("time-out"))), "unclear, asurint: time-out", "{way}");
        let not_sent = Err(HttpFailure::NotSent(NotSent::Connect));
        assert_eq!(line(not_sent), "no effect, later: asurint: no connection", "{way}");
        let budget = Err(HttpFailure::NotSent(NotSent::Budget(Duration::from_secs(5))));
        assert_eq!(line(budget), "no effect, later after 5s: asurint: our call budget is spent", "{way}");
        assert!(line(Ok(limited.clone())).starts_with("no effect, later after 12s: asurint: HTTP 429"), "{way}");
    }
}

#[test]
fn who_may_not_order_is_told_apart_from_what_may_not_be_ordered() {
    for way in WAYS {
        let reason = |status: u16| {
            let line = place(&connector(way), &new_order(), answer(status, "{\"errors\":[{\"message\":\"zqx\"}]}"));
            line.split(": ").next().unwrap().to_owned()
        };
        assert_eq!(reason(401), "no effect, provider_credentials", "{way}");
        assert_eq!(reason(403), "no effect, provider_permission", "{way}");
        assert_eq!(reason(400), "no effect, provider_refused", "{way}");
        assert_eq!(reason(422), "no effect, provider_refused", "{way}");
    }
}

#[test]
fn an_order_lacks_neither_name_nor_address() {
    for way in WAYS {
        let line = |change: fn(&mut NewOrder)| {
            let mut order = new_order();
            change(&mut order);
            let (placed, requests) = against(connector(way).place(&order, &correlation()), vec![]);
            assert_eq!(requests.len(), 0);
            placed_line(&placed)
        };
        let nameless = "no effect, missing_candidate_data: asurint: without a given and a family name";
        assert_eq!(line(|order| order.candidate.given_name = None), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.given_name = Some(" ".into())), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.family_name = None), nameless, "{way}");
        assert_eq!(line(|order| order.candidate.family_name = Some(" . ".into())), nameless, "{way}");
        let unreachable = "no effect, no_email: asurint: without an e-mail address";
        assert_eq!(line(|order| order.candidate.email = None), unreachable, "{way}");
        assert_eq!(line(|order| order.candidate.email = Some("  ".into())), unreachable, "{way}");
    }
}

#[test]
fn the_family_name_goes_without_periods_and_the_requester_may_be_the_settings() {
    for way in WAYS {
        let body = |way: &str, change: fn(&mut NewOrder)| {
            let mut order = new_order();
            change(&mut order);
            let (_, requests) = against(connector(way).place(&order, &correlation()), vec![accepted(way)]);
            sent(&requests[0])
        };
        let named = body(way, |order| order.candidate.family_name = Some("St. John Jr.".into()));
        assert!(named.contains("St John Jr") && !named.contains("John."), "{named}");
        assert!(named.contains("rae@client.example") && !named.contains("hr@client.example"), "{named}");
        for nobody in [
            |order: &mut NewOrder| order.requester_email = None,
            |order: &mut NewOrder| {
                order.requester_email = Some(Secret::from(" "));
            },
        ] {
            let named = body(way, nobody);
            assert!(named.contains("hr@client.example") && !named.contains("rae@client.example"), "{named}");
        }
    }
}

#[test]
fn packages_are_listed_and_those_without_an_id_are_passed_over() {
    let guid = "0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11";
    for way in WAYS {
        let list = match way {
            "json" => json!({"packages": [
                {"id": guid, "name": "Basic & more ", "active": true, "note": "zqx"},
                {"id": "old", "name": "Old", "active": false},
                {"id": 7}, {"name": "No id"}, {"id": null}, {"id": "a b"},
            ]})
            .to_string(),
            _ => format!(
                "<ATSServiceAcknowledgement xmlns=\"x\"><ATSResponse><ATSResponsePackages><Packages>\
                 <Package><PackageID>{guid}</PackageID><Name>Basic &amp; more </Name><Active>true</Active></Package>\
                 <Package id=\"old\" name=\"Old\" active=\"false\"/><Package><ID>7</ID></Package>\
                 <Package><Name>No id</Name></Package><Package><ID/></Package><Package><ID>a b</ID></Package>\
                 </Packages></ATSResponsePackages></ATSResponse></ATSServiceAcknowledgement>"
            ),
        };
        let (packages, requests) = against(connector(way).packages(), vec![answer(200, &list)]);
        let lines = packages.unwrap().into_iter().map(|p| format!("{} {:?} {}", p.id, p.name.trim(), p.orderable));
        let expected = [format!("{guid} \"Basic & more\" true"), "old \"Old\" false".into(), "7 \"\" true".into()];
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{way}");
        assert_eq!((requests[0].sending, requests[0].lane), (Sending::Repeatable, Lane::Reads), "{way}");
        let trouble = |outcome: HttpOutcome| {
            let trouble = against(connector(way).packages(), vec![outcome]).0.unwrap_err();
            trouble_line(&trouble).split(": ").next().unwrap().to_owned()
        };
        assert_eq!(trouble(answer(401, "zqx")), "provider_credentials", "{way}");
        assert_eq!(trouble(answer(403, "zqx")), "provider_permission", "{way}");
        assert_eq!(trouble(answer(404, "zqx")), "provider_refused", "{way}");
        assert_eq!(trouble(answer(503, "zqx")), "later", "{way}");
        assert_eq!(trouble(answer(200, "zqx")), "later", "{way}");
        assert_eq!(trouble(Err(HttpFailure::Unclear("time-out"))), "later", "{way}");
    }
}

#[test]
fn packages_of_the_settings_are_taken_instead_of_asking() {
    for way in WAYS {
        let connector = connector_with(way, |settings| settings["packages"] = json!([{"id": "p1", "name": "Basic"}]));
        let (packages, requests) = against(connector.packages(), vec![]);
        let expected = Package::new(PackageId::parse("p1").unwrap(), "Basic".to_owned(), true);
        assert_eq!((packages, requests.len()), (Ok(vec![expected]), 0), "{way}");
    }
}

#[test]
fn anybody_may_order_and_in_xml_somebody_must() {
    for way in WAYS {
        let standing = |settings: fn(&mut Value), email: Option<&str>| {
            let (connector, email) = (connector_with(way, settings), email.map(Secret::from));
            let (standing, _) = against(connector.standing(GroupId::parse("g1").ok().as_ref(), email.as_ref()), vec![]);
            let standing = standing.unwrap();
            assert_eq!(standing.group, GroupStanding::Active);
            standing.requester
        };
        let without: fn(&mut Value) = |settings| settings["fallback_requester_email"] = Value::Null;
        assert_eq!(standing(|_| (), None), Some(RequesterStanding::NeedsNone), "{way}");
        assert_eq!(standing(without, Some("rae@client.example")), Some(RequesterStanding::NeedsNone), "{way}");
        assert_eq!(standing(without, None).is_some(), way == "json", "{way}");
    }
}

#[test]
fn nothing_is_sent_where_an_address_is_missing() {
    for (way, field) in [("json", "base_url"), ("one step", "gateway")] {
        let connector = connector_with(way, |settings| settings[field] = Value::Null);
        let (_, requests) = against(connector.place(&new_order(), &correlation()), vec![accepted(way)]);
        assert!(!(SYSTEM.allows)(Region::Ca, requests[0].url.host_str().unwrap()), "{way}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300), status in 100_u16..600) {
        for way in WAYS {
            let answer = || vec![Ok(HttpResponse { status, headers: Vec::new(), body: body.clone() })];
            let connector = connector(way);
            let _ = against(connector.packages(), answer());
            let (placed, _) = against(connector.place(&new_order(), &correlation()), answer());
            prop_assert!(!matches!(placed, PostOutcome::Accepted(_)));
            if way == "json" {
                let _ = against(connector.read(&order_number()), answer());
                let _ = against(connector.find(&lookup()), answer());
            }
        }
    }

    #[test]
    fn any_name_arrives_as_it_is(given in "\\PC*[a-z<>&'\"]\\PC*", family in "\\PC*[a-z\\]]\\PC*") {
        let mut order = new_order();
        order.candidate.given_name = Some(Secret::new(given.clone()));
        order.candidate.family_name = Some(Secret::new(family.clone()));
        let (_, requests) = against(connector("one step").place(&order, &correlation()), vec![accepted("one step")]);
        let body = requests[0].body.as_ref().unwrap().expose().clone();
        let names = gateway::names_in(&body);
        prop_assert_eq!(names, (given.trim().to_owned(), family.replace('.', "").trim().to_owned()));
    }
}
