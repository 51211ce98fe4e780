//! The description of the admin API, and a page that shows it and lets people try it.

use axum::routing::get;
use axum::{Json, Router};
use runtime::handlers::admin::openapi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the description is.
pub const DOCUMENT: &str = "/openapi.json";
/// Where people read it.
pub const PAGE: &str = "/docs";

/// Both, as routes beside the template's: no function serves them.
pub fn router() -> Router {
    let page: Router = SwaggerUi::new(PAGE).config(Config::from(DOCUMENT)).into();
    page.route(DOCUMENT, get(|| async { Json(openapi::document()) }))
}
