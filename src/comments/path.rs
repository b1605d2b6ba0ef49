//! The path of a comment in its thread.

/// The ids from the root of the thread down to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<i64>);

impl Path {
    /// Creates a path from ids; `None` without ids or with an invalid one.
    pub fn of(ids: Vec<i64>) -> Option<Self> {
        (!ids.is_empty() && ids.iter().all(|id| *id > 0)).then_some(Self(ids))
    }

    /// Creates a path from stored bytes: eight for each id, big-endian.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let ids = bytes
            .chunks_exact(8)
            .map(|chunk| chunk.iter().fold(0, |id, byte| (id << 8) | i64::from(*byte)));
        Self(ids.collect())
    }

    /// Returns the bytes to store: their order is the reading order.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|id| id.to_be_bytes()).collect()
    }

    /// Returns the ids, the root's first.
    pub fn ids(&self) -> &[i64] {
        &self.0
    }

    /// Returns the id of the thread's first comment.
    pub fn root(&self) -> i64 {
        self.0.first().copied().unwrap_or_default()
    }

    /// Returns the exclusive upper bound of the stored paths of this comment and everything below it.
    pub fn end(&self) -> Vec<u8> {
        let mut ids = self.0.clone();
        if let Some(last) = ids.last_mut() {
            *last += 1;
        }
        Self(ids).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_sort_as_a_thread_reads() {
        let path = |ids: &[i64]| Path::of(ids.to_vec()).unwrap();
        let thread = [path(&[1]), path(&[1, 3]), path(&[1, 3, 300]), path(&[1, 4]), path(&[2])];
        assert!(thread.windows(2).all(|pair| pair[0].to_bytes() < pair[1].to_bytes()));
        assert!(thread.iter().all(|path| Path::from_bytes(&path.to_bytes()) == *path));
        assert!(thread[2].to_bytes() < thread[1].end() && thread[3].to_bytes() >= thread[1].end());
    }
}
