//! The simulated providers and the one question of these tests: what does `examine` say?
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub, missing_docs)]

use gestore::{Authority, Carriage, Mail, Provider, Sealed, Style, Submission, Timestamp};
use pec::{Anchor, Anchors, Check, Content, Evidence, Examined, Grade, Policy, Verdict, examine};
use std::sync::OnceLock;

pub const CITIZEN: &str = "mario.rossi@cittadini.test";
pub const OFFICE: &str = "protocollo@ente.test";
pub const POLICY_PEC: &str = "1.3.76.16.3.1.1";

pub struct World {
    pub authority: Authority,
    pub anchors: Anchors,
    pub providers: Vec<Provider>,
}

/// One authority for all the tests: keys are dear.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let made = "2026-01-01T00:00:00Z".parse().unwrap();
        let authority = Authority::create(made).unwrap();
        let providers = Style::PRESETS.into_iter().map(|style| {
            let (name, host) = (format!("{} S.p.A.", style.name), format!("pec.{}.test", style.name));
            authority.provider(&name, &host, style, made).unwrap().repeatable(1)
        });
        let anchor = Anchor::from_certificate(authority.certificate_der(), "Prova", &[POLICY_PEC], true).unwrap();
        World { providers: providers.collect(), anchors: Anchors { list: vec![anchor] }, authority }
    })
}

pub fn provider() -> &'static Provider {
    &world().providers[0]
}

pub fn at() -> Timestamp {
    "2026-03-02T09:10:11Z".parse().unwrap()
}

pub fn mail() -> Mail {
    Mail::new(CITIZEN)
        .display_name("Mario Rossi")
        .to(OFFICE)
        .subject("Richiesta perché <urgente> & \"altro\"")
        .text("Buongiorno,\n.\ncittà\n")
        .attach("città.pdf", "application/pdf", &[7; 300])
}

pub struct Accepted {
    pub carriage: Box<Carriage>,
    pub acceptance: Sealed,
    pub envelope: Sealed,
}

pub fn accepted(provider: &Provider, mail: Mail) -> Accepted {
    let mail = mail.compose(at()).unwrap();
    match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at()).unwrap() {
        Submission::Accepted { carriage, acceptance, envelope } => Accepted { carriage, acceptance, envelope },
        Submission::Refused(notice) => panic!("refused: {}", String::from_utf8_lossy(&notice.raw)),
    }
}

pub fn envelope() -> Vec<u8> {
    accepted(provider(), mail()).envelope.raw
}

pub fn policy() -> Policy<'static> {
    Policy { arrival: Some(at()), ..Policy::new(&world().anchors) }
}

pub fn judge(raw: &[u8]) -> Examined {
    let seen = examine(raw, &policy());
    let order: Vec<Check> = seen.report.entries.iter().map(|e| e.check).collect();
    assert_eq!(order, Check::ALL);
    assert_eq!(seen.grade <= Grade::GenuineWeak, matches!(seen.verdict, Verdict::Certified(_)));
    seen
}

/// Grade, and the codes of what failed.
pub fn said(seen: &Examined) -> String {
    let codes = seen.report.failures().map(|(check, why)| format!(" {}:{}", check.code(), why.code));
    format!("{}{}", seen.grade.code(), codes.collect::<String>())
}

#[track_caller]
pub fn expect(raw: &[u8], wanted: &str) -> Examined {
    let seen = judge(raw);
    assert_eq!(said(&seen), wanted, "{:#?}", seen.report);
    seen
}

pub fn evidence(seen: &Examined) -> &Evidence {
    match &seen.verdict {
        Verdict::Certified(certified) => certified.evidence(),
        Verdict::Unproven(_) => panic!("{:#?}", seen.report),
    }
}

pub fn inner(seen: &Examined) -> &Content {
    match evidence(seen) {
        Evidence::Envelope { message, .. } | Evidence::Anomaly { message } => message,
        Evidence::Receipt { .. } => panic!("a receipt"),
    }
}
