//! The report as programs read it. Its keys are a promise: `daemon/REPORT.md` documents each, and a test holds the two together.

use super::{Facts, sentence};
use pec::{Examined, Outcome};
use serde_json::{Map, Value, json};

/// The report of one examination: every key of `REPORT.md` but those of the decision.
pub(crate) fn write(name: &str, digest: &str, bytes: usize, seen: &Examined) -> Map<String, Value> {
    let facts = Facts::of(seen);
    let checks: Vec<Value> = seen
        .report
        .entries
        .iter()
        .map(|e| {
            let (result, why) = match &e.outcome {
                Outcome::Pass => ("pass", None),
                Outcome::Moot => ("moot", None),
                Outcome::Fail(why) => ("fail", Some(why)),
            };
            json!({
                "id": e.check.code(), "result": result, "why": why.map(|w| w.text.as_str()), "code": why.map(|w| w.code),
                "evidence": e.evidence, "section": e.check.section(),
            })
        })
        .collect();
    let signer = facts.signer.map(|s| {
        json!({
            "address": s.address, "organisation": s.organisation, "anchor": s.anchor, "at": s.at,
            "certificate_sha256": s.certificate_sha256, "signed_sha256": s.signed_sha256,
        })
    });
    let report = json!({
        "file": name,
        "kind": seen.kind.code(),
        "grade": seen.grade.code(),
        "sender": facts.sender(),
        "recipients": facts.recipients(),
        "date": facts.date(),
        "provider": facts.provider(),
        "message_id": seen.message_id,
        "pec_id": facts.pec_id(),
        "digest_algorithm": seen.seal.as_ref().map(|seal| seal.digest_algorithm.as_str()),
        "checks": checks,
        "certified": facts.signer.is_some(),
        "source": facts.source(),
        "simulation": seen.report.simulation,
        "summary": sentence::one_line(&facts),
        "msgid": facts.daticert.and_then(|d| d.msgid.as_deref()),
        "consegna": facts.daticert.and_then(|d| d.consegna.as_deref()),
        "claimed": seen.claimed,
        "proven": facts.proven(),
        "signer": signer,
        "sha256": digest,
        "bytes": bytes,
        "notes": seen.report.notes,
    });
    match report {
        Value::Object(map) => map,
        _ => Map::new(), // the literal above is an object
    }
}
