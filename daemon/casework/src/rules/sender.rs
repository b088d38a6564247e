//! What a sender's address says of the sender: `from.kind`. It changes when another convention of addresses is believed.
//!
//! Only the domain counts: the Pec of a body in the rules (`[body]`), ministries under `gov.it`, `comune.….it` and its like, the
//! domains that professional orders give to their members, companies by their legal form. What stands before the `@` anybody can
//! choose at any provider; `comune` before a domain of their own, too, may whoever has one. Whoever has a box at a common provider
//! may be anybody: nothing is said, and no rule may take silence for «citizen». It is a hint for points, never an identity.

use super::book::Rulebook;
use alloc::string::String;
use alloc::vec::Vec;

/// A body of the administration.
const PUBLIC_BODY: &str = "public_body";
/// A member of a professional order.
const PROFESSIONAL: &str = "professional";
/// A company.
const BUSINESS: &str = "business";

/// Names of bodies that stand in front of a place: `pec.comune.rivalta.it`.
const OF_PLACES: [&str; 14] = [
    "comune",
    "comuni",
    "provincia",
    "regione",
    "cittametropolitana",
    "unionecomuni",
    "unione",
    "comunitamontana",
    "asl",
    "ausl",
    "ats",
    "arpa",
    "asp",
    "prefettura",
];
/// Second names that are a body's own, before `it`.
const OWN: [&str; 22] = [
    "gov",
    "interno",
    "giustizia",
    "giustiziacert",
    "esteri",
    "agenziaentrate",
    "inps",
    "inail",
    "istat",
    "istruzione",
    "carabinieri",
    "poliziadistato",
    "gdf",
    "vigilfuoco",
    "mef",
    "beniculturali",
    "cultura",
    "lavoro",
    "difesa",
    "aci",
    "anticorruzione",
    "gpdp",
];
/// How the domains begin, or end, that professional orders and funds give to their members.
const OF_ORDERS: [&str; 18] = [
    "ordineavvocati",
    "avvocati",
    "pecavvocati",
    "ingpec",
    "ording",
    "geopec",
    "geometri",
    "archiworld",
    "architetti",
    "commercialisti",
    "odcec",
    "notariato",
    "consulentidellavoro",
    "agronomi",
    "conaf",
    "periti",
    "geologi",
    "omceo",
];
/// Legal forms with which the name of a company ends.
const FORMS: [&str; 5] = ["srl", "srls", "spa", "snc", "sas"];
/// Letters that a name has besides its legal form: `spa.it` is a bath.
const NAME_LETTERS_MIN: usize = 3;

/// `public_body`, `professional`, `business`, or nothing.
pub(crate) fn kind(book: &Rulebook, address: &str) -> &'static str {
    let address = address.trim().to_ascii_lowercase();
    let Some((_, domain)) = address.rsplit_once('@') else { return "" };
    if book.bodies().any(|body| body.pec.eq_ignore_ascii_case(&address)) {
        return PUBLIC_BODY;
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let Some((owned, before)) = labels.split_last().and_then(|(_, rest)| rest.split_last()) else { return "" };
    let is_it = domain.ends_with(".it");
    if before.iter().any(|label| OF_PLACES.contains(label)) || (is_it && OWN.contains(owned)) {
        return PUBLIC_BODY;
    }
    let plain: Vec<String> = before.iter().chain([owned]).map(|label| label.replace('-', "")).collect();
    if plain.iter().any(|label| OF_ORDERS.iter().any(|order| label.starts_with(order) || label.ends_with(order))) {
        return PROFESSIONAL;
    }
    let is_company = |label: &String| {
        FORMS.iter().any(|form| label.strip_suffix(form).is_some_and(|name| name.len() >= NAME_LETTERS_MIN))
    };
    if plain.iter().any(is_company) { BUSINESS } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{SourceFile, load};

    #[test]
    fn the_domain_says_what_it_takes_to_have_it() {
        let text = "format = 1\n[defaults]\naccept = 60\nmargin = 15\notherwise = 'x'\n[office.u]\ntitle = 'U'\nmail = 'u@c.example'\n\
            [body.consorzio]\ntitle = 'Consorzio'\npec = 'consorzio@pec.example'\n[rule.x]\ntitle = 'X'\nkind = 'other'\noffice = 'u'\nmode = 'suggest'\n\
            [test.x]\nsubject = 'x'\nexpect = { rule = 'x' }\n";
        let book = load(&[SourceFile { name: "a.toml".into(), text: text.into() }], &[]).unwrap();
        for (address, said) in [
            ("protocollo@pec.comune.rivalta.example", PUBLIC_BODY),
            ("com.prov@cert.vigilfuoco.it", PUBLIC_BODY),
            ("Consorzio@PEC.example", PUBLIC_BODY),
            ("a.rossi@ordineavvocatirivalta.example", PROFESSIONAL),
            ("m.bianchi@geopec.it", PROFESSIONAL),
            ("amministrazione@pec.rossi-scavi-srl.example", BUSINESS),
            // What anybody may choose says nothing, nor does another's box at the same provider.
            ("comune.rivalta@pec.example", ""),
            ("altri@pec.example", ""),
            ("info@comune.example", ""),
            ("relax@spa.example", ""),
            ("x@vigilfuoco.example", ""),
            ("senza chiocciola", ""),
        ] {
            assert_eq!(kind(&book, address), said, "{address}");
        }
    }
}
