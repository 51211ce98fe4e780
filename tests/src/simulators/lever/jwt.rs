//! The access tokens, which look like real ones and tell whom they are of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::dice::Dice;
use super::grants::Grant;
use super::planted;

/// A token of a grant; with `claims` it tells the user, the account and the client.
pub(super) fn access_token(grant: &Grant, expires: i64, scope: &str, claims: bool, dice: &mut Dice) -> String {
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let mut told = json!({
        "iss": format!("https://{}/", grant.environment.auth_host()),
        "aud": grant.environment.audience(),
        "exp": expires,
        "azp": grant.client_id,
        "scope": scope,
    });
    if let Some(fields) = told.as_object_mut().filter(|_| claims) {
        for (name, value) in [("userId", &grant.user), ("accountId", &grant.account), ("clientId", &grant.client_id)] {
            fields.insert(format!("https://oauth.lever.co/{name}"), json!(value));
        }
    }
    let head = encoded(&json!({ "alg": "RS256", "typ": "JWT" }));
    format!("{head}.{}.{}-{}", encoded(&told), planted::ACCESS_TOKEN, dice.hex_token())
}
