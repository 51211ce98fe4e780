//! Whatever happens, in any order.

use super::*;

/// A provider that may have taken an order although its answer was lost, and the choices of one run.
struct World {
    choices: Vec<u8>,
    now: i64,
    orders: u32,
    modified: i64,
}

impl World {
    fn choose(&mut self, among: u8) -> u8 {
        self.choices.pop().unwrap_or(0) % among
    }

    fn trouble(&mut self) -> Trouble {
        let n = usize::from(self.choose(8));
        [Reason::ProviderCredentials, Reason::ConnectionPaused, Reason::AtsPermission, Reason::InvalidEmail]
            .get(n)
            .map_or_else(later, |reason| because(*reason))
    }

    fn truth(&mut self) -> Truth {
        let status = OrderStatus::ALL[usize::from(self.choose(13))];
        self.modified += 10;
        let modified = self.modified - 15 * i64::from(self.choose(3));
        if self.choose(5) == 0 { without_score(modified) } else { truth(status, modified) }
    }

    fn send(&mut self, order: &mut Order) {
        assert_eq!(self.orders, 0, "a second order would be placed: {}", line(order));
        let outcome = match self.choose(6) {
            0 => {
                self.orders += 1;
                PostOutcome::Accepted(self.truth())
            }
            1 => {
                self.orders += 1;
                unclear()
            }
            2 => unclear(),
            // The sender is gone, before or after the provider took the order.
            3 => {
                self.orders += 1;
                return;
            }
            4 => return,
            _ => no_effect(self.trouble()),
        };
        self.now += 5;
        order.answered(outcome, at(self.now), &timing());
    }

    fn look_up(&mut self, order: &mut Order) {
        let found = match (self.choose(5), self.orders) {
            (0, _) => Found::NotNow(self.trouble()),
            (1, _) => Found::Several(2),
            (_, 0) => Found::Nothing,
            _ => Found::One(Box::new(self.truth())),
        };
        order.looked_up(found, at(self.now), &timing());
    }

    fn write(&mut self, order: &mut Order) {
        let claimed = order.claim_write(at(self.now));
        assert!(claimed, "{order:?}");
        let rev = order.desired_rev;
        let outcome = match self.choose(6) {
            0 => return,
            1 => Err(Trouble::later("icims: HTTP 503")),
            2 => Err(because(Reason::AtsPermission)),
            3 => Err(because(Reason::AtsRecordGone)),
            _ => Ok("88".to_owned()),
        };
        if self.choose(3) == 0 && order.placement == Placement::Placed {
            order.observed(self.truth(), at(self.now), &timing());
        }
        order.wrote(Wrote { rev, outcome }, at(self.now + 1));
    }

    fn step(&mut self, order: &mut Order) {
        match order.next_step(at(self.now), &timing()) {
            NextStep::Place => match self.choose(4) {
                0 => {
                    let trouble = self.trouble();
                    order.still_waits(&trouble, at(self.now), &timing());
                }
                _ => {
                    order.intend_again(planned(), at(self.now));
                    self.send(order);
                }
            },
            NextStep::LookUp => self.look_up(order),
            NextStep::Look => match self.choose(4) {
                0 => order.not_readable(None, at(self.now)),
                _ => {
                    order.observed(self.truth(), at(self.now), &timing());
                }
            },
            NextStep::Write => self.write(order),
            NextStep::Settle => order.settled(at(self.now), &timing()),
            NextStep::Nothing if order.placement == Placement::Placed && self.choose(2) == 0 => {
                order.observed(self.truth(), at(self.now), &timing());
            }
            NextStep::Nothing => {
                let due = order.due_at(&timing()).map_or(self.now + DAY, seconds);
                assert!(due > self.now || order.due_at(&timing()) > Some(at(self.now)), "{}", line(order));
                self.now = due + i64::from(self.choose(3));
            }
        }
    }
}

/// What is true of every order at every moment.
fn check_sound(order: &Order, now: i64) {
    use OrderStatus as S;
    let why = line(order);
    assert!(order.written_rev <= order.desired_rev, "{why}");
    assert_eq!(order.refusal.is_some(), matches!(order.status, S::Held | S::Rejected), "{why}");
    let unplaced = matches!(order.status, S::Received | S::Held | S::Rejected);
    assert_eq!(order.placement == Placement::Placed, !unplaced, "{why}");
    assert_eq!(order.provider_order.is_some(), !unplaced, "{why}");
    assert_eq!(order.status == S::Rejected, order.placement == Placement::Refused, "{why}");
    assert_eq!(order.result.is_some(), order.status == S::Completed, "{why}");
    assert!(order.unclear_attempts <= 5, "{why}");
    assert!(!order.status.is_end() || order.look_at.is_none(), "{why}");
    let early = order.created_at.duration_until(at(now)) < timing().patience;
    if let (true, Some(View { status: S::Held, refusal, .. })) = (early, &order.desired) {
        assert!(refusal.as_ref().is_some_and(|refusal| refusal.reason.is_recruiters()), "{why}");
    }
    let due = order.due_at(&timing()).is_some_and(|due| due <= at(now));
    assert_eq!(due, order.next_step(at(now), &timing()) != NextStep::Nothing, "{why}");
    round_trip(order);
}

proptest! {
    #[test]
    fn whatever_happens_an_order_is_placed_at_most_once_and_stays_sound(choices in prop::collection::vec(any::<u8>(), 10..200)) {
        let mut world = World { choices, now: 0, orders: 0, modified: 0 };
        let mut order = match world.choose(3) {
            0 => {
                let trouble = world.trouble();
                Order::wait(planned(), &trouble, at(0), &timing()).0
            }
            _ => {
                let mut order = intended();
                world.send(&mut order);
                order
            }
        };
        while !world.choices.is_empty() {
            let before = (order.desired_rev, order.written_rev, order.provider_modified);
            world.step(&mut order);
            let after = (order.desired_rev, order.written_rev, order.provider_modified);
            prop_assert!(before.0 <= after.0 && before.1 <= after.1 && before.2 <= after.2);
            check_sound(&order, world.now);
        }
    }
}
