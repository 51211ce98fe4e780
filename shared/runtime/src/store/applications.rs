//! What is stored about one application of an ATS, over all its orders and requests.

use domain::id::ConnectionId;
use domain::order::Order;

use super::items::{self, text};
use super::{KeptRequest, Store, StoreError};

impl Store {
    /// The application's orders, the latest first.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn orders_of_application(
        &self,
        connection: &ConnectionId,
        application: &str,
    ) -> Result<Vec<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list").scan_index_forward(false);
        let query = query.key_condition_expression("list_pk = :pk");
        let query = query.filter_expression("#data.#subject.#application = :application");
        let query = query.expression_attribute_names("#data", "data").expression_attribute_names("#subject", "subject");
        let query = query.expression_attribute_names("#application", "application");
        let query = query.expression_attribute_values(":pk", text(format!("ORDERS#{connection}")));
        let query = query.expression_attribute_values(":application", text(application));
        let mut found = query.into_paginator().items().send();
        let mut orders = Vec::new();
        while let Some(item) = found.next().await {
            orders.push(items::data(&item?)?);
        }
        Ok(orders)
    }

    /// The application's requests that rest in the table, in no order.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn requests_of_application(
        &self,
        connection: &ConnectionId,
        application: &str,
    ) -> Result<Vec<KeptRequest>, StoreError> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", text(format!("REQ#{connection}"))).consistent_read(true);
        let mut pages = query.into_paginator().items().send();
        let mut requests = Vec::new();
        while let Some(item) = pages.next().await {
            let kept: KeptRequest = items::data(&item?)?;
            if kept.subject.application.as_str() == application {
                requests.push(kept);
            }
        }
        Ok(requests)
    }
}
