//! The tree, folded while its leaves come in: memory holds a few nodes a level, whatever the number of segments.

/// Nodes waiting at each level, the leaves' first.
pub(crate) struct Fold<T> {
    levels: Vec<Vec<T>>,
}

impl<T> Fold<T> {
    pub(crate) const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// Adds a leaf and folds what is sure to be a group of three. Two nodes stay behind at each level, so that at the end
    /// none is left alone: the tree is the one that [`finial_aggregation::AggregationKeys::prove_tree`] makes.
    pub(crate) fn push<E>(&mut self, leaf: T, join: &mut impl FnMut(&[T]) -> Result<T, E>) -> Result<(), E> {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let waiting = &mut self.levels[level];
            waiting.push(node);
            if waiting.len() < 5 {
                break;
            }
            node = join(&waiting.drain(..3).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Folds what waits, bottom up; `None` if nothing was pushed.
    pub(crate) fn finish<E>(mut self, join: &mut impl FnMut(&[T]) -> Result<T, E>) -> Result<Option<T>, E> {
        let mut level = 0;
        while level < self.levels.len() {
            let last = level + 1 == self.levels.len();
            let mut waiting = std::mem::take(&mut self.levels[level]);
            if last && waiting.len() <= 1 {
                return Ok(waiting.pop());
            }
            if last {
                self.levels.push(Vec::new());
            }
            while !waiting.is_empty() {
                // A level holds one to four nodes here; one alone rises as it is.
                let size = if waiting.len() == 4 { 2 } else { waiting.len().min(3) };
                let group: Vec<T> = waiting.drain(..size).collect();
                let node = if size == 1 { group.into_iter().next() } else { Some(join(&group)?) };
                self.levels[level + 1].extend(node);
            }
            level += 1;
        }
        Ok(None)
    }
}

/// Number of joins a tree over so many leaves takes.
pub(crate) fn joins(leaves: u32) -> u32 {
    let mut count = 0;
    let mut fold = Fold::new();
    let mut join = |_: &[()]| -> Result<(), std::convert::Infallible> {
        count += 1;
        Ok(())
    };
    for _ in 0..leaves {
        let Ok(()) = fold.push((), &mut join);
    }
    let Ok(_) = fold.finish(&mut join);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_is_joined_in_order_by_groups_of_two_and_three() {
        for leaves in 1..120_u32 {
            let mut most = 0;
            let mut join = |group: &[(u32, u32)]| -> Result<(u32, u32), String> {
                if !(2..=3).contains(&group.len()) {
                    return Err(format!("a group of {}", group.len()));
                }
                if group.windows(2).any(|pair| pair[0].1 != pair[1].0) {
                    return Err(format!("not in order: {group:?}"));
                }
                Ok((group[0].0, group[group.len() - 1].1))
            };
            let mut fold = Fold::new();
            for leaf in 0..leaves {
                fold.push((leaf, leaf + 1), &mut join).unwrap();
                most = most.max(fold.levels.iter().map(Vec::len).sum());
            }
            assert_eq!(fold.finish(&mut join).unwrap(), Some((0, leaves)));
            assert!(most <= 4 * 5, "{leaves} leaves: {most} nodes wait");
            assert!(joins(leaves) < leaves);
        }
        let mut none = |_: &[u8]| -> Result<u8, ()> { Err(()) };
        assert_eq!(Fold::new().finish(&mut none), Ok(None));
    }
}
