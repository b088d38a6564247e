//! Every kind of message, by every habit of provider: made by the simulated provider, which shares no code with this
//! crate.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Accepted, CITIZEN, OFFICE, accepted, at, envelope, evidence, expect, inner, judge, mail};
use common::{policy, provider, said, world};
use gestore::{Delay, Digest, Failure, Mail, Style, forge};
use pec::{Anchors, Check, Content, Evidence, Grade, Kind, Outcome, OwnMailbox, Policy, Verdict, examine};

#[test]
fn an_envelope_of_every_provider_is_genuine_and_reads_the_same() {
    for provider in &world().providers {
        let Accepted { carriage, envelope, .. } = accepted(provider, mail());
        let seen = judge(&envelope.raw);
        assert!(seen.grade <= Grade::GenuineWeak, "{} {:#?}", provider.style.name, seen.report);
        assert_eq!(seen.grade == Grade::GenuineWeak, provider.style.digest == Digest::Sha1);
        let Evidence::Envelope { daticert, message } = evidence(&seen) else { panic!("not an envelope") };
        assert_eq!(daticert.mittente, CITIZEN);
        assert_eq!(daticert.identificativo, carriage.identificativo);
        assert_eq!(daticert.msgid, carriage.msgid);
        assert_eq!(daticert.data, at());
        assert_eq!(daticert.oggetto, "Richiesta perché <urgente> & \"altro\"");
        assert_eq!(message.subject, daticert.oggetto);
        assert!(message.text.contains("Buongiorno") && message.text.contains("città"), "{}", message.text);
        let [file] = message.attachments.as_slice() else { panic!("{:?}", message.attachments) };
        assert_eq!((file.name.as_str(), file.empty, file.top_level), ("città.pdf", false, true));
        assert_eq!(message.measure(&envelope.raw)[0].size, 300);
        assert!(seen.report.notes.iter().any(|n| n.contains("SIMULAZIONE")), "a simulation says so");
        assert_eq!(seen.subject, "POSTA CERTIFICATA: Richiesta perché <urgente> & \"altro\"");
    }
}

#[test]
fn every_receipt_and_notice_of_every_provider_is_genuine() {
    for provider in &world().providers {
        let Accepted { carriage, acceptance, .. } = accepted(provider, mail());
        let receipts = [
            ("accettazione", acceptance, false),
            ("avvenuta-consegna", provider.delivery(&carriage, OFFICE, at()).unwrap(), true),
            ("errore-consegna", provider.non_delivery(&carriage, OFFICE, Failure::NoDest, at()).unwrap(), false),
            (
                "preavviso-errore-consegna",
                provider.delay_notice(&carriage, OFFICE, Delay::TwelveHours, at()).unwrap(),
                false,
            ),
            ("non-accettazione", provider.non_acceptance_virus(&carriage, at()).unwrap(), false),
            ("errore-consegna", provider.non_delivery_virus(&carriage, OFFICE, at()).unwrap(), false),
            ("rilevazione-virus", provider.virus_found(&carriage, OFFICE, provider, at()).unwrap(), false),
            ("presa-in-carico", provider.presa_in_carico(&carriage, &[OFFICE], provider, at()).unwrap(), false),
        ];
        for (tipo, sealed, returns) in receipts {
            let seen = judge(&sealed.raw);
            let Evidence::Receipt { daticert, returned } = evidence(&seen) else { panic!("{tipo}: not a receipt") };
            assert_eq!((daticert.tipo.word(), returned.is_some()), (tipo, returns), "{}", provider.style.name);
            assert_eq!(daticert.msgid, carriage.msgid, "{tipo}");
        }
    }
}

#[test]
fn an_anomaly_certifies_nothing_of_what_it_wraps() {
    for provider in &world().providers {
        // The wrapped mail is itself a genuine envelope, with its own daticert.xml: the perfect forgery of a receipt.
        let wrapped = envelope();
        for raw in [mail().compose(at()).unwrap().raw, wrapped] {
            let sealed = provider.anomaly(&raw, CITIZEN, &[OFFICE.into()], at()).unwrap();
            let seen = judge(&sealed.raw);
            assert!(matches!(evidence(&seen), Evidence::Anomaly { .. }));
            assert_eq!(seen.report.outcome(Check::Daticert), Some(&Outcome::Moot));
        }
    }
}

