//! `ancore.toml`: the administrator's words for whom to trust. It changes when a key of that file changes.

use crate::config::reader::{Mistakes, Table};
use casework::rules::Problem;
use jiff::{SignedDuration, Timestamp};
use pec::Purpose;
use toml::de::DeTable;

/// Most anchors in one manifest: there is one authority in service, and its predecessors.
const ANCHORS_MAX: usize = 100;

/// What a purpose is, in plain Italian.
#[must_use]
pub fn meaning(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::FirmaPec => "garantisce i gestori che firmano messaggi e ricevute PEC",
        Purpose::Elenco => "garantisce chi firma l'elenco dei gestori PEC (IGPEC)",
        Purpose::RicevuteRem => "per il recapito qualificato europeo (REM): riservato, oggi non si usa ancora",
        Purpose::FirmaDocumenti => "per i documenti firmati dalle persone: riservato, oggi non si usa ancora",
    }
}

/// A purpose by its word.
///
/// # Errors
/// The words that there are, in Italian.
pub fn purpose(word: &str) -> Result<Purpose, String> {
    Purpose::read(word).ok_or_else(|| {
        let words = Purpose::ALL.map(Purpose::word);
        format!("`uso` può essere {}{}", words.join(", "), casework::nearest::hint(word, words.iter().copied()))
    })
}

/// One `[[ancora]]`, as written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Line where its table begins.
    pub line: usize,
    /// `nome`.
    pub name: String,
    /// `certificato`: files beside the manifest.
    pub files: Vec<String>,
    /// `chiave_sha256`.
    pub pin: Option<[u8; 32]>,
    /// `politiche`.
    pub policies: Vec<String>,
    /// `host`.
    pub hosts: Vec<String>,
    /// `dal`.
    pub from: Option<Timestamp>,
    /// `al`, to the end of that day.
    pub until: Option<Timestamp>,
    /// `uso`.
    pub purpose: Purpose,
    /// `simulazione`.
    pub simulation: bool,
    /// `nota`.
    pub note: Option<String>,
}

/// `[elenco_gestori]`, as written.
#[derive(Debug, Clone)]
pub struct WrittenDirectory {
    /// Line where its table begins.
    pub line: usize,
    /// `file`: beside the manifest.
    pub file: String,
    /// `firmato`: a `.p7m`, whose signature must hold.
    pub signed: bool,
}

/// A manifest, as written.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// In the order of the file.
    pub anchors: Vec<Written>,
    /// The list of providers, if the body has it.
    pub directory: Option<WrittenDirectory>,
}

impl Manifest {
    /// Reads a text.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut m = Mistakes::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            m.add(error.span().map(|s| s.start), format!("non è TOML: {}", error.message()));
        }
        if !errors.is_empty() {
            return Err(m.into_result().err().unwrap_or_default());
        }
        let mut root = Table::root(document.get_ref());
        let mut anchors = Vec::new();
        for mut table in root.tables("ancora", &mut m) {
            anchors.push(written(&mut table, &mut m));
            table.finish(&mut m);
        }
        let mut table = root.table("elenco_gestori", &mut m);
        let directory = table.is_there().then(|| WrittenDirectory {
            line: table.at().map_or(0, |at| m.line(at)),
            file: table.required("file", &mut m),
            signed: table.flag("firmato", true, &mut m),
        });
        table.finish(&mut m);
        root.finish(&mut m);
        if anchors.len() > ANCHORS_MAX {
            m.add(None, format!("{} ancore: al più {ANCHORS_MAX}", anchors.len()));
        }
        if !anchors.iter().any(|a| a.purpose == Purpose::FirmaPec) {
            m.add(None, "nessuna [[ancora]] è per «firma-pec»: nessun messaggio potrebbe essere autentico".into());
        }
        m.into_result()?;
        Ok(Self { anchors, directory })
    }
}

