//! Every kind of message, by every habit of provider, and every forgery of `reference` pec.md §10: made by the
//! simulated provider, which shares no code with this crate.

use gestore::{Authority, LeafProfile, Mail, Provider, Sealed, Style, Submission, Timestamp, forge};
use gestore::{Carriage, Delay, Digest, Draft, Failure};
use pec::{Anchor, Anchors, Check, Content, Evidence, Examined, Grade, Outcome, OwnMailbox, Policy, Verdict, examine};
use std::sync::OnceLock;

const CITIZEN: &str = "mario.rossi@cittadini.test";
const OFFICE: &str = "protocollo@ente.test";
const POLICY_PEC: &str = "1.3.76.16.3.1.1";

struct World {
    authority: Authority,
    anchors: Anchors,
    providers: Vec<Provider>,
}

/// One authority for all the tests: keys are dear.
fn world() -> &'static World {
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

fn provider() -> &'static Provider {
    &world().providers[0]
}

fn at() -> Timestamp {
    "2026-03-02T09:10:11Z".parse().unwrap()
}

fn mail() -> Mail {
    Mail::new(CITIZEN)
        .display_name("Mario Rossi")
        .to(OFFICE)
        .subject("Richiesta perché <urgente> & \"altro\"")
        .text("Buongiorno,\n.\ncittà\n")
        .attach("città.pdf", "application/pdf", &[7; 300])
}

struct Accepted {
    carriage: Box<Carriage>,
    acceptance: Sealed,
    envelope: Sealed,
}

fn accepted(provider: &Provider, mail: Mail) -> Accepted {
    let mail = mail.compose(at()).unwrap();
    match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at()).unwrap() {
        Submission::Accepted { carriage, acceptance, envelope } => Accepted { carriage, acceptance, envelope },
        Submission::Refused(notice) => panic!("refused: {}", String::from_utf8_lossy(&notice.raw)),
    }
}

fn envelope() -> Vec<u8> {
    accepted(provider(), mail()).envelope.raw
}

fn policy() -> Policy<'static> {
    Policy { anchors: &world().anchors, mailboxes: &[], arrival: Some(at()), sha1_until: None }
}

fn judge(raw: &[u8]) -> Examined {
    let seen = examine(raw, &policy());
    let order: Vec<Check> = seen.report.entries.iter().map(|e| e.check).collect();
    assert_eq!(order, Check::ALL);
    assert_eq!(seen.grade <= Grade::GenuineWeak, matches!(seen.verdict, Verdict::Certified(_)));
    seen
}

/// Grade, and the codes of what failed.
fn said(seen: &Examined) -> String {
    let codes = seen.report.failures().map(|(check, why)| format!(" {}:{}", check.code(), why.code));
    format!("{}{}", seen.grade.code(), codes.collect::<String>())
}

#[track_caller]
fn expect(raw: &[u8], wanted: &str) -> Examined {
    let seen = judge(raw);
    assert_eq!(said(&seen), wanted, "{:#?}", seen.report);
    seen
}

fn evidence(seen: &Examined) -> &Evidence {
    match &seen.verdict {
        Verdict::Certified(certified) => certified.evidence(),
        Verdict::Unproven(_) => panic!("{:#?}", seen.report),
    }
}

fn inner(seen: &Examined) -> &Content {
    match evidence(seen) {
        Evidence::Envelope { message, .. } | Evidence::Anomaly { message } => message,
        Evidence::Receipt { .. } => panic!("a receipt"),
    }
}

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
        assert_eq!((file.name.as_str(), file.size, file.top_level), ("città.pdf", 300, true));
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
fn what_is_not_signed_proves_nothing() {
    expect(&mail().compose(at()).unwrap().raw, "not-pec marker:no-marker");
    let genuine = envelope();
    expect(&forge::unsigned(&genuine).unwrap(), "suspect structure:not-signed");
    let dressed = forge::ordinary_dressed_as_pec(mail(), ("X-Ricevuta", "accettazione"), b"<postacert/>");
    expect(&dressed.compose(at()).unwrap().raw, "suspect structure:not-signed");
    // A genuine PEC within an unsigned mail: never searched for.
    let forwarded = mail().attach("busta.eml", "message/rfc822", &genuine).header("X-Trasporto", "posta-certificata");
    expect(&forwarded.compose(at()).unwrap().raw, "suspect structure:not-signed");
}

