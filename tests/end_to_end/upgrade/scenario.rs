//! A day's work of three customers that stops in the middle: an order in each state, messages on their way.

use std::time::Duration;

use local_stack::embedded_aws::Service;
use local_stack::simulators::certn::KeyState;
use local_stack::simulators::shared::{Effect, Harness};
use local_stack::stack::{Candidate, Customer, LeverCandidate, LeverCustomer, PageUpCustomer, Stack, TRIGGER};

use crate::support::{API_KEY, MINUTE, advanced, check_shown, invited_and_ordered, ordered, poll};
use crate::{lever_support, support};

const ORDER: &str = "order-package";

/// Who takes part, by what became of each.
pub(super) struct World<'a> {
    pub(super) icims: Customer<'a>,
    pub(super) pageup: PageUpCustomer<'a>,
    pub(super) lever: LeverCustomer<'a>,
    /// Orders that are to end with an invitation, each by its state.
    pub(super) open: Vec<(&'static str, Candidate)>,
    pub(super) started: Candidate,
    pub(super) parked: Candidate,
    pub(super) refused: String,
    pub(super) placed_invitation: String,
    pub(super) resting_invitation: String,
    pub(super) placed_opportunity: LeverCandidate,
    pub(super) asked_opportunity: LeverCandidate,
}

fn status(code: u16) -> Effect {
    Effect::Status { code, retry_after: None, body: None }
}

async fn until_held(harness: &Harness) {
    tokio::time::timeout(Duration::from_secs(20), harness.held.notified()).await.unwrap();
}

/// Plays it. Afterwards three calls of the hub are still under way: an order that Certn has accepted, a look at a case,
/// and a look at an opportunity.
pub(super) async fn play(stack: &Stack) -> World<'_> {
    let all = stack.simulators().unwrap();
    let pageup = stack.connect_pageup(|_| {}).await.unwrap();
    let lever = lever_support::lever(stack).await;
    let icims = stack.connect(|_| {}).await.unwrap();

    let mut unknown = pageup.invitation("Refused");
    unknown.package_code = Some("no such package".to_owned());
    let refused = pageup.invite(unknown).unwrap();
    stack.pass(MINUTE).await.unwrap();
    assert_eq!(support::shown(&pageup, &refused).0, "Failed");
    let (placed_invitation, _) = invited_and_ordered(stack, &pageup, "Placed").await;
    let (placed_opportunity, _) = lever_support::ordered(stack, &lever, "Placed").await;
    let (started, case) = ordered(stack, &icims, "Started").await;
    all.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    // The provider has it, and no lookup finds it.
    all.certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let parked = advanced(&icims, "Parked").await;
    icims.set_email(&parked, Some("moved.elsewhere@example.com")).unwrap();
    stack.pass(MINUTE * 5).await.unwrap();

    let mut open = Vec::new();
    for (name, effect) in
        [("Retry", status(429)), ("Uncertain", Effect::ResetAfterCommit), ("Unclear", Effect::ResetBefore)]
    {
        all.certn.harness.arm(ORDER, 1, effect);
        open.push((name, advanced(&icims, name).await));
    }
    all.certn.set_key_state(API_KEY, KeyState::Expired);
    open.push(("Held", advanced(&icims, "Held").await));
    all.certn.set_key_state(API_KEY, KeyState::Valid);
    all.icims.harness.arm("POST /customers/", 0, status(503));
    open.push(("Unwritten", advanced(&icims, "Unwritten").await));
    all.icims.harness.clear_faults();

    stack.aws.set_down(Service::Sqs, true);
    open.push(("Spilled", advanced(&icims, "Spilled").await));
    let resting_invitation = pageup.invite(pageup.invitation("Resting")).unwrap();
    stack.clock.advance(MINUTE);
    poll(stack).await;
    stack.aws.set_down(Service::Sqs, false);

    all.certn.harness.arm(ORDER, 1, Effect::HoldAfterCommit);
    let job = icims.job(&["Standard"]).unwrap();
    let placing = icims.candidate(&job, "Placing").unwrap();
    all.icims.advance(&icims.id, &placing.workflow, TRIGGER, icims.recruiter()).await;
    until_held(&all.certn.harness).await;
    open.push(("Placing", placing));
    all.certn.harness.arm(&format!("GET /api/public/cases/{}", case.id), 1, Effect::HoldBefore);
    all.certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    until_held(&all.certn.harness).await;
    let asked_opportunity = lever_support::waiting(&lever, "Asked");
    all.lever.harness.arm("GET /v1/opportunities/", 1, Effect::HoldBefore);
    let stage = local_stack::simulators::lever::BACKGROUND_CHECK_STAGE;
    all.lever.advance(&lever.account, &asked_opportunity.opportunity, stage).await;
    until_held(&all.lever.harness).await;

    World {
        icims,
        pageup,
        lever,
        open,
        started,
        parked,
        refused,
        placed_invitation,
        resting_invitation,
        placed_opportunity,
        asked_opportunity,
    }
}

impl World<'_> {
    /// What each is to come to, once there was time for it.
    pub(super) fn check_ended(&self, stack: &Stack) {
        for (name, candidate) in &self.open {
            assert_eq!(support::cases(stack, name), 1, "{name}");
            assert_eq!(support::row(&self.icims, candidate).result, "Invitation sent", "{name}");
        }
        assert_eq!(support::row(&self.icims, &self.started).result, "In progress");
        assert_eq!(support::row(&self.icims, &self.parked).result, "Being Confirmed");
        for name in ["Started", "Parked", "Resting", "Placed"] {
            assert_eq!(support::cases(stack, name), 1, "{name}");
        }
        assert_eq!(support::cases(stack, "Refused"), 0);
        assert_eq!(support::shown(&self.pageup, &self.refused).0, "Failed");
        for invitation in [&self.placed_invitation, &self.resting_invitation] {
            check_shown(&self.pageup, invitation, "In progress", "Invitation sent");
        }
        for candidate in [&self.placed_opportunity, &self.asked_opportunity] {
            self.lever.order(candidate).unwrap();
            lever_support::check_shown(&self.lever, candidate, "Pending Candidate");
        }
    }
}
