//! What customers granted the hub, and the tokens made of it: each refresh token works once.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::dice::Dice;
use super::jwt::access_token;
use super::model::{Environment, OFFLINE_SCOPE};
use super::options::Options;
use super::planted;
use super::refusal::Denied;

const CODE_LIFE_SECS: i64 = 600;
const SECONDS_PER_DAY: i64 = 86_400;

/// One consent of one customer; every token that comes of it is of one family.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) account: String,
    pub(super) client_id: String,
    pub(super) user: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) environment: Environment,
    /// Whether the authorization named the audience without which no token opens the API.
    pub(super) opens_api: bool,
    pub(super) since: i64,
    pub(super) refreshable: bool,
    pub(super) access_ended: bool,
    pub(super) refreshes: usize,
    pub(super) reuses: usize,
}

struct Code {
    grant: Grant,
    redirect_uri: String,
    expires: i64,
}

struct Access {
    grant: usize,
    /// In seconds since the epoch; the token is no longer valid in that second.
    expires: i64,
}

struct Refresh {
    grant: usize,
    since: i64,
    used: Option<i64>,
}

/// Every grant, code and token of all customers.
#[derive(Default)]
pub(super) struct Grants {
    grants: Vec<Grant>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
}

impl Grants {
    /// The code by which the app takes up a grant, once.
    pub(super) fn code(&mut self, grant: Grant, redirect_uri: &str, dice: &mut Dice) -> String {
        let code = format!("{}-{}", planted::CODE, dice.uuid());
        let expires = grant.since.saturating_add(CODE_LIFE_SECS);
        self.codes.insert(code.clone(), Code { grant, redirect_uri: redirect_uri.to_owned(), expires });
        code
    }

    pub(super) fn exchange(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: &str,
        now: i64,
    ) -> Result<usize, Denied> {
        let code = self.codes.remove(code).ok_or(Denied::BadCode)?;
        if code.grant.client_id != client_id || code.redirect_uri != redirect_uri || now >= code.expires {
            return Err(Denied::BadCode);
        }
        self.grants.push(code.grant);
        Ok(self.grants.len() - 1)
    }

