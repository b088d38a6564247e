//! Receipts held against what we sent: whose they are (`reference` pec.md §9.12), and whether what they return is what went
//! out (§9.14). Here we are the citizen: what he sent is known, byte for byte.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{CITIZEN, OFFICE, accepted, at, mail, policy, provider, said, world};
use gestore::{Carriage, Delay, Failure, Mail, Sealed, Timestamp};
use jiff::SignedDuration;
use pec::{Check, Examined, Grade, Kind, Outcome, Policy, Sending, Sent, Verdict, examine};
use std::sync::atomic::{AtomicUsize, Ordering};

const ID: &str = "<v1.unguessable@cittadini.test>";

/// One message that was sent.
#[derive(Debug)]
struct Register {
    sending: Sending,
    bytes: Option<Vec<u8>>,
    asked_for_bytes: AtomicUsize,
}

impl Sent for Register {
    fn sending(&self, msgid: &str) -> Option<Sending> {
        (msgid == ID).then(|| self.sending.clone())
    }
    fn bytes(&self, msgid: &str) -> Option<Vec<u8>> {
        self.asked_for_bytes.fetch_add(1, Ordering::Relaxed);
        self.bytes.clone().filter(|_| msgid == ID)
    }
}

/// What was sent, and what the provider made of it.
struct Sample {
    register: Register,
    carriage: Box<Carriage>,
    acceptance: Sealed,
}

fn after(hours: i64) -> Timestamp {
    at() + SignedDuration::from_hours(hours)
}

fn letter() -> Mail {
    mail().message_id(ID)
}

fn sent(letter: Mail) -> Sample {
    let raw = letter.compose(at()).unwrap().raw;
    let taken = accepted(provider(), letter);
    let sending = Sending {
        mailbox: CITIZEN.to_ascii_uppercase(),
        recipients: taken.carriage.destinatari.iter().map(|d| d.address.to_ascii_uppercase()).collect(),
        submitted: Some(at()),
        accepted: None,
        pec_ids: Vec::new(),
        times: 1,
    };
    let register = Register { sending, bytes: Some(raw), asked_for_bytes: AtomicUsize::new(0) };
    Sample { register, carriage: taken.carriage, acceptance: taken.acceptance }
}

fn judge(raw: &[u8], register: &Register) -> Examined {
    let seen = examine(raw, &Policy { sent: Some(register), arrival: None, ..policy() });
    assert_eq!(seen.grade <= Grade::GenuineWeak, matches!(seen.verdict, Verdict::Certified(_)));
    if let (Grade::Mismatch | Grade::Orphan, Verdict::Unproven(unproven)) = (seen.grade, &seen.verdict) {
        assert!(unproven.daticert.is_some(), "what was signed is there for a person");
    }
    seen
}

fn delivery(carriage: &Carriage) -> Vec<u8> {
    provider().delivery(carriage, &carriage.destinatari[0].address, at()).unwrap().raw
}

#[test]
fn every_receipt_of_ours_is_held_against_what_we_sent() {
    let Sample { register, carriage, acceptance } = sent(letter());
    let by = provider();
    let receipts = [
        (acceptance, Kind::Acceptance),
        (by.delivery(&carriage, OFFICE, at()).unwrap(), Kind::Delivery),
        (by.non_delivery(&carriage, OFFICE, Failure::NoDest, at()).unwrap(), Kind::NonDelivery),
        (by.non_delivery_virus(&carriage, OFFICE, at()).unwrap(), Kind::NonDeliveryVirus),
        (by.non_acceptance_virus(&carriage, at()).unwrap(), Kind::NonAcceptanceVirus),
        (by.delay_notice(&carriage, OFFICE, Delay::TwelveHours, after(12)).unwrap(), Kind::DelayNotice),
        (by.delay_notice(&carriage, OFFICE, Delay::TwentyFourHours, after(23)).unwrap(), Kind::DelayNotice24),
        (by.presa_in_carico(&carriage, &[OFFICE], by, at()).unwrap(), Kind::TakenInCharge),
        (by.virus_found(&carriage, OFFICE, by, at()).unwrap(), Kind::VirusFound),
    ];
    for (sealed, kind) in receipts {
        let seen = judge(&sealed.raw, &register);
        assert_eq!((said(&seen).as_str(), seen.kind), ("genuine", kind), "{:#?}", seen.report);
        assert_eq!(seen.report.outcome(Check::Correlation), Some(&Outcome::Pass), "{kind:?}");
        let returned = if kind == Kind::Delivery { Outcome::Pass } else { Outcome::Moot };
        assert_eq!(seen.report.outcome(Check::Returned), Some(&returned), "{kind:?}");
        // Nothing known of what was sent: nothing said about it.
        let seen = examine(&sealed.raw, &Policy { arrival: None, ..policy() });
        assert_eq!(said(&seen), "genuine");
        assert_eq!(seen.report.outcome(Check::Correlation), Some(&Outcome::Moot));
        assert_eq!(seen.report.outcome(Check::Returned), Some(&Outcome::Moot));
    }
}

