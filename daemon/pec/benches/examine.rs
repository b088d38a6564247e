//! How long one examination takes: 20 KB, 1 MB and 30 MB envelopes, made by the simulated provider.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gestore::{Authority, Mail, Style, Submission, Timestamp};
use pec::{Anchor, Anchors, Grade, Policy, examine};

fn sealed(authority: &Authority, attachment: usize, at: Timestamp) -> Vec<u8> {
    let provider = authority.provider("Prova S.p.A.", "pec.prova.test", Style::aruba_like(), at).unwrap();
    let content: Vec<u8> = (0..attachment).map(|i| (i * 31 % 251) as u8).collect();
    let mail = Mail::new("mario.rossi@cittadini.test")
        .to("protocollo@ente.test")
        .subject("Istanza")
        .text("Si allega l'istanza.\n")
        .attach("istanza.pdf", "application/pdf", &content);
    let mail = mail.compose(at).unwrap();
    match provider.repeatable(1).submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => panic!("the simulated provider refused the message"),
    }
}

fn examination(c: &mut Criterion) {
    let at: Timestamp = "2026-03-02T09:10:11Z".parse().unwrap();
    let authority = Authority::create(at).unwrap();
    let anchor = Anchor::from_certificate(authority.certificate_der(), "Prova", &[], true).unwrap();
    let anchors = Anchors { list: vec![anchor] };
    let policy = Policy::new(&anchors);
    let mut group = c.benchmark_group("examine");
    for (name, attachment) in [("20 KB", 6_000), ("1 MB", 720_000), ("30 MB", 22_000_000)] {
        let raw = sealed(&authority, attachment, at);
        assert_eq!(examine(&raw, &policy).grade, Grade::Genuine);
        group.throughput(Throughput::Bytes(raw.len() as u64));
        group.sample_size(if raw.len() > 10_000_000 { 10 } else { 50 });
        group.bench_with_input(BenchmarkId::from_parameter(name), &raw, |b, raw| b.iter(|| examine(raw, &policy)));
    }
    group.finish();
    openssl(c, &authority, at);
}

/// The yardstick, in the same run and on the same messages: `openssl cms -verify` as a command, its start included; it
/// checks the signature only (no chain, no PEC rules). Left out, and said, where there is no `openssl`.
fn openssl(c: &mut Criterion, authority: &Authority, at: Timestamp) {
    let verify = |file: &std::path::Path| {
        let args = ["cms", "-verify", "-noverify", "-out", "/dev/null", "-in"];
        std::process::Command::new("openssl").args(args).arg(file).output()
    };
    if verify(std::path::Path::new("/dev/null")).is_err() {
        println!("openssl is not installed: no yardstick");
        return;
    }
    let mut group = c.benchmark_group("openssl cms -verify");
    group.sample_size(10);
    let dir = tempfile::tempdir().unwrap();
    for (name, attachment) in [("20 KB", 6_000), ("1 MB", 720_000), ("30 MB", 22_000_000)] {
        let file = dir.path().join("message.eml");
        std::fs::write(&file, sealed(authority, attachment, at)).unwrap();
        assert!(verify(&file).unwrap().status.success());
        group.bench_with_input(BenchmarkId::from_parameter(name), &file, |b, file| b.iter(|| verify(file)));
    }
    group.finish();
}

criterion_group!(benches, examination);
criterion_main!(benches);
