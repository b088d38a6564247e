//! What an office writes in a table: one row a person or a dossier, in CSV or JSON. It changes when a column does.
//!
//! The columns are Italian, because clerks write them. A wrong row is refused by itself, with its line; the others go on. What is
//! ordered of a dossier counts only in the rows of the body's back office, which has a mandate for it: `rows/orders`.

mod orders;

use super::Deed;
use casework::dossier::PartyRole;
use casework::nearest::hint;
use casework::open::{NewDossier, NewParty, NewPerson};
use casework::person::Source;
use casework::protocol::{Number, Order};
use jiff::Timestamp;
use jiff::civil::Date;
pub use orders::Mandate;
use std::collections::BTreeMap;

/// Largest file, bytes.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Rows of one file.
pub const ROWS_MAX: usize = 20_000;
/// A column of a person's data: `dato.telefono`.
const DATA: &str = "dato.";

const PERSON: [&str; 6] = ["codice_fiscale", "partita_iva", "nome", "pec", "fonte", "ufficio"];
const DOSSIER: [&str; 12] = [
    "procedimento",
    "oggetto",
    "ufficio",
    "responsabile",
    "classificazione",
    "codice_fiscale",
    "partita_iva",
    "nome",
    "pec",
    "ruolo",
    "avviato_il",
    "avvisato",
];

const PROTOCOL: [&str; 4] = ["documento", "numero", "data", "annullato"];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line in the file.
    pub line: u64,
    /// The name that the back office gives it, by which it is done once in whatever file it comes; empty: it has none.
    pub id: String,
    /// What it asks, or why it is refused.
    pub deed: Result<Deed, String>,
}

/// Reads a file. `by`: who answers for it. `mandate`: what its author may order, where it is the body's back office.
///
/// # Errors
/// The file as a whole cannot be read: no columns, not UTF-8, neither CSV nor JSON, too large.
pub fn read(name: &str, bytes: &[u8], by: &str, mandate: Option<&Mandate>) -> Result<Vec<Row>, String> {
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("il file supera {FILE_BYTES_MAX} byte: dividilo"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("il file non è in UTF-8 (dal byte {}): salvalo come «CSV UTF-8»", e.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}');
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let rows = match ending.as_str() {
        "json" => of_json(text, mandate.is_some())?,
        "csv" => of_csv(text, mandate.is_some())?,
        other => return Err(format!("«.{other}» non si conosce: il file deve finire in .csv o .json")),
    };
    if rows.len() > ROWS_MAX {
        return Err(format!("il file ha {} righe: al massimo {ROWS_MAX}, dividilo", rows.len()));
    }
    let row = |(line, cells): (u64, Result<Cells, String>)| {
        let id = cells.as_ref().ok().and_then(|cells| cells.get(orders::ID)).cloned().unwrap_or_default();
        Row { line, id, deed: cells.and_then(|cells| deed(&cells, by, mandate)) }
    };
    Ok(rows.into_iter().map(row).collect())
}

type Cells = BTreeMap<String, String>;
type Read = Vec<(u64, Result<Cells, String>)>;

fn of_csv(text: &str, with_orders: bool) -> Result<Read, String> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.matches(';').count() >= head.matches(',').count() { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|e| format!("la riga delle colonne non si legge: {e}"))?.clone();
    if columns.is_empty() || columns.iter().all(str::is_empty) {
        return Err("il file è vuoto: la prima riga deve avere i nomi delle colonne".into());
    }
    let columns: Vec<String> = columns.iter().map(str::to_lowercase).collect();
    unknown(columns.iter().map(String::as_str), with_orders)?;
    let mut rows = Vec::new();
    for record in reader.records().take(ROWS_MAX + 1) {
        rows.push(match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                if record.iter().all(str::is_empty) {
                    continue;
                }
                let cells = if record.len() == columns.len() {
                    Ok(columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect())
                } else {
                    Err(format!("ha {} celle, le colonne sono {}", record.len(), columns.len()))
                };
                (line, cells)
            }
            Err(e) => (e.position().map_or(0, csv::Position::line), Err(format!("non si legge: {e}"))),
        });
    }
    Ok(rows)
}