#[test]
fn the_marker_must_be_one_and_known() {
    let genuine = envelope();
    let two = forge::with_second_header(&genuine, "X-Ricevuta", "avvenuta-consegna");
    expect(&two, "suspect marker:two-markers");
    expect(&forge::with_second_header(&genuine, "X-Trasporto", "posta-certificata"), "suspect marker:two-markers");
    expect(&forge::with_header(&genuine, "X-Trasporto", "posta"), "suspect marker:unknown-marker");
    let encoded = forge::with_header(&genuine, "X-Trasporto", "=?utf-8?q?posta-certificata?=");
    expect(&encoded, "suspect marker:unknown-marker");
    expect(&forge::with_header(&genuine, "X-Trasporto", "\r\n posta-certificata "), "genuine");
    expect(&forge::without_header(&genuine, "X-Trasporto"), "not-pec marker:no-marker");
}

#[test]
fn edited_headers_contradict_the_signed_data() {
    let genuine = envelope();
    let cases = [
        ("X-Trasporto", "errore", "mismatch parts:anomaly-with-daticert"),
        ("Message-ID", "<altro@pec.altro.test>", "mismatch identifiers:message-id-differs"),
        ("X-Riferimento-Message-ID", "<altro@cittadini.test>", "mismatch identifiers:reference-differs"),
        ("Reply-To", "ladro@altro.test", "mismatch sender:reply-to-differs"),
        ("From", "\"Per conto di: sindaco@ente.test\" <posta-certificata@HOST>", "mismatch sender:sender-differs"),
        ("From", "\"Per conto di: x\" <posta-certificata@altro.test>", "suspect signer:signer-differs"),
        ("From", "posta-certificata@HOST, altri@altro.test", "suspect signer:from-not-one"),
        ("Subject", "un altro oggetto", "genuine"),
        ("To", "altri@ente.test", "genuine"),
    ];
    for (name, value, wanted) in cases {
        let value = value.replace("HOST", &provider().host);
        let seen = expect(&forge::with_header(&genuine, name, &value), wanted);
        if let (Grade::Mismatch, Verdict::Unproven(unproven)) = (seen.grade, &seen.verdict) {
            assert_eq!(unproven.daticert.as_ref().map(|d| d.mittente.as_str()), Some(CITIZEN), "{name}");
            assert!(unproven.content.as_ref().is_some_and(|c| c.text.contains("Buongiorno")), "{name}");
        }
    }
    expect(&forge::with_second_header(&genuine, "From", "altri@altro.test"), "suspect signer:from-not-one");
}

#[test]
fn a_receipt_relabelled_is_seen() {
    let Accepted { carriage, acceptance, .. } = accepted(provider(), mail());
    let failed = provider().non_delivery(&carriage, OFFICE, Failure::NoDest, at()).unwrap();
    expect(&forge::with_header(&failed.raw, "X-Ricevuta", "avvenuta-consegna"), "mismatch kind:kind-differs");
    let dressed = forge::without_header(&acceptance.raw, "X-Ricevuta");
    let dressed = forge::with_header(&dressed, "X-Trasporto", "posta-certificata");
    expect(&dressed, "mismatch kind:kind-differs");
    // An anomaly relabelled as an envelope has no daticert.xml.
    let anomaly = provider().anomaly(&mail().compose(at()).unwrap().raw, CITIZEN, &[OFFICE.into()], at()).unwrap();
    expect(&forge::with_header(&anomaly.raw, "X-Trasporto", "posta-certificata"), "suspect parts:no-daticert");
}

#[test]
fn a_touched_message_is_suspect_and_a_bare_lf_one_is_not() {
    let genuine = envelope();
    expect(&forge::with_bytes(&genuine, b"daticert.xml", b"Daticert.xml"), "suspect signature:digest-differs");
    let other = accepted(provider(), mail().subject("altro")).envelope.raw;
    expect(&forge::with_signed_part_of(&genuine, &other).unwrap(), "suspect signature:digest-differs");
    let seen = expect(&forge::with_bare_lf(&genuine), "genuine");
    assert!(seen.report.notes.iter().any(|n| n.contains("LF")));
    for permille in [0, 1, 100, 500, 900, 999] {
        let seen = judge(&forge::truncated(&genuine, permille));
        assert!(seen.grade >= Grade::Suspect, "{permille}: {}", said(&seen));
    }
}

