//! What it costs to ask PageUp, for 1, 100 and 5,000 connections: `cargo bench -p local-stack --bench poll_cost`.
//!
//! The function is a process of its own, which this program starts from itself: its processor time and memory are its own.
//! AWS's part and PageUp are in this process. No worker runs, so every call to AWS is the function's, up to the queue.

#[path = "cost/prices.rs"]
mod prices;

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use local_stack::embedded_aws::EmbeddedAws;
use local_stack::simulators::pageup::{Environment, Invite, PageUpSimulator, Queue, Tenant};
use local_stack::simulators::shared::Effect;
use local_stack::stack::Error;
use local_stack::template::Template;
use runtime::clock::Clock;
use runtime::config::Config;
use runtime::deadline::Deadline;
use runtime::edge::Call;
use runtime::handlers::{admin, pageup_poll};
use runtime::hub::Hub;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

const SIZES: [u64; 3] = [1, 100, 5_000];

/// Long enough that every connection is reached.
const ALL: Duration = Duration::from_secs(600);

/// The function's time-out in the template.
const TIMEOUT: Duration = Duration::from_secs(45);

/// What a call of PageUp may take over the internet.
const ROUND_TRIP_MS: u32 = 300;

/// How many connections the function asks at once.
const AT_ONCE: f64 = 64.0;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const MINUTES_A_DAY: u64 = 1_440;
const IDLE_LOOKS: u64 = 462;

/// The function's memory in the template, and how much of a processor Lambda gives for it.
const LAMBDA_GB: f64 = 1.0;
const LAMBDA_PROCESSOR: f64 = 1_024.0 / 1_769.0;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--function") {
        // As in the function's own binary.
        return tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| function(&runtime))?;
    }
    // `cargo test --all-targets` starts benches, too, and does not mean this one.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench())
}

// The function, in its process.

/// One tick, as the process of the function saw it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Measured {
    is_well: bool,
    wall: Duration,
    cpu: Duration,
    peak_kb: u64,
}

/// Reads its environment and then, line by line, after how many milliseconds and with what deadline to tick. Between two
/// ticks the runtime does not run, as a Lambda is frozen then.
fn function(runtime: &tokio::runtime::Runtime) -> Result<(), Error> {
    let mut lines = std::io::stdin().lock().lines();
    let variables: HashMap<String, String> = serde_json::from_str(&lines.next().ok_or("no environment")??)?;
    let clock = Clock::default();
    let aws = variables.get("AWS_ENDPOINT_URL").ok_or("no AWS")?;
    let config = Config::from_variables(|name| variables.get(name).cloned())?;
    let hub = Arc::new(Hub::new(config, clock.clone(), &runtime.block_on(sdk(aws)))?);
    for line in lines {
        let (ahead_ms, deadline): (i64, Duration) = serde_json::from_str(&line?)?;
        clock.advance(SignedDuration::from_millis(ahead_ms));
        let (started, spent) = (Instant::now(), spent()?);
        let handled = runtime.block_on(pageup_poll::handle(Arc::clone(&hub), Deadline::after(deadline)));
        let (wall, cpu) = (started.elapsed(), self::spent()?.saturating_sub(spent));
        let measured = Measured { is_well: handled.is_ok(), wall, cpu, peak_kb: peak_kb()? };
        writeln!(std::io::stdout().lock(), "{}", serde_json::to_string(&measured)?)?;
    }
    Ok(())
}

/// How long this thread, the only one of the function, was on a processor.
fn spent() -> Result<Duration, Error> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(told.split(' ').next().unwrap_or_default().parse()?))
}

fn peak_kb() -> Result<u64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

async fn sdk(url: &str) -> SdkConfig {
    let sdk = runtime::aws::loader().behavior_version(BehaviorVersion::latest()).region(Region::new("local"));
    let credentials = Credentials::new("local", "local", None, None, "bench");
    sdk.endpoint_url(url).credentials_provider(credentials).load().await
}

// What is around it.

type Calls = BTreeMap<String, u64>;

/// A tick with what it called.
#[derive(Debug, Clone)]
struct Tick {
    measured: Measured,
    /// Calls of AWS by operation.
    aws: Calls,
    /// How often each tenant was asked for its invitations.
    asked: Calls,
    tokens: u64,
}

