//! Reading an order out of the XML envelope, and what may not be in it.

use super::super::shared::Violations;
use super::forbidden;
use super::model::Codec;
use super::placing::NewOrder;
use super::refusal::Refusal;
use super::xml::Element;

pub(super) const BASE: &str = "http://schemas.ost.com/oml/base/1.0";
const SECURITY: &str = "http://schemas.ost.com/oml/security/1.0";
const CONTACT: &str = "http://schemas.ost.com/oml/contact/1.0";
const PACKAGE: &str = "http://schemas.ost.com/oml/package/1.0";

/// Every element of the envelope, its namespace and its attributes.
const KNOWN: [(&str, &str, &[&str]); 23] = [
    ("Order", BASE, &["package:uri", "reference1", "reference2", "intendedUse"]),
    ("Order/Security", SECURITY, &[]),
    ("Order/Security/RootCredentials", SECURITY, &["username", "password"]),
    ("Order/Security/AccountID", SECURITY, &[]),
    ("Order/Security/LocationID", SECURITY, &[]),
    ("Order/Security/CustomerUserReferenceID", SECURITY, &[]),
    ("Order/Contact", CONTACT, &[]),
    ("Order/Contact/FirstName", CONTACT, &[]),
    ("Order/Contact/LastName", CONTACT, &[]),
    ("Order/Contact/Email", CONTACT, &[]),
    ("Order/Contact/Phone", CONTACT, &[]),
    ("Order/QuoteBack", BASE, &[]),
    ("Order/IncludeParentPackages", BASE, &[]),
    ("Order/Input", BASE, &[]),
    ("Order/Input/Subjects", BASE, &[]),
    ("Order/Input/Subjects/Subject", BASE, &["role"]),
    ("Order/Input/Subjects/Subject/FirstName", BASE, &[]),
    ("Order/Input/Subjects/Subject/MiddleName", BASE, &[]),
    ("Order/Input/Subjects/Subject/LastName", BASE, &[]),
    ("Order/Input/Subjects/Subject/Contact", BASE, &[]),
    ("Order/Input/Subjects/Subject/Contact/Phone", BASE, &[]),
    ("Order/Input/Subjects/Subject/Contact/Email", BASE, &[]),
    ("Security", SECURITY, &[]),
];

/// Everything in an envelope that the hub may never send.
fn forbidden_in(root: &Element, flag: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.name.clone(), root)];
    while let Some((path, element)) = waiting.pop() {
        let known = KNOWN.iter().find(|(known, ..)| *known == path);
        match (forbidden::kind_of(&element.name), known) {
            (Some(kind), None) => found.push(format!("order: {path} is {kind}, which the candidate types")),
            (None, None) => found.push(format!("order: {path} is no element that the hub may send")),
            (_, Some((_, namespace, _))) if *namespace != element.namespace => {
                found.push(format!("order: {path} is in the namespace {:?}", element.namespace));
            }
            (_, Some(_)) => {}
        }
        for attribute in &element.attributes {
            let prefix = if attribute.namespace == PACKAGE { "package:" } else { "" };
            let name = format!("{prefix}{}", attribute.name);
            let listed = known.is_some_and(|(_, _, names)| names.contains(&name.as_str()));
            let asks_for_invitation = path == "Order" && flag == Some(name.as_str());
            if !listed && !asks_for_invitation {
                found.push(format!("order: {path} has the attribute {name}, which the hub may not send"));
            }
        }
        if !path.contains("/Security") {
            let texts = element.attributes.iter().map(|attribute| &attribute.value).chain([&element.text]);
            for kind in texts.filter_map(|text| forbidden::kind_of_text(text)) {
                found.push(format!("order: {path} looks like {kind}"));
            }
        }
        for (place, child) in element.children.iter().enumerate() {
            if element.children.iter().take(place).any(|before| before.name == child.name) {
                found.push(format!("order: {path}/{} came twice", child.name));
            }
            waiting.push((format!("{path}/{}", child.name), child));
        }
    }
    found
}

