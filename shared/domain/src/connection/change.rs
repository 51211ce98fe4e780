//! What an admin changes of a connection: held to the rules of a new one, and never to another customer's.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Connection, ConnectionSecret, ConnectionState, ReportUrl, Settings};
use crate::ats::AtsSettings;
use crate::id::{GroupId, UserId};
use crate::invalid::Invalid;
use crate::provider::ProviderSettings;

/// What an admin sends to change a connection; what is not sent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionChange {
    /// The connection's `rev` as it was read: where another change came first, nothing is changed.
    pub rev: u64,
    pub report: Option<ReportUrl>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "sent")]
    #[schemars(with = "Option<GroupId>")]
    pub default_group: Option<Option<GroupId>>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "sent")]
    #[schemars(with = "Option<UserId>")]
    pub fallback_requester: Option<Option<UserId>>,
    pub state: Option<ConnectionState>,
    /// The ATS side as a whole: what is left out of it has its default again.
    pub ats: Option<AtsSettings>,
    /// The provider side as a whole: what is left out of it has its default again.
    pub provider: Option<ProviderSettings>,
    pub transfer_acknowledged: Option<bool>,
    /// As for a new connection; what was said before still counts while the report stays a PDF.
    #[serde(default)]
    pub pdf_acknowledged: bool,
}

/// Tells `null` from a field that is not there.
fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A connection as it is after a change, with the names of what changed: none where nothing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub connection: Connection,
    pub fields: Vec<String>,
}

impl Connection {
    /// The connection after the change, or everything that is wrong with it at once.
    ///
    /// # Errors
    /// One [`Invalid`] for each field at fault.
    pub fn changed(&self, change: ConnectionChange, secret: &ConnectionSecret) -> Result<Changed, Vec<Invalid>> {
        let mut next = self.clone();
        let shown_as = self.provider.shown_as();
        next.ats = change.ats.map_or(next.ats, |ats| ats.naming(shown_as));
        next.provider = change.provider.unwrap_or(next.provider);
        next.report = change.report.unwrap_or(next.report);
        next.default_group = change.default_group.unwrap_or(next.default_group);
        next.fallback_requester = change.fallback_requester.unwrap_or(next.fallback_requester);
        next.state = change.state.unwrap_or(next.state);
        next.transfer_acknowledged = change.transfer_acknowledged.unwrap_or(next.transfer_acknowledged);
        let invalid = self.other_customer(&next);
        if !invalid.is_empty() {
            return Err(invalid);
        }
        let settings = Settings {
            ats: &next.ats,
            provider: &next.provider,
            report: next.report,
            has_default_group: next.default_group.is_some(),
            transfer_acknowledged: next.transfer_acknowledged,
            pdf_acknowledged: change.pdf_acknowledged || matches!(self.report, ReportUrl::Pdf { .. }),
        };
        let invalid = settings.problems(self.region, &secret.ats, &secret.provider);
        if !invalid.is_empty() {
            return Err(invalid);
        }
        let fields = self.fields_other_than(&next);
        if !fields.is_empty() {
            next.rev += 1;
        }
        Ok(Changed { connection: next, fields })
    }

    /// What would make it another customer's: what was ordered belongs to this one.
    fn other_customer(&self, next: &Self) -> Vec<Invalid> {
        let fixed = |field: &str| Invalid::new(field, "cannot change: make a new connection instead");
        let kinds = [
            ("ats.kind", self.ats.name() == next.ats.name()),
            ("provider.kind", self.provider.name() == next.provider.name()),
        ];
        let mut invalid: Vec<_> =
            kinds.into_iter().filter(|(_, is_same)| !is_same).map(|(field, _)| fixed(field)).collect();
        if self.ats.name() == next.ats.name() {
            let pairs = self.ats.customer().into_iter().zip(next.ats.customer());
            invalid.extend(pairs.filter(|(was, is)| was != is).map(|((field, _), _)| fixed(field)));
        }
        invalid
    }

    /// The names of the settings that differ, those of the two sides one by one.
    fn fields_other_than(&self, next: &Self) -> Vec<String> {
        let whole = [
            ("report", self.report != next.report),
            ("default_group", self.default_group != next.default_group),
            ("fallback_requester", self.fallback_requester != next.fallback_requester),
            ("state", self.state != next.state),
            ("transfer_acknowledged", self.transfer_acknowledged != next.transfer_acknowledged),
        ];
        let mut fields = named_differences("ats", &self.ats, &next.ats);
        fields.extend(named_differences("provider", &self.provider, &next.provider));
        fields.extend(whole.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()));
        fields
    }
}