impl Tick {
    fn looks(&self) -> u64 {
        self.asked.values().sum()
    }

    /// The Queries of the tick for all connections together: each look has one for itself, as settings are kept for half
    /// a minute.
    fn pages(&self) -> u64 {
        self.aws.get(QUERY).copied().unwrap_or(0).saturating_sub(self.looks())
    }

    /// Calls of that operation for single connections.
    fn count(&self, operation: &str) -> u64 {
        self.aws.get(operation).copied().unwrap_or(0) - if operation == QUERY { self.pages() } else { 0 }
    }
}

/// So many connections, each with a tenant of its own, and the function that asks them.
struct Setup {
    clock: Clock,
    aws: EmbeddedAws,
    pageup: PageUpSimulator,
    table: aws_sdk_dynamodb::Client,
    tenants: Vec<String>,
    connections: Vec<String>,
    seen: usize,
    /// Dies when this is dropped.
    _function: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Setup {
    async fn start(connections: u64) -> Result<Self, Error> {
        // Installs the TLS provider that every client of this process uses.
        let _ = runtime::aws::loader();
        let template = Template::read()?;
        let clock = Clock::default();
        let of_simulator = clock.clone();
        let aws = EmbeddedAws::start(&template.table, &["PlaceOrderQueue", "SyncOrderQueue"], None).await?;
        let pageup = PageUpSimulator::start(0, Arc::new(move || of_simulator.now())).await?;
        let variables: HashMap<&str, String> = HashMap::from([
            ("CROSSCHECK_REGION", "ca".to_owned()),
            ("CROSSCHECK_TABLE", "crosscheck".to_owned()),
            ("CROSSCHECK_PLACE_ORDER_QUEUE_URL", aws.queue_url("PlaceOrderQueue")),
            ("CROSSCHECK_SYNC_ORDER_QUEUE_URL", aws.queue_url("SyncOrderQueue")),
            ("CROSSCHECK_LOCAL", "true".to_owned()),
            ("CROSSCHECK_ENDPOINT_PAGEUP", pageup.url()),
            ("AWS_ENDPOINT_URL", aws.url.clone()),
        ]);
        let sdk = sdk(&aws.url).await;
        let config = Config::from_variables(|name| variables.get(name).cloned())?;
        let hub = Arc::new(Hub::new(config, clock.clone(), &sdk)?);
        let tenants: Vec<String> = (0..connections).map(|number| (100_000 + number).to_string()).collect();
        let made = stream::iter(&tenants).map(|tenant| connect(&hub, &pageup, tenant)).buffered(16);
        let connections = made.try_collect().await?;
        let _ = aws.take_calls();

        let mut child = Command::new(std::env::current_exe()?)
            .arg("--function")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut orders = child.stdin.take().ok_or("no way in")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no way out")?).lines();
        orders.write_all(format!("{}\n", serde_json::to_string(&variables)?).as_bytes()).await?;
        let table = aws_sdk_dynamodb::Client::new(&sdk);
        Ok(Self { clock, aws, pageup, table, tenants, connections, seen: 0, _function: child, orders, answers })
    }

    /// Lets time pass on both sides, and the function run once.
    async fn tick(&mut self, after: SignedDuration, deadline: Duration) -> Result<Tick, Error> {
        self.clock.advance(after);
        let order = json!([i64::try_from(after.as_millis())?, deadline]);
        self.orders.write_all(format!("{order}\n").as_bytes()).await?;
        let answer = self.answers.next_line().await?.ok_or("the function ended")?;
        let measured: Measured = serde_json::from_str(&answer)?;
        let answered = self.pageup.harness.answered("");
        let (mut asked, mut tokens) = (Calls::new(), 0);
        for request in answered.iter().skip(self.seen) {
            match (request.method.as_str(), request.path.strip_prefix("/v3/"), request.status) {
                ("GET", Some(path), 200) => {
                    *asked.entry(path.split('/').next().unwrap_or_default().to_owned()).or_default() += 1;
                }
                ("POST", None, 200) => tokens += 1,
                _ => return Err(format!("PageUp answered {request:?}").into()),
            }
        }
        self.seen = answered.len();
        let mut aws = Calls::new();
        for call in self.aws.take_calls() {
            *aws.entry(call).or_default() += 1;
        }
        let violations = self.pageup.harness.violations.all();
        if !measured.is_well || !violations.is_empty() {
            return Err(format!("the tick went wrong: {violations:?}").into());
        }
        Ok(Tick { measured, aws, asked, tokens })
    }

    /// The same, and checks that every connection was asked, once.
    async fn tick_for_all(&mut self, after: SignedDuration) -> Result<Tick, Error> {
        let tick = self.tick(after, ALL).await?;
        let once = self.tenants.iter().filter(|tenant| tick.asked.get(*tenant) == Some(&1)).count();
        if once != self.tenants.len() || tick.asked.len() != once {
            return Err(format!("of {} connections {once} were asked once", self.tenants.len()).into());
        }
        Ok(tick)
    }

    /// An invitation of a tenant whose list forgets what it was read of, as nobody here answers it.
    fn invite(&self, tenant: &str) {
        let mut options = self.pageup.options(tenant);
        options.queue = Queue::Dequeue;
        self.pageup.set_options(tenant, options);
        self.pageup.invite(tenant, Invite::new("ada@example.com", "standard", "rae@client.example"));
    }
}

/// Connects a tenant as the admin API does.
async fn connect(hub: &Arc<Hub>, pageup: &PageUpSimulator, tenant: &str) -> Result<String, Error> {
    // Short: PageUp's simulator looks for every longer secret of a tenant in every request.
    let (client_id, client_secret) = (format!("crosscheck-{tenant}"), "short");
    pageup.add_tenant(Tenant {
        id: tenant.to_owned(),
        client_id: client_id.clone(),
        client_secret: client_secret.to_owned(),
        data_centre: "dc2".to_owned(),
        environment: Environment::Live,
        scopes: ["Public.BackgroundCheck.Read", "Public.BackgroundCheck.Write"].map(str::to_owned).to_vec(),
        token_hosts: Vec::new(),
    });
    let new = json!({
        "ats": {"kind": "pageup", "tenant_id": tenant, "data_centre": "dc2"},
        "ats_credentials": {"kind": "pageup", "client_id": client_id, "client_secret": client_secret},
        "provider": {"kind": "certn"},
        "provider_credentials": {
            "kind": "certn", "api_keys": ["certn-key"], "webhook_secrets": ["certn-webhook-secret"],
        },
        "default_group": "51c2d1de-3b1f-4d5e-9a51-6d7e8f901234",
        "transfer_acknowledged": true,
    });
    let call = Call {
        method: http::Method::POST,
        path: HashMap::new(),
        query: HashMap::new(),
        headers: Vec::new(),
        body: new.to_string().into_bytes(),
        caller: String::new(),
        deadline: Deadline::after(ALL),
    };
    let answer = admin::create_connection::handle(Arc::clone(hub), call).await;
    let created: serde_json::Value = serde_json::from_str(answer.body())?;
    let id = created.get("id").and_then(serde_json::Value::as_str);
    id.map(str::to_owned).ok_or_else(|| format!("refused: {} {created}", answer.status()).into())
}

// What is measured.

const KINDS: [&str; 4] = ["first", "idle", "idle, new token and secret", "one invitation each"];
const QUERY: &str = "dynamodb:Query";
const OPERATIONS: [&str; 5] =
    [QUERY, "dynamodb:PutItem", "dynamodb:GetItem", "secretsmanager:GetSecretValue", "sqs:SendMessage"];

/// What was measured with so many connections.
struct Sized {
    connections: u64,
    /// In the order of [`KINDS`].
    ticks: Vec<Tick>,
    median: Measured,
    own_memory_kb: u64,
}

async fn measure(connections: u64) -> Result<Sized, Error> {
    let mut setup = Setup::start(connections).await?;
    let first = setup.tick_for_all(SignedDuration::ZERO).await?;
    let mut idle = Vec::new();
    let mut last = first.clone();
    for _ in 0..3 {
        // A minute after the last one began, and not before everybody is due again.
        let took = SignedDuration::try_from(last.measured.wall)?;
        last = setup.tick_for_all((MINUTE - took).max(SignedDuration::from_secs(51))).await?;
        idle.push(last.clone());
    }
    let known = idle.first().map(per_connection(connections));
    if idle.iter().any(|tick| Some(per_connection(connections)(tick)) != known) {
        return Err("idle ticks differ".into());
    }
    let renewed = setup.tick_for_all(MINUTE * 5).await?;
    for tenant in &setup.tenants {
        setup.invite(tenant);
    }
    let invited = setup.tick_for_all(MINUTE).await?;
    idle.sort_by_key(|tick| tick.measured.wall);
    let median = idle.get(1).ok_or("no idle tick")?.clone();
    let (measured, own_memory_kb) = (median.measured, invited.measured.peak_kb);
    let ticks = vec![first, median, renewed, invited];
    Ok(Sized { connections, ticks, median: measured, own_memory_kb })
}

/// Calls of a tick for one connection, by what was called: AWS's operations, others of AWS, PageUp's list, its tokens.
fn per_connection(connections: u64) -> impl Fn(&Tick) -> Vec<f64> {
    move |tick| {
        let own = OPERATIONS.map(|name| tick.count(name));
        let other = tick.aws.values().sum::<u64>() - own.iter().sum::<u64>() - tick.pages();
        let all = own.into_iter().chain([other, tick.looks(), tick.tokens]);
        all.map(|count| count as f64 / connections as f64).collect()
    }
}

/// Every size must call as often for one connection, and read whose turn it is in pages of more than a thousand.
fn check_flat(sizes: &[Sized]) -> Result<(), Error> {
    let mut known = None;
    for size in sizes {
        if let Some(tick) = size.ticks.iter().find(|tick| tick.pages() > 1 + size.connections / 1_000) {
            return Err(format!("{} connections are listed by {} Queries", size.connections, tick.pages()).into());
        }
        let calls: Vec<_> = size.ticks.iter().map(per_connection(size.connections)).collect();
        if *known.get_or_insert_with(|| calls.clone()) != calls {
            return Err(format!("{} connections are not as one is: {calls:?} and {known:?}", size.connections).into());
        }
    }
    Ok(())
}

/// What a day of one connection calls, a tick a minute.
struct Day {
    name: &'static str,
    looks: u64,
    invitations: u64,
    /// In the order of [`OPERATIONS`], without what a tick calls for all.
    aws: [u64; OPERATIONS.len()],
    pages: u64,
    tokens: u64,
}

async fn day(setup: &mut Setup, name: &'static str, invitation_every: Option<u64>) -> Result<Day, Error> {
    let mut day = Day { name, looks: 0, invitations: 0, aws: [0; OPERATIONS.len()], pages: 0, tokens: 0 };
    for minute in 0..MINUTES_A_DAY {
        if invitation_every.is_some_and(|every| minute % every == 0) {
            setup.tenants.iter().for_each(|tenant| setup.invite(tenant));
            day.invitations += 1;
        }
        let tick = setup.tick(MINUTE, ALL).await?;
        day.looks += tick.looks();
        day.pages += tick.pages();
        day.tokens += tick.tokens;
        for (sum, operation) in day.aws.iter_mut().zip(OPERATIONS) {
            *sum += tick.count(operation);
        }
    }
    Ok(day)
}

/// What the table charges for, in units.
#[derive(Debug, Clone, Copy)]
struct Units {
    /// Reading the settings of a connection.
    settings: f64,
    /// What a due connection adds to the page that lists it.
    listed: f64,
    /// Taking a connection, and storing where it stands.
    claim: f64,
    /// Storing an invitation.
    keep: f64,
}

/// Asks the table, which charges as DynamoDB does.
async fn units(setup: &Setup) -> Result<Units, Error> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let id = setup.connections.first().ok_or("no connection")?;
    let of = |key: String| {
        let query = setup.table.query().table_name("crosscheck").key_condition_expression("pk = :pk");
        query.expression_attribute_values(":pk", text(&key)).return_consumed_capacity(ReturnConsumedCapacity::Total)
    };
    let connection = of(format!("CONN#{id}")).consistent_read(true).send().await?;
    let poll = connection.items().iter().find(|item| item.get("sk") == Some(&text("POLL"))).ok_or("no poll")?;
    let kept = of(format!("REQ#{id}")).send().await?;
    let used = async |item| -> Result<f64, Error> {
        let put = setup.table.put_item().table_name("crosscheck").set_item(Some(item));
        let written = put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
        Ok(written.consumed_capacity().and_then(|used| used.capacity_units()).ok_or("no capacity")?)
    };
    // As in a claim, a key of the index changes; and another invitation is new to table and index.
    let (mut claimed, mut another) = (poll.clone(), kept.items().first().ok_or("no invitation")?.clone());
    claimed.insert("due_at".to_owned(), AttributeValue::N("1".to_owned()));
    another.insert("sk".to_owned(), text("another"));
    let bytes: usize = poll.iter().map(|(name, value)| name.len() + size_of(value)).sum();
    let settings = connection.consumed_capacity().and_then(|used| used.capacity_units()).ok_or("no capacity")?;
    // Half a unit for four kilobytes, as an index is read.
    Ok(Units { settings, listed: bytes as f64 / 8_192.0, claim: used(claimed).await?, keep: used(another).await? })
}

