//! Keys and attributes of the table's items.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::hint;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The version of the items that this build writes. It reads every one up to its own, and leaves a newer one alone: what
/// it does not know of it would be lost as soon as it wrote it back.
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

/// The value under `data`, where this build can read it.
pub(super) fn data<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    if is_newer(item) {
        return Err(StoreError::new("an item of a newer version"));
    }
    let data = item.get("data").cloned().ok_or_else(|| StoreError::new("an item without data"))?;
    Ok(serde_dynamo::from_attribute_value(data)?)
}

/// Whether only a newer version can read the item, or the message in it.
pub(super) fn is_newer(item: &Item) -> bool {
    let is_above = |item: &Item, known: u8| number_of(item, "v").is_some_and(|v| v > i64::from(known));
    let data = item.get("data").and_then(|data| data.as_m().ok());
    is_above(item, VERSION) || data.is_some_and(|data| is_above(data, hint::VERSION))
}

/// Up to `most` items of a list that work goes on from. One that only a newer version can read waits for that version's
/// functions, and keeps no other waiting.
pub(super) async fn readable(query: QueryFluentBuilder, most: usize) -> Result<Vec<Item>, StoreError> {
    let mut found = query.into_paginator().items().send();
    let (mut items, mut newer) = (Vec::new(), 0);
    while items.len() < most
        && let Some(item) = found.next().await
    {
        let item = item?;
        if is_newer(&item) {
            newer += 1;
        } else {
            items.push(item);
        }
    }
    if newer > 0 {
        tracing::warn!(count = newer, "items of a newer version are left alone");
    }
    Ok(items)
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
