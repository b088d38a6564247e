//! What waits to be taken in. It changes when how much is in hand at once changes.

use super::{BATCH_BYTES_MAX, BATCH_MESSAGES_MAX};
use crate::intake::Delivery;
use tokio::sync::mpsc;

/// Deliveries, in order.
pub(super) struct Waiting {
    deliveries: mpsc::Receiver<Delivery>,
    /// Taken out, and too large to stand beside what was in hand.
    large: Option<Delivery>,
}

impl Waiting {
    pub(super) fn of(deliveries: mpsc::Receiver<Delivery>) -> Self {
        Self { deliveries, large: None }
    }

    /// The next one, now or later; `None` when there will be no other.
    pub(super) async fn recv(&mut self) -> Option<Delivery> {
        match self.large.take() {
            Some(large) => Some(large),
            None => self.deliveries.recv().await,
        }
    }

    /// The next one, if it is there.
    pub(super) fn next(&mut self) -> Option<Delivery> {
        self.large.take().or_else(|| self.deliveries.try_recv().ok())
    }

    /// Those that wait, behind `first`: no other once as many bytes are in hand as may be in memory together, and a message that is
    /// larger than all these stands alone.
    pub(super) fn batch(&mut self, first: Option<Delivery>, in_hand: u64) -> Vec<Delivery> {
        let mut bytes = in_hand + first.as_ref().map_or(0, |first| first.arrival.bytes);
        let mut batch = Vec::from_iter(first);
        while batch.len() < BATCH_MESSAGES_MAX && bytes < BATCH_BYTES_MAX {
            let Some(next) = self.next() else { break };
            if bytes > 0 && next.arrival.bytes > BATCH_BYTES_MAX {
                self.large = Some(next);
                break;
            }
            bytes += next.arrival.bytes;
            batch.push(next);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Arrival, Place};
    use tokio::sync::oneshot;

    const MEGA: u64 = 1024 * 1024;

    fn delivery(bytes: u64) -> Delivery {
        let arrival = Arrival {
            account: "pec".into(),
            place: Place::Maildir { path: "uno".into() },
            received: None,
            spool: "uno".into(),
            bytes,
            oversized: None,
            size_mismatch: false,
        };
        Delivery { arrival, done: oneshot::channel().0 }
    }

    #[test]
    fn what_is_in_hand_together_is_bounded_and_a_large_one_stands_alone_in_its_turn() {
        let (send, deliveries) = mpsc::channel(100);
        for megas in [1, 2, 100, 1, 1] {
            send.try_send(delivery(megas * MEGA)).unwrap();
        }
        for _ in 0..40 {
            send.try_send(delivery(1)).unwrap();
        }
        let mut waiting = Waiting::of(deliveries);
        let mut taken =
            |in_hand: u64| -> Vec<u64> { waiting.batch(None, in_hand).iter().map(|one| one.arrival.bytes).collect() };
        assert_eq!(taken(0), [MEGA, 2 * MEGA]);
        assert!(taken(3 * MEGA).is_empty(), "not beside another");
        assert_eq!(taken(0), [100 * MEGA], "before those that came after it");
        assert!(taken(100 * MEGA).is_empty());
        assert_eq!(taken(3 * MEGA), [MEGA], "as much as there is room for");
        let rest = taken(0);
        assert_eq!((rest.len(), rest[0]), (BATCH_MESSAGES_MAX, MEGA));
    }

    #[tokio::test]
    async fn one_that_was_put_back_is_handed_over_when_nothing_else_will_come() {
        let (send, deliveries) = mpsc::channel(2);
        send.try_send(delivery(1)).unwrap();
        send.try_send(delivery(100 * MEGA)).unwrap();
        drop(send);
        let mut waiting = Waiting::of(deliveries);
        assert_eq!(waiting.batch(None, 0).len(), 1);
        assert_eq!(waiting.recv().await.map(|one| one.arrival.bytes), Some(100 * MEGA));
        assert!(waiting.recv().await.is_none());
    }
}
