//! Every function's handler by the name of its binary: the same code that the Lambda binaries run.

use std::sync::Arc;

use domain::hint::Message;
use futures::future::BoxFuture;
use runtime::deadline::Deadline;
use runtime::edge::{Answer, Call};
use runtime::handlers::{
    Failed, admin, asurint_webhook, certn_webhook, icims_webhook, lever_oauth_callback, lever_webhook, pageup_poll,
    place_order, reconcile, report_link, sync_order,
};
use runtime::hub::Hub;

pub type Http = fn(Arc<Hub>, Call) -> BoxFuture<'static, Answer>;
pub type Worker = fn(Arc<Hub>, Message, Deadline) -> BoxFuture<'static, Result<(), Failed>>;
pub type Scheduled = fn(Arc<Hub>, Deadline) -> BoxFuture<'static, Result<(), Failed>>;

/// How a function is called.
#[derive(Clone, Copy)]
pub enum Function {
    Http(Http),
    Worker(Worker),
    Scheduled(Scheduled),
}

/// All functions.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("icims-webhook", Function::Http(|hub, call| Box::pin(icims_webhook::handle(hub, call)))),
    ("lever-webhook", Function::Http(|hub, call| Box::pin(lever_webhook::handle(hub, call)))),
    ("lever-oauth-callback", Function::Http(|hub, call| Box::pin(lever_oauth_callback::handle(hub, call)))),
    ("certn-webhook", Function::Http(|hub, call| Box::pin(certn_webhook::handle(hub, call)))),
    ("asurint-webhook", Function::Http(|hub, call| Box::pin(asurint_webhook::handle(hub, call)))),
    ("report-link", Function::Http(|hub, call| Box::pin(report_link::handle(hub, call)))),
    ("place-order", Function::Worker(|hub, message, deadline| Box::pin(place_order::handle(hub, message, deadline)))),
    ("sync-order", Function::Worker(|hub, message, deadline| Box::pin(sync_order::handle(hub, message, deadline)))),
    ("pageup-poll", Function::Scheduled(|hub, deadline| Box::pin(pageup_poll::handle(hub, deadline)))),
    ("reconcile", Function::Scheduled(|hub, deadline| Box::pin(reconcile::handle(hub, deadline)))),
    ("admin-create-connection", Function::Http(|hub, call| Box::pin(admin::create_connection::handle(hub, call)))),
    ("admin-get-connection", Function::Http(|hub, call| Box::pin(admin::get_connection::handle(hub, call)))),
    ("admin-put-mapping", Function::Http(|hub, call| Box::pin(admin::put_mapping::handle(hub, call)))),
    (
        "admin-start-lever-authorization",
        Function::Http(|hub, call| Box::pin(admin::start_lever_authorization::handle(hub, call))),
    ),
    (
        "admin-end-lever-authorization",
        Function::Http(|hub, call| Box::pin(admin::end_lever_authorization::handle(hub, call))),
    ),
    ("admin-list-connections", Function::Http(|hub, call| Box::pin(admin::list_connections::handle(hub, call)))),
    ("admin-update-connection", Function::Http(|hub, call| Box::pin(admin::update_connection::handle(hub, call)))),
    ("admin-delete-connection", Function::Http(|hub, call| Box::pin(admin::delete_connection::handle(hub, call)))),
    ("admin-rotate-credentials", Function::Http(|hub, call| Box::pin(admin::rotate_credentials::handle(hub, call)))),
    ("admin-check-connection", Function::Http(|hub, call| Box::pin(admin::check_connection::handle(hub, call)))),
    ("admin-list-packages", Function::Http(|hub, call| Box::pin(admin::list_packages::handle(hub, call)))),
    ("admin-list-groups", Function::Http(|hub, call| Box::pin(admin::list_groups::handle(hub, call)))),
    ("admin-list-mappings", Function::Http(|hub, call| Box::pin(admin::list_mappings::handle(hub, call)))),
    ("admin-delete-mapping", Function::Http(|hub, call| Box::pin(admin::delete_mapping::handle(hub, call)))),
    ("admin-list-orders", Function::Http(|hub, call| Box::pin(admin::list_orders::handle(hub, call)))),
    ("admin-replay-order", Function::Http(|hub, call| Box::pin(admin::replay_order::handle(hub, call)))),
    ("admin-adopt-order", Function::Http(|hub, call| Box::pin(admin::adopt_order::handle(hub, call)))),
    ("admin-cancel-order", Function::Http(|hub, call| Box::pin(admin::cancel_order::handle(hub, call)))),
    ("admin-erase-candidate", Function::Http(|hub, call| Box::pin(admin::erase_candidate::handle(hub, call)))),
    ("admin-explain", Function::Http(|hub, call| Box::pin(admin::explain::handle(hub, call)))),
    ("admin-list-audit", Function::Http(|hub, call| Box::pin(admin::list_audit::handle(hub, call)))),
    ("admin-get-order", Function::Http(|hub, call| Box::pin(admin::get_order::handle(hub, call)))),
];

/// The function of that name.
#[must_use]
pub fn named(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}
