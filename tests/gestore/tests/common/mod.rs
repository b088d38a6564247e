//! Changes when the tests of the simulated provider need another common tool.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use gestore::{Authority, Carriage, Composed, Mail, Provider, Sealed, Style, Submission, Timestamp};
use mail_parser::{MessageParser, MimeHeaders};

/// One authority and one provider for each style: keys are dear, so they are made once a run.
pub struct World {
    pub authority: Authority,
    pub providers: Vec<Provider>,
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let authority = Authority::create(made()).unwrap();
        let provider = |style: Style| {
            authority.provider(&format!("{} S.p.A.", style.name), &format!("pec.{}.test", style.name), style, made())
        };
        let providers = Style::PRESETS.into_iter().map(|style| provider(style).unwrap()).collect();
        World { authority, providers }
    })
}

/// Certificates are older than every message of the tests.
fn made() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A past instant: the embedded signer's turn.
pub fn past() -> Timestamp {
    "2026-03-02T09:10:11Z".parse().unwrap()
}

pub const SENDER: &str = "mario.rossi@cittadini.test";
pub const OFFICE: &str = "protocollo@ente.test";

pub fn mail() -> Mail {
    Mail::new(SENDER)
        .display_name("Mario Rossi")
        .to(OFFICE)
        .subject("Richiesta perché <urgente> & \"altro\"")
        .text("Buongiorno,\n.\ncittà\n")
}

pub struct Accepted {
    pub carriage: Carriage,
    pub acceptance: Sealed,
    pub envelope: Sealed,
}

pub fn accepted(provider: &Provider, mail: &Composed, at: Timestamp) -> Accepted {
    match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
        Submission::Accepted { carriage, acceptance, envelope } => {
            Accepted { carriage: *carriage, acceptance, envelope }
        }
        Submission::Refused(notice) => panic!("refused: {}", String::from_utf8_lossy(&notice.raw)),
    }
}

/// The decoded content of the attachment `name` directly under the signed part.
pub fn part(raw: &[u8], name: &str) -> Option<Vec<u8>> {
    let message = MessageParser::new().parse(raw).unwrap();
    let mixed = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("mixed"))
    })?;
    let children = mixed.sub_parts()?;
    let part = children
        .iter()
        .filter_map(|id| message.parts.get(*id as usize))
        .find(|part| part.attachment_name() == Some(name))?;
    Some(part.contents().to_vec())
}

/// A top-level header, unfolded.
pub fn header(raw: &[u8], name: &str) -> Option<String> {
    let message = MessageParser::new().parse(raw).unwrap();
    let value = message.header_raw(name.to_string())?;
    Some(value.replace("\r\n", "").trim().to_string())
}

pub fn subject(raw: &[u8]) -> String {
    MessageParser::new().parse(raw).unwrap().subject().unwrap_or_default().to_string()
}

/// The text of one element of `daticert.xml`, read by a strict XML reader; `None` if it is not there.
pub fn datum(raw: &[u8], element: &str) -> Option<String> {
    let xml = String::from_utf8(part(raw, "daticert.xml").expect("no daticert.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|why| panic!("{why}: {xml}"));
    document
        .descendants()
        .find(|node| node.has_tag_name(element))
        .map(|node| node.text().unwrap_or_default().to_string())
}

pub fn attribute(raw: &[u8], element: &str, name: &str) -> Option<String> {
    let xml = String::from_utf8(part(raw, "daticert.xml").expect("no daticert.xml")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|why| panic!("{why}: {xml}"));
    document.descendants().find(|node| node.has_tag_name(element))?.attribute(name).map(str::to_string)
}

/// Runs `openssl`; `None` (and a loud line) where there is none.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Option<(bool, Vec<u8>, String)> {
    let started = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("SKIPPED, no openssl command: {arguments:?}");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Some((output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).to_string()))
}

