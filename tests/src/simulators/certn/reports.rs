//! The PDF report: asked for, waited for, fetched from a short-lived address.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::shared::lock;
use super::refusal::Refusal;
use super::state::{AccountState, Event};
use super::{CertnSimulator, planted};

const DOWNLOAD_SECONDS: i64 = 60;

/// How report files end from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportOutcome {
    #[default]
    Complete,
    Failed,
    /// Complete, with the address in `url` in place of `pdf_url`.
    UrlFieldInsteadOfPdfUrl,
}

pub(super) struct ReportSettings {
    delay_polls: u32,
    outcome: ReportOutcome,
    pdf_bytes: usize,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { delay_polls: 1, outcome: ReportOutcome::Complete, pdf_bytes: 0 }
    }
}

pub(super) struct ReportFile {
    id: String,
    case: String,
    polls_left: u32,
    announced: bool,
}

pub(super) async fn generate(
    State(simulator): State<CertnSimulator>,
    Path(case): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let body = simulator.read_object("generate-report", &headers, &body, false)?;
    for field in body.keys().filter(|field| *field != "language") {
        simulator.harness.violations.record(format!("generate-report: {field} is no field that the hub may send"));
    }
    if !body.get("language").is_some_and(Value::is_string) {
        return Err(Refusal::invalid("language", "required", "This field is required."));
    }
    let mut state = lock(&simulator.state);
    if state.case(&case).is_none() {
        return Err(Refusal::not_found());
    }
    let id = state.new_id();
    let polls_left = state.report.delay_polls;
    state.report_files.push(ReportFile { id: id.clone(), case, polls_left, announced: false });
    simulator.announce_ready(&mut state);
    Ok((StatusCode::CREATED, Json(json!({ "case_report_file_id": id }))).into_response())
}

pub(super) async fn poll(
    State(simulator): State<CertnSimulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let mut state = lock(&simulator.state);
    let file = state.report_files.iter_mut().find(|file| file.id == id).ok_or_else(Refusal::not_found)?;
    if file.polls_left > 0 {
        file.polls_left -= 1;
        simulator.announce_ready(&mut state);
        return Ok(Json(json!({ "id": id, "status": "IN_PROGRESS", "pdf_url": null })));
    }
    Ok(Json(match state.report.outcome {
        ReportOutcome::Failed => json!({ "id": id, "status": "FAILED", "pdf_url": null }),
        ReportOutcome::Complete => {
            json!({ "id": id, "status": "COMPLETE", "pdf_url": simulator.new_download(&mut state) })
        }
        ReportOutcome::UrlFieldInsteadOfPdfUrl => {
            json!({ "id": id, "status": "COMPLETE", "url": simulator.new_download(&mut state) })
        }
    }))
}

pub(super) async fn download(
    State(simulator): State<CertnSimulator>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        simulator.harness.violations.record("the report's address was fetched with an Authorization header");
        return storage_error(StatusCode::BAD_REQUEST, "InvalidArgument");
    }
    let state = lock(&simulator.state);
    let expiry = name.strip_suffix(".pdf").and_then(|token| state.download_expiry.get(token));
    match expiry {
        Some(expiry) if *expiry > simulator.harness.now() => {
            ([(header::CONTENT_TYPE, "application/pdf")], pdf(state.report.pdf_bytes)).into_response()
        }
        _ => storage_error(StatusCode::FORBIDDEN, "AccessDenied"),
    }
}

fn storage_error(status: StatusCode, code: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

/// A document of one empty page, filled up with a comment to at least `least_bytes`.
fn pdf(least_bytes: usize) -> Vec<u8> {
    const OBJECTS: [&str; 3] = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ];
    let mut document = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(OBJECTS) {
        table.push_str(&format!("{:010} 00000 n \n", document.len()));
        document.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    if least_bytes > document.len() {
        document.push_str(&format!("%{}\n", "x".repeat(least_bytes - document.len())));
    }
    let start = document.len();
    document.push_str(&format!("xref\n0 4\n{table}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    document.into_bytes()
}

impl CertnSimulator {
    /// Sets how many polls a new report file answers with `IN_PROGRESS`; the last of them announces it.
    pub fn set_report_delay(&self, polls: u32) {
        lock(&self.state).report.delay_polls = polls;
    }

    /// Sets how report files end, also those already asked for.
    pub fn set_report_outcome(&self, outcome: ReportOutcome) {
        lock(&self.state).report.outcome = outcome;
    }

    /// Makes the PDF at least this large.
    pub fn set_report_size(&self, least_bytes: usize) {
        lock(&self.state).report.pdf_bytes = least_bytes;
    }

    /// Finishes every report file that was asked for, without waiting for polls.
    pub fn finish_reports(&self) {
        let mut state = lock(&self.state);
        for file in &mut state.report_files {
            file.polls_left = 0;
        }
        self.announce_ready(&mut state);
    }

    fn announce_ready(&self, state: &mut AccountState) {
        if state.report.outcome == ReportOutcome::Failed {
            return;
        }
        let mut ready = Vec::new();
        for file in state.report_files.iter_mut().filter(|file| file.polls_left == 0 && !file.announced) {
            file.announced = true;
            ready.push((file.id.clone(), file.case.clone()));
        }
        for (file, case) in ready {
            let event = self.ready_event(state, &file, case);
            self.dispatch(state, &event);
        }
    }

    fn ready_event(&self, state: &mut AccountState, file: &str, case: String) -> Event {
        let object = case.clone();
        let object = if state.webhook.options.report_file_as_object {
            (file, "CASE_REPORT_FILE")
        } else {
            (object.as_str(), "CASE")
        };
        self.record_event(state, "CASE_REPORT_READY", object, case, None)
    }

    fn new_download(&self, state: &mut AccountState) -> String {
        let token = state.new_id();
        let now = self.harness.now();
        let expiry = now.checked_add(SignedDuration::from_secs(DOWNLOAD_SECONDS)).unwrap_or(now);
        state.download_expiry.insert(token.clone(), expiry);
        let signature = planted::REPORT_URL;
        format!("{}/files/{token}.pdf?X-Amz-Expires={DOWNLOAD_SECONDS}&X-Amz-Signature={signature}", self.url)
    }
}
