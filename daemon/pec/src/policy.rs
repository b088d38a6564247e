//! Certificate policies along a path (RFC 5280 §6.1.2 to §6.1.5, as a graph: RFC 9618).
//!
//! RFC 5280 draws a tree, which grows as fast as a hostile authority likes. One node a policy and level says the same.

use crate::cert::{Cert, Policies};
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;

/// anyPolicy, 2.5.29.32.0.
const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];
/// Most policies, and most mappings, read from one certificate. Real ones have two.
pub(crate) const POLICIES_MAX: usize = 100;

/// What is asked of the policies of a path (RFC 5280 §6.1.1 c, e, f, g).
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// user-initial-policy-set; empty = any-policy.
    pub(crate) wanted: Vec<ObjectIdentifier>,
    pub(crate) explicit: bool,
    pub(crate) inhibit_mapping: bool,
    pub(crate) inhibit_any: bool,
}

/// A policy that is valid down to the level reached.
#[derive(Debug, Clone)]
struct Node<'a> {
    /// valid_policy.
    policy: &'a [u8],
    /// expected_policy_set.
    expected: Vec<&'a [u8]>,
    /// The policies of the anchor's domain that it stands for (the nodes of valid_policy_node_set above it).
    origins: Vec<&'a [u8]>,
}

/// The state, certificate after certificate from the anchor down.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    /// The nodes of the level reached; empty = valid_policy_tree is NULL.
    level: Vec<Node<'a>>,
    explicit: u32,
    mapping: u32,
    any: u32,
}

impl<'a> Graph<'a> {
    /// For a path of `length` certificates below the anchor (§6.1.2 a, d, e, f).
    pub(crate) fn new(rules: &Rules, length: usize) -> Self {
        let after =
            |at_once: bool| if at_once { 0 } else { u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1) };
        Self {
            level: Vec::from([Node { policy: ANY, expected: Vec::from([ANY]), origins: Vec::from([ANY]) }]),
            explicit: after(rules.explicit),
            mapping: after(rules.inhibit_mapping),
            any: after(rules.inhibit_any),
        }
    }

    /// §6.1.3 d, e, f. False = no policy is left where one is required, or there are too many to read.
    pub(crate) fn take(&mut self, cert: &Cert<'a>, is_last: bool) -> bool {
        let Some(asserted) = &cert.policies.asserted else {
            self.level.clear();
            return self.holds();
        };
        if asserted.len() > POLICIES_MAX || cert.policies.mappings.len() > POLICIES_MAX {
            return false;
        }
        let above = core::mem::take(&mut self.level);
        let any_above = above.iter().any(|node| node.policy == ANY);
        for policy in asserted.iter().filter(|policy| **policy != ANY) {
            let mut origins = origins(&above, policy);
            if origins.is_empty() && any_above {
                origins.push(policy);
            }
            self.grow(policy, origins);
        }
        if asserted.contains(&ANY) && (self.any > 0 || (!is_last && cert.is_self_issued())) {
            for policy in above.iter().flat_map(|node| &node.expected) {
                self.grow(policy, origins(&above, policy));
            }
        }
        self.holds()
    }

    /// explicit_policy is not due, or a policy is valid.
    fn holds(&self) -> bool {
        self.explicit > 0 || !self.level.is_empty()
    }

    /// A node for `policy`, unless it has one or comes from nowhere.
    fn grow(&mut self, policy: &'a [u8], origins: Vec<&'a [u8]>) {
        if !origins.is_empty() && self.level.iter().all(|node| node.policy != policy) {
            self.level.push(Node { policy, expected: Vec::from([policy]), origins });
        }
    }

    /// §6.1.4 a, b, h, i, j: before the next certificate. False = a mapping touches any-policy.
    pub(crate) fn descend(&mut self, cert: &Cert<'a>) -> bool {
        let Policies { mappings, require_explicit, inhibit_mapping, inhibit_any, .. } = &cert.policies;
        if mappings.iter().any(|(from, to)| *from == ANY || *to == ANY) {
            return false;
        }
        if self.mapping > 0 {
            self.map(mappings);
        } else {
            self.level.retain(|node| mappings.iter().all(|(from, _)| *from != node.policy));
        }
        if !cert.is_self_issued() {
            for counter in [&mut self.explicit, &mut self.mapping, &mut self.any] {
                *counter = counter.saturating_sub(1);
            }
        }
        for (counter, skip) in
            [(&mut self.explicit, require_explicit), (&mut self.mapping, inhibit_mapping), (&mut self.any, inhibit_any)]
        {
            *counter = skip.map_or(*counter, |skip| skip.min(*counter));
        }
        true
    }

    /// §6.1.4 b 1.
    fn map(&mut self, mappings: &[(&'a [u8], &'a [u8])]) {
        let mut from: Vec<&[u8]> = mappings.iter().map(|(from, _)| *from).collect();
        from.sort_unstable();
        from.dedup();
        for policy in from {
            let to = || mappings.iter().filter(|(from, _)| *from == policy).map(|(_, to)| *to).collect();
            if let Some(node) = self.level.iter_mut().find(|node| node.policy == policy) {
                node.expected = to();
            } else if self.level.iter().any(|node| node.policy == ANY) {
                self.level.push(Node { policy, expected: to(), origins: Vec::from([policy]) });
            }
        }
    }

    /// §6.1.5 a, b, g: after the last certificate.
    pub(crate) fn end(mut self, last: &Cert<'_>, wanted: &[ObjectIdentifier]) -> bool {
        self.explicit = self.explicit.saturating_sub(1);
        if last.policies.require_explicit == Some(0) {
            self.explicit = 0;
        }
        let is_wanted = |origin: &&[u8]| *origin == ANY || wanted.iter().any(|oid| oid.as_bytes() == *origin);
        if !wanted.is_empty() {
            self.level.retain(|node| node.origins.iter().any(is_wanted));
        }
        self.holds()
    }
}

/// What the nodes that expect `policy` stand for.
fn origins<'a>(above: &[Node<'a>], policy: &[u8]) -> Vec<&'a [u8]> {
    let parents = above.iter().filter(|node| node.expected.contains(&policy));
    // Below any-policy the anchor's domain begins with the policy itself, or goes on as any-policy.
    let mut all: Vec<&[u8]> = Vec::new();
    for origin in parents.flat_map(|node| &node.origins) {
        if !all.contains(origin) {
            all.push(origin);
        }
    }
    all
}