/// About what a value takes in the table.
fn size_of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| name.len() + 1 + size_of(value)).sum::<usize>(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size_of(value)).sum::<usize>(),
        _ => 1,
    }
}

// What is printed.

fn say(line: &str) -> Result<(), Error> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn bench() -> Result<(), Error> {
    let mut sizes = Vec::new();
    for connections in SIZES {
        sizes.push(measure(connections).await?);
    }
    check_flat(&sizes)?;
    say_calls(&sizes)?;
    say_times(&sizes)?;
    say_minutes().await?;
    say_days(&sizes).await
}

fn say_calls(sizes: &[Sized]) -> Result<(), Error> {
    say("Calls per connection, and the Queries that a tick makes for all together:\n")?;
    say("| connections | tick | Query | PutItem | GetItem | GetSecretValue | SendMessage | other calls of AWS | \
         PageUp GET | PageUp token | for all: Query |")?;
    say("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for size in sizes {
        for (kind, tick) in KINDS.iter().zip(&size.ticks) {
            let calls: Vec<String> = per_connection(size.connections)(tick).iter().map(ToString::to_string).collect();
            say(&format!("| {} | {kind} | {} | {} |", size.connections, calls.join(" | "), tick.pages()))?;
        }
    }
    Ok(())
}

fn say_times(sizes: &[Sized]) -> Result<(), Error> {
    say(
        "\n| connections | first tick | idle tick | idle, per connection | processor of the function, per connection | \
         one invitation each, per connection | memory of the function, at most |",
    )?;
    say("|---:|---:|---:|---:|---:|---:|---:|")?;
    for Sized { connections, ticks, median, own_memory_kb } in sizes {
        let each = |time: Duration| ms(time) / *connections as f64;
        let (first, invited) = (ticks.first().ok_or("no tick")?.measured, ticks.get(3).ok_or("no tick")?.measured);
        say(&format!(
            "| {connections} | {:.0} ms | {:.0} ms | {:.2} ms | {:.2} ms | {:.2} ms | {:.0} MB |",
            ms(first.wall),
            ms(median.wall),
            each(median.wall),
            each(median.cpu),
            each(invited.wall),
            *own_memory_kb as f64 / 1024.0,
        ))?;
    }
    Ok(())
}

