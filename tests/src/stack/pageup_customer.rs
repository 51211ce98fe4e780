//! A customer whose ATS is PageUp, with everything that its admins set up on both sides.

use serde_json::{Value, json};

use super::customer::{API_KEY, GROUP, NURSING, RECRUITER_EMAIL, STANDARD, WEBHOOK_SECRET};
use super::{Error, Stack};
use crate::simulators::pageup::{Environment, Invite, Options, Screen, Tenant};

const CLIENT_SECRET: &str = "pageup-client-secret-of-the-local-stack";

/// A connected customer.
pub struct PageUpCustomer<'a> {
    stack: &'a Stack,
    /// The customer's instance of PageUp.
    pub tenant: String,
    pub connection: String,
    pub certn_webhook_url: String,
}

impl Stack {
    /// Connects a new customer as an admin does. `change` changes what is sent to the admin API.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect_pageup(&self, change: impl FnOnce(&mut Value)) -> Result<PageUpCustomer<'_>, Error> {
        self.connect_pageup_at(&self.url, change).await
    }

    /// The same at another hub that uses this stack's simulators.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect_pageup_at(
        &self,
        hub: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<PageUpCustomer<'_>, Error> {
        let simulators = self.simulators()?;
        let tenant = (6784 + self.next_customer()).to_string();
        self.set_up_certn()?;
        let scopes = ["Public.BackgroundCheck.Read", "Public.BackgroundCheck.Write"];
        simulators.pageup.add_tenant(Tenant {
            id: tenant.clone(),
            client_id: format!("crosscheck-{tenant}"),
            client_secret: CLIENT_SECRET.to_owned(),
            data_centre: "dc2".to_owned(),
            environment: Environment::Live,
            scopes: scopes.map(str::to_owned).to_vec(),
            token_hosts: Vec::new(),
        });
        let mut new = json!({
            "ats": {"kind": "pageup", "tenant_id": tenant, "data_centre": "dc2"},
            "ats_credentials": {
                "kind": "pageup", "client_id": format!("crosscheck-{tenant}"), "client_secret": CLIENT_SECRET,
            },
            "provider": {"kind": "certn"},
            "provider_credentials": {"kind": "certn", "api_keys": [API_KEY], "webhook_secrets": [WEBHOOK_SECRET]},
            "default_group": GROUP,
            "transfer_acknowledged": true,
        });
        change(&mut new);
        let created = self.create_connection(hub, &new).await?;
        let text = |pointer: &str| created.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let certn_webhook_url = text("/provider_webhook/url");
        self.send_certn_webhooks_to(&certn_webhook_url).await?;
        Ok(PageUpCustomer { stack: self, tenant, connection: text("/id"), certn_webhook_url })
    }
}

impl PageUpCustomer<'_> {
    /// An invitation that can be ordered: the standard package, the department of nursing, a recruiter who may.
    #[must_use]
    pub fn invitation(&self, first: &str) -> Invite {
        let number = self.stack.next_customer();
        let email = format!("{}.{number}@example.com", first.to_lowercase());
        Invite {
            first_name: Some(first.to_owned()),
            last_name: Some("Diaz".to_owned()),
            department: Some(NURSING.to_owned()),
            application: 4711 + u64::from(number),
            ..Invite::new(&email, STANDARD, RECRUITER_EMAIL)
        }
    }

    /// The recruiter invites a candidate; PageUp tells nobody until it is asked.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn invite(&self, invitation: Invite) -> Result<String, Error> {
        Ok(self.stack.simulators()?.pageup.invite(&self.tenant, invitation))
    }

    /// # Errors
    /// The stack has no simulators.
    pub fn set_options(&self, change: impl FnOnce(&mut Options)) -> Result<(), Error> {
        let pageup = &self.stack.simulators()?.pageup;
        let mut options = pageup.options(&self.tenant);
        change(&mut options);
        pageup.set_options(&self.tenant, options);
        Ok(())
    }

    /// What the recruiter sees of an invitation.
    ///
    /// # Errors
    /// PageUp has no such invitation.
    pub fn screen(&self, invitation: &str) -> Result<Screen, Error> {
        let screen = self.stack.simulators()?.pageup.screen(&self.tenant, invitation);
        screen.ok_or_else(|| format!("PageUp has no invitation {invitation}").into())
    }

    /// Everything that the recruiter ever saw of it, oldest first.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn history(&self, invitation: &str) -> Result<Vec<Screen>, Error> {
        Ok(self.stack.simulators()?.pageup.history(&self.tenant, invitation))
    }

    /// The connection as an admin sees it.
    ///
    /// # Errors
    /// The admin API does not show it.
    pub async fn shown_to_admin(&self) -> Result<Value, Error> {
        let (status, shown) = self.stack.admin("GET", &format!("/admin/connections/{}", self.connection), None).await?;
        if status == 200 { Ok(shown) } else { Err(format!("the connection is not shown: {status} {shown}").into()) }
    }
}
