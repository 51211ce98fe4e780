//! The hub dies at every call to AWS from a look at PageUp to the invitation's status there, before and after the call
//! has its effect. Nothing is lost but the rows that PageUp forgot with its answer, where the death comes before they
//! are stored: then it is the very next call.

use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};
use jiff::SignedDuration;
use local_stack::journeys::killed::{Death, Process};
use local_stack::simulators::pageup::Queue;
use local_stack::stack::{ENDPOINTS, Error, Options, PageUpCustomer, Stack};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::support::{cases, poll, stack, stack_with};

/// The folder of the hub that this program is to be, and its port, where it was started to be one.
const FOLDER: &str = "CROSSCHECK_TEST_HUB";
const PORT: &str = "CROSSCHECK_TEST_HUB_PORT";
const ITSELF: &str = "pageup_killed::a_hub_of_its_own_does_what_it_is_told";

/// Starts this program once more, as a hub in which nothing happens that it was not told.
async fn hub(stack: &Stack, folder: &Path, port: u16) -> Result<Process, Error> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    command.args(["--exact", ITSELF, "--nocapture"]).env(FOLDER, folder).env(PORT, port.to_string());
    Process::run(command, stack).await
}

/// Has the hub do something; whether it lived to say that it is done.
async fn told(hub: &mut Process, order: &str) -> bool {
    hub.tell(order).await.is_ok() && hub.answer().await.is_some()
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the environment by which the tests below start this one as a hub")]
async fn a_hub_of_its_own_does_what_it_is_told() {
    if let Ok(folder) = std::env::var(FOLDER) {
        let outside = ENDPOINTS.map(|name| (name.to_owned(), std::env::var(name).unwrap()));
        let port = std::env::var(PORT).unwrap().parse().unwrap();
        let options = Options { port, data: Some(folder.into()), outside: outside.into(), ..Options::default() };
        return obey(&stack_with(options).await).await;
    }
    let stack = stack().await;
    let folder = Folder::new();
    let mut hub = hub(&stack, &folder.0, 0).await.unwrap();
    let customer = stack.connect_pageup_at(&hub.url, |_| {}).await.unwrap();
    let invitation = customer.invite(customer.invitation("Alive")).unwrap();
    assert!(told(&mut hub, "poll").await);
    assert_eq!(message(&customer, &invitation).as_deref(), Some("Invitation sent"));
    hub.tell("die 0 false").await.unwrap();
    assert!(!told(&mut hub, "tick").await);
}

async fn obey(stack: &Stack) {
    let mut out = tokio::io::stdout();
    let mut say = async |line: String| {
        out.write_all(line.as_bytes()).await.unwrap();
        out.flush().await.unwrap();
    };
    // The line of the test's own name is not ended.
    say(format!("\nCROSSCHECK_PUBLIC_URL={}\nAWS_ENDPOINT_URL={}\n", stack.url, stack.aws.url)).await;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["die", call, with_effect] => {
                stack.aws.exit_after(call.parse().unwrap(), with_effect.parse().unwrap());
                continue;
            }
            ["pass", seconds] => stack.pass(SignedDuration::from_secs(seconds.parse().unwrap())).await.unwrap(),
            ["poll"] => {
                poll(stack).await;
                stack.settle().await.unwrap();
            }
            _ => stack.tick().await.unwrap(),
        }
        say("done\n".to_owned()).await;
    }
}

