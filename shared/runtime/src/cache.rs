//! Answers that are kept for a while, with the age that the reader accepts. Who asks while somebody else is asking
//! waits for that answer.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use moka::future::Cache;

/// How many answers are kept: one for each connection of a large region.
const MOST: u64 = 10_000;

/// Kept answers, each with the time at which it was fetched.
#[derive(Clone)]
pub struct Aged<K, V> {
    cache: Cache<K, (V, Timestamp)>,
}

impl<K, V> fmt::Debug for Aged<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cache")
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Default for Aged<K, V> {
    fn default() -> Self {
        Self { cache: Cache::new(MOST) }
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Aged<K, V> {
    /// The kept answer if it is younger than `keeps` says of it.
    pub async fn get(&self, key: &K, now: Timestamp, keeps: impl Fn(&V) -> SignedDuration) -> Option<V> {
        let (value, fetched_at) = self.cache.get(key).await?;
        (fetched_at.duration_until(now) < keeps(&value)).then_some(value)
    }

    /// The kept answer if it is younger than `keeps` says of it, else a new one.
    ///
    /// # Errors
    /// What fetching it came to; an error is not kept.
    pub async fn get_or_fetch<E: Clone + Send + Sync + 'static>(
        &self,
        key: &K,
        now: Timestamp,
        keeps: impl Fn(&V) -> SignedDuration,
        fetch: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if let Some((value, fetched_at)) = self.cache.get(key).await {
            if fetched_at.duration_until(now) < keeps(&value) {
                return Ok(value);
            }
            self.cache.invalidate(key).await;
        }
        // Boxed, as it would otherwise lie on the stack several times over.
        let fetch = Box::pin(fetch);
        let fetched = self.cache.try_get_with(key.clone(), async { Ok((fetch.await?, now)) }).await;
        fetched.map(|(value, _)| value).map_err(|error: Arc<E>| (*error).clone())
    }

    pub async fn forget(&self, key: &K) {
        self.cache.invalidate(key).await;
    }

    /// Forgets the kept answer if it is still that one.
    pub async fn forget_if(&self, key: &K, is: impl Fn(&V) -> bool) {
        if self.cache.get(key).await.is_some_and(|(value, _)| is(&value)) {
            self.cache.invalidate(key).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    async fn fetch_at(cache: &Aged<&'static str, u32>, now: Timestamp, fetched: &AtomicU32) -> u32 {
        let fetch = async {
            tokio::task::yield_now().await;
            Ok::<_, ()>(fetched.fetch_add(1, Ordering::Relaxed))
        };
        cache.get_or_fetch(&"k", now, |_| MINUTE, fetch).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_fetched_once_and_again_when_it_is_too_old() {
        let (cache, fetched, now) = (Aged::default(), AtomicU32::new(0), Timestamp::UNIX_EPOCH);
        let together = futures::future::join_all((0..10).map(|_| fetch_at(&cache, now, &fetched))).await;
        assert_eq!(together, [0; 10]);
        assert_eq!(fetch_at(&cache, now + MINUTE / 2, &fetched).await, 0);
        assert_eq!(fetch_at(&cache, now + MINUTE, &fetched).await, 1);
        cache.forget(&"k").await;
        assert_eq!(fetch_at(&cache, now + MINUTE, &fetched).await, 2);
    }
}
