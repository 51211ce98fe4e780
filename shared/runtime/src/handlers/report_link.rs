//! The link in the ATS that opens a report without a log-in, until it expires or is revoked.
//!
//! Nothing is stored and no PDF passes through: the reader is sent on to the provider's own short-lived address.

use std::sync::Arc;
use std::time::Duration;

use domain::id::OrderId;
use domain::order::{Event, Order};
use domain::provider::{MakesReportFiles, Provider, ReportFile};
use domain::reason::{Reason, Refusal};
use domain::status::OrderStatus;
use domain::talk::Talk;
use domain::trouble::Trouble;

use super::Answering;
use crate::edge::{self, Answer, Call, PRIVATE, answer};
use crate::hub::Hub;
use crate::store::Connected;
use crate::write_back::change;

/// How often and how long the provider is asked for the file while the reader waits.
const ASKS: usize = 8;
const PAUSE: Duration = Duration::from_secs(2);

/// Handles one click.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        let Ok(id) = OrderId::parse(call.path_parameter("order")) else { return not_found() };
        let token = call.path_parameter("token");
        let (order, connected) = match find(&hub, &id).await {
            Ok(Some(found)) => found,
            Ok(None) => return not_found(),
            Err(refused) => return refused,
        };
        let now = hub.clock.now();
        let Ok(secret) = hub.secrets.get(&order.connection, now).await else { return try_again() };
        let opens = order.report_link.as_ref().is_some_and(|link| link.opens(&secret.link_key, &id, token, now));
        // A dispute takes the result back, and with it the report.
        if !opens || order.status != OrderStatus::Completed {
            return not_found();
        }
        match open(&hub, &connected, &order, &call).await {
            Ok(answer) => answer,
            Err(trouble) => {
                tracing::warn!(order = %id, cause = %trouble.cause(), "the report could not be opened");
                match trouble {
                    Trouble::Later { .. } => try_again(),
                    Trouble::Because { .. } => no_report(&connected),
                }
            }
        }
    })
}

async fn find(hub: &Hub, id: &OrderId) -> Result<Option<(Order, Arc<Connected>)>, Answer> {
    let unreadable = |error| {
        tracing::error!(cause = %error, "the table could not be used");
        try_again()
    };
    let Some(order) = hub.store.order(id).await.map_err(unreadable)? else { return Ok(None) };
    let connected = hub.connected(&order.connection).await.map_err(unreadable)?;
    let connected = connected.filter(|connected| connected.connection.region == hub.config.region);
    Ok(connected.map(|connected| (order, connected)))
}

async fn open(hub: &Hub, connected: &Connected, order: &Order, call: &Call) -> Result<Answer, Trouble> {
    let Some(provider_order) = &order.provider_order else { return Ok(not_found()) };
    let deadline = call.deadline;
    let file = match &order.report_file {
        Some(file) => file.clone(),
        None => {
            let make = |provider: &dyn Provider| with_files(provider, |files| files.make_report(provider_order));
            let file = hub.ask_provider(connected, deadline, make).await?;
            let made = change(hub, order.clone(), |order| {
                order.report_file.get_or_insert_with(|| file.clone());
                vec![Event::new(hub.clock.now(), "the report is being made", "")]
            });
            if made.await.map_err(|error| Trouble::later(format!("table: {error}")))?.is_none() {
                return Ok(not_found());
            }
            file
        }
    };
    for ask in 0..ASKS {
        if ask > 0 {
            tokio::time::sleep(PAUSE.min(deadline.left() / 4)).await;
        }
        let read = |provider: &dyn Provider| with_files(provider, |files| files.report_file(&file));
        match hub.ask_provider(connected, deadline, read).await? {
            ReportFile::Ready(address) => {
                // Who opened a report must be known: without the record there is no access.
                let event = Event::new(hub.clock.now(), "the report was opened by its link", "");
                let recorded = hub.store.add_to_story(order, &event).await;
                let recorded = recorded.map_err(|error| Trouble::later(format!("table: {error}")))?;
                return Ok(if recorded { to(address.expose()) } else { not_found() });
            }
            ReportFile::Failed => {
                let again = change(hub, order.clone(), |order| {
                    // A new click has it made anew.
                    order.report_file = None;
                    vec![Event::new(hub.clock.now(), "the report could not be made", Reason::ReportFailed.code())]
                });
                again.await.map_err(|error| Trouble::later(format!("table: {error}")))?;
                return Ok(no_report(connected));
            }
            ReportFile::Preparing if deadline.left() < PAUSE * 3 => break,
            ReportFile::Preparing => {}
        }
    }
    Ok(being_made())
}

/// A link is made only for a provider that makes files of reports.
fn with_files<T>(
    provider: &dyn Provider,
    talk: impl FnOnce(&dyn MakesReportFiles) -> Talk<Result<T, Trouble>>,
) -> Talk<Result<T, Trouble>> {
    let none = || Trouble::because(Refusal::new(Reason::ReportFailed), "the provider makes no files of reports");
    provider.report_files().map_or_else(|| Talk::Done(Err(none())), talk)
}

fn page(status: u16, extra: &[(&'static str, &str)], text: &str) -> Answer {
    edge::page(status, extra, "Background check report", &format!("<p>{text}</p>\n"))
}

/// The same for a guessed, an expired and a revoked link, and for an order that nobody has.
fn not_found() -> Answer {
    page(404, &[], "This report link does not work, or does not work any more. Ask your administrator for a new one.")
}

fn try_again() -> Answer {
    page(503, &[("retry-after", "30")], "The report cannot be opened just now. Please try again in a minute.")
}

fn being_made() -> Answer {
    let again = [("refresh", "5"), ("retry-after", "5")];
    page(202, &again, "The report is being made. This page opens it as soon as it is ready.")
}

fn no_report(connected: &Connected) -> Answer {
    let sentence = Refusal::new(Reason::ReportFailed).sentence(connected.connection.provider.shown_as());
    page(502, &[], &sentence)
}

fn to(address: &str) -> Answer {
    let mut headers = PRIVATE.to_vec();
    headers.push(("location", address));
    answer(302, &headers, "")
}
