//! A running hub on this machine, with or without simulators around it.

mod customer;
mod lever_candidate;
mod lever_customer;
mod pageup_customer;
mod workers;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use jiff::{SignedDuration, Timestamp};
use runtime::clock::Clock;
use runtime::config::Config;
use runtime::hub::Hub;
use runtime::telemetry::Metrics;
use serde_json::Value;

pub use self::customer::{
    API_KEY, Candidate, Customer, DRIVER, ELSEWHERE, GROUP, Job, NURSING, RECRUITER_EMAIL, STANDARD, TRIGGER,
    WEBHOOK_SECRET,
};
pub use self::lever_candidate::LeverCandidate;
pub use self::lever_customer::{BASIC, BASIC_TAG, LeverCustomer, Page, THOROUGH, THOROUGH_TAG, by_xml};
pub use self::pageup_customer::PageUpCustomer;
use crate::api_page;
use crate::deployed::{Deployed, PUBLIC_URL};
use crate::embedded_aws::EmbeddedAws;
use crate::gateway;
use crate::simulators::asurint::AsurintSimulator;
use crate::simulators::certn::CertnSimulator;
use crate::simulators::icims::IcimsSimulator;
use crate::simulators::lever::LeverSimulator;
use crate::simulators::pageup::PageUpSimulator;
use crate::simulators::shared::{bind, lock, loopback_client};
use crate::template::{Template, Trigger};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The variables that say where the outside systems are.
pub const ENDPOINTS: [&str; 5] = [
    "CROSSCHECK_ENDPOINT_ICIMS",
    "CROSSCHECK_ENDPOINT_PAGEUP",
    "CROSSCHECK_ENDPOINT_LEVER",
    "CROSSCHECK_ENDPOINT_CERTN",
    "CROSSCHECK_ENDPOINT_ASURINT",
];

/// How many lines of metrics are kept.
const MOST_PUBLISHED: usize = 10_000;

/// The other variables that lead a deployed function to this process.
const OURS: [&str; 2] = ["CROSSCHECK_LOCAL", PUBLIC_URL];

/// How long everything may take to come to rest: here, and where processes start and queues are asked by the second.
const REST: Duration = Duration::from_secs(30);
const REST_OF_DEPLOYED: Duration = Duration::from_secs(90);

/// How a stack is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The gateway's port; the simulators take the next ones. 0 takes any free ports.
    pub port: u16,
    pub region: String,
    /// Keeps the table, the queues and the secrets between runs.
    pub data: Option<PathBuf>,
    pub quiet_window: Duration,
    /// The time to which the table was put back, as an operator says after a restore.
    pub restored_to: Option<Timestamp>,
    /// Where the outside systems are, by the names of their variables; empty starts the simulators.
    pub outside: HashMap<String, String>,
    /// The address of an emulator of AWS and the name of the stack that is deployed on it, to be used instead of functions
    /// of this process.
    pub deployed: Option<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            region: "ca".to_owned(),
            data: None,
            quiet_window: Duration::from_secs(120),
            restored_to: None,
            outside: HashMap::new(),
            deployed: None,
        }
    }
}

/// The simulators of one stack.
#[derive(Clone)]
pub struct Simulators {
    pub icims: IcimsSimulator,
    pub pageup: PageUpSimulator,
    pub lever: LeverSimulator,
    pub certn: CertnSimulator,
    pub asurint: AsurintSimulator,
}

/// A running stack.
pub struct Stack {
    pub clock: Clock,
    pub aws: EmbeddedAws,
    pub url: String,
    pub http: reqwest::Client,
    pub region: String,
    simulators: Option<Simulators>,
    hubs: HashMap<String, Arc<Hub>>,
    /// What answers instead of the hubs, where there is one.
    deployed: Option<Arc<Deployed>>,
    variables: HashMap<String, String>,
    queues: Vec<String>,
    published: Published,
    scheduled: Vec<String>,
    customers: AtomicU32,
}