#[test]
fn every_message_has_a_kind() {
    let own = [OwnMailbox { address: OFFICE.into(), provider_host: Some("pec.gestore.test".into()) }];
    let kind = |raw: &[u8]| examine(raw, &Policy { mailboxes: &own, ..policy() }).kind;
    let Accepted { carriage, acceptance, envelope } = accepted(provider(), mail());
    let ordinary = mail().compose(at()).unwrap().raw;
    let anomaly = provider().anomaly(&ordinary, CITIZEN, &[OFFICE.into()], at()).unwrap().raw;
    assert_eq!(kind(&envelope.raw), Kind::TransportEnvelope);
    assert_eq!(kind(&anomaly), Kind::AnomalyEnvelope);
    assert_eq!(kind(&acceptance.raw), Kind::Acceptance);
    assert_eq!(kind(&provider().non_acceptance_virus(&carriage, at()).unwrap().raw), Kind::NonAcceptanceVirus);
    assert_eq!(kind(&provider().non_delivery_virus(&carriage, OFFICE, at()).unwrap().raw), Kind::NonDeliveryVirus);
    assert_eq!(kind(&ordinary), Kind::Ordinary);
    assert_eq!(kind(&forge::with_header(&ordinary, "From", "info@staff.gestore.test")), Kind::ServiceMail);
    assert_eq!(kind(&[]), Kind::Ordinary);
    // What is not proven is what it claims; what contradicts its signed data is what these say.
    let unsigned = forge::unsigned(&acceptance.raw).unwrap();
    assert_eq!(kind(&unsigned), Kind::Acceptance);
    assert_eq!(kind(&forge::with_second_header(&unsigned, "X-Ricevuta", "accettazione")), Kind::Unclear);
    assert_eq!(kind(&forge::with_header(&acceptance.raw, "X-Ricevuta", "avvenuta-consegna")), Kind::Acceptance);
    assert_eq!(judge(&forge::with_header(&envelope.raw, "X-Trasporto", "errore")).kind, Kind::TransportEnvelope);
}

#[test]
fn a_pec_within_is_seen_and_believed_nothing() {
    let Accepted { carriage, envelope, .. } = accepted(provider(), mail());
    let receipt = provider().delivery(&carriage, OFFICE, at()).unwrap().raw;
    let forwarded = mail()
        .attach("busta.eml", "message/rfc822", &envelope.raw)
        .attach("RICEVUTA.EML", "application/octet-stream", &receipt)
        .attach("lettera.eml", "message/rfc822", &mail().compose(at()).unwrap().raw)
        .attach("daticert.xml", "application/xml", b"<postacert tipo='avvenuta-consegna'/>");
    let claims = |content: &Content| content.attachments.iter().filter_map(|a| a.nested).collect::<Vec<_>>();
    let within = [Kind::TransportEnvelope, Kind::Delivery];
    // In a PEC of somebody else's: what is certified is that he sent these files.
    let seen = judge(&accepted(provider(), forwarded.clone()).envelope.raw);
    assert_eq!((seen.kind, seen.grade), (Kind::TransportEnvelope, Grade::Genuine));
    assert_eq!((claims(inner(&seen)), inner(&seen).nested), (within.to_vec(), None));
    // In ordinary mail: nothing is.
    let seen = judge(&forwarded.compose(at()).unwrap().raw);
    let Verdict::Unproven(unproven) = &seen.verdict else { panic!("certified") };
    assert_eq!((seen.kind, claims(unproven.content.as_ref().unwrap())), (Kind::Ordinary, within.to_vec()));
    // An anomaly round a perfect PEC.
    let seen = judge(&provider().anomaly(&envelope.raw, CITIZEN, &[OFFICE.into()], at()).unwrap().raw);
    assert_eq!((seen.kind, inner(&seen).nested), (Kind::AnomalyEnvelope, Some(Kind::TransportEnvelope)));
}