#[test]
fn only_the_pinned_authority_and_the_right_certificate_count() {
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    let host = provider().host.as_str();
    let right = LeafProfile::of_provider("Prova S.p.A.", host, made);
    let by = |authority: &Authority, profile: LeafProfile| {
        let provider = provider().clone().with_signer(authority.leaf(&profile).unwrap());
        accepted(&provider.repeatable(1), mail()).envelope.raw
    };
    let authority = &world().authority;
    expect(&by(authority, right.clone()), "genuine");
    // Same names, other keys.
    let impostor = Authority::create(made).unwrap();
    let codes = said(&judge(&by(&impostor, right.clone())));
    assert!(codes.starts_with("suspect chain:"), "{codes}");
    let wrong = |change: fn(&mut LeafProfile)| {
        let mut profile = right.clone();
        change(&mut profile);
        by(authority, profile)
    };
    expect(&wrong(|p| p.policy = None), "suspect chain:policy-missing");
    expect(&wrong(|p| p.digital_signature = false), "suspect chain:key-usage");
    expect(&wrong(|p| p.is_ca = true), "suspect chain:leaf-is-ca");
    expect(&wrong(|p| p.email_protection = false), "genuine");
    expect(&wrong(|p| p.address = None), "suspect signer:signer-no-address");
    expect(&wrong(|p| p.from = "2026-04-01T00:00:00Z".parse().unwrap()), "suspect chain:not-yet-valid");
    let later = wrong(|p| p.address = Some("protocollo@pec.aruba-like.test".into()));
    assert_eq!(judge(&later).grade, Grade::Suspect);
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
    let own = |address: &str, host: Option<&str>| OwnMailbox { address: address.into(), provider_host: host.map(Into::into) };
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
    assert_eq!(with(after(49)), "mismatch time:arrival-differs");
    assert_eq!(with(after(-49)), "mismatch time:arrival-differs");
    assert_eq!(with(None), "genuine");
}

#[test]
fn signed_nonsense_is_not_taken_for_sense() {
    let seal = |headers: &[(&str, &str)], daticert: Option<&[u8]>, postacert: Option<&[u8]>| {
        let from = ("From".to_string(), provider().address());
        let draft = Draft {
            inherited: Vec::new(),
            headers: headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).chain([from]).collect(),
            text: "testo".into(),
            html: "<p>testo</p>".into(),
            daticert: daticert.map(Into::into),
            postacert: postacert.map(Into::into),
        };
        provider().seal(draft, CITIZEN, &[OFFICE.into()], at()).unwrap().raw
    };
    let envelope = [("X-Trasporto", "posta-certificata")];
    expect(&seal(&envelope, Some(b"<!DOCTYPE a [<!ENTITY b 'c'>]><postacert/>"), None), "suspect daticert:daticert-too-complex");
    expect(&seal(&envelope, Some(b"<postacert>"), None), "suspect daticert:daticert-xml");
    expect(&seal(&envelope, Some(b"<postacert tipo='posta-certificata'/>"), None), "suspect daticert:daticert-content");
    expect(&seal(&envelope, None, Some(b"Subject: x\r\n\r\ny")), "suspect parts:no-daticert");
    expect(&seal(&[("X-Trasporto", "errore")], None, None), "mismatch parts:no-postacert");
}

#[test]
fn an_original_that_is_a_bomb_is_certified_to_nobody() {
    let mut bomb = b"From: mario.rossi@cittadini.test\r\nTo: protocollo@ente.test\r\nMIME-Version: 1.0\r\n".to_vec();
    for depth in 0..60 {
        bomb.extend_from_slice(format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n").as_bytes());
    }
    let mail = provider().submit(&bomb, CITIZEN, &[OFFICE.into()], at()).unwrap();
    let Submission::Accepted { envelope, .. } = mail else { panic!("refused") };
    expect(&envelope.raw, "mismatch bytes:too-deep");
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