/// A folder that is gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let unique = runtime::random::bytes::<16>().map_or(0, u128::from_be_bytes);
        Self(std::env::temp_dir().join(format!("crosscheck-pageup-{unique:x}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn message(customer: &PageUpCustomer<'_>, invitation: &str) -> Option<String> {
    customer.screen(invitation).ok()?.message
}

/// What became of an invitation in the end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Ordered,
    /// PageUp has forgotten it, and nobody else knows of it.
    Lost,
}

/// Kills a hub on the way of one invitation, starts it again, and lets half an hour pass.
async fn dies_at(death: Death, queue: Queue) -> Result<End, Error> {
    // A stack of its own: the simulators hold every order that they ever got against us.
    let (stack, folder) = (stack().await, Folder::new());
    let mut hub = hub(&stack, &folder.0, 0).await?;
    let customer = stack.connect_pageup_at(&hub.url, |_| {}).await?;
    customer.set_options(|options| options.queue = queue)?;
    let invitation = customer.invite(customer.invitation("Noa"))?;
    hub.tell(&format!("die {} {}", death.call, death.with_effect)).await?;
    // Whoever is second at the provider's budget asks once more, so that the way is sometimes a call shorter.
    if told(&mut hub, "poll").await && message(&customer, &invitation).is_none() {
        return Err("it did not die".into());
    }
    let port = hub.port()?;
    drop(hub);
    let mut hub = self::hub(&stack, &folder.0, port).await?;
    // Over the lease of the poller, the quiet window, and the claim of a writer that died; then over further tries. Once
    // it is shown, whoever else is still at work would order now.
    for pause in [130, 130, 600, 900] {
        let is_shown = message(&customer, &invitation).is_some();
        if !told(&mut hub, &format!("pass {pause}")).await {
            return Err("the second hub died".into());
        }
        if is_shown {
            break;
        }
    }
    let violations = stack.violations();
    if !violations.is_empty() {
        return Err(violations.join("; ").into());
    }
    let history: Vec<_> =
        customer.history(&invitation)?.into_iter().map(|screen| (screen.status, screen.message)).collect();
    let waiting = stack.simulators()?.pageup.waiting(&customer.tenant);
    match (history.as_slice(), cases(&stack, "Noa"), waiting.len()) {
        ([(Some(status), Some(message))], 1, 0) if status == "In progress" && message == "Invitation sent" => {
            Ok(End::Ordered)
        }
        ([], 0, 0) => Ok(End::Lost),
        (history, cases, waiting) => Err(format!("{cases} orders, {waiting} waiting, shown {history:?}").into()),
    }
}

/// The calls of AWS, with cold caches, from the look to the status in PageUp.
async fn calls(queue: Queue) -> Vec<String> {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = queue).unwrap();
    let invitation = customer.invite(customer.invitation("Noa")).unwrap();
    let _ = stack.aws.take_calls();
    poll(&stack).await;
    stack.settle().await.unwrap();
    assert_eq!(message(&customer, &invitation).as_deref(), Some("Invitation sent"));
    stack.aws.take_calls()
}

/// Dies at every call, and asserts that only the given deaths lose the invitation.
async fn check(queue: Queue, lost: impl Fn(&[String]) -> Vec<(u32, bool)>) {
    let calls = calls(queue).await;
    let deaths = (0..u32::try_from(calls.len()).unwrap()).flat_map(|call| [(call, true), (call, false)]);
    let ends = stream::iter(deaths)
        .map(|(call, with_effect)| async move {
            let end = dies_at(Death { call, with_effect }, queue).await;
            ((call, with_effect), end.map_err(|wrong| wrong.to_string()))
        })
        .buffer_unordered(6)
        .collect::<Vec<_>>()
        .await;
    let wrong: Vec<_> = ends.iter().filter(|(_, end)| end.is_err()).collect();
    assert!(wrong.is_empty(), "{wrong:?} of {calls:?}");
    let lose: Vec<_> = ends.iter().filter(|(_, end)| *end == Ok(End::Lost)).map(|(death, _)| *death).collect();
    assert_eq!(lose, lost(&calls), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_poller_is_killed_an_invitation_that_waits_for_its_status_is_ordered_once() {
    check(Queue::KeepUntilPut, |_| Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_that_is_listed_once_is_lost_only_by_a_death_before_it_is_stored() {
    let stores_rows = |calls: &[String]| {
        let mut puts = calls.iter().enumerate().filter(|(_, call)| *call == "dynamodb:PutItem");
        // The first takes the connection, before PageUp is asked.
        let (store, _) = puts.nth(1).unwrap();
        vec![(u32::try_from(store).unwrap(), false)]
    };
    check(Queue::Dequeue, stores_rows).await;
}
