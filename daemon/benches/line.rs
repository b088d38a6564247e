//! How long a decision and a commit take. Ratios within one run are what counts; the machine's own speed is in both.
#![allow(clippy::unwrap_used, missing_docs)]

use casework::effect::EffectKey;
use casework::{Entity, Known};
use criterion::{Criterion, criterion_group, criterion_main};
use gestore::{Authority, Mail, Style, Submission, Timestamp};
use pec::{Anchor, Anchors, Policy};
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::{Decided, Findings, Inputs};
use sportello::office::desk;
use sportello::store::Store;
use std::hint::black_box;

const ENTITY: &str = "protocollo@pec.comune.test";

fn envelope(authority: &Authority, now: Timestamp) -> Vec<u8> {
    let provider = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let mail = Mail::new("anna.bianchi@cittadini.test")
        .to(ENTITY)
        .subject("Dichiarazione di cambio di residenza")
        .text("Buongiorno, mi sono trasferita in via delle Rose 10. Codice fiscale BNCNNA80A41H501R\n")
        .attach("dichiarazione_residenza.pdf", "application/pdf", b"%PDF-1.4")
        .compose(now)
        .unwrap();
    match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, now).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => unreachable!("a plain mail is accepted"),
    }
}

fn line(criterion: &mut Criterion) {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let raw = envelope(&authority, now);
    let anchor =
        Anchor::from_certificate(authority.certificate_der(), "SIMULAZIONE", &[pec::anchors::POLICY_FIRMA_PEC], true);
    let anchors = Anchors { list: vec![anchor.unwrap()] };
    let policy = Policy::new(&anchors);
    let entity = Entity {
        name: "Comune di Prova".into(),
        pec: ENTITY.into(),
        task_sender: "sportello@comune.example".into(),
        contact: "tel. 0".into(),
        responsible: "Ada Neri".into(),
        substitute: "Segretario".into(),
        privacy_url: "https://www.comune.example/privacy".into(),
        fallback_office: "protocollo".into(),
        ..Entity::default()
    };
    let desk = desk(entity, None, None, EffectKey::new(&[1; 32])).unwrap();
    let seen = pec::examine(&raw, &policy);
    let known = Known { digest: "0".repeat(64), ..Known::nothing(now) };
    let decision = casework::decide(&seen, &known, &desk);
    assert_eq!(decision.outgoing.len(), 2, "a task and a reply: {:?}", decision.trail);

    criterion.bench_function("decide/shipped rules, task and reply", |b| {
        b.iter(|| casework::decide(black_box(&seen), &known, &desk));
    });

    let data = tempfile::tempdir().unwrap();
    let archive = Archive::open(data.path()).unwrap();
    let mut store = Store::open(data.path(), now).unwrap();
    let mut n = 0u64;
    criterion.bench_function("commit/sealed, journal and index fsynced", |b| {
        b.iter(|| {
            n += 1;
            let sealed = archive.keep(Shelf::In, format!("message {n}\r\n").as_bytes()).unwrap();
            let mut decision = decision.clone();
            for item in &mut decision.outgoing {
                item.id = format!("{}-{n}", item.id);
            }
            let known = store.known(sealed.digest(), &casework::Interest::default(), now).unwrap();
            let decided = Decided {
                digest: sealed.digest().into(),
                bytes: 0,
                place: "bench".into(),
                received: None,
                decided_at: now,
                findings: Findings::default(),
                frozen: vec!["0".repeat(64); decision.outgoing.len()],
                decision,
                hold_seconds: 0,
                observed: false,
                after_restore: false,
                inputs: Inputs::default(),
            };
            store.commit(&sealed, &known, decided).unwrap()
        });
    });
}

criterion_group!(benches, line);
criterion_main!(benches);
