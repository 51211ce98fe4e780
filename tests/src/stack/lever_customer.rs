//! A customer whose ATS is Lever and whose provider is Asurint, with everything that its admins set up on both sides.

use serde_json::{Value, json};

use super::customer::RECRUITER_EMAIL;
use super::{Error, Stack};
use crate::simulators::asurint::{Account as AsurintAccount, AsurintSimulator, Client, Package, Postbacks, Requester};
use crate::simulators::lever::{Account, App, LeverSimulator, Options};

pub const BASIC: &str = "0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11";
pub const THOROUGH: &str = "1a5e7c2f-8d2c-4c1f-8b1f-3e8d0a2f6b22";
/// The tag on a posting whose candidates are checked with [`BASIC`].
pub const BASIC_TAG: &str = "Asurint Package: Basic Search";
pub const THOROUGH_TAG: &str = "Asurint Package: Basic Search + Employment + Education";

const CLIENT_SECRET: &str = "lever-client-secret-of-the-local-stack";
const PASSWORD: &str = "asurint-password-of-the-local-stack";
const SIGNING_SECRET: &str = "asurint-signing-secret-of-the-local-stack";
const ACCOUNT: &str = "A1";
const LOCATION: &str = "L1";
const STAGE_CHANGE: &str = "candidateStageChange";

/// A customer that is connected, and that let the hub in once [`Self::authorize`] was called.
pub struct LeverCustomer<'a> {
    pub(super) stack: &'a Stack,
    hub: String,
    /// The customer at Lever.
    pub account: String,
    /// The customer at Asurint.
    pub client: String,
    pub connection: String,
    pub asurint_webhook_url: String,
    pub asurint_webhook_password: String,
}

/// What a browser shows.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub html: String,
}

impl Stack {
    /// Connects a new customer as an admin does; nobody has let the hub into Lever yet. `change` changes what is sent to
    /// the admin API.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect_lever(&self, change: impl FnOnce(&mut Value)) -> Result<LeverCustomer<'_>, Error> {
        self.connect_lever_at(&self.url, change).await
    }

    /// The same at another hub that uses this stack's simulators.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect_lever_at(
        &self,
        hub: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<LeverCustomer<'_>, Error> {
        let simulators = self.simulators()?;
        let number = self.next_customer();
        let (account, client) = (format!("lever-account-{number}"), format!("ACME-{number}"));
        let app = format!("crosscheck-{number}");
        simulators.lever.add_app(App::new(&app, CLIENT_SECRET, &format!("{hub}/api/external/ats/lever/callback")));
        simulators.lever.add_account(Account::new(&account));
        set_up_asurint(&simulators.asurint, &client);
        let mut new = json!({
            "ats": {"kind": "lever"},
            "ats_credentials": {"kind": "lever", "client_id": app, "client_secret": CLIENT_SECRET},
            "provider": {
                "kind": "asurint", "client_id": client, "codec": "json", "base_url": "https://api.asurint.com",
                "report_host": "asurint.example",
            },
            "provider_credentials": {
                "kind": "asurint", "username": client, "password": PASSWORD, "signing_secrets": [SIGNING_SECRET],
            },
            "transfer_acknowledged": true,
        });
        change(&mut new);
        let created = self.create_connection(hub, &new).await?;
        let text = |pointer: &str| created.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let postbacks = Postbacks {
            url: Some(text("/provider_webhook/url")),
            username: text("/provider_webhook/username"),
            password: text("/provider_webhook/password"),
            secret: Some(SIGNING_SECRET.to_owned()),
        };
        simulators.asurint.set_postbacks(&client, Some(postbacks));
        Ok(LeverCustomer {
            stack: self,
            hub: hub.to_owned(),
            account,
            client,
            connection: text("/id"),
            asurint_webhook_url: text("/provider_webhook/url"),
            asurint_webhook_password: text("/provider_webhook/password"),
        })
    }

    /// Connects a new customer whose Super Admin lets the hub in at once.
    ///
    /// # Errors
    /// The connection or the access is refused.
    pub async fn connect_authorized_lever(&self, change: impl FnOnce(&mut Value)) -> Result<LeverCustomer<'_>, Error> {
        let customer = self.connect_lever(change).await?;
        let page = customer.authorize().await?;
        if page.status == 200 { Ok(customer) } else { Err(format!("the hub was not let into Lever: {page:?}").into()) }
    }
}

