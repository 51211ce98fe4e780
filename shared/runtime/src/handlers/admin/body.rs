//! What an admin sends, read so that an error names the field at fault and quotes nothing that was sent but names.

use domain::invalid::Invalid;
use domain::kinded::WITHIN;
use serde::de::DeserializeOwned;

use crate::edge::{Answer, Call, problem};

/// The largest body that an admin may send, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The body as what the operation takes, or problem details that say where it is not.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Answer> {
    if call.body.len() > MAX_BODY {
        return Err(problem(413, "The body is larger than 64 KiB.", &[]));
    }
    let mut json = serde_json::Deserializer::from_slice(&call.body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        at_fault(&path, &error.into_inner().to_string())
    });
    let ended = |read| match json.end() {
        Ok(()) => Ok(read),
        Err(_) => Err(Invalid::new("body", "must end after the JSON")),
    };
    read.and_then(ended).map_err(|invalid| problem(400, "The body is not what this operation takes.", &[invalid]))
}

/// The field at fault and what is wrong with it, out of the parser's words.
fn at_fault(path: &str, text: &str) -> Invalid {
    let (inner, text) = text.split_once(WITHIN).unwrap_or(("", text));
    let text = text.split(" at line ").next().unwrap_or_default();
    let mut field: Vec<&str> = [path, inner].into_iter().filter(|part| !part.is_empty() && *part != ".").collect();
    let named = text.split('`').nth(1).unwrap_or_default();
    let about_a_name =
        ["unknown field", "missing field", "duplicate field"].into_iter().find(|told| text.starts_with(told));
    let problem = match about_a_name {
        Some(told) => {
            if !field.last().is_some_and(|last| *last == named || last.ends_with(&format!(".{named}"))) {
                field.push(named);
            }
            match told {
                "unknown field" => "is not a field of this".to_owned(),
                "missing field" => "is needed".to_owned(),
                _ => "is there twice".to_owned(),
            }
        }
        None => match text.split_once("expected ") {
            Some((_, expected)) if !text.starts_with("expected") => format!("must be {}", expected.replace('`', "")),
            _ if text.starts_with("an identifier") => format!("is no identifier: {text}"),
            _ => "is not of the expected form".to_owned(),
        },
    };
    let field = if field.is_empty() { "body".to_owned() } else { field.join(".") };
    Invalid::new(field.chars().take(200).collect::<String>(), problem)
}

/// Refuses a query with parameters that the operation does not have.
pub(super) fn only(call: &Call, known: &[&str]) -> Result<(), Answer> {
    let unknown = call.query.keys().filter(|name| !known.contains(&name.as_str()));
    let invalid: Vec<_> = unknown.map(|name| Invalid::new(name, "is not a parameter of this operation")).collect();
    if invalid.is_empty() {
        Ok(())
    } else {
        Err(problem(400, "The query has parameters that are not known.", &invalid))
    }
}

/// A parameter of the query, parsed.
pub(super) fn parameter<T>(
    call: &Call,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    must_be: &str,
) -> Result<Option<T>, Answer> {
    let Some(text) = call.query.get(name) else { return Ok(None) };
    let invalid = || problem(400, "A parameter of the query is not as it must be.", &[Invalid::new(name, must_be)]);
    parse(text).map(Some).ok_or_else(invalid)
}

/// How many items a page has: 50, or what `limit` says, from 1 to 200.
pub(super) fn limit(call: &Call) -> Result<usize, Answer> {
    let parse = |text: &str| text.parse().ok().filter(|limit| (1..=200).contains(limit));
    Ok(parameter(call, "limit", parse, "must be a number from 1 to 200")?.unwrap_or(50))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, field: &str, problem: &str) {
        let invalid = at_fault(path, text);
        assert_eq!((invalid.field.as_str(), invalid.problem.as_str()), (field, problem));
    }

    #[test]
    fn the_field_at_fault_is_named_and_nothing_that_was_sent_is_quoted() {
        check(".", "missing field `ats` at line 1 column 2", "ats", "is needed");
        check("ats", "max_pages\u{1f}invalid type: string \"s3cret\", expected u32", "ats.max_pages", "must be u32");
        check("ats", "\u{1f}unknown field `triggers`, expected one of `a`", "ats.triggers", "is not a field of this");
        check("api_kes", "unknown field `api_kes`, expected `a` at line 1", "api_kes", "is not a field of this");
        check("kind", "unknown variant `taleo`, expected `icims` or `lever`", "kind", "must be icims or lever");
        check(".", "EOF while parsing a value at line 1 column 0", "body", "is not of the expected form");
    }
}