impl Stack {
    /// Starts everything.
    ///
    /// # Errors
    /// A port cannot be bound, a folder cannot be used, or the template has changed its form.
    pub async fn start(options: Options) -> Result<Self, Error> {
        crate::logs::keep();
        // Installs the TLS provider that every client of this process uses.
        let loader = runtime::aws::loader();
        let mut template = Template::read()?;
        let deployed = match &options.deployed {
            Some((url, stack)) => Some(Arc::new(Deployed::find(url, stack, &template).await?)),
            None => None,
        };
        if deployed.is_some() {
            // All of it runs there, and nothing of it here.
            template.functions.clear();
            template.triggers.clear();
        }
        let clock = Clock::default();
        let queues: Vec<String> = template
            .triggers
            .iter()
            .filter_map(|(_, trigger)| match trigger {
                Trigger::Queue(name) => Some(name.clone()),
                Trigger::Schedule => None,
            })
            .collect();
        let names: Vec<&str> = queues.iter().map(String::as_str).collect();
        let aws = EmbeddedAws::start(&template.table, &names, options.data.as_deref()).await?;
        let simulators = if options.outside.is_empty() { Some(simulators(&options, &clock).await?) } else { None };
        let (listener, address) = bind(options.port).await?;
        let url = format!("http://{address}");
        let mut variables = variables(&options, &aws, &url);
        match &simulators {
            Some(Simulators { icims, pageup, lever, certn, asurint }) => {
                let urls = [icims.url(), pageup.url(), lever.url(), certn.url(), asurint.url()];
                variables.extend(ENDPOINTS.map(str::to_owned).into_iter().zip(urls));
            }
            None => variables.extend(options.outside.clone()),
        }
        let sdk = loader
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .endpoint_url(&aws.url)
            .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
            .load()
            .await;
        let published = Published::default();
        let mut hubs = HashMap::new();
        for function in &template.functions {
            let config = Config::from_variables(|name| variables.get(name).cloned())?;
            let lines = Arc::clone(&published);
            let metrics = Metrics::new(function, clock.clone(), move |line| keep_last(&lines, line));
            hubs.insert(
                function.clone(),
                Arc::new(Hub::new(config, clock.clone(), &signing_as(function, &sdk))?.publishing(metrics)),
            );
        }
        aws.enforce(template.roles);
        let router = match &deployed {
            Some(deployed) => gateway::router_to(deployed, &template.routes)?,
            None => gateway::router(&template.routes, |function| hubs.get(function).cloned())?,
        };
        let router = router.merge(api_page::router());
        let scheduled = template.triggers.iter().filter(|(_, trigger)| *trigger == Trigger::Schedule);
        let stack = Self {
            clock,
            url,
            http: loopback_client().build()?,
            region: options.region.clone(),
            simulators,
            deployed,
            variables,
            queues: queues.clone(),
            published,
            scheduled: scheduled.map(|(function, _)| function.clone()).collect(),
            customers: AtomicU32::new(0),
            hubs,
            aws,
        };
        workers::serve(listener, router);
        if let Some(deployed) = &stack.deployed {
            let is_about_us = |name: &str| name.starts_with("CROSSCHECK_ENDPOINT_") || OURS.contains(&name);
            let ours = stack.variables.iter().filter(|(name, _)| is_about_us(name));
            deployed.add_variables(ours.map(|(name, value)| (name.clone(), value.clone()))).await?;
        }
        for (function, trigger) in &template.triggers {
            if let (Trigger::Queue(name), Some(hub)) = (trigger, stack.hubs.get(function))
                && let Some(queue) = stack.aws.queue(name)
            {
                if !stack.aws.lets_work(function, name) {
                    return Err(format!("{function} may not have the messages of {name}").into());
                }
                workers::work(function, Arc::clone(hub), queue.clone())?;
            }
        }
        Ok(stack)
    }

    /// Runs the scheduled functions by themselves from now on.
    pub fn keep_ticking(&self, every: Duration) {
        for function in &self.scheduled {
            if let Some(hub) = self.hubs.get(function) {
                workers::repeat(function, Arc::clone(hub), every);
            }
        }
    }

    /// The simulators of this stack.
    ///
    /// # Errors
    /// The stack was started without them.
    pub fn simulators(&self) -> Result<&Simulators, Error> {
        self.simulators.as_ref().ok_or_else(|| "this stack has no simulators".into())
    }

    #[must_use]
    pub fn hub(&self, function: &str) -> Option<&Arc<Hub>> {
        self.hubs.get(function)
    }

