//! Keys and attributes of the table's items.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The version of the items that this build writes.
const VERSION: u8 = 1;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// An item with its value under `data`, kept until `kept_until`.
pub(super) fn item<T: Serialize>(
    pk: &str,
    sk: &str,
    data: &T,
    kept_until: Option<Timestamp>,
) -> Result<Item, StoreError> {
    let mut item = key(pk, sk);
    item.insert("v".to_owned(), number(VERSION));
    item.insert("data".to_owned(), serde_dynamo::to_attribute_value(data)?);
    if let Some(until) = kept_until {
        item.insert("expires_at".to_owned(), number(until.as_second()));
    }
    Ok(item)
}

/// The value under `data`.
pub(super) fn data<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let data = item.get("data").cloned().ok_or_else(|| StoreError::new("an item without data"))?;
    Ok(serde_dynamo::from_attribute_value(data)?)
}

/// Whether a write did not happen because its condition did not hold.
pub(super) fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// Whether a transaction did not happen because one of its conditions did not hold.
pub(super) fn is_cancelled<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

pub(super) fn text_of<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

pub(super) fn number_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Milliseconds in a form that sorts as text.
pub(super) fn sortable(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}
