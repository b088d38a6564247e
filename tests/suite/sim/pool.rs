//! The letters that citizens and forgers send, sealed once and drawn from by every seed. Changes when the world's
//! correspondents do.
//!
//! The authority's keys lie in `keys/`: with new ones every digest would be another, and no seed would replay. They certify
//! nothing but SIMULAZIONE; `cargo test … sim::pool::new_keys -- --ignored` makes them again.

use gestore::scene::Network;
use gestore::{Authority, Mail, Provider, Submission, Timestamp, forge, state};
use jiff::SignedDuration;
use pec::{Anchor, Anchors};
use sportello::office::{Office, desk};
use sportello::trust::Trust;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The entity's mailbox.
pub const ENTITY: &str = "protocollo@pec.comune.test";
/// Host of its provider's service address.
pub const ENTITY_PROVIDER: &str = "pec.alfa.test";
/// When the registers begin: the eve of both changes of the hour in Italy, and a day like another.
pub const SEASONS: &[&str] = &["2027-03-27T19:00:00Z", "2027-10-30T19:00:00Z", "2027-06-09T05:00:00Z"];
/// Letters of each season.
pub const LETTERS: usize = 48;
/// They are sealed one after the other, this many seconds apart, over most of the shortest life.
const APART: u64 = 600;
/// When the certificates begin to hold.
const KEYS_SINCE: &str = "2027-01-01T00:00:00Z";
const DOMAINS: [&str; 4] = [
    "pec.comune.test=pec.alfa.test:aruba:Alfa PEC S.p.A.",
    "cittadini.test=pec.beta.test:legalmail:Beta Mail S.r.l.",
    "imprese.test=pec.gamma.test:register:Gamma Certificata S.p.A.",
    "amministrazioni.test=pec.delta.test:aruba:Delta Posta S.p.A.",
];

/// What a letter is, and what may come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A genuine message of a person.
    Genuine,
    /// A genuine message of a machine: nobody may answer it.
    Automatic,
    /// Not certified, or false: nobody outside may be written to, nothing may be believed.
    Untrusted,
}

/// One letter, as it reaches the entity's mailbox.
#[derive(Debug)]
pub struct Letter {
    /// The bytes.
    pub raw: Arc<Vec<u8>>,
    /// What it is.
    pub kind: Kind,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/suite/sim/keys")
}

/// When a season's register begins.
pub fn beginning(season: usize) -> Timestamp {
    SEASONS[season].parse().unwrap()
}

/// Seconds after the beginning at which a letter is sealed.
pub fn sealed_after(letter: usize) -> u64 {
    600 + letter as u64 * APART
}

/// The circuit; each caller mints identifiers of its own.
pub fn network() -> Network {
    state::network(&folder()).unwrap()
}

/// The provider of a domain, whose identifiers depend on a seed alone.
pub fn provider(address: &str, seed: u64) -> Provider {
    network().provider_of(address).unwrap().clone().repeatable(seed)
}

/// Rules, templates and trust, with a key that is always the same.
pub fn office() -> Arc<Office> {
    static OFFICE: OnceLock<Arc<Office>> = OnceLock::new();
    let make = || {
        let authority = Authority::load(&folder()).unwrap();
        let policies = [pec::anchors::POLICY_FIRMA_PEC];
        let anchor = Anchor::from_certificate(authority.certificate_der(), "SIMULAZIONE", &policies, true).unwrap();
        let key = casework::effect::EffectKey::new(&[7; casework::effect::EffectKey::BYTES]);
        let entity = super::comune::config(&PathBuf::new(), &super::plan::Plan::of(0)).entity;
        Arc::new(Office {
            sigillo: Arc::default(),
            desk: desk(entity, None, None, key).unwrap(),
            trust: Trust::of(Anchors { list: vec![anchor] }),
        })
    };
    OFFICE.get_or_init(make).clone()
}

/// The letters of a season.
pub fn letters(season: usize) -> &'static [Letter] {
    static POOL: OnceLock<Vec<OnceLock<Vec<Letter>>>> = OnceLock::new();
    let pool = POOL.get_or_init(|| SEASONS.iter().map(|_| OnceLock::new()).collect());
    pool[season].get_or_init(|| {
        let providers: Vec<Provider> = ["a@cittadini.test", "a@imprese.test", "a@amministrazioni.test", ENTITY]
            .map(|address| provider(address, season as u64))
            .into();
        (0..LETTERS).map(|n| letter(season, n, &providers)).collect()
    })
}

const CITIZENS: [(&str, &str); 4] = [
    ("anna.bianchi", "BNCNNA80A41H501R"),
    ("mario.rossi", "RSSMRA80A01H501U"),
    ("mancata-consegna", "RSSMRA80A01H501U"),
    ("lenta", "BNCNNA80A41H501R"),
];
const PDF: &[u8] = b"%PDF-1.4 finto\n";

