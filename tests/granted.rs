//! What the template grants is what the end-to-end tests were seen to use, no more and no less. Cargo runs this program
//! after theirs.
#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;

use local_stack::embedded_aws::seen;
use local_stack::template::Template;

const LOGS: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// The grants of all functions but for those to write their logs, which Lambda does in their name.
fn granted() -> BTreeSet<String> {
    let roles = Template::read().unwrap().roles;
    let lines = roles.iter().flat_map(|(function, role)| role.0.iter().map(move |grant| format!("{function} {grant}")));
    lines.filter(|line| !line.contains(" logs:")).collect()
}

#[test]
fn every_grant_of_the_template_is_used_by_the_end_to_end_tests_and_they_use_no_other() {
    let used = seen::kept_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("grants-used")).unwrap_or_default();
    assert!(!used.is_empty(), "run all end-to-end tests first: cargo test --workspace");
    let granted = granted();
    let unused: Vec<_> = granted.difference(&used).collect();
    assert!(unused.is_empty(), "granted, and used by no end-to-end test (were all of them run?):\n{unused:#?}");
    let missing: Vec<_> = used.difference(&granted).collect();
    assert!(missing.is_empty(), "used, and not granted:\n{missing:#?}");
}

#[test]
fn every_function_writes_to_its_own_log_and_to_no_other() {
    for (function, role) in Template::read().unwrap().roles {
        let of_logs = role.0.iter().filter(|grant| grant.action.starts_with("logs:"));
        let of_logs: Vec<_> = of_logs.map(|grant| (grant.action.as_str(), grant.resource.as_str())).collect();
        let words = function.split('-').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
        let own = format!("{}Logs", words.collect::<String>());
        assert_eq!(of_logs, LOGS.map(|action| (action, own.as_str())), "{function}");
    }
}