fn of_json(text: &str, with_orders: bool) -> Result<Read, String> {
    let rows: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(text).map_err(|e| format!("riga {}: non è un elenco JSON di oggetti ({e})", e.line()))?;
    // The place of an element stands for its line: JSON has no lines of its own.
    let mut read = Vec::new();
    for (n, row) in rows.into_iter().enumerate().take(ROWS_MAX + 1) {
        unknown(row.keys().map(String::as_str), with_orders).map_err(|why| format!("elemento {}: {why}", n + 1))?;
        let cells = row.into_iter().map(|(name, value)| match value {
            serde_json::Value::String(text) => Ok((name, text.trim().to_owned())),
            serde_json::Value::Bool(yes) => Ok((name, if yes { "sì".into() } else { "no".into() })),
            serde_json::Value::Number(number) => Ok((name, number.to_string())),
            serde_json::Value::Null => Ok((name, String::new())),
            serde_json::Value::Array(lines) if name == orders::POINTS => {
                let lines: Option<Vec<&str>> = lines.iter().map(serde_json::Value::as_str).collect();
                lines.map(|lines| (name, lines.join("\n"))).ok_or_else(|| "`motivi` elenca dei testi".to_owned())
            }
            _ => Err(format!("`{name}` deve essere un testo")),
        });
        read.push((n as u64 + 1, cells.collect()));
    }
    Ok(read)
}

/// A column that nobody reads would be believed to be read.
fn unknown<'c>(columns: impl Iterator<Item = &'c str>, with_orders: bool) -> Result<(), String> {
    // Protocol numbers come from whoever keeps that register.
    let of_protocol = PROTOCOL.into_iter().filter(move |_| !with_orders);
    let of_orders = orders::COLUMNS.into_iter().filter(move |_| with_orders);
    let known =
        || PERSON.into_iter().chain(DOSSIER).chain(of_protocol.clone()).chain(["riservato"]).chain(of_orders.clone());
    for column in columns {
        if !column.starts_with(DATA) && !known().any(|name| name == column) {
            return Err(format!("la colonna «{column}» non si conosce{}", hint(column, known())));
        }
    }
    Ok(())
}

/// Whether a table with these columns is one of persons alone: nothing of it can be ordered.
///
/// # Errors
/// The column that is missing, or that nobody reads.
pub(crate) fn of_persons(columns: impl Iterator<Item = String>) -> Result<(), String> {
    let columns: Vec<String> = columns.collect();
    let has = |name: &str| columns.iter().any(|column| column == name);
    for column in &columns {
        if !PERSON.contains(&column.as_str()) && column.strip_prefix(DATA).is_none_or(str::is_empty) {
            let hint = hint(column, PERSON);
            return Err(format!(
                "la colonna «{column}» non si conosce{hint}; un dato di una persona è `{DATA}…` (o `dato_…`)"
            ));
        }
    }
    if !has("codice_fiscale") && !has("partita_iva") {
        return Err("manca la colonna `codice_fiscale` (o `partita_iva`): le persone si uniscono da lì".into());
    }
    if !has("nome") {
        return Err("manca la colonna `nome`".into());
    }
    Ok(())
}

fn deed(cells: &Cells, by: &str, mandate: Option<&Mandate>) -> Result<Deed, String> {
    if let Some(mandate) = mandate {
        let cells = mandate.within(cells)?;
        return if is_blank(&cells, "fascicolo") {
            row(&cells, cells.get(orders::BY).filter(|who| !who.is_empty()).map_or(by, String::as_str))
        } else {
            orders::order(&cells, mandate)
        };
    }
    row(cells, by)
}

fn row(cells: &Cells, by: &str) -> Result<Deed, String> {
    match (is_blank(cells, "documento"), is_blank(cells, "procedimento")) {
        (true, true) => person(cells, by),
        (true, false) => dossier(cells, by),
        (false, _) => registered(cells, by),
    }
}

fn is_blank(cells: &Cells, name: &str) -> bool {
    cells.get(name).is_none_or(String::is_empty)
}

fn registered(cells: &Cells, by: &str) -> Result<Deed, String> {
    let cell = |name: &str| cells.get(name).map_or("", String::as_str);
    let number = protocol_number(cell("numero"), date("data", cell("data"))?)?;
    let annulled = yes("annullato", cell("annullato"))?;
    let (document, by) = (cell("documento").into(), by.into());
    Ok(Deed::Protocol { order: Order::Number { document, number, annulled, by } })
}

