//! What candidates, checkers and people in the portal do to a case.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::shared::lock;
use super::{Case, CertnSimulator, planted};

/// Whether a case with this status needs no more work, so that a new order would not be a second one.
#[must_use]
pub fn has_ended(status: &str) -> bool {
    matches!(status, "COMPLETE" | "CANCELLED" | "APPLICANT_DECLINED" | "APPLICANT_EXPIRED" | "INVITE_UNDELIVERABLE")
}

pub(super) const CHECK_TYPES: [&str; 2] = ["IDENTITY_VERIFICATION_1", "CRIMINAL_RECORD_REPORT_1"];

pub(super) fn case_json(case: &Case) -> Value {
    let check_status = match case.status.as_str() {
        "COMPLETE" => "COMPLETE",
        "CANCELLED" => "CANCELLED",
        "IN_PROGRESS" | "APPLICANT_SUBMITTED" | "IN_DISPUTE" => "IN_PROGRESS",
        "CLIENT_ACTION_REQUIRED" => "CLIENT_ACTION_REQUIRED",
        "APPLICANT_ACTION_REQUIRED" => "APPLICANT_ACTION_REQUIRED",
        _ => "AWAITING_APPLICANT_SUBMISSION",
    };
    let checks: Vec<Value> = case
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.id,
                "short_id": format!("{}-{}", case.short_id, check.check_type),
                "type": check.check_type,
                "status": if check.finished { "COMPLETE" } else { check_status },
                "score": case.score,
                "sub_score": planted::SUB_SCORE,
                "adjudication_score": planted::ADJUDICATION,
                "adjudication_sub_score": planted::ADJUDICATION,
                "output_claims": {
                    "name": { "given_name": planted::OUTPUT_CLAIM },
                    "findings": [{ "description": planted::FINDING }],
                },
            })
        })
        .collect();
    json!({
        "id": case.id,
        "short_id": case.short_id,
        "created": case.created,
        "modified": case.modified,
        "email_address": case.email,
        "overall_status": case.status,
        "overall_score": case.score,
        "invite_link": format!("https://applicant.certn.example/{}", planted::INVITE_LINK),
        "check_types_with_arguments": {},
        "input_claims": { "date_of_birth": planted::INPUT_CLAIM, "name": { "family_name": planted::INPUT_CLAIM } },
        "client": { "name": planted::CLIENT_FIELD, "email": planted::ECHOED_EMAIL },
        "group": case.group,
        "ordered_by": case.ordered_by,
        "tags": case.tags,
        "checks": checks,
    })
}

impl CertnSimulator {
    /// Every case, oldest first.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        state.cases.iter().map(|stored| stored.current.clone()).collect()
    }

    /// The case id and address of every first invitation: two for one person and package are a duplicate order.
    #[must_use]
    pub fn invite_emails(&self) -> Vec<(String, String)> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        state.invite_emails.clone()
    }

    /// Moves a case to any status, known or not; a case that is open again loses its score.
    pub fn set_status(&self, case: &str, status: &str) -> bool {
        self.change(case, true, |case| {
            if !matches!(status, "COMPLETE" | "IN_DISPUTE") {
                case.score = None;
            }
            status.clone_into(&mut case.status);
        })
    }

    /// Closes all checks of a case, with its score.
    pub fn complete(&self, case: &str, score: Option<&str>) -> bool {
        self.change(case, true, |case| {
            "COMPLETE".clone_into(&mut case.status);
            case.score = score.map(ToOwned::to_owned);
        })
    }

    /// Closes all checks of a case while its score is still being worked out.
    pub fn complete_without_score(&self, case: &str) -> bool {
        self.complete(case, None)
    }

    /// Finishes one check of a case that runs.
    pub fn finish_check(&self, case: &str, check_type: &str) -> bool {
        self.change(case, true, |case| {
            for check in case.checks.iter_mut().filter(|check| check.check_type == check_type) {
                check.finished = true;
            }
        })
    }

    /// Sets the score of a case; no event tells of it.
    pub fn set_score(&self, case: &str, score: Option<&str>) -> bool {
        self.change(case, false, |case| case.score = score.map(ToOwned::to_owned))
    }

    /// The invitation could not be delivered.
    pub fn bounce(&self, case: &str) -> bool {
        self.set_status(case, "INVITE_UNDELIVERABLE")
    }

    /// The candidate refuses the check.
    pub fn decline(&self, case: &str) -> bool {
        self.set_status(case, "APPLICANT_DECLINED")
    }

    /// The candidate did not answer in time.
    pub fn expire(&self, case: &str) -> bool {
        self.set_status(case, "APPLICANT_EXPIRED")
    }

    /// The candidate disputes a finding; the score stays as it was.
    pub fn dispute(&self, case: &str) -> bool {
        self.set_status(case, "IN_DISPUTE")
    }

    /// A manager cancels the case in the portal.
    pub fn cancel_in_portal(&self, case: &str) -> bool {
        self.set_status(case, "CANCELLED")
    }

    /// An administrator invites the candidate again; this is no second order.
    pub fn reinvite(&self, case: &str) -> bool {
        self.set_status(case, "APPLICANT_INVITED")
    }

    pub(super) fn change(&self, id: &str, with_event: bool, change: impl FnOnce(&mut Case)) -> bool {
        let now = self.harness.now();
        let mut state = lock(&self.state);
        let Some(stored) = state.cases.iter_mut().find(|stored| stored.current.id == id) else {
            self.harness.violations.record(format!("the simulator was asked to change {id}, which is no case"));
            return false;
        };
        stored.previous = Some(stored.current.clone());
        change(&mut stored.current);
        let just_after = stored.current.modified.checked_add(SignedDuration::from_millis(1)).unwrap_or(now);
        stored.current.modified = now.max(just_after);
        if with_event {
            let case = stored.current.clone();
            let event = self.record_status_event(&mut state, &case);
            self.dispatch(&mut state, &event);
        }
        true
    }
}
