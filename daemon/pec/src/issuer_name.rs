//! Whether `gestore-emittente`, free text in the signed data, names the organisation that signed (`reference` pec.md §9.9).

use crate::examine::Signer;
use crate::report::Sheet;
use crate::why::quoted;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Says in a note when the two have no word in common. Only a note: the name is free text, a provider changes it with its
/// company, and the signature says who signed better than any name.
pub(crate) fn note(sheet: &mut Sheet, gestore_emittente: &str, signer: &Signer) {
    if !alike(gestore_emittente, &signer.organisation) {
        let (stated, certified) = (quoted(gestore_emittente), quoted(&signer.organisation));
        sheet.note(format!("il gestore scritto nei dati firmati è {stated}, quello del certificato {certified}"));
    }
}

/// One name holds all the words of the other, legal forms and the word SIMULAZIONE aside: «Sogei SpA», «Sogei S.p.A.».
fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (words(a), words(b));
    let within = |few: &[String], many: &[String]| few.iter().all(|word| many.contains(word));
    !a.is_empty() && !b.is_empty() && (within(&a, &b) || within(&b, &a))
}

/// Words in lower case, without punctuation and legal forms.
fn words(name: &str) -> Vec<String> {
    /// Written with and without points: `S.p.A.` and `SpA` are one word here.
    const FORMS: [&str; 12] =
        ["spa", "srl", "srls", "sapa", "snc", "sas", "scarl", "scpa", "spasu", "srlsu", "simulazione", "pec"];
    let plain = name.to_lowercase().replace(['.', '\'', '’'], "");
    let each = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    each.filter(|word| !FORMS.contains(word)).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_write_them() {
        for (a, b, same) in [
            ("Sogei SpA", "Sogei S.p.A.", true),
            ("CEDACRI S.P.A.", "Cedacri S.p.A.", true),
            ("ARUBA PEC S.p.A.", "Aruba PEC S.p.A.", true),
            ("InfoCert", "InfoCert S.p.A.", true),
            ("Telecom Italia Trust Technologies S.r.l.", "TELECOM ITALIA TRUST TECHNOLOGIES SRL", true),
            ("Agenzia per l'Italia Digitale", "Agenzia per l’Italia Digitale", true),
            ("Altro S.p.A.", "Sogei S.p.A.", false),
            ("S.p.A.", "Sogei S.p.A.", false),
            ("", "Sogei S.p.A.", false),
        ] {
            assert_eq!(alike(a, b), same, "{a} / {b}");
        }
    }
}
