//! What the connectors' looks at a connection share.

use crate::checklist::Line;
use crate::http::HttpOutcome;
use crate::reason::Owner;
use crate::trouble::no_response;

/// What is looked at, and who puts it right.
pub(super) type Item = (&'static str, Owner);

/// That the ATS answers at all.
pub(super) const REACHABLE: &str = "reachable";

/// How many calls the ATS leaves us.
pub(super) const CALL_BUDGET: &str = "call_budget";

/// Why nothing is said of what could not be looked at.
pub(super) const WAITS: &str = "not looked at: what is wrong above comes first";

/// One line for each item, in the order of the items: the told ones, and of all others that they were not told.
pub(super) fn complete(items: &[Item], mut told: Vec<Line>, why: &str) -> Vec<Line> {
    let line = |(item, owner): &Item| match told.iter().position(|line| line.item == *item) {
        Some(place) => told.swap_remove(place),
        None => Line::not_told(item, *owner, why),
    };
    items.iter().map(line).collect()
}

/// Why an outcome tells nothing about the connection, where it is so: no answer, or one of a system in trouble.
pub(super) fn unanswered(system: &str, outcome: &HttpOutcome) -> Option<String> {
    match outcome {
        Ok(response) if matches!(response.status, 200..=299 | 400..=407 | 409..=428 | 430..=499) => None,
        Ok(response) => Some(format!("{system}: HTTP {}", response.status)),
        Err(failure) => Some(no_response(system, failure).cause().to_string()),
    }
}

/// The line of an ATS by whose answers nothing can be told.
pub(super) fn out_of_reach(name: &str, cause: &str) -> Line {
    let sentence = format!(
        "{name} gives the integration no usable answer just now ({cause}). Nothing has to be changed in {name}: please run \
         the check again in a few minutes, and if it stays so, look at {name}'s status page and at the host in the \
         connection's settings."
    );
    Line::wrong(REACHABLE, Owner::HubOperator, cause, sentence)
}

/// The names, for a sentence.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::checklist::Found;

    /// The lines that are not good, one a row: `!` is wrong and `?` not told.
    pub(crate) fn shown(lines: &[Line]) -> String {
        let mark = |line: &Line| match line.found {
            Found::Good => '+',
            Found::Wrong => '!',
            Found::NotTold => '?',
        };
        let row = |line: &Line| format!("{} {} ({}): {}", mark(line), line.item, line.owner.name(), line.saw);
        lines.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    /// The only red line: its item, its owner, its sentence.
    pub(crate) fn only_red(lines: &[Line]) -> (&'static str, Owner, String) {
        let mut red = lines.iter().filter(|line| line.found == Found::Wrong);
        let (Some(line), None) = (red.next(), red.next()) else { panic!("one red line, not\n{}", shown(lines)) };
        (line.item, line.owner, line.sentence.clone().unwrap())
    }

    #[test]
    fn every_item_has_one_line_in_the_order_of_the_items() {
        let items = [("a", Owner::AtsAdmin), ("b", Owner::HubOperator), ("c", Owner::AtsAdmin)];
        let lines = complete(&items, vec![Line::good("c", Owner::AtsAdmin, "x")], "why");
        assert_eq!(shown(&lines), "? a (ATS administrator): why\n? b (hub operator): why\n+ c (ATS administrator): x");
    }
}