fn written(table: &mut Table<'_, '_>, m: &mut Mistakes) -> Written {
    let at = table.at();
    let name = table.required("nome", m);
    let files = table.texts_or_one("certificato", m).unwrap_or_default();
    let pin = table.located("chiave_sha256", m).and_then(|(text, at)| {
        let pin = fingerprint(&text);
        if pin.is_none() {
            m.add(Some(at), "`chiave_sha256` deve essere di 64 cifre esadecimali".into());
        }
        pin
    });
    let purpose = table.located("uso", m).map_or(Purpose::FirmaPec, |(word, at)| {
        self::purpose(&word).unwrap_or_else(|why| {
            m.add(Some(at), why);
            Purpose::FirmaPec
        })
    });
    let policies = table.texts("politiche", m);
    if files.is_empty() && !table.has("chiave_sha256") && !table.has("certificato") {
        m.add(
            at,
            format!("l'ancora «{name}» non dice di chi si fida: serve `certificato`, o `chiave_sha256`, o tutti e due"),
        );
    }
    if purpose == Purpose::FirmaPec && !table.has("politiche") {
        m.add(
            at,
            format!(
                "l'ancora «{name}» non dice `politiche`: senza, vale ogni certificato dell'autorità, anche quelli personali. \
                 Per i gestori PEC è [\"{}\"]; se davvero non se ne vuole nessuna, scrivi []",
                pec::anchors::POLICY_FIRMA_PEC
            ),
        );
    }
    let policies = policies.unwrap_or_default();
    if let Some(bad) = policies.iter().find(|p| !is_oid(p)) {
        m.add(at, format!("`politiche` elenca OID come \"{}\": «{bad}» non lo è", pec::anchors::POLICY_FIRMA_PEC));
    }
    let from = instant(table, "dal", SignedDuration::ZERO, m);
    let until = instant(table, "al", SignedDuration::from_hours(24), m);
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        m.add(at, format!("l'ancora «{name}» finisce (`al`) prima di cominciare (`dal`)"));
    }
    Written {
        line: at.map_or(0, |at| m.line(at)),
        files,
        pin,
        policies,
        hosts: table.texts("host", m).unwrap_or_default().iter().map(|h| h.to_ascii_lowercase()).collect(),
        from,
        until,
        purpose,
        simulation: table.flag("simulazione", false, m),
        note: table.text("nota", m),
        name,
    }
}

/// An instant; or a day, as its first instant and `later`.
fn instant(table: &mut Table<'_, '_>, key: &'static str, later: SignedDuration, m: &mut Mistakes) -> Option<Timestamp> {
    let (text, at) = table.located(key, m)?;
    let day = || {
        let start = text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        start.checked_add(later).ok()
    };
    let read = text.parse().ok().or_else(day);
    if read.is_none() {
        m.add(Some(at), format!("`{key}`: «{text}» non è una data come \"2026-12-31\""));
    }
    read
}

fn is_oid(text: &str) -> bool {
    text.contains('.') && text.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
}

/// 32 bytes in hex, as people copy them: with or without colons, in either case.
#[must_use]
pub fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "39e3c6c6f13c9620775172694d20f81edad55a8613934cdaa7c3793a6d26b86b";

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = "[[ancora]]\nnome = \"A\"\n[[ancora]]\nnome = \"B\"\nchiave_sha256 = \"39e3\"\npolitiche = [\"pec\"]\n\
                    uso = \"firma\"\ndal = \"ieri\"\n[[ancora]]\nnome = \"C\"\nchiave_sha25 = \"x\"\ncertificato = [\"a.pem\"]\n\
                    politiche = []\ndal = \"2020-01-01\"\nal = \"2019-01-01\"\n[elenco_gestori]\nfirmato = \"si\"\n";
        let found = Manifest::parse("ancore.toml", text).unwrap_err();
        let all: String = found.iter().map(|p| format!("{}: {}\n", p.line.unwrap_or(0), p.text)).collect();
        for expected in [
            "1: l'ancora «A» non dice di chi si fida",
            "1: l'ancora «A» non dice `politiche`",
            "5: `chiave_sha256` deve essere di 64 cifre",
            "«pec» non lo è",
            "7: `uso` può essere firma-pec, ricevute-rem",
            "8: `dal`: «ieri» non è una data",
            "11: chiave sconosciuta `ancora.chiave_sha25`",
            "9: l'ancora «C» finisce (`al`) prima di cominciare",
            "manca `elenco_gestori.file`",
            "17: `elenco_gestori.firmato` deve essere true o false",
        ] {
            assert!(all.contains(expected), "{expected} is not in:\n{all}");
        }
    }

    #[test]
    fn the_window_ends_with_its_last_day_and_a_lone_file_is_a_list() {
        let text = format!(
            "[[ancora]]\nnome = \"A\"\ncertificato = \"a.pem\"\nchiave_sha256 = \"{PIN}\"\npolitiche = []\nal = \"2018-12-31\"\nhost = [\"PEC.Uno.test\"]\n"
        );
        let read = Manifest::parse("x", &text).unwrap();
        let anchor = read.anchors.first().unwrap();
        assert_eq!(anchor.until.unwrap().to_string(), "2019-01-01T00:00:00Z");
        assert_eq!(
            (anchor.files.as_slice(), anchor.hosts.as_slice()),
            (&["a.pem".to_owned()][..], &["pec.uno.test".to_owned()][..])
        );
        assert_eq!((anchor.line, anchor.purpose), (1, Purpose::FirmaPec));
        assert!(Manifest::parse("x", "").is_err(), "nobody trusted");
    }

    #[test]
    fn a_fingerprint_reads_as_people_copy_it() {
        let colons: Vec<String> =
            PIN.to_uppercase().as_bytes().chunks(2).map(|c| String::from_utf8_lossy(c).into()).collect();
        assert_eq!(fingerprint(&colons.join(":")), fingerprint(PIN));
        assert!(fingerprint(PIN).is_some());
        for bad in ["", "39e3", &PIN[1..], &format!("{PIN}00"), &PIN.replace('3', "g")] {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }
}
