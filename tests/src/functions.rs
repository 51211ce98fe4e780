//! Every function's handler by the name of its binary: the same code that the Lambda binaries run.

use runtime::handlers::{
    Http, Scheduled, Worker, admin, asurint_webhook, certn_webhook, icims_webhook, lever_oauth_callback, lever_webhook,
    pageup_poll, place_order, reconcile, report_link, sync_order,
};

/// How a function is called.
#[derive(Clone, Copy)]
pub enum Function {
    Http(Http),
    Worker(Worker),
    Scheduled(Scheduled),
}

/// All functions.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("icims-webhook", Function::Http(icims_webhook::handle)),
    ("lever-webhook", Function::Http(lever_webhook::handle)),
    ("lever-oauth-callback", Function::Http(lever_oauth_callback::handle)),
    ("certn-webhook", Function::Http(certn_webhook::handle)),
    ("asurint-webhook", Function::Http(asurint_webhook::handle)),
    ("report-link", Function::Http(report_link::handle)),
    ("place-order", Function::Worker(place_order::handle)),
    ("sync-order", Function::Worker(sync_order::handle)),
    ("pageup-poll", Function::Scheduled(pageup_poll::handle)),
    ("reconcile", Function::Scheduled(reconcile::handle)),
    ("admin-create-connection", Function::Http(admin::create_connection::handle)),
    ("admin-get-connection", Function::Http(admin::get_connection::handle)),
    ("admin-put-mapping", Function::Http(admin::put_mapping::handle)),
    ("admin-start-lever-authorization", Function::Http(admin::start_lever_authorization::handle)),
    ("admin-end-lever-authorization", Function::Http(admin::end_lever_authorization::handle)),
    ("admin-list-connections", Function::Http(admin::list_connections::handle)),
    ("admin-update-connection", Function::Http(admin::update_connection::handle)),
    ("admin-delete-connection", Function::Http(admin::delete_connection::handle)),
    ("admin-rotate-credentials", Function::Http(admin::rotate_credentials::handle)),
    ("admin-check-connection", Function::Http(admin::check_connection::handle)),
    ("admin-list-packages", Function::Http(admin::list_packages::handle)),
    ("admin-list-groups", Function::Http(admin::list_groups::handle)),
    ("admin-list-mappings", Function::Http(admin::list_mappings::handle)),
    ("admin-delete-mapping", Function::Http(admin::delete_mapping::handle)),
    ("admin-list-orders", Function::Http(admin::list_orders::handle)),
    ("admin-replay-order", Function::Http(admin::replay_order::handle)),
    ("admin-adopt-order", Function::Http(admin::adopt_order::handle)),
    ("admin-cancel-order", Function::Http(admin::cancel_order::handle)),
    ("admin-erase-candidate", Function::Http(admin::erase_candidate::handle)),
    ("admin-explain", Function::Http(admin::explain::handle)),
    ("admin-list-audit", Function::Http(admin::list_audit::handle)),
    ("admin-get-order", Function::Http(admin::get_order::handle)),
];

/// The function of that name.
#[must_use]
pub fn named(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}
