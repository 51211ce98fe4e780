//! The writer of JSON that PageUp uses on purpose against readers that expect too much.

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::options::{Casing, Options};

/// Numbers that look random, yet come again in every run.
#[derive(Default)]
pub(super) struct Dice {
    thrown: u64,
}

impl Dice {
    pub(super) fn bytes(&mut self) -> [u8; 32] {
        self.thrown += 1;
        Sha256::digest(format!("PageUp {}", self.thrown)).into()
    }

    pub(super) fn uuid(&mut self) -> Uuid {
        let bytes = self.bytes().first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// One of the numbers below `count`, which is not 0.
    fn below(&mut self, count: usize) -> usize {
        let [first, second, ..] = self.bytes();
        usize::from(u16::from_be_bytes([first, second])) % count
    }
}

/// Writes a value as the tenant's options have it.
pub(super) fn write(value: &Value, options: &Options, dice: &mut Dice) -> String {
    match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(|value| write(value, options, dice)).collect();
            format!("[{}]", values.join(","))
        }
        Value::Object(fields) => {
            let mut properties = Vec::new();
            for (name, value) in fields {
                let left_out = options.fuzz && value.is_null() && dice.below(2) == 0;
                if !left_out {
                    let name = cased(name, options.casing, dice);
                    properties.push(format!("{}:{}", Value::from(name), write(value, options, dice)));
                }
            }
            if options.fuzz {
                properties.push(format!("\"{}\":\"{}\"", dice.uuid(), dice.uuid()));
                shuffle(&mut properties, dice);
            }
            format!("{{{}}}", properties.join(","))
        }
        _ => value.to_string(),
    }
}

fn shuffle(properties: &mut [String], dice: &mut Dice) {
    for end in (1..properties.len()).rev() {
        properties.swap(end, dice.below(end + 1));
    }
}

fn cased(name: &str, casing: Casing, dice: &mut Dice) -> String {
    match casing {
        Casing::Camel => name.to_owned(),
        Casing::Pascal => {
            let mut letters = name.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
        }
        Casing::Lower => name.to_lowercase(),
        Casing::Mixed => match dice.below(4) {
            0 => name.to_uppercase(),
            1 => cased(name, Casing::Pascal, dice),
            2 => cased(name, Casing::Lower, dice),
            _ => name.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn without_fuzz(value: &Value) -> Value {
        match value {
            Value::Array(values) => values.iter().map(without_fuzz).collect(),
            Value::Object(fields) => {
                let known = fields.iter().filter(|(name, _)| Uuid::parse_str(name).is_err());
                Value::Object(known.map(|(name, value)| (name.to_lowercase(), without_fuzz(value))).collect())
            }
            _ => value.clone(),
        }
    }

    #[test]
    fn fuzzing_keeps_the_content_whatever_the_casing() {
        let content = json!([{ "id": "1", "job": { "title": "a \"quoted\" one", "code": 2 }, "list": [1, {}] }, true]);
        let mut dice = Dice::default();
        for casing in [Casing::Camel, Casing::Pascal, Casing::Lower, Casing::Mixed] {
            let options = Options { casing, ..Options::default() };
            let [first, second] = [(); 2].map(|()| write(&content, &options, &mut dice));
            assert_ne!(first, second);
            let read: Value = serde_json::from_str(&first).unwrap();
            assert_ne!(read, content);
            assert_eq!(without_fuzz(&read), content);
        }
    }

    #[test]
    fn without_fuzzing_nothing_changes() {
        let content = json!({ "id": 1, "note": null });
        let options = Options { fuzz: false, ..Options::default() };
        assert_eq!(write(&content, &options, &mut Dice::default()), content.to_string());
    }
}
