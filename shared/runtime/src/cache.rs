//! Answers that are kept for a while, with the age that the reader accepts.

use std::fmt;
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};
use moka::sync::Cache;

/// At most a thousand answers, each with the time at which it was fetched.
#[derive(Clone)]
pub struct Aged<K, V> {
    cache: Cache<K, (V, Timestamp)>,
}

impl<K, V> fmt::Debug for Aged<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cache")
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Default for Aged<K, V> {
    fn default() -> Self {
        Self { cache: Cache::new(1_000) }
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Aged<K, V> {
    /// The kept answer if it is younger than `longest`.
    pub fn get(&self, key: &K, longest: SignedDuration, now: Timestamp) -> Option<V> {
        let (value, fetched_at) = self.cache.get(key)?;
        (fetched_at.duration_until(now) < longest).then_some(value)
    }

    pub fn put(&self, key: K, value: V, now: Timestamp) {
        self.cache.insert(key, (value, now));
    }

    pub fn forget(&self, key: &K) {
        self.cache.invalidate(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_good_as_the_reader_accepts() {
        let cache = Aged::default();
        let now = Timestamp::UNIX_EPOCH;
        let minute = SignedDuration::from_mins(1);
        cache.put("k", 1, now);
        assert_eq!(cache.get(&"k", minute, now), Some(1));
        assert_eq!(cache.get(&"k", minute, now + minute), None);
        assert_eq!(cache.get(&"k", minute * 2, now + minute), Some(1));
        cache.forget(&"k");
        assert_eq!(cache.get(&"k", minute, now), None);
    }
}