#[test]
fn what_we_did_not_send_is_an_orphan() {
    let ours = sent(letter()).register;
    for (letter, wanted) in [
        (mail().message_id("<webmail@cittadini.test>"), "orphan correlation:not-sent"),
        // Our PEC id in the place of the id that we chose.
        (mail().message_id("<p1@pec.aruba-like.test>"), "orphan correlation:not-sent"),
    ] {
        let Sample { carriage, acceptance, .. } = sent(letter);
        let seen = judge(&acceptance.raw, &ours);
        assert_eq!((said(&seen).as_str(), seen.kind), (wanted, Kind::Acceptance));
        assert_eq!(said(&judge(&delivery(&carriage), &ours)), wanted);
        assert_eq!(ours.asked_for_bytes.load(Ordering::Relaxed), 0, "another's receipt reads none of our bytes");
    }
    let nameless = Carriage { msgid: None, ..*sent(letter()).carriage };
    assert_eq!(said(&judge(&delivery(&nameless), &ours)), "orphan correlation:receipt-no-msgid");
    // An envelope is not about anything that we sent, even one to ourselves.
    let envelope = accepted(provider(), letter()).envelope.raw;
    assert_eq!(said(&judge(&envelope, &ours)), "genuine");
}

#[test]
fn a_receipt_that_contradicts_what_we_sent_is_a_mismatch() {
    let Sample { register, carriage, acceptance } = sent(letter());
    let other = |change: fn(&mut Carriage)| {
        let mut carriage = (*carriage).clone();
        change(&mut carriage);
        said(&judge(&delivery(&carriage), &register))
    };
    assert_eq!(other(|_| {}), "genuine");
    assert_eq!(other(|c| c.mittente = "altro@cittadini.test".into()), "mismatch correlation:receipt-sender-differs");
    assert_eq!(other(|c| c.destinatari[0].address = "a@b.test".into()), "mismatch correlation:consegna-differs");
    let more = other(|c| {
        let mut extra = c.destinatari[0].clone();
        extra.address = "altri@ente.test".into();
        c.destinatari.push(extra);
    });
    assert_eq!(more, "mismatch correlation:recipients-differ");
    // One less than we wrote to.
    let two = Register {
        sending: Sending { recipients: vec![OFFICE.into(), "altri@ente.test".into()], ..register.sending.clone() },
        bytes: None,
        asked_for_bytes: AtomicUsize::new(0),
    };
    assert_eq!(said(&judge(&acceptance.raw, &two)), "mismatch correlation:recipients-differ");

    let with = |change: &dyn Fn(&mut Sending), raw: &[u8]| {
        let mut sending = register.sending.clone();
        change(&mut sending);
        said(&judge(raw, &Register { sending, bytes: None, asked_for_bytes: AtomicUsize::new(0) }))
    };
    let delivery = delivery(&carriage);
    assert_eq!(with(&|s| s.submitted = None, &delivery), "mismatch correlation:not-submitted");
    let late = |minutes| Some(at() + SignedDuration::from_mins(minutes));
    assert_eq!(with(&|s| s.submitted = late(4), &delivery), "genuine", "two clocks");
    assert_eq!(with(&|s| s.submitted = late(6), &delivery), "mismatch correlation:older-than-submission");
    // The acceptance teaches the PEC id; what follows must bear it; a second acceptance is an incident for the office.
    let learnt = |s: &mut Sending| s.pec_ids = vec!["p1@altro.test".into()];
    assert_eq!(with(&learnt, &delivery), "mismatch correlation:pec-id-differs");
    assert_eq!(with(&learnt, &acceptance.raw), "genuine");
    let both = |s: &mut Sending| s.pec_ids = vec!["p1@altro.test".into(), carriage.identificativo.clone()];
    assert_eq!(with(&both, &delivery), "genuine");
    // Sent again: the delivery of the one may come after the acceptance of the other, and before its own. A third there cannot be.
    let again = |s: &mut Sending| (s.times, s.pec_ids) = (2, vec!["p1@altro.test".into()]);
    assert_eq!(with(&again, &delivery), "genuine");
    let third = |s: &mut Sending| (s.times, s.pec_ids) = (2, vec!["p1@altro.test".into(), "p2@altro.test".into()]);
    assert_eq!(with(&third, &delivery), "mismatch correlation:pec-id-differs");
}

