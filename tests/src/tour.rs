//! The tour: the journeys one after the other, told to a person.

use local_stack::events;
use local_stack::journeys::{of, play_all};
use local_stack::narrator::Narrator;
use local_stack::stack::{BASIC_TAG, Error, NURSING, RECRUITER_EMAIL, STANDARD, Stack, TRIGGER};
use serde_json::json;

/// Plays all journeys; `true` where each went as it should.
pub(crate) async fn play(stack: &Stack) -> bool {
    let tell = Narrator::Person;
    tell.title("Crosscheck: iCIMS → Certn, PageUp → CertnCentric and Lever → Asurint, on this machine");
    tell.note(if stack.is_deployed() {
        "The functions are those of the deployed stack; iCIMS, PageUp, Lever, Certn and Asurint are simulated on loopback."
    } else {
        "Everything below is real but for iCIMS, PageUp, Lever, Certn, Asurint and AWS, which are simulated on loopback."
    });
    let wrong = play_all(stack, &tell).await;
    tell.title(&match wrong {
        0 => format!("All {} journeys went as they should.", of(stack).len()),
        1 => "One journey did not go as it should; it is marked with ✗.".to_owned(),
        some => format!("{some} journeys did not go as they should; they are marked with ✗."),
    });
    wrong == 0
}

/// Leaves a customer with a candidate behind, and says how to play on.
pub(crate) async fn invite_to_play(stack: &Stack) -> Result<(), Error> {
    let customer = stack.connect(|_| {}).await?;
    let on_pageup = stack.connect_pageup(|_| {}).await?;
    let in_region = stack.region == "ca";
    let on_lever = if in_region { Some(stack.connect_authorized_lever(|_| {}).await?) } else { None };
    // Certn has one address for its webhooks, and the second customer took it.
    customer.take_certn_webhooks().await?;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Ada")?;
    let simulators = stack.simulators()?;
    let (icims, pageup, certn) = (simulators.icims.url(), simulators.pageup.url(), simulators.certn.url());
    let tell = Narrator::Person;
    tell.title("Play on");
    tell.note(&format!("The hub    {}", stack.url));
    tell.note(&format!("iCIMS      {icims}"));
    tell.note(&format!("PageUp     {pageup}"));
    tell.note(&format!("Certn      {certn}"));
    tell.note(&format!("Lever      {}", simulators.lever.url()));
    tell.note(&format!("Asurint    {}", simulators.asurint.url()));
    tell.step("Move a candidate, as the recruiter does:");
    tell.sees(&format!(
        "curl -sX POST {icims}/_control/advance --json '{{\"customer\": \"{}\", \"workflow\": \"{}\", \"status\": \"{TRIGGER}\"}}'",
        customer.id, candidate.workflow
    ));
    tell.step("Have Certn finish the check:");
    tell.sees(&format!(
        "curl -sX POST {certn}/_control/status --json '{{\"case\": \"last\", \"status\": \"COMPLETE\", \"score\": \"CLEAR\"}}'"
    ));
    tell.step("See what the recruiter sees:");
    tell.sees(&format!("curl -s {icims}/_control/workflows"));
    tell.step("The same with PageUp: invite a candidate, wait for the next tick, and look:");
    let invitation = json!({
        "tenant": on_pageup.tenant, "package_code": STANDARD, "department": NURSING,
        "requester": RECRUITER_EMAIL, "first_name": "Bo", "last_name": "Diaz", "email": "bo@example.com",
    });
    tell.sees(&format!("curl -sX POST {pageup}/_control/invite --json '{invitation}'"));
    tell.sees(&format!("curl -s {pageup}/_control/invitations"));
    tell.note("Certn's webhooks go to the other customer here: PageUp's next states come by Certn's event list, every 5 minutes.");
    let mut filled = events::of_icims(&customer);
    if let Some(customer) = on_lever {
        filled.extend(events::of_lever(&customer).await?);
        let candidate = customer.candidate(&customer.posting(&[BASIC_TAG])?, "Cy")?;
        let (lever, asurint) = (simulators.lever.url(), simulators.asurint.url());
        let account = &customer.account;
        let advance =
            json!({"account": account, "opportunity": candidate.opportunity, "stage": "Asurint Background Check"});
        tell.step("The same with Lever: move an opportunity into the stage, have Asurint finish the check, and look:");
        tell.sees(&format!("curl -sX POST {lever}/_control/advance --json '{advance}'"));
        let done = json!({"order": "last", "status": "Completed", "score": "Review"});
        tell.sees(&format!("curl -sX POST {asurint}/_control/status --json '{done}'"));
        tell.sees(&format!("curl -s {lever}/_control/opportunities"));
        tell.note("Take the access back, and see what the admin is told:");
        tell.sees(&format!("curl -sX POST {lever}/_control/revoke --json '{}'", json!({"account": account})));
        tell.sees(&format!("curl -s {}/admin/connections/{}", stack.url, customer.connection));
    }
    tell.note("");
    tell.note("For scripts:");
    tell.note(&format!("PLAYGROUND_CUSTOMER={}", customer.id));
    tell.note(&format!("PLAYGROUND_WORKFLOW={}", candidate.workflow));
    tell.note(&format!("PLAYGROUND_RECRUITER={}", customer.recruiter()));
    tell.note(&format!("PLAYGROUND_INVITATION={invitation}"));
    for (word, value) in filled {
        tell.note(&format!("PLAYGROUND_{word}={value}"));
    }
    Ok(())
}