#[test]
fn anchors_have_a_window() {
    let raw = envelope();
    let mut anchors = world().anchors.clone();
    anchors.list[0].until = Some("2026-02-01T00:00:00Z".parse().unwrap());
    let seen = examine(&raw, &Policy { anchors: &anchors, ..policy() });
    assert_eq!(said(&seen), "suspect chain:anchor-window");
    let none = Anchors::default();
    assert_eq!(examine(&raw, &Policy { anchors: &none, ..policy() }).grade, Grade::Suspect);
}

#[test]
fn sha1_is_weak_and_then_refused() {
    let style = Style { digest: Digest::Sha1, ..provider().style };
    let raw = accepted(&provider().clone().with_style(style), mail()).envelope.raw;
    let seen = expect(&raw, "genuine-weak");
    assert!(matches!(&seen.verdict, Verdict::Certified(c) if c.weak()));
    let sha1_until = Some("2025-12-31T00:00:00Z".parse().unwrap());
    assert_eq!(said(&examine(&raw, &Policy { sha1_until, ..policy() })), "suspect algorithm:sha1-late");
}

#[test]
fn our_mailboxes_and_their_providers() {
    let own =
        |address: &str, host: Option<&str>| OwnMailbox { address: address.into(), provider_host: host.map(Into::into) };
    let with = |raw: &[u8], mailboxes: &[OwnMailbox]| said(&examine(raw, &Policy { mailboxes, ..policy() }));
    let raw = envelope();
    assert_eq!(with(&raw, &[own("PROTOCOLLO@ente.test", None)]), "genuine");
    assert_eq!(with(&raw, &[own("altra@ente.test", None)]), "mismatch recipient:not-for-us");

    let host = provider().host.as_str();
    let Accepted { carriage, acceptance, .. } = accepted(provider(), mail());
    assert_eq!(with(&acceptance.raw, &[own(CITIZEN, Some(host))]), "genuine");
    assert_eq!(with(&acceptance.raw, &[own(CITIZEN, None)]), "genuine");
    let others = [own(CITIZEN, Some("pec.altro.test"))];
    assert_eq!(with(&acceptance.raw, &others), "suspect own-provider:not-own-provider");
    let virus = provider().non_delivery_virus(&carriage, OFFICE, at()).unwrap();
    assert_eq!(with(&virus.raw, &others), "suspect own-provider:not-own-provider");
    // A delivery is signed by the recipient's provider, whoever that is.
    assert_eq!(with(&provider().delivery(&carriage, OFFICE, at()).unwrap().raw, &others), "genuine");

    let anomaly = provider().anomaly(&mail().compose(at()).unwrap().raw, CITIZEN, &[OFFICE.into()], at()).unwrap();
    assert_eq!(with(&anomaly.raw, &[own(OFFICE, Some(host))]), "genuine");
    assert_eq!(with(&anomaly.raw, &[own(OFFICE, Some("pec.altro.test"))]), "suspect own-provider:not-own-provider");
}

#[test]
fn arrival_far_from_the_signing_is_flagged() {
    let raw = envelope();
    let after = |hours| Some(at() + jiff::SignedDuration::from_hours(hours));
    let with = |arrival| said(&examine(&raw, &Policy { arrival, ..policy() }));
    assert_eq!(with(after(47)), "genuine");
    assert_eq!(with(after(49)), "genuine time:arrival-differs");
    assert_eq!(with(after(-49)), "genuine time:arrival-differs");
    assert_eq!(with(None), "genuine");
}

#[test]
fn the_inner_message_is_read_for_people() {
    let raw = accepted(
        provider(),
        Mail::new(CITIZEN).to(OFFICE).subject("Accesso").html("<p>Chiedo l&rsquo;accesso</p><p>agli atti</p>"),
    );
    let seen = judge(&raw.envelope.raw);
    let message = inner(&seen);
    assert!(message.text.contains("accesso") && !message.text.contains('<'), "{:?}", message.text);
}
