//! What is the same for everything that is asked of the provider on behalf of an admin.

use domain::trouble::Trouble;

use crate::edge::{Answer, not_before, problem};
use crate::store::Connected;

/// Why the provider did not tell, or do: what passes is to be tried again, in a while where it said so or its calls are
/// spent; the rest needs the person that is named.
pub(super) fn not_told(connected: &Connected, trouble: &Trouble) -> Answer {
    let provider = connected.connection.provider.shown_as();
    tracing::warn!(connection = %connected.connection.id, cause = %trouble.cause(), "the provider did not tell");
    match trouble {
        Trouble::Later { after: Some(after), .. } => {
            not_before(&format!("{provider} takes no more calls just now. Try again later."), *after)
        }
        Trouble::Later { after: None, .. } => {
            problem(503, &format!("{provider} cannot be asked just now. Try again."), &[])
        }
        Trouble::Because { refusal, .. } => {
            let (reason, owner) = (refusal.reason, refusal.reason.owner().name());
            let title = format!(
                "{provider} does not answer the integration ({}). For the {owner}: {}",
                reason.code(),
                reason.cure()
            );
            problem(409, &title, &[])
        }
    }
}
