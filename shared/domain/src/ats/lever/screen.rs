//! What a recruiter reads in a note of Lever.

use url::Url;

use super::settings::Settings;
use crate::id::OrderId;
use crate::order::View;
use crate::reason::Reason;
use crate::status::OrderStatus;
use crate::text::{clip, plain};

/// The longest line, in characters. Lever publishes no limit.
const LINE: usize = 400;

/// By what the note of an order is found.
pub(super) fn marker(order: &OrderId) -> String {
    format!("[order:{order}]")
}

/// Whether a text is one that was written for the order.
pub(super) fn has_marker(text: &str, marker: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.contains(marker))
}

/// A text from elsewhere on a line of its own. Lever notifies the user whose name follows an `@`.
fn foreign(text: &str) -> String {
    clip(plain(text).trim(), LINE).replace('@', "＠")
}

/// What "send again" is in Lever.
const SEND_AGAIN: &str = "To send again, move the candidate into another stage and back.";

/// Whether the recruiter may try once more, after correcting what the note says.
fn may_be_sent_again(view: &View) -> bool {
    match (view.status, view.refusal.as_ref().map(|refusal| refusal.reason)) {
        (OrderStatus::Rejected, Some(Reason::ReorderNotAllowed | Reason::CandidateAnonymized)) => false,
        (OrderStatus::Rejected | OrderStatus::Expired | OrderStatus::Undeliverable, _) => true,
        _ => false,
    }
}

/// The note of an order: which one it is, how it stands, what to do, what came out, and where to read on.
pub(super) fn note(settings: &Settings, view: &View, link: Option<&Url>) -> String {
    let refusal = view.refusal.as_ref();
    let order = match &view.reference {
        Some(reference) => format!("{} {} order {}", marker(&view.order), foreign(&view.provider), foreign(reference)),
        None => format!("{} {}", marker(&view.order), foreign(&view.provider)),
    };
    let status = match (refusal, &view.status_word) {
        (Some(refusal), _) => refusal.reason.label().to_owned(),
        (None, Some(word)) if !word.trim().is_empty() => foreign(word),
        (None, _) => settings.status_words.word(view.status, None),
    };
    let detail = match refusal {
        Some(refusal) => Some(format!("{} ({})", foreign(&view.sentence), refusal.reason.code())),
        None if !view.sentence.is_empty() => Some(foreign(&view.sentence)),
        // Its word is that of a running check.
        None if view.status == OrderStatus::InDispute => Some(view.headline()),
        None => None,
    };
    let score = view.result.as_ref().filter(|_| view.status == OrderStatus::Completed && refusal.is_none());
    let lines = [
        Some(order),
        view.package_name.as_deref().map(|name| format!("Package: {}", foreign(name))),
        Some(format!("Status: {status}")),
        detail,
        may_be_sent_again(view).then(|| SEND_AGAIN.to_owned()),
        score.map(|_| format!("Score: {}", foreign(&view.headline()))),
        link.map(|link| link.as_str().replace('@', "%40")),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}
