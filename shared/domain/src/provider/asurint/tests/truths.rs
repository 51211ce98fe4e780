use super::*;

#[test]
fn every_status_word_has_one_meaning_and_the_customers_own_are_kept() {
    let words = [
        "Pending Candidate",
        " pending candidate ",
        "In Progress",
        "COMPLETED",
        "Cancelled",
        "expired",
        "Undeliverable",
        "Declined",
        "On  Hold\n at client",
        "Clear",
    ];
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |word: &&str| {
            let lines = [Value::Null, json!("Eligible for Hire")]
                .map(|score| truth_line(&truth(&settings, &told(json!(word), score, Value::Null))));
            format!("{word:?}: {}", lines.join(" | "))
        };
        allow_duplicates! {
            assert_snapshot!(words.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
            "Pending Candidate": pending_candidate | pending_candidate
            " pending candidate ": pending_candidate | pending_candidate
            "In Progress": in_progress | in_progress
            "COMPLETED": in_progress, awaits score for 15m | completed = Clear "Eligible for Hire"
            "Cancelled": cancelled "Cancelled" | cancelled "Cancelled"
            "expired": expired "expired" | expired "expired"
            "Undeliverable": undeliverable "Undeliverable" | undeliverable "Undeliverable"
            "Declined": declined "Declined" | declined "Declined"
            "On  Hold\n at client": in_progress "On Hold at client" | in_progress "On Hold at client" = Clear "Eligible for Hire"
            "Clear": in_progress "Clear" | in_progress "Clear" = Clear "Eligible for Hire"
            "#);
        }
    }
    let settings = settings_with("json", |_| ());
    for blank in [Value::Null, json!(""), json!(" "), json!({})] {
        assert_eq!(truth_line(&truth(&settings, &told(blank, json!("Review"), Value::Null))), "in_progress");
    }
}

#[test]
fn every_score_has_one_result_and_an_unknown_one_is_never_clear() {
    let long = "L".repeat(60);
    let scores = [
        "Eligible for Hire",
        " review",
        "INELIGIBLE FOR HIRE",
        "Eligible",
        "Clear",
        "Pass",
        "Dispute\n!",
        long.as_str(),
    ];
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |score: &&str| truth_line(&truth(&settings, &told(json!("Completed"), json!(score), Value::Null)));
        allow_duplicates! {
            assert_snapshot!(scores.iter().map(line).collect::<Vec<_>>().join("\n"), @r#"
            completed = Clear "Eligible for Hire"
            completed = Review "review"
            completed = Ineligible "INELIGIBLE FOR HIRE"
            completed = Custom "Eligible"
            completed = Custom "Clear"
            completed = Custom "Pass"
            completed = Custom "Dispute !"
            completed = Custom "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL…"
            "#);
        }
    }
}

#[test]
fn an_admin_may_say_what_the_customers_words_mean() {
    let mapping =
        |kind, word: &str, means: &str| Mapping { kind, ats_value: word.to_owned(), provider_value: means.to_owned() };
    let mappings = Mappings(vec![
        mapping(MappingKind::Status, "Closed out", "completed"),
        mapping(MappingKind::Score, "green", "clear"),
    ]);
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let line = |status: &str, score: &str| {
            truth_line(&truth(&settings, &told(json!(status), json!(score), Value::Null)).mapped(&mappings))
        };
        assert_eq!(line("CLOSED OUT", "Green"), "completed \"CLOSED OUT\" = Clear \"Green\"", "{way}");
        assert_eq!(line("Completed", "Green "), "completed = Clear \"Green\"", "{way}");
        assert_eq!(line("Completed", "Amber"), "completed = Custom \"Amber\"", "{way}");
    }
}

#[test]
fn a_report_is_shown_only_where_the_settings_say_that_reports_lie() {
    for way in ["json", "one step"] {
        let settings = settings_with(way, |_| ());
        let page = |address: &str| truth(&settings, &told(json!("Completed"), Value::Null, json!(address))).report;
        for right in
            ["https://portal.asurint.com/r/A123456", "https://asurint.com/r", " https://a.b.asurint.com:443/r/%20 "]
        {
            assert!(matches!(page(right), ReportPage::At(_)), "{right}");
        }
        let long = format!("https://portal.asurint.com/{}", "x".repeat(2_000));
        for wrong in [
            "",
            "r/A123456",
            "http://portal.asurint.com/r",
            "https://asurint.com.evil.example/r",
            "https://evilasurint.com/r",
            "https://portal.asurint.example/r",
            "https://ada@portal.asurint.com/r",
            "https://:pass@portal.asurint.com/r",
            "https://portal.asurint.com:8443/r",
            "https://portal.asurint.com/r?token=1",
            "https://portal.asurint.com/r#x",
            "https://portal.asurint.com@evil.example/",
            "https://evil.example\\.asurint.com/r",
            "javascript:alert(1)",
            "file:///etc/hostname",
            long.as_str(),
        ] {
            assert_eq!(page(wrong), ReportPage::Missing, "{wrong}");
        }
        let elsewhere = settings_with(way, |settings| settings["report_host"] = json!("reports.example"));
        let order = |address: &str| told(json!("Completed"), Value::Null, json!(address));
        assert!(matches!(truth(&elsewhere, &order("https://x.reports.example/r")).report, ReportPage::At(_)));
        assert_eq!(truth(&elsewhere, &order("https://portal.asurint.com/r")).report, ReportPage::Missing);
    }
}

#[test]
fn a_truth_says_when_it_was_true_and_whether_to_ask_often() {
    for way in ["json", "one step"] {
        let order = told(json!("In Progress"), Value::Null, Value::Null);
        let said = truth(&settings_with(way, |_| ()), &order);
        assert_eq!(said.modified, Some("2026-11-01T10:00:00Z".parse().unwrap()), "{way}");
        assert!(!said.ask_often);
        let mut undated = order.clone();
        undated["updatedAt"] = json!("yesterday");
        assert_eq!(truth(&settings_with(way, |_| ()), &undated).modified, None, "{way}");
    }
    let often = settings_with("json", |settings| settings["polls"] = json!(true));
    assert!(truth(&often, &told(json!("In Progress"), Value::Null, Value::Null)).ask_often);
}
