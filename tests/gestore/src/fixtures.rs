//! Changes when fixtures are made in another way: what stands around them, which world they come from, where they go.
//!
//! `gestore fixtures DIR` makes a new authority, writes its certificate and manifest to `DIR/trust/simulazione`, and makes
//! every `DIR/mail/<name>/message.eml` again. The keys are forgotten: nobody can add a message to a set, only make a new set.

mod checks;
mod forgeries;
mod kinds;
mod requests;
mod signatures;
mod statements;
mod structures;

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::codec::{base64_lines, from_base64};
use crate::daticert::Daticert;
use crate::{Authority, Carriage, Draft, Error, Mail, Provider, Result, Sealed, Style, Submission, forge, state};

/// The mailbox that all fixtures are received in.
const OURS: &str = "protocollo@pec.comune.example";
/// Who writes, where nothing else matters.
const CITIZEN: &str = "anna.bianchi@cittadini.test";
/// Host of our mailbox's provider.
const OUR_PROVIDER: &str = "pec.alfa.test";
/// When authority and certificates were made: 2026-01-01T00:00:00Z.
const MADE: Timestamp = Timestamp::constant(1_767_225_600, 0);
/// When the messages were sealed: 2026-02-03T09:10:11Z, a Tuesday.
const AT: Timestamp = Timestamp::constant(1_770_109_811, 0);

/// One fixture.
pub struct Case {
    /// The name of its folder.
    pub name: &'static str,
    make: fn(&World) -> Result<Vec<u8>>,
}

impl Case {
    /// The number at the start of its name, which its identifiers are made from.
    fn number(&self) -> u64 {
        self.name.split('-').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }
}

/// A file that a verifier has besides the message: a list of revoked certificates, what we had sent.
pub struct Extra {
    /// The fixture.
    pub case: &'static str,
    /// The name of the file in its folder.
    pub file: &'static str,
    make: fn(&World) -> Result<Vec<u8>>,
}

/// Every such file.
pub fn extras() -> impl Iterator<Item = &'static Extra> {
    [signatures::EXTRAS, statements::EXTRAS].into_iter().flatten()
}

/// Every fixture, by name.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [
        kinds::CASES,
        checks::CASES,
        signatures::CASES,
        structures::CASES,
        statements::CASES,
        forgeries::CASES,
        requests::CASES,
    ]
    .into_iter()
    .flatten()
}

/// Makes the whole set. Answers how many messages it wrote.
///
/// # Errors
/// When keys or signatures cannot be made, or the disk does not take them.
pub fn write(root: &Path) -> Result<usize> {
    let world = World::new()?;
    let trust = root.join("trust").join("simulazione");
    state::write_files(
        &trust,
        &[("SIMULAZIONE.pem", world.authority.certificate_pem()), ("ancore.toml", MANIFEST.into())],
    )?;
    for case in cases() {
        let folder = root.join("mail").join(case.name);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let world = world.repeatable(case.number());
        let path = folder.join("message.eml");
        fs::write(&path, (case.make)(&world)?).map_err(Error::io(&path))?;
        for extra in extras().filter(|extra| extra.case == case.name) {
            let path = folder.join(extra.file);
            fs::write(&path, (extra.make)(&world)?).map_err(Error::io(&path))?;
        }
    }
    Ok(cases().count())
}

