//! What the provider says, in whatever order it is heard.

use super::*;

/// What must be the same however the readings came. Whether people ever saw it completed depends on just that.
fn state(order: &Order) -> String {
    let view = order.desired.clone().map(|view| View { at: at(0), was_completed: false, ..view });
    format!(
        "{:?} {:?} {:?} {:?} {:?} looked at {}",
        order.status,
        order.action_by,
        order.result,
        view,
        order.provider_modified,
        order.look_at.is_some()
    )
}

fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |n: usize| {
        let mut rest = of.to_vec();
        let first = rest.remove(n);
        permutations(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..of.len()).flat_map(with_first).collect()
}

/// Reads the life in every order in which its readings can arrive, and writes whenever there is something to write.
fn check_life(life: &[OrderStatus]) {
    let readings: Vec<Truth> = (1..).zip(life).map(|(n, status)| truth(*status, n * 10)).collect();
    let orders = permutations(&readings);
    let expected = |order: &mut Order| {
        readings.iter().for_each(|truth| {
            read(order, truth.clone(), 100);
        });
        state(order)
    };
    let expected = expected(&mut placed());
    let last = *life.last().unwrap();
    assert!(expected.starts_with(&format!("{last:?} ")), "{life:?} ends as {expected}");
    for readings in orders {
        let (mut order, mut written) = (placed(), Vec::new());
        for (n, truth) in (0..).zip(&readings) {
            if !order.is_up_to_date_with(truth, at(100 + n), &timing()) {
                read(&mut order, truth.clone(), 100 + n);
            }
            if order.claim_write(at(100 + n)) {
                written.push((order.provider_modified, order.status));
                order.wrote(Wrote { rev: order.desired_rev, outcome: Ok("88".to_owned()) }, at(100 + n));
            }
        }
        assert_eq!(state(&order), expected, "{readings:?}");
        assert!(written.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{written:?} of {readings:?}");
        assert_eq!(order.written_rev, order.desired_rev);
    }
}

#[test]
fn a_life_ends_the_same_in_whichever_order_it_is_read() {
    use OrderStatus as S;
    check_life(&[S::PendingCandidate, S::CandidateStarted, S::InProgress, S::ActionRequired, S::Completed]);
    check_life(&[S::CandidateStarted, S::InProgress, S::ActionRequired, S::InProgress, S::PendingCandidate]);
    check_life(&[S::InProgress, S::Completed, S::InDispute, S::Completed, S::InDispute]);
    check_life(&[S::InProgress, S::Completed, S::InDispute, S::Completed, S::Cancelled]);
    check_life(&[S::Expired, S::PendingCandidate, S::Undeliverable, S::CandidateStarted, S::Declined]);
    check_life(&[S::Undeliverable, S::PendingCandidate, S::CandidateStarted, S::Expired, S::Cancelled]);
    check_life(&[S::InProgress, S::PendingCandidate, S::CandidateStarted, S::InProgress, S::InDispute]);
    check_life(&[S::CandidateStarted, S::InProgress, S::PendingCandidate, S::Expired, S::ActionRequired]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_life_the_provider_tells_it_ends_the_same(choices in prop::collection::vec(any::<prop::sample::Index>(), 5)) {
        let (mut life, mut status) = (Vec::new(), OrderStatus::PendingCandidate);
        for choice in choices {
            let next: Vec<_> = OrderStatus::ALL.into_iter().filter(|next| status.may_become(*next)).collect();
            if next.is_empty() {
                break;
            }
            status = *choice.get(&next);
            life.push(status);
        }
        check_life(&life);
    }
}

#[test]
fn without_a_time_of_change_an_order_only_moves_forward() {
    let undated = |status| Truth { modified: None, ..truth(status, 0) };
    let check = |from: OrderStatus, to: OrderStatus, expected: OrderStatus| {
        let mut order = intended();
        order.answered(PostOutcome::Accepted(undated(from)), at(0), &timing());
        read(&mut order, undated(to), 5);
        assert_eq!(order.status, expected, "{from:?} then {to:?}");
    };
    use OrderStatus as S;
    check(S::PendingCandidate, S::InProgress, S::InProgress);
    check(S::InProgress, S::PendingCandidate, S::InProgress);
    check(S::InProgress, S::Completed, S::Completed);
    check(S::Completed, S::InDispute, S::Completed);
    check(S::Expired, S::PendingCandidate, S::Expired);
    check(S::InDispute, S::Completed, S::Completed);
}

#[test]
fn a_newer_reading_is_stored_even_where_it_looks_the_same() {
    let mut order = placed();
    read(&mut order, truth(OrderStatus::InProgress, 10), 10);
    write(&mut order, 10);
    assert!(order.is_up_to_date_with(&truth(OrderStatus::InProgress, 10), at(11), &timing()));
    // Otherwise a slow reading from in between could still win.
    assert!(!order.is_up_to_date_with(&truth(OrderStatus::InProgress, 30), at(31), &timing()));
    assert_eq!(read(&mut order, truth(OrderStatus::InProgress, 30), 31), None);
    read(&mut order, truth(OrderStatus::PendingCandidate, 20), 32);
    assert_eq!(order.status, OrderStatus::InProgress);
    assert!(!order.wants_write());
}

#[test]
fn a_missing_score_is_looked_for_ever_more_rarely_and_given_up_after_a_day() {
    let mut order = placed();
    let (mut now, mut looks) = (1000, Vec::new());
    read(&mut order, without_score(1000), now);
    while let Some(look) = order.look_at.map(seconds) {
        assert_eq!((order.status, &order.result), (OrderStatus::InProgress, &None), "{now}");
        looks.push(look - 1000);
        assert_eq!(order.clone().tap(|order| write(order, look)).next_step(at(look), &timing()), NextStep::Look);
        now = look;
        read(&mut order, without_score(1000), now);
        assert!(looks.len() < 50);
    }
    assert_eq!(looks[..5], [MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE + HOUR, 15 * MINUTE + 2 * HOUR]);
    assert_eq!((looks.len(), looks.last().copied()), (27, Some(DAY)));
    let none = OrderResult { code: ResultCode::None, label: "No result given".to_owned() };
    assert_eq!((order.status, order.result.as_ref()), (OrderStatus::Completed, Some(&none)));
    assert_eq!(order.desired.as_ref().unwrap().result, Some(none));
    // The score may still come.
    read(&mut order, truth(OrderStatus::Completed, 2000), now + DAY);
    assert_eq!(order.result.as_ref().map(|result| result.code), Some(ResultCode::Clear));
    assert_eq!(order.look_at, None);
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for Order {}

#[test]
fn a_score_that_comes_in_time_ends_the_waiting() {
    let mut order = placed();
    read(&mut order, without_score(10), 10);
    assert_eq!(order.score_awaited_since, Some(at(10)));
    read(&mut order, truth(OrderStatus::Completed, 20), 70);
    assert_eq!(line(&order), "placed | completed = Clear | completed 3/0");
    assert_eq!((order.score_awaited_since, order.look_at), (None, None));
}

#[test]
fn a_result_stands_although_a_later_reading_has_no_score() {
    let mut order = placed();
    read(&mut order, truth(OrderStatus::Completed, 10), 10);
    for (n, now) in (1..).zip([20, DAY, 2 * DAY, 3 * DAY]) {
        read(&mut order, without_score(10 + n), now);
        assert_eq!(line(&order), "placed | completed = Clear | completed 2/0");
        assert_eq!(order.look_at, None);
    }
}

#[test]
fn an_older_reading_does_not_put_off_the_next_look() {
    let mut order = placed();
    read(&mut order, without_score(100), 100);
    assert_eq!(order.look_at.map(seconds), Some(160));
    read(&mut order, truth(OrderStatus::InProgress, 50), 110);
    assert_eq!(order.look_at.map(seconds), Some(160));
}

#[test]
fn a_dispute_opens_a_finished_order_again_and_takes_the_result_back() {
    let mut order = placed();
    let mut lines = Vec::new();
    let life = [OrderStatus::Completed, OrderStatus::InDispute, OrderStatus::Completed];
    for (n, status) in (1..).zip(life) {
        let event = read(&mut order, truth(status, n * 10), n * 10).unwrap();
        let view = order.desired.clone().unwrap();
        lines.push(format!("{} | {:?} open {} | {}", line(&order), view.link, order.is_open(), event.what));
    }
    assert_snapshot!(lines.join("\n"), @"
    placed | completed = Clear | completed 2/0 | Report open false | pending_candidate → completed, result Clear
    placed | in_dispute | in_dispute 3/0 | None open true | completed → in_dispute
    placed | completed = Clear | completed 4/0 | Report open false | in_dispute → completed, result Clear
    ");
    let mut without_score_yet = placed();
    read(&mut without_score_yet, truth(OrderStatus::Completed, 10), 10);
    read(&mut without_score_yet, truth(OrderStatus::InDispute, 20), 20);
    read(&mut without_score_yet, without_score(30), 30);
    assert_eq!(without_score_yet.status, OrderStatus::InDispute);
    assert_eq!(without_score_yet.look_at.map(seconds), Some(90));
}

#[test]
fn an_open_order_is_looked_at_once_a_day_and_an_ended_one_never() {
    let mut order = placed();
    assert_eq!(order.look_at.map(seconds), Some(DAY));
    read(&mut order, truth(OrderStatus::InProgress, 10), 500);
    assert_eq!(order.look_at.map(seconds), Some(500 + DAY));
    for (n, end) in (1..).zip(OrderStatus::ALL.into_iter().filter(|s| s.is_end() && *s != OrderStatus::Rejected)) {
        let mut ended = order.clone();
        for (modified, now) in [(20, 600), (20, 700), (15, 800)] {
            read(&mut ended, truth(end, modified), now + n);
            assert_eq!((ended.status, ended.look_at), (end, None), "{modified}");
        }
    }
    let mut gone = order.clone();
    gone.gone_at_provider(at(600));
    assert_eq!((gone.look_at, gone.status), (None, OrderStatus::InProgress));
}

#[test]
fn an_unreadable_provider_is_asked_again_after_a_minute_or_when_it_says() {
    let check = |wait: Option<u64>| {
        let mut order = placed();
        order.not_readable(wait.map(Duration::from_secs), at(100));
        seconds(order.look_at.unwrap()) - 100
    };
    assert!((60..=120).contains(&check(None)));
    assert_eq!(check(Some(1)), check(None));
    assert_eq!(check(Some(1800)), 1800);
}

/// A reading in which so many of three checks are finished.
fn with_checks(status: OrderStatus, modified: i64, finished: usize) -> Truth {
    let names = ["Identity verification", "Criminal record report", "Credit report"];
    let check = |(n, name): (usize, &str)| CheckProgress { name: name.to_owned(), finished: n < finished };
    Truth { checks: names.into_iter().enumerate().map(check).collect(), ..truth(status, modified) }
}

#[test]
fn a_finished_check_is_news_and_an_older_reading_does_not_take_it_back() {
    let mut order = placed();
    let mut told = Vec::new();
    let readings = [
        with_checks(OrderStatus::InProgress, 10, 0),
        with_checks(OrderStatus::InProgress, 20, 0),
        with_checks(OrderStatus::InProgress, 30, 2),
        with_checks(OrderStatus::InProgress, 25, 1),
        with_checks(OrderStatus::InProgress, 30, 2),
        with_checks(OrderStatus::Completed, 40, 3),
        with_checks(OrderStatus::InProgress, 35, 2),
    ];
    for (now, truth) in (50..).zip(readings) {
        let up_to_date = order.is_up_to_date_with(&truth, at(now), &timing());
        let event = read(&mut order, truth, now).map_or("-".to_owned(), |event| event.what);
        let shown = order.desired.as_ref().unwrap().checks.iter().filter(|check| check.finished).count();
        told.push(format!("{event} | {shown} of 3 in revision {}, {up_to_date}", order.desired_rev));
        if order.wants_write() {
            write(&mut order, now);
        }
    }
    assert_snapshot!(told.join("\n"), @"
    pending_candidate → in_progress, 0 of 3 checks finished | 0 of 3 in revision 2, false
    - | 0 of 3 in revision 2, false
    in_progress → in_progress, 2 of 3 checks finished | 2 of 3 in revision 3, false
    - | 2 of 3 in revision 3, true
    - | 2 of 3 in revision 3, true
    in_progress → completed, result Clear, 3 of 3 checks finished | 3 of 3 in revision 4, false
    - | 3 of 3 in revision 4, true
    ");
}

#[test]
fn what_follows_a_completed_check_is_shown_as_a_correction_of_it() {
    let mut order = placed();
    let mut shown = Vec::new();
    use OrderStatus as S;
    for (n, status) in (1..).zip([S::InProgress, S::InDispute, S::Completed, S::InDispute, S::Cancelled]) {
        read(&mut order, truth(status, n * 10), n * 10);
        let view = order.desired.as_ref().unwrap();
        shown.push((view.status, view.was_completed));
    }
    let expected = [
        (S::InProgress, false),
        (S::InDispute, false),
        (S::Completed, true),
        (S::InDispute, true),
        (S::Cancelled, true),
    ];
    assert_eq!(shown, expected);
    let mut without_score_at_first = placed();
    read(&mut without_score_at_first, without_score(10), 10);
    assert!(!without_score_at_first.desired.unwrap().was_completed);
}

#[test]
fn a_reading_without_a_time_takes_no_finished_check_back() {
    let mut order = placed();
    read(&mut order, with_checks(OrderStatus::InProgress, 10, 2), 10);
    read(&mut order, Truth { modified: None, ..with_checks(OrderStatus::InProgress, 0, 1) }, 11);
    assert_eq!(order.checks.iter().filter(|check| check.finished).count(), 2);
}

#[test]
fn a_provider_that_cannot_be_asked_has_a_quarter_of_an_hour_to_tell_the_score() {
    let mut order = placed();
    let told = |modified| Truth {
        awaits_score: Some(SignedDuration::from_mins(15)),
        ..truth(OrderStatus::InProgress, modified)
    };
    order.observed(told(10), at(10), &Timing::default());
    assert_eq!(order.only_told(at(11), &Timing::default()), None);
    assert_eq!((order.status, order.look_at), (OrderStatus::InProgress, Some(at(10 + 900))));
    let mut scored = order.clone();
    scored.observed(truth(OrderStatus::Completed, 20), at(20), &Timing::default());
    assert_eq!((scored.only_told(at(10 + 900), &Timing::default()), scored.look_at), (None, None));
    assert!(order.only_told(at(10 + 900), &Timing::default()).is_some());
    let (status, result) = (order.status, order.result.clone().unwrap());
    assert_eq!((status, result.code, order.look_at), (OrderStatus::Completed, ResultCode::None, None));
}

#[test]
fn an_order_of_a_provider_that_may_not_tell_is_asked_for_often_while_it_is_young() {
    let look = |age: i64| {
        let mut order = placed();
        let silent = Truth { ask_often: true, ..truth(OrderStatus::InProgress, 10) };
        order.observed(silent, at(age), &Timing::default());
        order.look_at.unwrap().as_second() - at(age).as_second()
    };
    assert_eq!([look(60), look(2 * DAY), look(8 * DAY)], [15 * 60, 3_600, DAY]);
}

#[test]
fn a_report_page_is_shown_as_soon_as_the_provider_gives_one_and_missed_only_at_the_end() {
    let page = |n: u8| ReportPage::At(format!("https://portal.example/r/{n}").parse().unwrap());
    let link = |report: ReportPage, status| {
        let mut order = placed();
        order.observed(Truth { report, ..truth(status, 10) }, at(10), &Timing::default());
        order.desired.unwrap().link
    };
    assert_eq!(link(ReportPage::Missing, OrderStatus::InProgress), LinkKind::None);
    assert_eq!(link(page(1), OrderStatus::InProgress), LinkKind::Report);
    assert_eq!(link(ReportPage::Missing, OrderStatus::Completed), LinkKind::Missing);
    assert_eq!(link(page(1), OrderStatus::Completed), LinkKind::Report);
    let mut order = placed();
    order.observed(Truth { report: page(1), ..truth(OrderStatus::InProgress, 10) }, at(10), &Timing::default());
    order.observed(
        Truth { report: ReportPage::Missing, ..truth(OrderStatus::InProgress, 5) },
        at(11),
        &Timing::default(),
    );
    assert_eq!(order.report_page, page(1));
}
