//! The notes that the hub writes; it may edit and delete none but those that came through the API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use super::api::Visit;
use super::options::NotePut;
use super::query::{Query, data};
use super::refusal::Refusal;
use super::seen::{Change, Note, NoteValue};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewNote {
    value: String,
    #[serde(default)]
    secret: bool,
    score: Option<Number>,
    #[serde(default)]
    notify_followers: bool,
    created_at: Option<i64>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WholeNote {
    values: Vec<WholeValue>,
    #[serde(default)]
    secret: bool,
    score: Option<Number>,
    user: Option<String>,
    created_at: Option<i64>,
    completed_at: Option<i64>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WholeValue {
    value: String,
    created_at: Option<i64>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

fn time(millis: Option<i64>, otherwise: Timestamp) -> Result<Timestamp, Refusal> {
    let given = millis.map(Timestamp::from_millisecond).transpose();
    Ok(given.map_err(|_| Refusal::bad_request("A time is out of range"))?.unwrap_or(otherwise))
}

/// A note as reads answer it.
fn object(note: &Note) -> Value {
    let fields = note.values.iter().map(|value| {
        json!({
            "type": "note",
            "text": "Note",
            "description": null,
            "value": value.value,
            "score": note.score,
            "createdAt": value.at.as_millisecond(),
        })
    });
    json!({
        "id": note.id,
        "text": "Note",
        "fields": fields.collect::<Vec<_>>(),
        "user": note.by.user(),
        "secret": note.secret,
        "completedAt": note.completed_at.as_millisecond(),
        "createdAt": note.created_at.as_millisecond(),
        "deletedAt": null,
    })
}

impl Visit<'_> {
    pub(super) fn list_notes(&self, id: &str, query: &Query) -> Result<Response, Refusal> {
        let notes = self.opportunity(id)?.notes.iter().rev();
        query.page(notes.map(|note| (note.id.clone(), object(note))).collect(), &self.account.options)
    }

    pub(super) fn one_note(&self, id: &str, note: &str) -> Result<Response, Refusal> {
        let found = self.opportunity(id)?.notes.iter().find(|found| found.id == note);
        Ok(data(&object(found.ok_or_else(Refusal::not_found)?)))
    }

    /// Writes a note, or a comment under one where `under` names it.
    pub(super) fn new_note(&mut self, id: &str, under: Option<&str>) -> Result<Response, Refusal> {
        let NewNote { value, secret, score, notify_followers, created_at, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        self.check_note([value.as_str()], score.as_ref())?;
        if under.is_some() && (secret || score.is_some() || notify_followers) {
            self.call.violations.record("a comment under a note had more than a value and a time");
        }
        let (by, now) = (self.actor.clone(), self.call.now);
        let at = time(created_at, now)?;
        let new_id = self.dice.uuid();
        let short = self.account.options.short_note_answers;
        let found = self.opportunity_mut(id)?;
        let text = value.clone();
        let value = NoteValue { value, at };
        let (note, change) = match under {
            Some(under) => {
                let note = found.notes.iter_mut().find(|note| note.id == under).ok_or_else(Refusal::not_found)?;
                note.values.push(value);
                (note.clone(), Change::NoteChanged { note: under.to_owned(), text: note.text() })
            }
            None => {
                let note = Note {
                    id: new_id.clone(),
                    values: vec![value],
                    secret,
                    score,
                    by: by.clone(),
                    notified_followers: notify_followers,
                    created_at: at,
                    completed_at: at,
                };
                found.notes.push(note.clone());
                (note, Change::NoteAdded { note: new_id, text })
            }
        };
        found.tell(now, by, change);
        let mut answer = if short { json!({}) } else { object(&note) };
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("noteId".to_owned(), json!(note.id));
        }
        Ok((StatusCode::CREATED, Json(json!({ "data": answer }))).into_response())
    }

    /// Replaces a note as a whole: a comment that the call does not name is gone.
    pub(super) fn change_note(&mut self, id: &str, note: &str) -> Result<Response, Refusal> {
        if self.account.options.note_put == NotePut::NotAllowed {
            return Err(Refusal::not_allowed());
        }
        let WholeNote { values, secret, score, user, created_at, completed_at, unknown } = self.call.json()?;
        for unknown in values.iter().map(|value| &value.unknown).chain([&unknown]) {
            self.call.note_unknown(unknown);
        }
        self.check_note(values.iter().map(|value| value.value.as_str()), score.as_ref())?;
        if user.is_some_and(|user| self.account.user(&user).is_none()) {
            return Err(Refusal::bad_request("There is no such user"));
        }
        let (by, now) = (self.actor.clone(), self.call.now);
        let found = self.opportunity_mut(id)?;
        let old = found.notes.iter_mut().find(|found| found.id == note).ok_or_else(Refusal::not_found)?;
        if !old.by.is_app() {
            return Err(Refusal::forbidden("The note was not made through the API"));
        }
        let values =
            values.into_iter().map(|value| Ok(NoteValue { at: time(value.created_at, now)?, value: value.value }));
        let new = Note {
            values: values.collect::<Result<_, Refusal>>()?,
            secret,
            score,
            created_at: time(created_at, old.created_at)?,
            completed_at: time(completed_at, old.completed_at)?,
            ..old.clone()
        };
        if *old != new {
            *old = new.clone();
            found.tell(now, by, Change::NoteChanged { note: note.to_owned(), text: new.text() });
        }
        Ok(data(&json!({ "noteId": note })))
    }

    pub(super) fn delete_note(&mut self, id: &str, note: &str) -> Result<Response, Refusal> {
        let (by, now) = (self.actor.clone(), self.call.now);
        let found = self.opportunity_mut(id)?;
        let old = found.notes.iter().find(|found| found.id == note).ok_or_else(Refusal::not_found)?;
        if !old.by.is_app() {
            return Err(Refusal::forbidden("The note was not made through the API"));
        }
        found.notes.retain(|found| found.id != note);
        found.tell(now, by, Change::NoteDeleted { note: note.to_owned() });
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    fn check_note<'v>(&self, values: impl IntoIterator<Item = &'v str>, score: Option<&Number>) -> Result<(), Refusal> {
        if score.is_some() && !self.account.options.allows_scores {
            self.call.violations.record("the hub gave an interviewer's score");
        }
        let mut is_blank = true;
        for value in values {
            is_blank &= value.trim().is_empty();
            for user in self.account.account.users.iter().filter(|user| mentions(value, &user.username)) {
                self.call.violations.record(format!("a note of the hub notified @{}", user.username));
            }
        }
        if is_blank { Err(Refusal::bad_request("A note needs a text")) } else { Ok(()) }
    }
}

/// Whether a note notifies this user; an address is no mention.
fn mentions(text: &str, username: &str) -> bool {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    let mention = format!("@{username}");
    text.match_indices(&mention).any(|(at, _)| {
        let (before, from) = text.split_at(at);
        is_edge(before.chars().next_back()) && is_edge(from.chars().nth(mention.chars().count()))
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn only_a_free_standing_name_is_a_mention() {
        assert!(mentions("Ask @rae.", "rae") && mentions("@rae", "rae"));
        for text in ["rae@rae.example", "@raelene", "@\u{200b}rae", "rae"] {
            assert!(!mentions(text, "rae"), "{text}");
        }
    }
}
