//! What the documents promise is there.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names in the last column of the table of invariants.
fn named_tests(document: &str) -> Vec<String> {
    let table = document.split("## What always holds").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| invariant"));
    let tests = rows.flat_map(|row| row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    tests.filter(|name| name.contains('_') && *name != "compile_fail").map(str::to_owned).collect()
}

#[test]
fn every_invariant_of_the_architecture_names_a_test_that_exists() {
    let tests = named_tests(&std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap());
    assert!(tests.len() >= 15, "{tests:?}");
    let mut text = String::new();
    for folder in ["shared", "tests"] {
        sources(&root().join(folder), &mut text);
    }
    let missing: Vec<_> = tests
        .iter()
        .filter(|name| !text.contains(&format!("fn {name}(")) && !text.contains(&format!("{name} =>")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_reason_that_an_operator_may_meet_is_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let codes = domain::reason::Reason::ALL.iter().map(|reason| reason.code());
    let missing: Vec<_> = codes.filter(|code| !readme.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