/// What one function reaches where PageUp is as far as it is: ticks that begin a minute apart, with the real time-out.
async fn say_minutes() -> Result<(), Error> {
    say(&format!(
        "\nConnections asked where a call of PageUp takes {ROUND_TRIP_MS} ms and the function has {} s:\n",
        TIMEOUT.as_secs()
    ))?;
    say("| connections | 1st minute | 2nd | 3rd | 4th | longest tick | never asked |")?;
    say("|---:|---:|---:|---:|---:|---:|---:|")?;
    for connections in [2_000, 5_000, 10_000] {
        let mut setup = Setup::start(connections).await?;
        setup.pageup.harness.arm("", 0, Effect::DelayBeforeMs(u64::from(ROUND_TRIP_MS)));
        let (mut wait, mut longest, mut asked, mut ever) = (SignedDuration::ZERO, 0.0_f64, Vec::new(), Calls::new());
        for _ in 0..4 {
            let tick = setup.tick(wait, TIMEOUT).await?;
            wait = (MINUTE - SignedDuration::try_from(tick.measured.wall)?).max(SignedDuration::ZERO);
            longest = longest.max(tick.measured.wall.as_secs_f64());
            asked.push(tick.looks().to_string());
            ever.extend(tick.asked);
        }
        let never = setup.tenants.len() - ever.len();
        say(&format!("| {connections} | {} | {longest:.1} s | {never} |", asked.join(" | ")))?;
    }
    Ok(())
}