#[test]
fn whose_provider_signs_is_checked_where_it_is_known() {
    use pec::OwnMailbox;
    let Sample { carriage, .. } = sent(letter());
    let delivery = delivery(&carriage);
    let failed = provider().non_delivery(&carriage, OFFICE, Failure::NoDest, at()).unwrap().raw;
    let with = |raw: &[u8], address: &str, host: &str| {
        let own = [OwnMailbox { address: address.into(), provider_host: Some(host.into()) }];
        said(&examine(raw, &Policy { mailboxes: &own, arrival: None, ..policy() }))
    };
    let (host, other) = (provider().host.as_str(), "pec.altro.test");
    // From one of our mailboxes to another: the recipient's provider is known too.
    assert_eq!(with(&delivery, OFFICE, host), "genuine");
    assert_eq!(with(&delivery, OFFICE, other), "suspect own-provider:not-own-provider");
    assert_eq!(with(&delivery, CITIZEN, other), "genuine", "a delivery is not signed by the sender's");
    // A failure may come from either: unless both are known, nothing is said.
    assert_eq!(with(&failed, OFFICE, other), "genuine");
    let both = [CITIZEN, OFFICE].map(|a| OwnMailbox { address: a.into(), provider_host: Some(other.into()) });
    let seen = examine(&failed, &Policy { mailboxes: &both, arrival: None, ..policy() });
    assert_eq!(said(&seen), "suspect own-provider:not-own-provider");
}

#[test]
fn the_two_notices_have_a_kind_each() {
    let Sample { mut register, carriage, .. } = sent(letter());
    let notice = |delay, hours| provider().delay_notice(&carriage, OFFICE, delay, after(hours)).unwrap().raw;
    let (first, late) = (notice(Delay::TwelveHours, 12), notice(Delay::TwelveHours, 23));
    assert_eq!(judge(&late, &register).kind, Kind::DelayNotice, "nobody knows when it was accepted");
    register.sending.accepted = Some(at());
    assert_eq!(judge(&first, &register).kind, Kind::DelayNotice12);
    assert_eq!(judge(&late, &register).kind, Kind::DelayNotice24);
    assert_eq!(judge(&notice(Delay::TwentyFourHours, 23), &register).kind, Kind::DelayNotice24);
}

#[test]
fn a_returned_original_is_compared_with_what_was_sent_by_every_habit() {
    for (wish, whole, hashed) in [(None, 2, 0), (Some("completa"), 2, 0), (Some("breve"), 1, 1)] {
        let letter = wish.map_or_else(letter, |wish| letter().header("X-TipoRicevuta", wish));
        for by in &world().providers {
            let raw = letter.clone().compose(at()).unwrap();
            let taken = accepted(by, letter.clone());
            let mut register = sent(letter.clone()).register;
            register.bytes = Some(raw.raw);
            let receipt = by.delivery(&taken.carriage, OFFICE, at()).unwrap().raw;
            let seen = judge(&receipt, &register);
            let entry = seen.report.entries.iter().find(|e| e.check == Check::Returned).unwrap();
            assert_eq!(entry.outcome, Outcome::Pass, "{} {wish:?} {entry:?}", by.style.name);
            assert!(entry.evidence.contains(&format!("{whole} parti uguali")), "{}", entry.evidence);
            assert_eq!(entry.evidence.contains(&format!("{hashed} impronte")), hashed > 0, "{}", entry.evidence);
        }
    }
    let Sample { register, carriage, .. } = sent(letter().header("X-TipoRicevuta", "sintetica"));
    let seen = judge(&delivery(&carriage), &register);
    assert_eq!(seen.report.outcome(Check::Returned), Some(&Outcome::Moot), "nothing is returned");
    assert_eq!(register.asked_for_bytes.load(Ordering::Relaxed), 0);
}

#[test]
fn another_copy_fails_its_check_and_leaves_the_delivery_certified() {
    for wish in ["completa", "breve"] {
        let Sample { mut register, carriage, .. } = sent(letter().header("X-TipoRicevuta", wish));
        let receipt = delivery(&carriage);
        for (changed, code) in [
            (letter().subject("altro"), "returned-differs"),
            (letter().text("Altro\n"), "returned-differs"),
            (letter().attach("b.pdf", "application/pdf", b"b"), "returned-differs"),
        ] {
            register.bytes = Some(changed.compose(at()).unwrap().raw);
            let seen = judge(&receipt, &register);
            assert_eq!(said(&seen), format!("genuine returned:{code}"), "{wish}");
            assert!(matches!(&seen.verdict, Verdict::Certified(_)), "the delivery holds in law");
        }
        let file = Mail::new(CITIZEN).display_name("Mario Rossi").to(OFFICE).message_id(ID);
        let file = file.subject("Richiesta perché <urgente> & \"altro\"").text("Buongiorno,\n.\ncittà\n");
        let file = file.attach("città.pdf", "application/pdf", &[8; 300]);
        register.bytes = Some(file.compose(at()).unwrap().raw);
        let code = if wish == "breve" { "returned-hash-differs" } else { "returned-differs" };
        assert_eq!(said(&judge(&receipt, &register)), format!("genuine returned:{code}"));
        register.bytes = None;
        let seen = judge(&receipt, &register);
        assert_eq!(seen.report.outcome(Check::Returned), Some(&Outcome::Moot), "our copy is gone: nothing to blame");
    }
}
