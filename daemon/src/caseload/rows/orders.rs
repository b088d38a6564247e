//! What the body's back office orders of a dossier, in a row of a table. It changes when it may order something else.
//!
//! Only what has a mandate is read here: an office of these, as this role at most. What the law and the procedure let be done is
//! asked where every order is (`casework::act`).

use super::{Cells, is_blank, yes};
use crate::caseload::Deed;
use casework::act::{Act, Order};
use casework::dossier::check::{self, NoNumber};
use casework::nearest::hint;
use casework::verb::Verb;

/// The name of a row.
pub(super) const ID: &str = "id";
/// Who acts.
pub(super) const BY: &str = "chi";
/// Reasons, or what is asked.
pub(super) const POINTS: &str = "motivi";
/// The columns of an order.
pub(super) const COLUMNS: [&str; 8] = [ID, "fascicolo", "azione", POINTS, "ente", "non_detenuto", BY, "assegna_a"];
/// Longest name of a row, bytes.
const ID_BYTES_MAX: usize = 200;
/// What a row may order that is no verb of a procedure.
const NOTE: &str = "nota";

/// For which offices the back office works, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Ids of offices; one at least.
    pub offices: Vec<String>,
    /// `operatore`, `responsabile`, `coordinatore`.
    pub role: String,
}

impl Mandate {
    /// A row with its office, if it is one of these.
    pub(super) fn within(&self, cells: &Cells) -> Result<Cells, String> {
        let mut cells = cells.clone();
        if cells.get(ID).is_some_and(|id| id.len() > ID_BYTES_MAX) {
            return Err(format!("`id` supera {ID_BYTES_MAX} byte"));
        }
        let written = cells.get("ufficio").map_or("", String::as_str);
        let office = match (written, self.offices.as_slice()) {
            ("", [only]) => only.clone(),
            ("", all) => return Err(format!("manca `ufficio`: il gestionale lavora per {}", all.join(", "))),
            (office, all) if all.iter().any(|one| one == office) => return Ok(cells),
            (office, all) => {
                let text = format!("`ufficio`: il gestionale non lavora per «{office}», ma per {}", all.join(", "));
                return Err(text);
            }
        };
        cells.insert("ufficio".into(), office);
        Ok(cells)
    }
}

/// The order of a row.
pub(super) fn order(cells: &Cells, mandate: &Mandate) -> Result<Deed, String> {
    let cell = |name: &str| cells.get(name).map_or("", String::as_str);
    let dossier = check::read(cell("fascicolo")).map_err(|why| match why {
        NoNumber::Slip => format!("`fascicolo`: {}", check::SLIP),
        NoNumber::Form => format!("`fascicolo`: «{}» non è un numero, come 2026/000123", cell("fascicolo")),
    })?;
    if is_blank(cells, BY) {
        return Err("manca `chi`: chi ha agito, nome e cognome. Resta scritto nel registro".into());
    }
    let points: Vec<String> =
        cell(POINTS).split(['\n', '|']).map(str::trim).filter(|point| !point.is_empty()).map(str::to_owned).collect();
    let word = cell("azione").to_lowercase().replace(' ', "_");
    let act = match (word.as_str(), word.parse::<Verb>()) {
        ("", _) => return Err("manca `azione`: che cosa si fa del fascicolo".into()),
        (NOTE, _) => Act::Note { text: points.join("\n") },
        (_, Ok(Verb::Assegna)) => {
            Act::Assign { office: cell("assegna_a").into(), responsible: cell("responsabile").into() }
        }
        (_, Ok(verb)) => Act::Do {
            verb,
            points,
            to: cell("ente").into(),
            not_held: yes("non_detenuto", cell("non_detenuto"))?,
            again: String::new(),
        },
        (_, Err(())) => {
            let known = Verb::ALL.iter().map(|verb| verb.code()).chain([NOTE]);
            return Err(format!("`azione`: «{word}» non si conosce{}", hint(&word, known)));
        }
    };
    let [by, office] = [BY, "ufficio"].map(|name| cell(name).to_owned());
    let role = mandate.role.clone();
    Ok(Deed::Act { order: Order::new(dossier, act, by, office, role) })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn mandate(offices: &[&str]) -> Mandate {
        Mandate { offices: offices.iter().map(|office| (*office).to_owned()).collect(), role: "operatore".into() }
    }

    fn row(text: &str, mandate: Option<&Mandate>) -> Result<Deed, String> {
        read("righe.json", text.as_bytes(), "gestionale", mandate)?.remove(0).deed
    }

    #[test]
    fn an_order_has_its_dossier_its_verb_and_a_name_and_its_office_is_within_the_mandate() {
        let one = mandate(&["tributi"]);
        let text = r#"[{"id":"7","fascicolo":"2026/000012","azione":"chiedi integrazione","motivi":["La pianta","Il bollo"],
            "non_detenuto":true,"chi":"Ugo Verdi"}]"#;
        let Ok(Deed::Act { order }) = row(text, Some(&one)) else { panic!("{:?}", row(text, Some(&one))) };
        assert_eq!(
            (&*order.dossier, &*order.by, &*order.office, &*order.role),
            ("2026/000012", "Ugo Verdi", "tributi", "operatore")
        );
        let points = vec!["La pianta".to_owned(), "Il bollo".to_owned()];
        let verb = Verb::ChiediIntegrazione;
        assert_eq!(order.act, Act::Do { verb, points, to: String::new(), not_held: true, again: String::new() });
        // The same in CSV: one cell, parted by `|`.
        let csv = "fascicolo;azione;motivi;non_detenuto;chi\n2026/000012;chiedi_integrazione;La pianta|Il bollo;sì;Ugo Verdi\n";
        assert_eq!(read("r.csv", csv.as_bytes(), "g", Some(&one)).unwrap().remove(0).deed, Ok(Deed::Act { order }));

        let two = mandate(&["tributi", "suap"]);
        for (mandate, row_, why) in [
            (&two, r#"{"fascicolo":"2026/1","azione":"nota","motivi":"x","chi":"U"}"#, "manca `ufficio`"),
            (
                &two,
                r#"{"fascicolo":"2026/1","azione":"nota","motivi":"x","chi":"U","ufficio":"anagrafe"}"#,
                "non lavora per «anagrafe»",
            ),
            (&one, r#"{"nome":"Anna","ufficio":"anagrafe"}"#, "non lavora per «anagrafe»"),
            (&one, r#"{"fascicolo":"2026/1","azione":"nota","motivi":"x"}"#, "manca `chi`"),
            (&one, r#"{"fascicolo":"2026/1","chi":"U"}"#, "manca `azione`"),
            (&one, r#"{"fascicolo":"2026/1","azione":"acogli","chi":"U"}"#, "`accogli`"),
            (&one, r#"{"fascicolo":"dodici","azione":"accogli","chi":"U"}"#, "non è un numero"),
            (&one, r#"{"fascicolo":"2026/000012-ZZ","azione":"accogli","chi":"U"}"#, "errore di battitura"),
        ] {
            let said = row(&format!("[{row_}]"), Some(mandate)).unwrap_err();
            assert!(said.contains(why), "{row_}: {said}");
        }
        // Who has no mandate orders nothing: not even the columns are known.
        assert!(row(text, None).unwrap_err().contains("non si conosce"));
    }
}
