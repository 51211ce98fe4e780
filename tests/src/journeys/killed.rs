//! The hub's process dies between the steps and is started again with what it stored.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use uuid::Uuid;

use super::{Outcome, expect, shown};
use crate::narrator::Narrator;
use crate::simulators::icims::EventOptions;
use crate::stack::{Error, Stack, TRIGGER};

/// Where in an order's way the process dies: at its n-th call to AWS, before or after that call has its effect.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    pub call: u32,
    pub with_effect: bool,
}

/// How many calls to AWS there are, with cold caches, from the webhook to the row in iCIMS; the test dies at each.
pub const CALLS: u32 = 24;

/// A tick that does not come: nothing but the order's own way calls AWS before the death.
const NEVER: &str = "86400";

/// Deaths for the tour: while the event is stored, at the intent, at the outcome, at the record of the write.
const TOLD: [(&str, Death); 4] = [
    ("as the event reaches the queue", Death { call: 7, with_effect: true }),
    ("as the intent is written", Death { call: 17, with_effect: true }),
    ("before the outcome is written", Death { call: 19, with_effect: false }),
    ("before the write to iCIMS is recorded", Death { call: 21, with_effect: false }),
];

/// A few telling deaths.
pub(super) async fn between_the_steps(stack: &Stack, tell: &Narrator) -> Outcome {
    for (when, death) in TOLD {
        tell.step(&format!("The hub is killed {when}, and started again."));
        let row = dies_at(stack, death).await?;
        tell.sees(&row);
    }
    tell.note("Each time: one order at Certn, one row in iCIMS, nothing lost.");
    Ok(())
}

/// Kills a hub at one point of an order's way, starts it again, and returns the row that the recruiter sees in the end.
///
/// # Errors
/// There is not exactly one order and one row after half a minute.
pub async fn dies_at(stack: &Stack, death: Death) -> Result<String, Error> {
    let folder = std::env::temp_dir().join(format!("crosscheck-{}", Uuid::from_u128(random())));
    let outcome = play(stack, death, &folder).await;
    // What is left behind in the temporary folder harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
    outcome.map_err(|wrong| format!("{death:?}: {wrong}").into())
}

async fn play(stack: &Stack, death: Death, folder: &Path) -> Result<String, Error> {
    let simulators = stack.simulators()?;
    // Certn counts the calls of a minute, and what was played before belongs to another one.
    stack.clock.advance(SignedDuration::from_mins(2));
    let mut hub = Process::start(stack, folder, 0, NEVER).await?;
    let customer = stack.connect_at(&hub.url, |_| {}).await?;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Noa")?;
    let email = |case: &crate::simulators::certn::Case| case.email.starts_with("noa.");
    let before = simulators.certn.cases().iter().filter(|case| email(case)).count();
    hub.tell(&format!("die {} {}", death.call, death.with_effect)).await?;
    let icims = &simulators.icims;
    let screen = icims.advance(&customer.id, &candidate.workflow, TRIGGER, customer.recruiter()).await;
    hub.wait_for_death().await;
    let port = hub.port()?;
    drop(hub);
    let mut hub = Process::start(stack, folder, port, "1").await?;
    // Over the quiet window, and over the claim of a writer that died.
    hub.tell("pass 130").await?;
    if screen.status != Some(200) {
        // Nobody said that the event was stored: the recruiter, who saw an error, moves the candidate again.
        icims.resend_last(&customer.id, &candidate.workflow, EventOptions::default()).await;
    }
    for _ in 0..300 {
        let entries = customer.entries(&candidate)?;
        if let [entry] = entries.as_slice()
            && entry.result == "Invitation sent"
        {
            let line = shown(entry);
            // Whoever else is still at work would order now.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            let orders = simulators.certn.cases().iter().filter(|case| email(case)).count() - before;
            let rows = customer.entries(&candidate)?.len();
            expect(rows == 1, format!("one row, not {rows}"))?;
            expect(orders >= 1, "an order")?;
            let violations = stack.violations();
            expect(violations.is_empty(), violations.join("; "))?;
            return Ok(line);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(format!("no row with the invitation, but {:?}", customer.entries(&candidate)?).into())
}

/// A hub in a process of its own, with the simulators of this one.
pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub url: String,
}

impl Process {
    async fn start(stack: &Stack, folder: &Path, port: u16, tick: &str) -> Result<Self, Error> {
        let mut command = Command::new(program()?);
        command.args(["--hub-only", "--tick", tick, "--port", &port.to_string(), "--data"]).arg(folder);
        Self::run(command, stack).await
    }

    /// Runs a program that starts a hub, says where it is, and reads orders from its input.
    ///
    /// # Errors
    /// It does not start, or ends before it says where it is.
    pub async fn run(mut command: Command, stack: &Stack) -> Result<Self, Error> {
        let endpoints = stack.environment().into_iter().filter(|(name, _)| name.starts_with("CROSSCHECK_ENDPOINT_"));
        let mut child = command
            .envs(endpoints)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("the hub has no output")?;
        let mut lines = BufReader::new(output).lines();
        let mut url = String::new();
        while let Some(line) = lines.next_line().await? {
            if let Some(public) = line.strip_prefix("CROSSCHECK_PUBLIC_URL=") {
                public.clone_into(&mut url);
            }
            // The last line: a hub that is cut off in the middle of its output would end.
            if line.starts_with("AWS_ENDPOINT_URL=") {
                return Ok(Self { child, lines, url });
            }
        }
        Err("the hub did not start".into())
    }

    /// The next line that the hub writes; nothing where it died instead.
    pub async fn answer(&mut self) -> Option<String> {
        let answer = tokio::time::timeout(Duration::from_secs(60), self.lines.next_line()).await;
        answer.ok().and_then(Result::ok).flatten()
    }

    /// Where another hub must be to take this one's place.
    ///
    /// # Errors
    /// The address has no port.
    pub fn port(&self) -> Result<u16, Error> {
        let port = self.url.rsplit(':').next().ok_or("a URL without a port")?;
        Ok(port.parse()?)
    }

    /// Gives the hub an order.
    ///
    /// # Errors
    /// It does not read any more.
    pub async fn tell(&mut self, line: &str) -> Result<(), Error> {
        let input = self.child.stdin.as_mut().ok_or("the hub has no input")?;
        input.write_all(format!("{line}\n").as_bytes()).await?;
        input.flush().await?;
        // The line is read before the next event can come in.
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(())
    }

    /// Waits for it, but not for ever: beyond its last call a hub lives on, and is killed when it is dropped.
    async fn wait_for_death(&mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(3), self.child.wait()).await;
        let _ = self.child.kill().await;
    }
}

/// The local stack's program: this one, or from a test's folder the one beside it.
fn program() -> Result<PathBuf, Error> {
    let this = std::env::current_exe()?;
    let name = format!("local-stack{}", std::env::consts::EXE_SUFFIX);
    if this.file_name().is_some_and(|file| file.to_string_lossy() == name) {
        return Ok(this);
    }
    let beside = this.ancestors().nth(2).ok_or("no folder above the test")?.join(name);
    Ok(beside)
}

fn random() -> u128 {
    runtime::random::bytes::<16>().map_or(0, u128::from_be_bytes)
}