/// Refuses, and records as violations, what may not be in an envelope.
pub(super) fn check(violations: &Violations, root: &Element, flag: Option<&str>) -> Result<(), Refusal> {
    let forbidden = forbidden_in(root, flag);
    for what in &forbidden {
        violations.record(what);
    }
    if forbidden.is_empty() && root.name == "Order" {
        return Ok(());
    }
    Err(Refusal::field("Order", "invalid", "The order does not follow the schema"))
}

fn required<'e>(root: &'e Element, path: &str) -> Result<&'e str, Refusal> {
    let text = root.text_at(path);
    if text.is_empty() { Err(Refusal::field(path, "required", &format!("{path} is required"))) } else { Ok(text) }
}

/// The order in an envelope that was checked.
pub(super) fn read(root: &Element, flag: Option<&(String, String)>) -> Result<NewOrder, Refusal> {
    let attribute = |name: &str| root.attribute(name).filter(|value| !value.is_empty()).map(ToOwned::to_owned);
    let optional = |path: &str| Some(root.text_at(path).to_owned()).filter(|text| !text.is_empty());
    let Some(package) = attribute("uri") else {
        return Err(Refusal::field("package.id", "required", "package:uri is required"));
    };
    if !attribute("intendedUse").is_some_and(|number| number.chars().all(|c| c.is_ascii_digit())) {
        return Err(Refusal::field("intendedUse", "invalid", "intendedUse is no number"));
    }
    if flag.is_some_and(|(name, value)| root.attribute(name) != Some(value)) {
        return Err(Refusal::field("Order", "required", "The order does not ask for an invitation"));
    }
    required(root, "Contact/Email")?;
    let subject = root.at("Input/Subjects/Subject").filter(|subject| subject.attribute("role") == Some("Primary"));
    let Some(subject) = subject else {
        return Err(Refusal::field("candidate", "required", "The order has no primary subject"));
    };
    Ok(NewOrder {
        codec: Codec::Oml,
        quote_back: required(root, "QuoteBack")?.to_owned(),
        package,
        first_name: subject.text_at("FirstName").to_owned(),
        last_name: subject.text_at("LastName").to_owned(),
        email: required(subject, "Contact/Email")?.to_owned(),
        phone: Some(subject.text_at("Contact/Phone").to_owned()).filter(|phone| !phone.is_empty()),
        reference1: attribute("reference1"),
        reference2: attribute("reference2"),
        requester: optional("Security/CustomerUserReferenceID"),
        account: optional("Security/AccountID"),
        location: optional("Security/LocationID"),
        callback_url: None,
        content: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::xml;
    use super::*;

    const START: &str = "<Order xmlns=\"http://schemas.ost.com/oml/base/1.0\" \
        xmlns:package=\"http://schemas.ost.com/oml/package/1.0\" package:uri=\"p\" intendedUse=\"0\"><Input><Subjects>";

    fn violations_of(subjects: &str) -> Vec<String> {
        let violations = Violations::default();
        let root = xml::read(&format!("{START}{subjects}</Subjects></Input></Order>")).unwrap();
        let refused = check(&violations, &root, None).is_err();
        assert_eq!(refused, !violations.all().is_empty());
        violations.all()
    }

    #[test]
    fn nothing_that_the_candidate_types_may_come() {
        let subject = |more: &str| format!("<Subject role=\"Primary\"><FirstName>Ada</FirstName>{more}</Subject>");
        assert_eq!(violations_of(&subject("<LastName>Moss</LastName>")), Vec::<String>::new());
        for more in [
            "<SSN>1</SSN>",
            "<DOB/>",
            "<DLState>OH</DLState>",
            "<Addresses><Address role=\"Primary\"/></Addresses>",
            "<Documents/>",
            "<LastName gender=\"U\">Moss</LastName>",
            "<LastName>078-05-1120</LastName>",
            "<LastName>01/31/1980</LastName>",
            "<LastName xmlns=\"elsewhere\">Moss</LastName>",
            "<FirstName>Ann</FirstName>",
        ] {
            assert!(!violations_of(&subject(more)).is_empty(), "{more}");
        }
    }
}
