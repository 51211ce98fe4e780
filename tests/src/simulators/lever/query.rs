//! The query of a call, and the pages that lists are answered in.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::api::Call;
use super::options::Options;
use super::refusal::Refusal;

const LONGEST_PAGE: usize = 100;

pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query; a field that the call does not have is recorded, and else of no effect.
    pub(super) fn of(call: &Call<'_>, fields: &[&str]) -> Self {
        let query = call.parts.uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (name, _) in pairs.iter().filter(|(name, _)| !fields.contains(&name.as_str())) {
            let (method, path) = (&call.parts.method, call.parts.uri.path());
            call.violations.record(format!("Lever was sent {method} {path} with the unexpected field {name}"));
        }
        Self(pairs)
    }

    pub(super) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field is absent, or one of its values fits.
    pub(super) fn fits(&self, name: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.first(name).is_none() || self.all(name).any(fits)
    }

    /// Whether a time is in the span between two fields.
    pub(super) fn spans(&self, name: &str, millis: i64) -> Result<bool, Refusal> {
        let bound = |edge: &str| {
            let field = format!("{name}_{edge}");
            let bound = self.first(&field).map(str::parse::<i64>).transpose();
            bound.map_err(|_| Refusal::bad_request(format!("{field} is no number of milliseconds")))
        };
        Ok(bound("start")?.is_none_or(|start| millis >= start) && bound("end")?.is_none_or(|end| millis <= end))
    }

    /// The asked page of rows, each with the key that the next page's offset hides.
    pub(super) fn page(&self, rows: Vec<(String, Value)>, options: &Options) -> Result<Response, Refusal> {
        let limit = self.first("limit").map_or(Ok(LONGEST_PAGE), str::parse);
        let limit = limit.ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        let limit = limit.ok_or_else(|| Refusal::bad_request("limit is not between 1 and 100"))?;
        let start = match self.first("offset") {
            None => 0,
            Some(offset) => {
                let key = URL_SAFE_NO_PAD.decode(offset).unwrap_or_default();
                let last = rows.iter().position(|(found, _)| found.as_bytes() == key);
                last.ok_or_else(|| Refusal::bad_request("offset was not given by an answer"))? + 1
            }
        };
        let has_next = rows.len() > start + limit;
        let page: Vec<(String, Value)> = rows.into_iter().skip(start).take(limit).collect();
        let next = page.last().filter(|_| has_next).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
        let data: Vec<Value> = page.into_iter().map(|(_, row)| row).collect();
        let mut answer = json!({ "data": data });
        if let Some(fields) = answer.as_object_mut() {
            fields.extend(next.map(|next| ("next".to_owned(), json!(next))));
            fields.extend((!options.omits_has_next).then(|| ("hasNext".to_owned(), json!(has_next))));
        }
        Ok(Json(answer).into_response())
    }
}

/// The answer with one object.
pub(super) fn data(object: &Value) -> Response {
    Json(json!({ "data": object })).into_response()
}
