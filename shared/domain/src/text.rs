//! Text that is shown to a person in somebody else's system.

/// Clips to `limit` characters, ending in an ellipsis where something was cut.
#[must_use]
pub fn clip(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(limit.saturating_sub(1)).collect();
    clipped.push('…');
    clipped
}

/// A text without control characters.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What a person typed or a vendor named, made fit to stand inside a sentence: no control characters, no run of
/// white space, at most 40 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    clip(&plain(text).split_whitespace().collect::<Vec<_>>().join(" "), 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_counts_characters_and_says_that_it_cut() {
        assert_eq!(clip("Ärzte", 5), "Ärzte");
        assert_eq!(clip("Ärztehaus", 5), "Ärzt…");
        assert_eq!(quoted("a\n\tb\u{0}c   d"), "a b c d");
        assert_eq!(quoted(&"x".repeat(50)).chars().count(), 40);
    }
}
