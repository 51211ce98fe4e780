//! The local stack: `cargo run` starts the whole hub on this machine, plays the journeys, and keeps serving.

mod tour;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::SignedDuration;
use local_stack::stack::{ENDPOINTS, Error, Options, Stack};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Starts the whole hub on this machine: the functions, AWS's part, and simulators of iCIMS, PageUp, Lever,
/// Certn and Asurint. Plays the journeys, then keeps serving until Ctrl-C.
#[derive(Debug, Parser)]
struct Arguments {
    /// Start no simulators: the variables CROSSCHECK_ENDPOINT_ICIMS, _PAGEUP, _LEVER, _CERTN and _ASURINT say where the
    /// systems are
    #[arg(long)]
    hub_only: bool,
    /// The hub's port; the simulators of iCIMS, Certn, PageUp, Lever and Asurint take the next five. 0 takes any free ones
    #[arg(long, default_value_t = 3999)]
    port: u16,
    /// The region that this stack pretends to be in
    #[arg(long, default_value = "ca", value_parser = ["ca", "uk", "au"])]
    region: String,
    /// Keep the table, the queues and the secrets in this folder between runs; without it they are in memory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How often the scheduled functions run; on AWS it is every minute
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    tick: u64,
    /// How long an order whose answer was lost is left alone before it is looked up
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    quiet_window: u64,
    /// Use the stack that is deployed on the emulator of AWS at this address instead of functions of this process: play
    /// what can be played with the world's clock, then end
    #[arg(long, value_name = "URL", requires = "stack", conflicts_with_all = ["hub_only", "no_tour", "data", "region"])]
    deployed: Option<String>,
    /// The name of the deployed stack
    #[arg(long, value_name = "NAME", requires = "deployed")]
    stack: Option<String>,
    /// Play no journeys
    #[arg(long)]
    no_tour: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "The local stack cannot go on: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let options = Options {
        port: arguments.port,
        region: arguments.region.clone(),
        data: arguments.data.clone(),
        quiet_window: Duration::from_secs(arguments.quiet_window),
        restored_to: None,
        deployed: arguments.deployed.clone().zip(arguments.stack.clone()),
        outside: if arguments.hub_only { endpoints()? } else { HashMap::new() },
    };
    let stack = Stack::start(options).await.map_err(|error| in_words(error, arguments.port))?;
    let mut everything_held = true;
    if !arguments.hub_only && !arguments.no_tour {
        everything_held = tour::play(&stack).await;
    }
    if stack.is_deployed() {
        return went_well(everything_held);
    }
    stack.keep_ticking(Duration::from_secs(arguments.tick.max(1)));
    if arguments.hub_only {
        print_environment(&stack)?;
        obey(&stack).await?;
    } else {
        tour::invite_to_play(&stack).await?;
        print_environment(&stack)?;
    }
    tokio::signal::ctrl_c().await?;
    went_well(everything_held)
}

fn went_well(everything_held: bool) -> Result<(), Error> {
    if everything_held { Ok(()) } else { Err("a journey of the tour did not go as it should".into()) }
}

fn in_words(error: Error, port: u16) -> Error {
    let taken = error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::AddrInUse);
    if taken {
        return format!("port {port}, or one of the next five, is taken. Choose another one with --port.").into();
    }
    error
}

/// Where the outside systems are.
#[expect(clippy::disallowed_methods, reason = "the local stack's own environment, read once")]
fn endpoints() -> Result<HashMap<String, String>, Error> {
    let mut endpoints = HashMap::new();
    for name in ENDPOINTS {
        let value = std::env::var(name).map_err(|_| format!("--hub-only needs {name}: the address of that system"))?;
        endpoints.insert(name.to_owned(), value);
    }
    Ok(endpoints)
}

/// The environment by which `sam local invoke`, or anything else, uses this stack.
fn print_environment(stack: &Stack) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nThe environment of a function that uses this stack, for `sam local invoke --env-vars`:")?;
    let environment = stack.environment();
    for (name, value) in environment.iter().filter(|(name, _)| name != "AWS_ENDPOINT_URL") {
        writeln!(out, "{name}={value}")?;
    }
    // Last, so that a script that waits for it has read everything.
    writeln!(out, "AWS_ENDPOINT_URL={}", stack.aws.url)?;
    out.flush()?;
    Ok(())
}

/// Takes orders from the test that started this hub: `die CALL WITH_EFFECT` has it die at a call to AWS, `pass SECONDS`
/// moves its clock.
async fn obey(stack: &Stack) -> Result<(), Error> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["die", call, with_effect] => stack.aws.exit_after(call.parse()?, with_effect.parse()?),
            ["pass", seconds] => stack.clock.advance(SignedDuration::from_secs(seconds.parse()?)),
            _ => {}
        }
    }
    Ok(())
}
