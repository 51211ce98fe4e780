//! What the customer's administrator sets up in the portal.

use serde_json::{Value, json};

use super::super::shared::lock;
use super::{CertnSimulator, planted};

/// Whether Certn takes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Valid,
    Expired,
    Revoked,
    WrongRegion,
}

/// One API key of the account; several may be valid at once.
#[derive(Clone, Debug)]
pub struct Key {
    pub value: String,
    pub state: KeyState,
}

/// A group of users that orders are booked on.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub active: bool,
}

/// A person who may order, in the groups given.
#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub email: String,
    pub active: bool,
    pub groups: Vec<String>,
}

/// A bundle of checks; `ats_use` is left out of the answers where it is `None`.
#[derive(Clone, Debug)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub active: bool,
    pub ats_use: Option<bool>,
}

/// A label made beforehand that an order may carry.
#[derive(Clone, Debug)]
pub struct Tag {
    pub id: String,
    pub name: String,
    pub active: bool,
}

#[derive(Default)]
pub(super) struct Account {
    pub(super) keys: Vec<Key>,
    pub(super) groups: Vec<(Group, Option<String>)>,
    pub(super) users: Vec<User>,
    pub(super) packages: Vec<Package>,
    pub(super) tags: Vec<Tag>,
}

impl Account {
    pub(super) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().map(|(group, _)| group).find(|group| group.id == id)
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }
}

pub(super) fn group_json(group: &Group, parent: Option<&String>) -> Value {
    json!({ "id": group.id, "name": group.name, "is_active": group.active, "parent_id": parent })
}

pub(super) const USER_ROLE: &str = "MANAGER";

pub(super) fn user_json(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "full_name": planted::USER_NAME,
        "is_active": user.active,
        "role": USER_ROLE,
        "groups": user.groups,
    })
}

pub(super) fn package_json(package: &Package) -> Value {
    let mut answer = json!({
        "id": package.id,
        "name": package.name,
        "is_active": package.active,
        "client": { "name": planted::CLIENT_FIELD },
    });
    if let (Some(ats_use), Some(fields)) = (package.ats_use, answer.as_object_mut()) {
        fields.insert("ats_use".to_owned(), json!(ats_use));
    }
    answer
}

pub(super) fn tag_json(tag: &Tag) -> Value {
    json!({ "id": tag.id, "name": tag.name, "is_active": tag.active })
}

impl CertnSimulator {
    /// Adds a key to the account.
    pub fn add_key(&self, key: Key) {
        lock(&self.state).account.keys.push(key);
    }

    /// Expires, revokes or revives a key.
    pub fn set_key_state(&self, value: &str, key_state: KeyState) {
        for key in lock(&self.state).account.keys.iter_mut().filter(|key| key.value == value) {
            key.state = key_state;
        }
    }

    /// Adds a group at the top of the tree, or replaces the one with the same id.
    pub fn add_group(&self, group: Group) {
        let groups = &mut lock(&self.state).account.groups;
        groups.retain(|(known, _)| known.id != group.id);
        groups.push((group, None));
    }

    /// Deletes a group.
    pub fn remove_group(&self, id: &str) {
        lock(&self.state).account.groups.retain(|(known, _)| known.id != id);
    }

    /// Deletes a user.
    pub fn remove_user(&self, id: &str) {
        lock(&self.state).account.users.retain(|known| known.id != id);
    }

    /// Puts a group under another one.
    pub fn set_group_parent(&self, id: &str, parent: &str) {
        for (_, above) in lock(&self.state).account.groups.iter_mut().filter(|(group, _)| group.id == id) {
            *above = Some(parent.to_owned());
        }
    }

    /// Adds a user, or replaces the one with the same id.
    pub fn add_user(&self, user: User) {
        let users = &mut lock(&self.state).account.users;
        users.retain(|known| known.id != user.id);
        users.push(user);
    }

    /// Replaces the groups that a user belongs to.
    pub fn set_user_groups(&self, id: &str, groups: &[&str]) {
        for user in lock(&self.state).account.users.iter_mut().filter(|user| user.id == id) {
            user.groups = groups.iter().map(|&group| group.to_owned()).collect();
        }
    }

    /// Adds a package, or replaces the one with the same id.
    pub fn add_package(&self, package: Package) {
        let packages = &mut lock(&self.state).account.packages;
        packages.retain(|known| known.id != package.id);
        packages.push(package);
    }

    /// Deletes a package.
    pub fn remove_package(&self, id: &str) {
        lock(&self.state).account.packages.retain(|package| package.id != id);
    }

    /// Renames a package; its id stays.
    pub fn rename_package(&self, id: &str, name: &str) {
        for package in lock(&self.state).account.packages.iter_mut().filter(|package| package.id == id) {
            name.clone_into(&mut package.name);
        }
    }

    /// Adds a tag.
    pub fn add_tag(&self, tag: Tag) {
        lock(&self.state).account.tags.push(tag);
    }
}
