//! The one note of an order. Lever takes a new note twice, so one is looked for before it is made again.

use ::http::Method;
use serde_json::{Value, json};
use url::Url;

use super::api::{Api, exchange, success};
use super::settings::Settings;
use super::{screen, wire};
use crate::ats::Entry;
use crate::http::{HttpOutcome, HttpRequest, Sending};
use crate::id::AtsId;
use crate::order::View;
use crate::request::Subject;
use crate::status::OrderStatus;
use crate::talk::Talk;
use crate::trouble::Trouble;

/// Where the note is, as far as it is known.
pub(super) enum Place {
    New,
    Perhaps,
    At(AtsId),
}

impl Place {
    pub(super) fn of(entry: Entry<'_>) -> Self {
        match entry {
            Entry::New => Self::New,
            Entry::Perhaps => Self::Perhaps,
            Entry::At(note) => AtsId::parse(note).map_or(Self::Perhaps, Self::At),
        }
    }
}

/// What is done where there is no note to be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfGone {
    LookForIt,
    MakeIt,
}

/// Writes one state of an order.
pub(super) struct Writer {
    api: Api,
    application: AtsId,
    marker: String,
    text: String,
    secret: bool,
    notify: bool,
    perform_as: Option<AtsId>,
}

type Written = Talk<Result<String, Trouble>>;

impl Writer {
    pub(super) fn new(api: Api, settings: &Settings, subject: &Subject, view: &View, link: Option<&Url>) -> Self {
        Self {
            api,
            application: subject.application.clone(),
            marker: screen::marker(&view.order),
            text: screen::note(settings, view, link),
            secret: settings.secret_notes,
            notify: settings.notify_followers && view.status == OrderStatus::Completed,
            perform_as: settings.perform_as.clone(),
        }
    }

    /// Makes the note show the state; the answer names the note.
    pub(super) fn write(self, place: Place) -> Written {
        match place {
            Place::New => self.create(),
            Place::Perhaps => self.look_for_it(None),
            Place::At(note) => self.replace(note, IfGone::LookForIt),
        }
    }

    fn send(&self, method: Method, note: Option<&AtsId>, under: Option<&AtsId>, body: &Value) -> HttpRequest {
        let path = ["opportunities", self.application.as_str(), "notes"];
        let path: Vec<&str> = path.into_iter().chain(note.map(AtsId::as_str)).collect();
        let user = self.perform_as.as_ref().map(|user| ("perform_as", user.as_str()));
        let under = under.map(|note| ("note_id", note.as_str()));
        let query: Vec<_> = user.into_iter().chain(under).collect();
        let sending = if method == Method::POST { Sending::Once } else { Sending::Repeatable };
        HttpRequest { sending, ..self.api.send(method, &path, &query, body) }
    }

    fn create(self) -> Written {
        let mut body = json!({"value": self.text});
        if let Some(fields) = body.as_object_mut() {
            fields.extend(self.secret.then(|| ("secret".to_owned(), Value::Bool(true))));
            fields.extend(self.notify.then(|| ("notifyFollowers".to_owned(), Value::Bool(true))));
        }
        exchange(self.send(Method::POST, None, None, &body)).then(move |outcome| match success(outcome, "note") {
            Err(trouble) => Talk::Done(Err(trouble)),
            Ok(response) => match wire::id_of_note(&response) {
                Some(note) => Talk::Done(Ok(note.into())),
                // Lever did not say which one it is.
                None => self.notes(None).map(|notes| {
                    let note = notes?.into_iter().next().map(|note| note.id.into());
                    note.ok_or_else(|| Trouble::later("lever: the new note is not among the candidate's notes"))
                }),
            },
        })
    }

    /// The notes that were written for the order, but for `except`.
    fn notes(&self, except: Option<AtsId>) -> Talk<Result<Vec<wire::Note>, Trouble>> {
        let path = ["opportunities", self.application.as_str(), "notes"].map(str::to_owned).to_vec();
        let marker = self.marker.clone();
        self.api.clone().list(path, Vec::new(), "note", move |value| {
            let mut note = wire::note(value).filter(|note| Some(&note.id) != except.as_ref())?;
            note.texts.retain(|text| screen::has_marker(text, &marker));
            (!note.texts.is_empty()).then_some(note)
        })
    }

    fn look_for_it(self, except: Option<AtsId>) -> Written {
        self.notes(except).then(move |notes| match notes.map(|notes| notes.into_iter().next()) {
            Ok(Some(note)) => self.replace(note.id, IfGone::MakeIt),
            Ok(None) => self.create(),
            Err(trouble) => Talk::Done(Err(trouble)),
        })
    }

    /// Replaces the whole note, with all that was said under it.
    fn replace(self, note: AtsId, if_gone: IfGone) -> Written {
        let mut body = json!({"values": [{"value": self.text}]});
        if let (true, Some(fields)) = (self.secret, body.as_object_mut()) {
            fields.insert("secret".to_owned(), Value::Bool(true));
        }
        exchange(self.send(Method::PUT, Some(&note), None, &body)).then(move |outcome| match status(&outcome) {
            404 if if_gone == IfGone::MakeIt => self.create(),
            404 => self.look_for_it(Some(note)),
            400 | 403 | 405 => self.comment(note),
            _ => Talk::Done(success(outcome, "note").map(|_| note.into())),
        })
    }

    /// Says it under a note that may not be changed, unless it is what was said there last.
    fn comment(self, note: AtsId) -> Written {
        let path = ["opportunities", self.application.as_str(), "notes", note.as_str()];
        exchange(self.api.get(&path, &[])).then(move |outcome| {
            if is_refused(&outcome) {
                return self.create_beside(note);
            }
            match success(outcome, "note").and_then(|response| wire::one_note(&response)) {
                Ok(known) if known.as_ref().is_some_and(|known| self.says_so(known)) => Talk::Done(Ok(note.into())),
                Ok(_) => {
                    let body = json!({"value": self.text});
                    exchange(self.send(Method::POST, None, Some(&note), &body)).then(move |outcome| {
                        if is_refused(&outcome) {
                            return self.create_beside(note);
                        }
                        Talk::Done(success(outcome, "note").map(|_| note.into()))
                    })
                }
                Err(trouble) => Talk::Done(Err(trouble)),
            }
        })
    }

    /// Says it in another note, unless one does so already.
    fn create_beside(self, note: AtsId) -> Written {
        self.notes(Some(note)).then(move |notes| match notes {
            Ok(notes) => match notes.into_iter().find(|note| self.says_so(note)) {
                Some(note) => Talk::Done(Ok(note.id.into())),
                None => self.create(),
            },
            Err(trouble) => Talk::Done(Err(trouble)),
        })
    }

    /// Whether what a note says last of the order is the present state.
    fn says_so(&self, note: &wire::Note) -> bool {
        let last = note.texts.iter().rev().find(|text| screen::has_marker(text, &self.marker));
        last.is_some_and(|text| text.trim() == self.text)
    }
}

fn status(outcome: &HttpOutcome) -> u16 {
    outcome.as_ref().map_or(0, |response| response.status)
}

/// Whether Lever does not do this to this note, whatever it would do to another.
fn is_refused(outcome: &HttpOutcome) -> bool {
    matches!(status(outcome), 400 | 403 | 404 | 405)
}
