//! How easy a text is for an Italian reader. Changes when the measure changes.

/// Least Gulpease index of a letter to a citizen: 60 is easy for who finished the *scuola media*, within reach of who
/// finished primary school (design choice S0.18).
pub(super) const GULPEASE_MIN: u32 = 60;

/// Gulpease index of the prose in `text`, 0 to 100, or `None` when it has no prose.
///
/// 89 + (300 × sentences − 10 × letters) / words (Lucisano and Piemontese, 1988). Only lines that end as a sentence
/// are prose: the lines «Ufficio: Anagrafe», lists and addresses would make any letter look easy.
pub(super) fn gulpease(text: &str) -> Option<u32> {
    let (mut letters, mut words, mut sentences) = (0_i64, 0_i64, 0_i64);
    // An empty line or a sign ends a paragraph, which `wrap` may have broken over several lines.
    for paragraph in text.split("\n\n") {
        if !paragraph.trim_end().ends_with(['.', '?', '!']) {
            continue;
        }
        for word in paragraph.split_whitespace() {
            if word.contains("://") || word.contains('@') {
                continue;
            }
            let count = word.chars().filter(|c| c.is_alphanumeric()).count();
            letters += i64::try_from(count).unwrap_or_default();
            words += i64::from(count > 0);
            sentences += i64::from(word.ends_with(['.', '?', '!']));
        }
    }
    let index = 89 + (300 * sentences - 10 * letters).checked_div(words)?;
    u32::try_from(index.clamp(0, 100)).ok()
}

#[cfg(test)]
mod tests {
    use super::gulpease;

    #[test]
    fn plain_words_beat_office_words() {
        let plain = gulpease("Abbiamo ricevuto la tua richiesta. Ti scriviamo entro il 31 luglio.");
        let office = gulpease(
            "Si comunica l'avvenuta acquisizione della documentazione trasmessa, riservandosi \
             l'amministrazione procedente ogni ulteriore valutazione istruttoria in ordine alla procedibilità.",
        );
        assert!(plain >= Some(80) && office < Some(40), "{plain:?} {office:?}");
    }

    #[test]
    fn a_list_of_facts_is_not_prose() {
        assert_eq!(gulpease("Ente: Comune\nUfficio: Anagrafe"), None);
    }
}
