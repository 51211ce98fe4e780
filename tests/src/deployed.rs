//! A stack that is deployed on an emulator of AWS. Its functions are called as API Gateway calls them; its queues, its
//! schedules and its table are the emulator's.

use std::collections::BTreeMap;

use axum::extract::{RawPathParams, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::payload;
use crate::simulators::shared::loopback_client;
use crate::stack::Error;
use crate::template::{Route, Template};

/// The queues' variables, which every function has.
const QUEUES: [&str; 2] = ["CROSSCHECK_PLACE_ORDER_QUEUE_URL", "CROSSCHECK_SYNC_ORDER_QUEUE_URL"];

/// The variable that says where outside systems and people reach the functions.
pub const PUBLIC_URL: &str = "CROSSCHECK_PUBLIC_URL";

/// Where `samconfig.toml` deploys the stack `local`.
const REGION: &str = "ca-central-1";

/// One function as Lambda's API describes it.
struct Found {
    name: String,
    variables: Map<String, Value>,
}

/// A deployed stack. It is reached without a signature, so it can be on no real account.
pub struct Deployed {
    url: String,
    http: reqwest::Client,
    /// By their binaries.
    functions: BTreeMap<String, Found>,
}

impl Deployed {
    /// Finds the functions of the stack of that name.
    ///
    /// # Errors
    /// The emulator cannot be reached, or a function of the template is not deployed.
    pub async fn find(url: &str, stack: &str, template: &Template) -> Result<Self, Error> {
        let http = loopback_client().build()?;
        let mut deployed = Self { url: url.to_owned(), http, functions: BTreeMap::new() };
        let listed = deployed.lambda("GET", "functions?MaxItems=1000", None).await?;
        let listed = listed.get("Functions").and_then(Value::as_array).ok_or("Lambda lists no functions")?;
        for (binary, logical_id) in &template.logical_ids {
            let prefix = format!("{stack}-{logical_id}-");
            let named = |function: &&Value| text(function, "/FunctionName").starts_with(&prefix);
            let function = listed.iter().find(named).ok_or_else(|| format!("{binary} is not deployed"))?;
            let variables = function.pointer("/Environment/Variables").and_then(Value::as_object);
            let found =
                Found { name: text(function, "/FunctionName"), variables: variables.cloned().unwrap_or_default() };
            deployed.functions.insert(binary.clone(), found);
        }
        Ok(deployed)
    }

    /// Gives every function these variables besides its own, but for [`PUBLIC_URL`], which only those have that may know it.
    /// The template gives none that points a function elsewhere.
    ///
    /// # Errors
    /// Lambda refuses.
    pub async fn add_variables(&self, variables: impl IntoIterator<Item = (String, String)>) -> Result<(), Error> {
        let added: Vec<_> = variables.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        for Found { name, variables } in self.functions.values() {
            let mut all = variables.clone();
            let knows_url = all.contains_key(PUBLIC_URL);
            all.extend(added.iter().filter(|(name, _)| name != PUBLIC_URL || knows_url).cloned());
            let change = json!({"Environment": {"Variables": all}});
            self.lambda("PUT", &format!("functions/{name}/configuration"), Some(&change)).await?;
        }
        Ok(())
    }

    /// Answers a call of the route as API Gateway does: by an event of payload version 2.0.
    pub async fn answer(&self, route: &Route, path: &RawPathParams, request: Request) -> Response {
        let Some(event) = payload::event(route, path, request).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let failed = || (StatusCode::INTERNAL_SERVER_ERROR, "{\"message\":\"Internal Server Error\"}").into_response();
        let Some(Found { name, .. }) = self.functions.get(&route.function) else { return failed() };
        let answered = self.lambda("POST", &format!("functions/{name}/invocations"), Some(&event)).await;
        answered.ok().and_then(|answer| payload::response(&answer)).unwrap_or_else(failed)
    }

    /// Whether no message waits or is under way.
    ///
    /// # Errors
    /// A queue cannot be asked.
    pub async fn is_idle(&self) -> Result<bool, Error> {
        let function = self.functions.values().next().ok_or("no function is deployed")?;
        for queue in QUEUES {
            let asked = json!({"QueueUrl": function.variables.get(queue), "AttributeNames": ["All"]});
            let request = self.http.post(&self.url).header("x-amz-target", "AmazonSQS.GetQueueAttributes");
            let answer = self.send(request, "sqs", Some(&asked)).await?;
            let counts = ["", "NotVisible", "Delayed"]
                .map(|which| text(&answer, &format!("/Attributes/ApproximateNumberOfMessages{which}")));
            if counts.iter().any(|count| count != "0") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn lambda(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let request = self.http.request(method.parse()?, format!("{}/2015-03-31/{path}", self.url));
        self.send(request, "lambda", body).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        service: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let credential = format!("Credential=test/20260101/{REGION}/{service}/aws4_request");
        let request = request
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.map(Value::to_string).unwrap_or_default());
        let answer = request.send().await?;
        let failed = !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error");
        let body = answer.text().await?;
        if failed { Err(body.into()) } else { Ok(serde_json::from_str(&body)?) }
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
