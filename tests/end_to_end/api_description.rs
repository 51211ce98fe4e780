//! The description of the admin API says what is there, and nothing else.

use std::collections::BTreeSet;

use local_stack::api_page::{DOCUMENT, PAGE};
use local_stack::template::Template;
use runtime::handlers::admin::OPERATIONS;
use serde_json::Value;

use crate::support::stack;

#[test]
fn every_admin_route_of_the_template_is_an_operation_of_its_function_and_the_reverse() {
    let operations = OPERATIONS.iter().map(|of| (of.function.to_owned(), of.method.to_owned(), of.path.to_owned()));
    let routes = Template::read().unwrap().routes.into_iter().filter(|route| route.needs_iam);
    let routes: BTreeSet<_> = routes.map(|route| (route.function, route.method, route.path)).collect();
    assert_eq!(operations.collect::<BTreeSet<_>>(), routes);
    assert_eq!(OPERATIONS.len(), routes.len(), "each is there once");
}

#[test]
fn every_operation_says_in_which_ways_it_may_fail() {
    for operation in OPERATIONS {
        let name = operation.function;
        assert!(operation.problems.contains(&400) && operation.problems.contains(&503), "{name}");
        assert_eq!(operation.problems.contains(&413), operation.body.is_some(), "{name}");
        assert!(!operation.path.contains('{') || operation.problems.contains(&404), "{name}");
        assert!(operation.answers.iter().all(|(status, _)| (200..300).contains(status)), "{name}");
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_local_stack_serves_the_description_and_a_page_that_shows_it() {
    let stack = stack().await;
    let document = stack.http.get(format!("{}{DOCUMENT}", stack.url)).send().await.unwrap();
    let document: Value = serde_json::from_slice(&document.bytes().await.unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let ids = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap());
    let ids: BTreeSet<_> = ids.map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), OPERATIONS.len());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert_eq!(found, Vec::<&str>::new(), "every schema stands where it is used");

    let page = stack.http.get(format!("{}{PAGE}/", stack.url)).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
    let script = stack.http.get(format!("{}{PAGE}/swagger-initializer.js", stack.url)).send().await.unwrap();
    assert!(script.text().await.unwrap().contains(DOCUMENT), "the page reads the description");
}