    /// The environment by which a function in another process uses this stack, sorted by name.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables: Vec<_> = self.variables.clone().into_iter().collect();
        variables.push(("AWS_ENDPOINT_URL".to_owned(), self.aws.url.clone()));
        variables.sort();
        variables
    }

    /// Whether the functions are those of a deployed stack: its clock is the world's.
    #[must_use]
    pub const fn is_deployed(&self) -> bool {
        self.deployed.is_some()
    }

    /// Waits until the queues are empty and the simulators have delivered their webhooks.
    ///
    /// # Errors
    /// That takes longer than half a minute, or a deployed stack's queues cannot be asked.
    pub async fn settle(&self) -> Result<(), Error> {
        let (pause, limit) = match &self.deployed {
            Some(_) => (Duration::from_millis(200), REST_OF_DEPLOYED),
            None => (Duration::from_millis(10), REST),
        };
        let settled = async {
            let mut quiet = 0;
            while quiet < 3 {
                if let Some(simulators) = &self.simulators {
                    simulators.certn.settle().await;
                    simulators.asurint.settle().await;
                }
                let idle = match &self.deployed {
                    Some(deployed) => deployed.is_idle().await?,
                    None => self.queues.iter().all(|name| self.aws.queue(name).is_none_or(|queue| queue.is_idle())),
                };
                quiet = if idle { quiet + 1 } else { 0 };
                tokio::time::sleep(pause).await;
            }
            Ok(())
        };
        tokio::time::timeout(limit, settled).await.map_err(|_| "the queues do not become empty")?
    }

    /// Runs the scheduled functions once and waits until what they started is done.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub async fn tick(&self) -> Result<(), Error> {
        for function in &self.scheduled {
            if let Some(hub) = self.hubs.get(function) {
                workers::run_once(function, Arc::clone(hub)).await;
            }
        }
        self.settle().await
    }

    /// Lets time pass at once, running the scheduled functions every minute of it but at most sixty times. For a deployed
    /// stack it is waited for, and a little more for what its schedules start.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub async fn pass(&self, time: SignedDuration) -> Result<(), Error> {
        if self.is_deployed() {
            tokio::time::sleep(time.unsigned_abs() + Duration::from_secs(5)).await;
            return self.settle().await;
        }
        let minutes = (time.as_mins()).clamp(1, 60);
        let step = time / i32::try_from(minutes)?;
        for _ in 0..minutes {
            self.clock.advance(step);
            self.tick().await?;
        }
        Ok(())
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn next_customer(&self) -> u32 {
        self.customers.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks the admin API, which on this machine needs no signature.
    ///
    /// # Errors
    /// The gateway does not answer with JSON.
    pub async fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value), Error> {
        self.admin_at(&self.url, method, path, body).await
    }

    async fn admin_at(&self, url: &str, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value), Error> {
        let mut request = self.http.request(method.parse()?, format!("{url}{path}"));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_slice(&answer.bytes().await?)?))
    }

    /// The lines of metrics that the functions published since the last time this was asked.
    #[must_use]
    pub fn take_published(&self) -> Vec<String> {
        lock(&self.published).drain(..).collect()
    }

    /// What the simulators should never have received.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let Some(Simulators { icims, pageup, lever, certn, asurint }) = &self.simulators else { return Vec::new() };
        let denied = self.aws.denied();
        let harnesses = [&icims.harness, &pageup.harness, &lever.harness, &certn.harness, &asurint.harness];
        harnesses.iter().flat_map(|harness| harness.violations.all()).chain(denied).collect()
    }
}

/// AWS as a function sees it, who signs with a key of its name.
#[must_use]
pub fn signing_as(function: &str, sdk: &SdkConfig) -> SdkConfig {
    let credentials = Credentials::new(function, "local", None, None, "local stack");
    sdk.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}

/// The latest lines of metrics.
type Published = Arc<Mutex<VecDeque<String>>>;

fn keep_last(published: &Published, line: &str) {
    let mut lines = lock(published);
    lines.push_back(line.to_owned());
    if lines.len() > MOST_PUBLISHED {
        lines.pop_front();
    }
}

fn variables(options: &Options, aws: &EmbeddedAws, url: &str) -> HashMap<String, String> {
    let set = |name: &str, value: String| (format!("CROSSCHECK_{name}"), value);
    let restored_to = options.restored_to.map(|at| set("RESTORED_TO", at.to_string()));
    let mut variables = HashMap::from([
        set("REGION", options.region.clone()),
        set("TABLE", "crosscheck".to_owned()),
        set("PLACE_ORDER_QUEUE_URL", aws.queue_url("PlaceOrderQueue")),
        set("SYNC_ORDER_QUEUE_URL", aws.queue_url("SyncOrderQueue")),
        set("PUBLIC_URL", url.to_owned()),
        set("LOCAL", "true".to_owned()),
        set("QUIET_WINDOW_SECONDS", options.quiet_window.as_secs().to_string()),
    ]);
    variables.extend(restored_to);
    variables
}

async fn simulators(options: &Options, clock: &Clock) -> Result<Simulators, Error> {
    let port = |n: u16| if options.port == 0 { 0 } else { options.port + n };
    let time = || -> crate::simulators::shared::Clock {
        let clock = clock.clone();
        Arc::new(move || clock.now())
    };
    Ok(Simulators {
        icims: IcimsSimulator::start(port(1), time()).await?,
        certn: CertnSimulator::start(port(2), time(), &options.region).await?,
        pageup: PageUpSimulator::start(port(3), time()).await?,
        lever: LeverSimulator::start(port(4), time()).await?,
        asurint: AsurintSimulator::start(port(5), time()).await?,
    })
}
