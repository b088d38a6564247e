//! What a trial is told beside the message: the policy, written by the parent, read by the child. One version speaks to
//! itself, so the words may change freely.

use jiff::Timestamp;
use pec::revocation::StatusLists;
use pec::{Anchor, Anchors, OwnMailbox, Policy, Purpose};
use serde::{Deserialize, Serialize};
use std::io;

/// A [`Policy`] that can travel.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    anchors: Vec<AnchorSent>,
    /// Address, host of the provider.
    mailboxes: Vec<(String, Option<String>)>,
    /// Of each message, in their order.
    arrivals: Vec<Option<Timestamp>>,
    sha1_until: Option<Timestamp>,
    /// How long each revocation list is. They follow as they are: the largest has megabytes.
    lengths: Vec<usize>,
    #[serde(skip)]
    lists: Vec<Vec<u8>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AnchorSent {
    name: String,
    spki_sha256: [u8; 32],
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    policies: Vec<String>,
    hosts: Vec<String>,
    purpose: String,
    certificates: Vec<Vec<u8>>,
    simulation: bool,
}

impl Order {
    /// Takes a policy apart. No `..`: a new field that did not travel would make trial and examination differ. What we sent
    /// does not travel: only a receipt that was examined without it, and proven, is held against it. Nor do kept verdicts, which
    /// change none.
    pub(super) fn of(policy: &Policy<'_>, arrivals: Vec<Option<Timestamp>>) -> Self {
        let Policy { anchors, mailboxes, arrival: _, sha1_until, sent: _, status, directory: _, paths: _ } = *policy;
        let anchor = |anchor: &Anchor| {
            let Anchor { name, spki_sha256, from, until, policies, hosts, purpose, certificates, simulation } =
                anchor.clone();
            let purpose = purpose.word().to_owned();
            AnchorSent { name, spki_sha256, from, until, policies, hosts, purpose, certificates, simulation }
        };
        let mailbox = |mailbox: &OwnMailbox| {
            let OwnMailbox { address, provider_host } = mailbox.clone();
            (address, provider_host)
        };
        let lists: Vec<Vec<u8>> = status.into_iter().flat_map(StatusLists::each).map(<[u8]>::to_vec).collect();
        Self {
            anchors: anchors.list.iter().map(anchor).collect(),
            mailboxes: mailboxes.iter().map(mailbox).collect(),
            arrivals,
            sha1_until,
            lengths: lists.iter().map(Vec::len).collect(),
            lists,
        }
    }

    /// Calls `with` with the policies, one for each message.
    pub(super) fn with_policies<T>(self, with: impl FnOnce(&[Policy<'_>]) -> io::Result<T>) -> io::Result<T> {
        let anchor = |anchor: AnchorSent| {
            let AnchorSent { name, spki_sha256, from, until, policies, hosts, purpose, certificates, simulation } =
                anchor;
            let purpose = Purpose::read(&purpose).ok_or(io::ErrorKind::InvalidData)?;
            Ok(Anchor { name, spki_sha256, from, until, policies, hosts, purpose, certificates, simulation })
        };
        let anchors = Anchors { list: self.anchors.into_iter().map(anchor).collect::<io::Result<_>>()? };
        let mailbox = |(address, provider_host)| OwnMailbox { address, provider_host };
        let mailboxes: Vec<OwnMailbox> = self.mailboxes.into_iter().map(mailbox).collect();
        let mut lists = StatusLists::new();
        for list in &self.lists {
            // They were taken on the other side, so they are here.
            lists.add(list).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why.text))?;
        }
        let (sha1_until, status) = (self.sha1_until, Some(&lists));
        let policy = |arrival| Policy { mailboxes: &mailboxes, arrival, sha1_until, status, ..Policy::new(&anchors) };
        with(&self.arrivals.into_iter().map(policy).collect::<Vec<_>>())
    }

    /// One line of JSON, then the lists.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        self.lists.iter().for_each(|list| bytes.extend_from_slice(list));
        Ok(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let end = bytes.iter().position(|b| *b == b'\n').ok_or(io::ErrorKind::InvalidData)?;
        let (line, mut rest) = bytes.split_at(end + 1);
        let mut order: Self = serde_json::from_slice(line)?;
        for length in &order.lengths {
            let (list, after) = rest.split_at_checked(*length).ok_or(io::ErrorKind::InvalidData)?;
            order.lists.push(list.to_vec());
            rest = after;
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_arrives_as_it_left() {
        let full = Anchor {
            name: "Autorità «nuova»".into(),
            spki_sha256: [0xa5; 32],
            from: Some(Timestamp::UNIX_EPOCH),
            until: Some(Timestamp::MAX),
            policies: vec!["1.2.3".into()],
            hosts: vec![".b.test".into()],
            purpose: Purpose::Elenco,
            certificates: vec![vec![0x30, 0, 0xff]],
            simulation: true,
        };
        let anchors = Anchors { list: vec![full, Anchor::agid_ca1()] };
        let mailboxes = [OwnMailbox { address: "a@b.test".into(), provider_host: Some("pec.b.test".into()) }];
        let arrival = Some("2026-03-29T01:30:00.123456789Z".parse().unwrap());
        let sha1_until = Some(Timestamp::MIN);
        let left = Policy { mailboxes: &mailboxes, sha1_until, ..Policy::new(&anchors) };
        let sent = Order::of(&left, vec![arrival, None]).to_bytes().unwrap();
        let arrivals = Order::from_bytes(&sent).unwrap().with_policies(|policies| {
            for came in policies {
                assert_eq!((came.anchors, came.mailboxes), (left.anchors, left.mailboxes));
                assert_eq!(came.sha1_until, left.sha1_until);
            }
            Ok(policies.iter().map(|came| came.arrival).collect::<Vec<_>>())
        });
        assert_eq!(arrivals.unwrap(), [arrival, None]);
        let mut order = Order::of(&left, vec![None]);
        order.lists = vec![vec![0, b'\n', 0xff], vec![], vec![b'\n']];
        order.lengths = vec![3, 0, 1];
        let sent_lists = order.to_bytes().unwrap();
        assert_eq!(Order::from_bytes(&sent_lists).unwrap().lists, order.lists);
        assert!(Order::from_bytes(&sent_lists[..sent_lists.len() - 1]).is_err(), "a piece is missing");
        assert_eq!(Order::from_bytes(&sent[1..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