fn named_differences<T: Serialize + PartialEq>(side: &str, was: &T, is: &T) -> Vec<String> {
    if was == is {
        return Vec::new();
    }
    let fields = |settings: &T| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (was, is) = (fields(was), fields(is));
    let names: BTreeSet<_> = was.keys().chain(is.keys()).collect();
    names.into_iter().filter(|name| was.get(*name) != is.get(*name)).map(|name| format!("{side}.{name}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection::NewConnection;
    use crate::connection::tests::{minted, new_connection, new_pageup};
    use crate::region::Region;

    fn changed(region: Region, new: Value, change: Value) -> Result<Changed, Vec<Invalid>> {
        let new: NewConnection = serde_json::from_value(new).unwrap();
        let (connection, secret) = new.accept(region, minted()).unwrap();
        connection.changed(serde_json::from_value(change).unwrap(), &secret)
    }

    fn check_change(change: Value, fields: &[&str]) {
        let changed = changed(Region::Ca, new_connection(), change).unwrap();
        assert_eq!(
            (changed.fields.as_slice(), changed.connection.rev),
            (
                fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>().as_slice(),
                if fields.is_empty() { 1 } else { 2 },
            )
        );
    }

    #[test]
    fn a_change_names_what_it_changes_and_counts_only_where_it_does() {
        let ats = new_connection()["ats"].take();
        check_change(json!({"rev": 1}), &[]);
        check_change(json!({"rev": 1, "ats": ats, "state": "active", "default_group": "g1"}), &[]);
        check_change(json!({"rev": 1, "state": "paused"}), &["state"]);
        check_change(json!({"rev": 1, "fallback_requester": "u1"}), &["fallback_requester"]);
        let mut two = ats;
        two["trigger_statuses"] = json!(["1822", "1823"]);
        two["group_field"] = "department".into();
        let change = json!({"rev": 1, "ats": two, "default_group": null, "report": {"type": "pdf"}});
        check_change(change, &["ats.group_field", "ats.trigger_statuses", "report", "default_group"]);
    }

    #[test]
    fn a_change_is_held_to_the_rules_of_a_new_connection_and_to_its_customer() {
        let check = |region, new: Value, change, expected: &[&str]| {
            let invalid = changed(region, new, change).err().unwrap_or_default();
            assert_eq!(invalid.iter().map(|i| i.field.as_str()).collect::<Vec<_>>(), expected);
        };
        let ca = |change, expected: &[&str]| check(Region::Ca, new_connection(), change, expected);
        ca(json!({"rev": 1, "default_group": null}), &["default_group"]);
        ca(json!({"rev": 1, "transfer_acknowledged": false}), &["transfer_acknowledged"]);
        ca(json!({"rev": 1, "report": {"type": "pdf", "days": 8}}), &["report.days"]);
        let mut ats = new_connection()["ats"].take();
        ats["customer_id"] = "7352".into();
        ca(json!({"rev": 1, "ats": ats, "default_group": null}), &["ats.customer_id"]);
        ats["customer_id"] = "7351".into();
        ats["trigger_statuses"] = json!([]);
        ca(json!({"rev": 1, "ats": ats, "default_group": null}), &["ats.trigger_statuses", "default_group"]);
        ca(json!({"rev": 1, "ats": new_pageup()["ats"]}), &["ats.kind"]);
        let asurint = json!({"kind": "asurint", "client_id": "C", "codec": "json"});
        ca(json!({"rev": 1, "provider": asurint}), &["provider.kind"]);
        let pageup = |change, expected: &[&str]| check(Region::Au, new_pageup(), change, expected);
        let mut ats = new_pageup()["ats"].take();
        ats["tenant_id"] = "6785".into();
        ats["environment"] = "uat".into();
        pageup(json!({"rev": 1, "ats": ats}), &["ats.tenant_id", "ats.environment"]);
        pageup(json!({"rev": 1, "report": {"type": "pdf"}}), &["report.type"]);
    }

    #[test]
    fn a_pdf_link_that_was_asked_for_in_uk_need_not_be_asked_for_again() {
        let pdf = |days: u16| json!({"type": "pdf", "days": days});
        let mut new = new_connection();
        let change = json!({"rev": 1, "report": pdf(7)});
        assert_eq!(changed(Region::Uk, new.clone(), change).unwrap_err()[0].field, "pdf_acknowledged");
        (new["report"], new["pdf_acknowledged"]) = (pdf(7), true.into());
        assert!(changed(Region::Uk, new, json!({"rev": 1, "report": pdf(14)})).is_ok());
    }
}