/// A protocol number of a day, as people write it: `0004567`, `0004567/2026`.
///
/// # Errors
/// It is none, or of another year.
pub fn protocol_number(written: &str, on: Date) -> Result<Number, String> {
    let (digits, year) = written.trim().split_once('/').map_or((written.trim(), None), |(n, year)| (n, Some(year)));
    let unread = || format!("«{written}» non è un numero di protocollo (0004567 oppure 0004567/2026)");
    let number = digits.parse::<u32>().map_err(|_| unread())?;
    if year.is_some_and(|year| year != on.year().to_string()) {
        return Err(format!("«{written}» non è dell'anno della data {on}"));
    }
    Ok(Number { number, on })
}

fn person(cells: &Cells, by: &str) -> Result<Deed, String> {
    let cell = |name: &str| cells.get(name).map_or("", String::as_str);
    if cell("nome").is_empty() {
        return Err("manca `nome` (o `procedimento`, se la riga è un fascicolo)".into());
    }
    let source = source(cell("fonte"))?;
    let data = cells
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name.strip_prefix(DATA)?.to_owned(), value.clone())))
        .collect();
    Ok(Deed::Enter {
        person: NewPerson {
            codice_fiscale: cell("codice_fiscale").into(),
            partita_iva: cell("partita_iva").into(),
            name: cell("nome").into(),
            address: cell("pec").into(),
            source: Some(source),
            data,
            office: cell("ufficio").into(),
            by: by.into(),
        },
    })
}

fn dossier(cells: &Cells, by: &str) -> Result<Deed, String> {
    let cell = |name: &str| cells.get(name).map_or("", String::as_str);
    let role = role(cell("ruolo"))?;
    let since = match cell("avviato_il") {
        "" => None,
        text => Some(day(text)?),
    };
    let code =
        [cell("codice_fiscale"), cell("partita_iva")].into_iter().find(|code| !code.is_empty()).unwrap_or_default();
    Ok(Deed::Open {
        dossier: NewDossier {
            procedure: cell("procedimento").into(),
            subject: cell("oggetto").into(),
            office: cell("ufficio").into(),
            responsible: cell("responsabile").into(),
            classification: cell("classificazione").into(),
            parties: vec![NewParty { code: code.into(), name: cell("nome").into(), address: cell("pec").into(), role }],
            since,
            told: yes("avvisato", cell("avvisato"))?,
            reserved: yes("riservato", cell("riservato"))?,
            by: by.into(),
            origin: String::new(),
        },
    })
}

/// Who says that an address is a domicile, as a clerk writes it.
///
/// # Errors
/// The word is none of these.
pub fn source(word: &str) -> Result<Source, String> {
    Ok(match word.trim().to_lowercase().as_str() {
        "" | "dichiarato" => Source::Declared,
        "inad" => Source::Inad,
        "ini-pec" | "inipec" => Source::IniPec,
        "ipa" => Source::Ipa,
        "abilitato" => Source::Enabled,
        other => {
            return Err(format!("`fonte`: «{other}» non si conosce (inad, ini-pec, ipa, abilitato, dichiarato)"));
        }
    })
}

/// The part that somebody has in a dossier, as a clerk writes it.
///
/// # Errors
/// The word is none of these.
pub fn role(word: &str) -> Result<PartyRole, String> {
    Ok(match word.trim().to_lowercase().as_str() {
        "" | "destinatario" => PartyRole::Addressee,
        "richiedente" => PartyRole::Applicant,
        "beneficiario" => PartyRole::Beneficiary,
        "delegato" => PartyRole::Delegate,
        "interveniente" => PartyRole::Intervener,
        other => {
            return Err(format!(
                "`ruolo`: «{other}» non si conosce (destinatario, richiedente, beneficiario, delegato, interveniente)"
            ));
        }
    })
}

fn yes(name: &str, text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "" | "no" => Ok(false),
        "sì" | "si" => Ok(true),
        other => Err(format!("`{name}`: «{other}» non è né «sì» né «no»")),
    }
}