    /// The grant of a refresh token; one that was used before ends the family.
    pub(super) fn refresh<'o>(
        &mut self,
        token: &str,
        client_id: &str,
        now: i64,
        options: impl FnOnce(&str) -> Option<&'o Options>,
    ) -> Result<usize, Denied> {
        let found = self.refresh.get_mut(token).ok_or(Denied::DeadRefreshToken)?;
        let grant = self.grants.get_mut(found.grant).ok_or(Denied::DeadRefreshToken)?;
        let options = options(&grant.account).ok_or(Denied::DeadRefreshToken)?;
        let is_old = |since: i64, days: i64| now.saturating_sub(since) >= days.saturating_mul(SECONDS_PER_DAY);
        if !grant.refreshable
            || grant.client_id != client_id
            || is_old(found.since, options.refresh_idle_days)
            || is_old(grant.since, options.refresh_life_days)
        {
            return Err(Denied::DeadRefreshToken);
        }
        if let Some(used) = found.used {
            grant.reuses += 1;
            if now >= used.saturating_add(options.refresh_grace_secs) {
                grant.refreshable = false;
                return Err(Denied::DeadRefreshToken);
            }
        }
        found.used.get_or_insert(now);
        grant.refreshes += 1;
        Ok(found.grant)
    }

    /// New tokens of a grant, as the login host answers them.
    pub(super) fn issue(&mut self, index: usize, now: i64, options: &Options, dice: &mut Dice) -> Option<Value> {
        let grant = self.grants.get(index)?;
        let life = options.access_token_secs;
        let expires = now.saturating_add(life);
        let scope = grant.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let access = access_token(grant, expires, &scope, options.account_claims, dice);
        let mut answer = json!({ "access_token": access, "token_type": "Bearer", "scope": scope, "expires_in": life });
        if grant.scopes.contains(OFFLINE_SCOPE) {
            let refresh = format!("{}-{}", planted::REFRESH_TOKEN, dice.hex_token());
            if let Some(fields) = answer.as_object_mut() {
                fields.insert("refresh_token".to_owned(), json!(refresh));
            }
            self.refresh.insert(refresh, Refresh { grant: index, since: now, used: None });
        }
        self.access.insert(access, Access { grant: index, expires });
        Some(answer)
    }

    pub(super) fn grant(&self, index: usize) -> Option<&Grant> {
        self.grants.get(index)
    }

    /// The grant of an access token that is alive.
    pub(super) fn opened_by(&self, token: &str, now: i64) -> Option<(usize, &Grant)> {
        let access = self.access.get(token).filter(|access| now < access.expires)?;
        let grant = self.grants.get(access.grant)?;
        (!grant.access_ended && grant.opens_api).then_some((access.grant, grant))
    }

    /// Takes back what an account granted so far.
    pub(super) fn revoke(&mut self, account: &str, ends_access: bool) {
        for grant in self.grants.iter_mut().filter(|grant| grant.account == account) {
            grant.refreshable = false;
            grant.access_ended |= ends_access;
        }
        self.codes.retain(|_, code| code.grant.account != account);
    }

    /// Takes a scope out of what an account granted so far.
    pub(super) fn take_scope(&mut self, account: &str, scope: &str) {
        for grant in self.grants.iter_mut().filter(|grant| grant.account == account) {
            grant.scopes.remove(scope);
        }
    }

    /// Makes the access tokens of an account invalid that were issued so far.
    pub(super) fn end_access(&mut self, account: &str) {
        let grants = &self.grants;
        self.access.retain(|_, access| grants.get(access.grant).is_none_or(|grant| grant.account != account));
    }

    pub(super) fn of_account<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter().filter(move |grant| grant.account == account)
    }

    /// Every token there is, which only the `Authorization` of a call may tell.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.access.keys().chain(self.refresh.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = SECONDS_PER_DAY;

    struct Login {
        grants: Grants,
        dice: Dice,
        options: Options,
    }

    impl Login {
        fn refreshed(&mut self, token: &str, now: i64) -> Result<String, Denied> {
            let grant = self.grants.refresh(token, "client", now, |_| Some(&self.options))?;
            Ok(self.issue(grant, now))
        }

        fn issue(&mut self, grant: usize, now: i64) -> String {
            let answer = self.grants.issue(grant, now, &self.options, &mut self.dice).unwrap();
            answer["refresh_token"].as_str().unwrap().to_owned()
        }
    }

    fn granted(options: Options) -> (Login, String) {
        let mut login = Login { grants: Grants::default(), dice: Dice::default(), options };
        let grant = Grant {
            account: "a".to_owned(),
            client_id: "client".to_owned(),
            user: "u".to_owned(),
            scopes: BTreeSet::from([OFFLINE_SCOPE.to_owned()]),
            environment: Environment::Production,
            opens_api: true,
            since: 0,
            refreshable: true,
            access_ended: false,
            refreshes: 0,
            reuses: 0,
        };
        let code = login.grants.code(grant.clone(), "https://hub", &mut login.dice);
        assert_eq!(login.grants.exchange(&code, "client", "https://hub/", 1), Err(Denied::BadCode));
        let code = login.grants.code(grant.clone(), "https://hub", &mut login.dice);
        assert_eq!(login.grants.exchange(&code, "client", "https://hub", 600), Err(Denied::BadCode));
        let code = login.grants.code(grant, "https://hub", &mut login.dice);
        assert_eq!(login.grants.exchange(&code, "client", "https://hub", 0), Ok(0));
        assert_eq!(login.grants.exchange(&code, "client", "https://hub", 0), Err(Denied::BadCode));
        let first = login.issue(0, 0);
        (login, first)
    }

    #[test]
    fn a_second_use_ends_the_family() {
        let (mut login, first) = granted(Options::default());
        let second = login.refreshed(&first, 10).unwrap();
        let third = login.refreshed(&second, 20).unwrap();
        assert_eq!(login.refreshed(&first, 20), Err(Denied::DeadRefreshToken));
        assert_eq!(login.refreshed(&third, 20), Err(Denied::DeadRefreshToken));
        let grant = login.grants.grant(0).unwrap();
        assert_eq!((grant.refreshes, grant.reuses), (2, 1));
    }

    #[test]
    fn a_grace_lets_the_old_one_pass_for_a_while() {
        let (mut login, first) = granted(Options { refresh_grace_secs: 30, ..Options::default() });
        login.refreshed(&first, 10).unwrap();
        login.refreshed(&first, 39).unwrap();
        assert_eq!(login.refreshed(&first, 40), Err(Denied::DeadRefreshToken));
    }

    #[test]
    fn ninety_idle_days_or_one_year_are_the_end() {
        let (mut login, first) = granted(Options::default());
        assert_eq!(login.refreshed(&first, 90 * DAY), Err(Denied::DeadRefreshToken));
        let mut token = first;
        for days in [89, 178, 267, 356] {
            token = login.refreshed(&token, days * DAY).unwrap();
        }
        assert_eq!(login.refreshed(&token, 365 * DAY), Err(Denied::DeadRefreshToken));
    }
}
