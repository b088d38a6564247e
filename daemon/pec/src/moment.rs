//! The instant that is judged, and how far it could move without any answer changing: what makes a verdict cacheable.

use core::cell::Cell;

/// An instant, in seconds since 1970. Every question about it narrows [`span`](Self::span) to the instants for which
/// the answer is the same, so what was concluded from the answers holds for the whole span.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    at: i64,
    from: Cell<i64>,
    until: Cell<i64>,
}

impl Moment {
    pub(crate) fn new(at: i64) -> Self {
        Self { at, from: Cell::new(i64::MIN), until: Cell::new(i64::MAX) }
    }

    /// The instant itself, for what asks about it in another way.
    pub(crate) fn at(&self) -> i64 {
        self.at
    }

    /// It is at `bound` or later.
    pub(crate) fn reached(&self, bound: i64) -> bool {
        let reached = self.at >= bound;
        if reached {
            self.from.set(self.from.get().max(bound));
        } else {
            self.until.set(self.until.get().min(bound.saturating_sub(1)));
        }
        reached
    }

    /// It is later than `bound`.
    pub(crate) fn passed(&self, bound: i64) -> bool {
        bound.checked_add(1).is_some_and(|next| self.reached(next))
    }

    /// First and last instant for which every answer so far is the same.
    pub(crate) fn span(&self) -> (i64, i64) {
        (self.from.get(), self.until.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_is_where_no_answer_changes() {
        let moment = Moment::new(100);
        assert!(moment.reached(50) && !moment.passed(200) && moment.reached(100) && !moment.reached(151));
        assert_eq!(moment.span(), (100, 150));
        assert!(!moment.passed(i64::MAX) && moment.reached(i64::MIN));
        assert_eq!(moment.span(), (100, 150));
    }
}