async fn say_days(sizes: &[Sized]) -> Result<(), Error> {
    let mut setup = Setup::start(1).await?;
    // Often enough that it is always asked every minute.
    let busy = day(&mut setup, "busy", Some(50)).await?;
    let idle = day(&mut Setup::start(1).await?, "idle", None).await?;
    if (idle.looks, busy.looks) != (IDLE_LOOKS, MINUTES_A_DAY) {
        return Err(format!("a day had {} looks, or {}", idle.looks, busy.looks).into());
    }
    let days = [idle, busy];
    say(
        "\n| a day of one connection | looks | invitations | Query | PutItem | GetItem | GetSecretValue | SendMessage | \
         PageUp token | for all: Query |",
    )?;
    say("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for Day { name, looks, invitations, aws, pages, tokens } in &days {
        let aws = aws.map(|count| count.to_string()).join(" | ");
        say(&format!("| {name} | {looks} | {invitations} | {aws} | {tokens} | {pages} |"))?;
    }
    let units = units(&setup).await?;
    let Units { settings, listed, claim, keep } = units;
    say(&format!(
        "\nUnits of the table: settings {settings} read, listed as due {listed:.3} read, a claim {claim} written, an \
         invitation {keep} written."
    ))?;
    let cpu = sizes.last().map_or(0.0, |size| size.median.cpu.as_secs_f64() / size.connections as f64);
    // Lambda bills the time that passes: calls wait together, but have one processor, or a part of one.
    let seconds = (f64::from(ROUND_TRIP_MS) / 1e3 / AT_ONCE).max(cpu / LAMBDA_PROCESSOR);
    say(&format!(
        "By the processor time and the round trip, a look takes {:.1} ms of a Lambda's time.\n",
        seconds * 1e3
    ))?;
    let prices = prices::Prices::read()?;
    let price = |name: &str| prices.of(name);
    say("| USD a day | table, reads | table, writes | secret, read | secret, kept | queue | Lambda | sum | a month |")?;
    say("|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for Day { name, looks, invitations, aws: [queries, puts, gets, secrets, messages], .. } in &days {
        let [looks, invitations] = [looks, invitations].map(|count| *count as f64);
        let [queries, puts, gets, secrets, messages] =
            [queries, puts, gets, secrets, messages].map(|count| *count as f64);
        let costs = [
            (queries * units.settings + looks * units.listed + gets) * price("table_read_unit")?,
            ((puts - invitations) * units.claim + invitations * units.keep) * price("table_write_unit")?,
            secrets * (price("secret_call")? + price("key_call")?),
            price("secret_month")? / 30.0,
            messages * price("queue_request")?,
            looks * seconds * LAMBDA_GB * price("lambda_gb_second")?,
        ];
        say_costs(&format!("a connection, {name}"), &costs)?;
    }
    let minutes = MINUTES_A_DAY as f64;
    let alone = minutes
        * (price("lambda_invocation")? + f64::from(ROUND_TRIP_MS) / 1e3 * LAMBDA_GB * price("lambda_gb_second")?);
    say_costs("the ticks, for all connections", &[minutes * 0.5 * price("table_read_unit")?, 0.0, 0.0, 0.0, 0.0, alone])
}

fn say_costs(name: &str, costs: &[f64]) -> Result<(), Error> {
    let each: Vec<String> = costs.iter().map(|cost| format!("{cost:.5}")).collect();
    let sum: f64 = costs.iter().sum();
    say(&format!("| {name} | {} | {sum:.5} | {:.2} |", each.join(" | "), sum * 30.0))
}