/// An example of a table of persons: what `register template` prints.
pub const PEOPLE_EXAMPLE: &str = "\
codice_fiscale;partita_iva;nome;pec;fonte;ufficio;dato.telefono
BNCNNA80A41H501R;;Anna Bianchi;anna.bianchi@pec.example;inad;anagrafe;055 000001
;01114601006;Rossi Costruzioni S.r.l.;rossi.costruzioni@pec.example;ini-pec;suap;
";

/// An example of a table of dossiers.
pub const DOSSIERS_EXAMPLE: &str = "\
procedimento;oggetto;ufficio;responsabile;classificazione;codice_fiscale;nome;pec;ruolo;avviato_il;avvisato;riservato
richiesta;Verifica della superficie dichiarata;tributi;Ada Neri;IV.3;BNCNNA80A41H501R;Anna Bianchi;anna.bianchi@pec.example;\
destinatario;02/03/2026;no;no
";

/// `2026-07-31` or `31/07/2026`, the beginning of that day in Rome.
fn day(text: &str) -> Result<Timestamp, String> {
    date("avviato_il", text).map(casework::calendar::midnight)
}

/// `2026-07-31` or `31/07/2026`.
fn date(name: &str, text: &str) -> Result<Date, String> {
    let written = text.parse::<Date>().or_else(|_| Date::strptime("%d/%m/%Y", text));
    written.map_err(|_| format!("`{name}`: «{text}» non è un giorno (31/07/2026 o 2026-07-31)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rows: &[Row]) -> Vec<String> {
        rows.iter().filter_map(|row| row.deed.as_ref().err().map(|why| format!("{}: {why}", row.line))).collect()
    }

    #[test]
    fn each_wrong_row_is_named_and_the_others_are_read() {
        let text = "codice_fiscale;nome;pec;fonte\n\
                    RSSMRA80A01H501U;Mario Rossi;mario@pec.example;inad\n\
                    ;;x@pec.example;inad\n\
                    RSSMRA80A01H501U;Mario Rossi;mario@pec.example;amico\n\
                    solo;due\n";
        let rows = read("persone.csv", text.as_bytes(), "Anna", None).unwrap();
        assert!(rows[0].deed.is_ok());
        assert_eq!(
            refused(&rows),
            [
                "3: manca `nome` (o `procedimento`, se la riga è un fascicolo)",
                "4: `fonte`: «amico» non si conosce (inad, ini-pec, ipa, abilitato, dichiarato)",
                "5: ha 2 celle, le colonne sono 4",
            ]
        );
    }

    #[test]
    fn csv_and_json_say_the_same() {
        let csv = "procedimento,oggetto,codice_fiscale,nome,pec,avviato_il,avvisato\n\
                   richiesta,Verifica d'ufficio,RSSMRA80A01H501U,Mario Rossi,mario@pec.example,02/03/2026,sì\n";
        let json = r#"[{"procedimento":"richiesta","oggetto":"Verifica d'ufficio","codice_fiscale":"RSSMRA80A01H501U",
            "nome":"Mario Rossi","pec":"mario@pec.example","avviato_il":"2026-03-02","avvisato":true}]"#;
        let of = |name: &str, text: &str| read(name, text.as_bytes(), "Anna", None).unwrap().remove(0).deed.unwrap();
        assert_eq!(of("a.csv", csv), of("a.json", json));
        let Deed::Open { dossier } = of("a.csv", csv) else { panic!() };
        assert_eq!(dossier.since.unwrap().to_string(), "2026-03-01T23:00:00Z");
    }

    #[test]
    fn a_file_that_is_none_says_why() {
        let why = |name: &str, bytes: &[u8]| read(name, bytes, "Anna", None).unwrap_err();
        assert!(why("a.xlsx", b"").contains(".csv o .json"));
        assert!(why("a.csv", b"\xff\xfe").contains("UTF-8"));
        assert!(why("a.csv", b"").contains("vuoto"));
        let unknown = why("a.csv", b"nome;codicefiscale\n");
        assert!(unknown.starts_with("la colonna «codicefiscale» non si conosce (forse intendevi `codice_fiscale`?"));
        assert!(why("a.json", b"{}").contains("elenco JSON"));
    }
}