/// Who writes a letter as a citizen: the address, and the code of the person.
pub fn writer(n: usize) -> (String, &'static str) {
    let (who, code) = CITIZENS[(n / 2 + n / 12) % CITIZENS.len()];
    // Some write often, so that the brakes are met; most once.
    let address =
        if n.is_multiple_of(5) { format!("{who}@cittadini.test") } else { format!("{who}.{n}@cittadini.test") };
    (address, code)
}

fn letter(season: usize, n: usize, providers: &[Provider]) -> Letter {
    let at = beginning(season).checked_add(SignedDuration::from_secs(i64::try_from(sealed_after(n)).unwrap())).unwrap();
    let (address, code) = writer(n);
    let from = |address: &str| {
        Mail::new(address)
            .display_name("Persona di Prova")
            .to(ENTITY)
            .message_id(&format!("<{season}.{n}@client.test>"))
    };
    let moving = || {
        from(&address)
            .subject("Dichiarazione di cambio di residenza")
            .text(&format!("Mi sono trasferita in via delle Rose {n}.\nCodice fiscale: {code}\n"))
    };
    let seal = |mail: &Mail, provider: usize| {
        let mail = mail.compose(at).unwrap();
        match providers[provider].submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
            Submission::Accepted { envelope, .. } => envelope.raw,
            Submission::Refused(notice) => notice.raw,
        }
    };
    let (raw, kind) = match n % 12 {
        0 | 6 => (seal(&moving().attach("carta.pdf", "application/pdf", PDF), 0), Kind::Genuine),
        1 => (
            seal(
                &from(&address).subject("cambio residenza").text("ciao, ho cambiato casa, adesso sto in via Po 4\n"),
                0,
            ),
            Kind::Genuine,
        ),
        2 => (
            seal(
                &from(&address)
                    .subject("Istanza di occupazione di suolo pubblico per dehors")
                    .text(&format!("La sottoscritta chiede la concessione per un dehors.\nC.F. {code}\n"))
                    .attach("planimetria.pdf", "application/pdf", PDF),
                0,
            ),
            Kind::Genuine,
        ),
        3 => (
            seal(&from(&address).subject("A che punto è la pratica?").text("Vorrei notizie della mia pratica.\n"), 0),
            Kind::Genuine,
        ),
        4 => (
            seal(
                &from("uffici@imprese.test")
                    .subject("Accesso agli atti")
                    .text("Chiedo l'accesso agli atti del concorso.\n"),
                1,
            ),
            Kind::Genuine,
        ),
        5 => (
            seal(
                &moving()
                    .subject("Risposta automatica: cambio di residenza")
                    .header("Auto-Submitted", "auto-replied (vacation)"),
                0,
            ),
            Kind::Automatic,
        ),
        7 => (
            seal(
                &from("notizie@imprese.test")
                    .subject("Aggiornamento normativo")
                    .text("Le novità del mese.\n")
                    .header("List-Id", "<notizie.imprese.test>")
                    .header("Precedence", "bulk"),
                1,
            ),
            Kind::Automatic,
        ),
        8 => (
            // Sealed by the provider, then changed on the way.
            forge::with_bytes(&seal(&moving(), 0), b"via delle", b"VIA DELLE"),
            Kind::Untrusted,
        ),
        9 => {
            let mail = from("luisa@posta.example").subject("Informazioni").text("Come iscrivo mio figlio?\n");
            let mail = mail.compose(at).unwrap();
            (providers[3].anomaly(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap().raw, Kind::Untrusted)
        }
        10 => {
            let mail = from(&address).subject("POSTA CERTIFICATA: cambio IBAN").text("Cambiate il mio IBAN.\n");
            let dressed = forge::ordinary_dressed_as_pec(mail, ("X-Trasporto", "posta-certificata"), b"<postacert/>");
            (dressed.compose(at).unwrap().raw, Kind::Untrusted)
        }
        _ => (
            seal(
                &from("protocollo@amministrazioni.test")
                    .subject("Trasmissione circolare")
                    .text("Si trasmette la circolare in oggetto.\n")
                    .attach("circolare.pdf", "application/pdf", PDF),
                2,
            ),
            Kind::Genuine,
        ),
    };
    let mut whole = format!("Return-Path: <{address}>\r\nDelivered-To: {ENTITY}\r\n").into_bytes();
    whole.extend(raw);
    Letter { raw: Arc::new(whole), kind }
}

/// Writes the keys anew: every digest changes with them.
#[test]
#[ignore = "writes the keys of the simulated world anew"]
fn new_keys() {
    let domains = DOMAINS.map(|domain| state::Domain::parse(domain).unwrap());
    state::prepare(&folder(), &domains, KEYS_SINCE.parse().unwrap()).unwrap();
}
