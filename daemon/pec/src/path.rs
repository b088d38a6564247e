//! Whether a path of certificates holds (RFC 5280 §6.1), its signatures apart: [`chain`](crate::chain) checked those
//! while it looked for the path.

use crate::asn1;
use crate::cert::Cert;
use crate::moment::Moment;
use crate::policy::{Graph, Rules};
use crate::report::Why;
use crate::why::{self, quoted};

/// Judges `path`, the target first and last the certificate that carries the anchor's key.
///
/// That last one is the anchor's information (§6.1.1 d), not a step: its own signature and policies are not looked at,
/// what it says of names, length, use and time binds (RFC 5937 §3.2).
pub(crate) fn validate(path: &[&Cert<'_>], moment: &Moment, rules: &Rules) -> Result<(), Why> {
    let Some((anchor, below)) = path.split_last() else {
        return Err(why::NO_ANCHOR.why());
    };
    let Some(target) = below.first() else {
        return Err(why::NO_ANCHOR.why());
    };
    may_issue(anchor, moment)?;
    let mut most = anchor.path_length;
    let mut policies = Graph::new(rules, below.len());
    for (place, cert) in below.iter().enumerate().rev() {
        let is_last = place == 0;
        valid_at(cert, moment)?;
        understood(cert)?;
        // §6.1.3 b, c: every authority above binds, except on new keys that an authority certifies for itself.
        if is_last || !cert.is_self_issued() {
            let above = path.iter().skip(place + 1).filter_map(|c| c.constraints.as_ref());
            if !above.into_iter().all(|constraints| constraints.allow(cert)) {
                let name = cert.emails().next().unwrap_or(&cert.organisation);
                return Err(why::NAME_CONSTRAINT.about(quoted(name)));
            }
        }
        if !policies.take(cert, is_last) {
            return Err(why::POLICY_MISSING.about(policy_names(rules)));
        }
        if is_last {
            break;
        }
        // §6.1.4.
        if !policies.descend(cert) {
            return Err(why::POLICY_MAPPING.about(quoted(&cert.common_name)));
        }
        may_issue(cert, moment)?;
        if !cert.is_self_issued() {
            most = match most {
                Some(0) => return Err(why::PATH_LENGTH.why()),
                most => most.map(|most| most - 1),
            };
        }
        most = [most, cert.path_length].into_iter().flatten().min();
    }
    if policies.end(target, &rules.wanted) { Ok(()) } else { Err(why::POLICY_MISSING.about(policy_names(rules))) }
}

/// It may sign certificates, and be read (§6.1.4 k, n, o).
fn may_issue(cert: &Cert<'_>, moment: &Moment) -> Result<(), Why> {
    if !cert.is_authority() {
        return Err(why::NOT_A_CA.about(quoted(&cert.common_name)));
    }
    understood(cert)?;
    valid_at(cert, moment)
}

fn understood(cert: &Cert<'_>) -> Result<(), Why> {
    cert.unknown_critical.map_or(Ok(()), |oid| Err(why::CRITICAL_EXTENSION.about(asn1::dotted(oid))))
}

/// §6.1.3 a 2.
pub(crate) fn valid_at(cert: &Cert<'_>, moment: &Moment) -> Result<(), Why> {
    if !moment.reached(cert.not_before) {
        return Err(why::NOT_YET_VALID.about(quoted(&cert.common_name)));
    }
    if moment.passed(cert.not_after) {
        return Err(why::EXPIRED.about(quoted(&cert.common_name)));
    }
    Ok(())
}

fn policy_names(rules: &Rules) -> alloc::string::String {
    let names: alloc::vec::Vec<_> = rules.wanted.iter().map(|oid| alloc::format!("{oid}")).collect();
    names.join(", ")
}