/// Has a connection order at Asurint's XML gateway instead; to be given to [`Stack::connect_lever`].
pub fn by_xml(new: &mut Value) {
    let Some(provider) = new.get_mut("provider").and_then(Value::as_object_mut) else { return };
    provider.remove("base_url");
    let fields = [
        ("codec", json!("oml")),
        ("gateway", json!({"form": "one_step", "url": "https://api.asurint.com/oml"})),
        ("account_id", json!(ACCOUNT)),
        ("location_id", json!(LOCATION)),
    ];
    provider.extend(fields.map(|(name, value)| (name.to_owned(), value)));
}

fn set_up_asurint(asurint: &AsurintSimulator, client: &str) {
    asurint.add_client(Client { id: client.to_owned(), username: client.to_owned(), password: PASSWORD.to_owned() });
    for (id, name) in [(BASIC, "Basic Search"), (THOROUGH, "Basic Search + Employment + Education")] {
        asurint.add_package(client, Package { id: id.to_owned(), name: name.to_owned(), active: true });
    }
    let locations = vec![LOCATION.to_owned()];
    asurint.add_account(client, AsurintAccount { id: ACCOUNT.to_owned(), active: true, locations });
    asurint.add_requester(client, Requester { email: RECRUITER_EMAIL.to_owned(), active: true });
}

impl LeverCustomer<'_> {
    pub(crate) fn lever(&self) -> Result<&LeverSimulator, Error> {
        Ok(&self.stack.simulators()?.lever)
    }

    /// Has the hub begin to ask for access; gives the address at which a Super Admin answers.
    ///
    /// # Errors
    /// The admin API refuses.
    pub async fn authorize_url(&self) -> Result<String, Error> {
        let path = format!("/admin/connections/{}/lever-authorization", self.connection);
        let (status, started) = self.stack.admin_at(&self.hub, "POST", &path, None).await?;
        let url = started.get("authorize_url").and_then(Value::as_str).filter(|_| status < 300);
        url.map(str::to_owned).ok_or_else(|| format!("the authorization did not start: {status} {started}").into())
    }

    /// The Super Admin's browser comes back from Lever, and shows what the hub answers.
    ///
    /// # Errors
    /// The hub does not answer.
    pub async fn come_back(&self, to: &str) -> Result<Page, Error> {
        let answer = self.stack.http.get(to).header("accept", "text/html").send().await?;
        let status = answer.status().as_u16();
        Ok(Page { status, html: answer.text().await? })
    }

    /// The Super Admin lets the hub in, and switches the webhooks of stage changes on.
    ///
    /// # Errors
    /// The hub does not ask, or Lever does not let the admin answer.
    pub async fn authorize(&self) -> Result<Page, Error> {
        let back = self.lever()?.consent(&self.account, &self.authorize_url().await?)?;
        let page = self.come_back(&back).await?;
        self.lever()?.toggle(&self.account, STAGE_CHANGE, true);
        self.stack.settle().await?;
        Ok(page)
    }

    /// The Super Admin takes the access back in Lever, which tells nobody.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn revoke(&self) -> Result<(), Error> {
        self.lever()?.revoke(&self.account);
        Ok(())
    }

    /// Changes how the account behaves from now on.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn set_options(&self, change: impl FnOnce(&mut Options)) -> Result<(), Error> {
        let mut options = self.lever()?.options(&self.account);
        change(&mut options);
        self.lever()?.set_options(&self.account, options);
        Ok(())
    }

    /// The connection as an admin sees it.
    ///
    /// # Errors
    /// The admin API does not show it.
    pub async fn shown_to_admin(&self) -> Result<Value, Error> {
        let path = format!("/admin/connections/{}", self.connection);
        let (status, shown) = self.stack.admin_at(&self.hub, "GET", &path, None).await?;
        if status == 200 { Ok(shown) } else { Err(format!("the connection is not shown: {status} {shown}").into()) }
    }
}