/// What `openssl` says of a signed message that trusts `root` (a PEM file) at `at`: twice, once of the exact bytes of the first
/// part as another MIME reader cuts them out (`-binary -content`), once of the whole message with `openssl`'s own MIME reader
/// (without `-binary`, with which it counts the line break before the delimiter as content). `None` without `openssl`.
pub fn verify(raw: &[u8], root: &str, at: Timestamp) -> Option<(bool, String)> {
    let at = at.as_second().to_string();
    let trust = ["-CAfile", root, "-x509_strict", "-purpose", "smimesign", "-attime", &at, "-out", "/dev/null"];
    let (whole, _, why) = openssl(&[&["cms", "-verify"], &trust[..]].concat(), raw)?;

    let message = MessageParser::new().parse(raw).unwrap();
    let cut = message.parts[0].sub_parts().filter(|parts| parts.len() == 2).map(|parts| {
        let (content, signature) = (&message.parts[parts[0] as usize], &message.parts[parts[1] as usize]);
        (raw[content.offset_header as usize..content.offset_end as usize].to_vec(), signature.contents().to_vec())
    });
    let Some((content, signature)) = cut else {
        return Some((false, "not a multipart/signed of two parts".into()));
    };
    let directory = tempfile::tempdir().unwrap();
    let (content_file, signature_file) = (directory.path().join("content"), directory.path().join("p7s"));
    std::fs::write(&content_file, content).unwrap();
    std::fs::write(&signature_file, signature).unwrap();
    let (content_file, signature_file) = (content_file.display().to_string(), signature_file.display().to_string());
    let detached = ["cms", "-verify", "-binary", "-inform", "DER", "-in", &signature_file, "-content", &content_file];
    let (exact, _, why_exact) = openssl(&[&detached, &trust[..]].concat(), b"")?;
    assert_eq!(whole, exact, "openssl disagrees with itself: {why} / {why_exact}");
    Some((exact, why_exact))
}

/// Writes PEM files of the world's root and authority into `directory`.
pub fn write_trust(directory: &Path) {
    world().authority.save(directory).unwrap();
}

/// Every message kind by every provider, at `at`.
pub fn every_kind(provider: &Provider, at: Timestamp) -> Vec<(&'static str, Sealed)> {
    use gestore::{Delay, Failure};
    let composed = mail().attach("città.pdf", "application/pdf", &[7; 300]).compose(at).unwrap();
    let Accepted { carriage, acceptance, envelope } = accepted(provider, &composed, at);
    let brief = Carriage { ricevuta: "breve", ..carriage.clone() };
    let refused = match provider.submit(&composed.raw, "altri@cittadini.test", &composed.rcpt_to, at).unwrap() {
        Submission::Refused(notice) => notice,
        Submission::Accepted { .. } => panic!("another's From was accepted"),
    };
    let ordinary = mail().eight_bit().compose(at).unwrap();
    vec![
        ("accettazione", acceptance),
        ("posta-certificata", envelope),
        ("non-accettazione", refused),
        ("avvenuta-consegna", provider.delivery(&carriage, OFFICE, at).unwrap()),
        ("avvenuta-consegna breve", provider.delivery(&brief, OFFICE, at).unwrap()),
        ("errore-consegna", provider.non_delivery(&carriage, OFFICE, Failure::NoDest, at).unwrap()),
        ("preavviso-errore-consegna", provider.delay_notice(&carriage, OFFICE, Delay::TwelveHours, at).unwrap()),
        ("preavviso-errore-consegna 24", provider.delay_notice(&carriage, OFFICE, Delay::TwentyFourHours, at).unwrap()),
        ("non-accettazione virus", provider.non_acceptance_virus(&carriage, at).unwrap()),
        ("errore-consegna virus", provider.non_delivery_virus(&carriage, OFFICE, at).unwrap()),
        ("rilevazione-virus", provider.virus_found(&carriage, OFFICE, provider, at).unwrap()),
        ("presa-in-carico", provider.presa_in_carico(&carriage, &[OFFICE], provider, at).unwrap()),
        ("anomalia", provider.anomaly(&ordinary.raw, SENDER, &[OFFICE.into()], at).unwrap()),
    ]
}
