//! What may never come with an order: the candidate types it into Candidate Hub.

/// The kinds of forbidden data, each with parts of the names under which callers send it.
const KINDS: [(&str, &[&str]); 6] = [
    ("an identity number", &["ssn", "socialsecurity", "nationalinsurance", "socialinsurance", "taxid", "passport"]),
    ("a birth date", &["dob", "birth"]),
    ("an address", &["address", "street", "city", "zipcode", "postal", "stateprovince"]),
    ("a driver's licence", &["dlnumber", "dlstate", "license", "licence", "driver"]),
    ("a gender", &["gender", "sex"]),
    ("a consent or a document", &["consent", "disclosure", "authoriz", "signature", "document", "attachment", "pdf"]),
];

/// What kind of forbidden data a field, element, attribute or criterion of this name carries.
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let (kind, _) = KINDS.iter().find(|(_, parts)| parts.iter().any(|part| plain.contains(part)))?;
    Some(kind)
}

/// Whether digits in groups of these sizes, parted by `separator`, stand alone somewhere in a text.
fn has_digit_groups(text: &str, separator: char, sizes: &[usize]) -> bool {
    let stands_alone = |c: char| !c.is_ascii_alphanumeric() && c != separator;
    text.split(stands_alone).any(|word| {
        let groups: Vec<&str> = word.split(separator).collect();
        groups.len() == sizes.len()
            && groups.iter().zip(sizes).all(|(g, size)| g.len() == *size && g.chars().all(|c| c.is_ascii_digit()))
    })
}

/// What kind of forbidden data a text looks like, under whatever name it came.
pub(super) fn kind_of_text(text: &str) -> Option<&'static str> {
    if has_digit_groups(text, '-', &[3, 2, 4]) {
        return Some("an identity number");
    }
    has_digit_groups(text, '/', &[2, 2, 4]).then_some("a birth date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_forbidden_names() {
        for name in ["SSN", "ssnLast4", "DOB", "dateOfBirth", "Addresses", "ZipCode5", "City", "StateProvinceCode"] {
            assert!(kind_of(name).is_some(), "{name}");
        }
        for name in ["DLNumber", "driver_license", "Gender", "Documents", "signed-authorization", "consents"] {
            assert!(kind_of(name).is_some(), "{name}");
        }
        for name in ["firstName", "QuoteBack", "callbackUrl", "LocationID", "reference1", "intendedUse"] {
            assert_eq!(kind_of(name), None, "{name}");
        }
    }

    #[test]
    fn knows_forbidden_texts() {
        assert_eq!(kind_of_text("REQ 078-05-1120, urgent"), Some("an identity number"));
        assert_eq!(kind_of_text("born 01/31/1980"), Some("a birth date"));
        for text in ["0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11", "(555) 010-0100", "+15550100100", "REQ-077-05-1120"] {
            assert_eq!(kind_of_text(text), None, "{text}");
        }
    }
}