const MANIFEST: &str = "\
# L'autorità finta dei messaggi di prova. Non usarla mai in servizio: i messaggi che autentica non hanno valore.
[[ancora]]
nome        = \"SIMULAZIONE\"
certificato = \"SIMULAZIONE.pem\"
politiche   = [\"1.3.76.16.3.1.1\"]
simulazione = true
";

/// The simulated circuit that fixtures come from: one provider for each habit of real ones.
struct World {
    authority: Authority,
    /// Same names, other keys.
    impostor: Authority,
    /// Ours. DER, `daticert.xml` first.
    alfa: Provider,
    /// The citizens'. BER, `postacert.eml` first.
    beta: Provider,
    /// Plain text; control characters let through.
    gamma: Provider,
    /// SHA-1.
    delta: Provider,
    /// The number of the fixture, for identifiers.
    seed: u64,
}

impl World {
    fn new() -> Result<World> {
        let authority = Authority::create(MADE)?;
        let provider = |name: &str, host: &str, style| authority.provider(name, host, style, MADE);
        Ok(World {
            alfa: provider("Alfa PEC S.p.A.", OUR_PROVIDER, Style::aruba_like())?,
            beta: provider("Beta Mail S.r.l.", "pec.beta.test", Style::legalmail_like())?,
            gamma: provider("Gamma Certificata S.p.A.", "pec.gamma.test", Style::register_like())?,
            delta: provider("Delta Posta S.p.A.", "pec.delta.test", Style::trust_like())?,
            impostor: Authority::create(MADE)?,
            authority,
            seed: 0,
        })
    }

    /// The same world for one fixture: its identifiers do not depend on the fixtures made before it.
    fn repeatable(&self, seed: u64) -> World {
        let again = |provider: &Provider| provider.clone().repeatable(seed);
        World {
            authority: self.authority.clone(),
            impostor: self.impostor.clone(),
            alfa: again(&self.alfa),
            beta: again(&self.beta),
            gamma: again(&self.gamma),
            delta: again(&self.delta),
            seed,
        }
    }

    /// A mail to us, from that address.
    fn mail_from(&self, address: &str, name: &str) -> Mail {
        let id = format!("<mail-{:03}@{}>", self.seed, crate::access::domain_of(address));
        Mail::new(address).display_name(name).to(OURS).message_id(&id)
    }

    /// A citizen's mail to us, with a subject and a text that no check looks at.
    fn mail(&self) -> Mail {
        self.mail_from(CITIZEN, "Anna Bianchi").subject("Accesso agli atti").text(
            "Buongiorno,\nchiedo l'accesso agli atti del concorso di ieri, perché vi ho partecipato.\nAnna Bianchi\n",
        )
    }

    /// The envelope of a mail, by the citizens' provider.
    fn envelope(&self, mail: &Mail) -> Result<Vec<u8>> {
        Ok(accepted(&self.beta, mail)?.envelope.raw)
    }

    /// A mail that we sent to a citizen, and what our provider made of it.
    fn sent(&self, change: impl FnOnce(Mail) -> Mail) -> Result<Accepted> {
        accepted(&self.alfa, &change(self.sending()))
    }

    fn sending(&self) -> Mail {
        Mail::new(OURS)
            .display_name("Comune di Esempio")
            .message_id(&format!("<v1.{:03}@pec.comune.example>", self.seed))
            .subject("Richiesta protocollata")
            .text("Abbiamo ricevuto la richiesta.\n")
            .attach("ricevuta.txt", "text/plain", b"Protocollo 1 del 3 febbraio 2026\n")
    }

    /// An envelope put together by hand, signed by the citizens' provider: it obeys only the rules that `change` leaves.
    fn stated(&self, change: impl FnOnce(&mut Statement)) -> Result<Vec<u8>> {
        let id = format!("SIMULAZIONE.{:03}@{}", self.seed, self.beta.host);
        let mut statement = Statement {
            header: ("X-Trasporto", "posta-certificata"),
            tipo: "posta-certificata",
            mittente: CITIZEN,
            certified_at: AT,
            daticert: |xml| Some(xml),
            change: |xml| xml,
            postacert: Some(self.mail().message_id(&format!("<{id}>")).compose(AT)?.raw),
        };
        change(&mut statement);
        let xml = Daticert {
            tipo: statement.tipo,
            errore: "nessuno",
            mittente: statement.mittente,
            destinatari: vec![(OURS, true)],
            risposte: statement.mittente,
            oggetto: "Accesso agli atti",
            gestore_emittente: &self.beta.name,
            at: statement.certified_at,
            identificativo: &id,
            msgid: None,
            ricevuta: Some("completa"),
            consegna: None,
            ricezione: Vec::new(),
            errore_esteso: None,
        }
        .xml(&self.beta.style);
        let from = format!("\"Per conto di: {}\" <{}>", statement.mittente, self.beta.address());
        let (marker, value) = statement.header;
        let draft = Draft {
            headers: crate::provider::named(vec![
                ("Subject", "POSTA CERTIFICATA: Accesso agli atti".into()),
                ("Date", crate::clock::Local::in_italy(AT).rfc5322()),
                ("From", from),
                ("To", OURS.into()),
                (marker, value.into()),
            ]),
            text: "Messaggio di posta certificata (SIMULAZIONE)\n".into(),
            html: "<p>Messaggio di posta certificata (SIMULAZIONE)</p>\n".into(),
            daticert: (statement.daticert)((statement.change)(xml)),
            postacert: statement.postacert,
            ..Draft::default()
        };
        Ok(self.beta.seal_as(draft, &id, CITIZEN, vec![OURS.into()], AT)?.raw)
    }
}

/// What [`World::stated`] makes a provider say.
struct Statement {
    /// The marker at the top.
    header: (&'static str, &'static str),
    tipo: &'static str,
    mittente: &'static str,
    certified_at: Timestamp,
    /// What becomes of the certification data.
    daticert: fn(Vec<u8>) -> Option<Vec<u8>>,
    /// What is done to them first.
    change: fn(Vec<u8>) -> Vec<u8>,
    postacert: Option<Vec<u8>>,
}

/// What an access point makes of a mail that it takes.
struct Accepted {
    carriage: Box<Carriage>,
    acceptance: Sealed,
    envelope: Sealed,
}

fn accepted(provider: &Provider, mail: &Mail) -> Result<Accepted> {
    let mail = mail.compose(AT)?;
    accepted_raw(provider, &mail.raw, &mail.mail_from, &mail.rcpt_to)
}

fn accepted_raw(provider: &Provider, raw: &[u8], from: &str, to: &[String]) -> Result<Accepted> {
    match provider.submit(raw, from, to, AT)? {
        Submission::Accepted { carriage, acceptance, envelope } => Ok(Accepted { carriage, acceptance, envelope }),
        Submission::Refused(_) => Err(Error::State("a fixture's mail was refused by the access point".into())),
    }
}

/// The message with its signature changed and put back.
fn with_signature(raw: &[u8], change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Result<Vec<u8>> {
    let (before, inside, after) = forge::signed_part(raw).ok_or_else(nothing_signed)?;
    let blank = b"\r\n\r\n";
    let start = find(after, blank).ok_or_else(nothing_signed)? + blank.len();
    let (head, rest) = after.split_at(start);
    let (signature, tail) = rest.split_at(find(rest, b"--").ok_or_else(nothing_signed)?);
    let changed = base64_lines(&change(from_base64(signature)), 64);
    Ok([before, inside, head, changed.as_bytes(), b"\r\n", tail].concat())
}

/// The message with its signed part changed and signed again: a provider that vouches for nonsense.
fn resigned(provider: &Provider, raw: &[u8], change: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Vec<u8>> {
    let (before, inside, after) = forge::signed_part(raw).ok_or_else(nothing_signed)?;
    let changed = change(inside);
    let style = &provider.style;
    let (signature, _) = provider.signer().clone().embedded().sign(&changed, style.digest, style.encoding, AT)?;
    with_signature(&[before, &changed, after].concat(), |_| signature)
}

fn nothing_signed() -> Error {
    Error::State("a fixture is not signed".into())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
