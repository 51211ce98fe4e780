//! What makes Asurint refuse an order, whichever vocabulary it came in.

use axum::http::StatusCode;

use super::model::Codec;
use super::placing::NewOrder;
use super::refusal::Refusal;
use super::state::ClientState;

fn looks_like_email(value: &str) -> bool {
    let plain = !value.contains(char::is_whitespace) && value.matches('@').count() == 1;
    plain
        && value.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
        })
}

/// Whether a text has the form of `like`, in which 0 stands for any digit.
fn has_form(text: &str, like: &str) -> bool {
    text.chars().count() == like.chars().count()
        && text.chars().zip(like.chars()).all(|(c, l)| if l == '0' { c.is_ascii_digit() } else { c == l })
}

fn is_phone(codec: Codec, phone: &str) -> bool {
    match codec {
        Codec::Json => phone.strip_prefix('+').is_some_and(|digits| {
            (8..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0')
        }),
        Codec::Oml => has_form(phone, "(000) 000-0000"),
    }
}

impl ClientState {
    pub(super) fn check(&self, new: &NewOrder) -> Result<(), Refusal> {
        if new.quote_back.trim().is_empty() {
            return Err(Refusal::field("quoteBack", "required", "quoteBack is required"));
        }
        let package = self.packages.iter().find(|package| package.id.eq_ignore_ascii_case(&new.package));
        if !package.is_some_and(|package| package.active) {
            let code = if package.is_some() { "inactive_package" } else { "unknown_package" };
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                code,
                Some("package.id"),
                "This package can not be ordered",
            ));
        }
        for (field, name) in [("candidate.firstName", &new.first_name), ("candidate.lastName", &new.last_name)] {
            if name.trim().is_empty() {
                return Err(Refusal::candidate(field, "required", "A candidate needs a first and a last name"));
            }
        }
        if new.last_name.contains('.') {
            let message = "A last name may not contain a period";
            return Err(Refusal::candidate("candidate.lastName", "invalid_characters", message));
        }
        if !looks_like_email(&new.email) {
            let message = "The candidate's e-mail address is not valid";
            return Err(Refusal::field("candidate.email", "invalid", message));
        }
        if new.phone.as_ref().is_some_and(|phone| !is_phone(new.codec, phone)) {
            let message = "The candidate's phone number is not valid";
            return Err(Refusal::candidate("candidate.phone", "invalid", message));
        }
        self.check_requester(new)?;
        self.check_account(new)
    }

    fn check_requester(&self, new: &NewOrder) -> Result<(), Refusal> {
        let Some(email) = &new.requester else { return Ok(()) };
        let known = self.requesters.iter().find(|known| known.email.eq_ignore_ascii_case(email));
        let may_order = known.map_or(self.requesters.is_empty(), |known| known.active);
        if may_order && looks_like_email(email) {
            return Ok(());
        }
        Err(Refusal::field("requester.email", "invalid", "The requester is not known or not active"))
    }

    fn check_account(&self, new: &NewOrder) -> Result<(), Refusal> {
        let account = new.account.as_ref().map(|id| self.accounts.iter().find(|known| known.id == *id));
        if account.is_some_and(|account| !account.is_some_and(|account| account.active)) {
            return Err(Refusal::field("accountId", "invalid", "The account is not known or not active"));
        }
        let Some(location) = &new.location else { return Ok(()) };
        if account.flatten().is_some_and(|account| account.locations.contains(location)) {
            return Ok(());
        }
        Err(Refusal::field("locationId", "invalid", "The location does not belong to the account"))
    }
}
