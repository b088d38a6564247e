//! How commands are read. It changes when there is another one, or people write one otherwise.

use super::*;

fn of(subject: &str, text: &str) -> Read {
    read(&Content { subject: subject.into(), text: text.into(), ..Content::default() })
}

fn one(subject: &str, text: &str) -> Option<Command> {
    match of(subject, text) {
        Read::One { command, .. } => Some(command),
        Read::Nothing | Read::Several(_) => None,
    }
}

fn cited(number: &str) -> Cited {
    let mut halves = number.split('/');
    let (year, ordinal) = (halves.next().unwrap(), halves.next().unwrap());
    let number = Some(dossier::number(year.parse().unwrap(), ordinal.parse().unwrap()));
    Cited { written: number.clone().unwrap_or_default(), number, slip: false }
}

#[test]
fn a_command_is_read_however_it_is_written() {
    for (subject, text) in [
        ("I MIEI DATI", ""),
        ("i miei dati", "\n"),
        ("", "Buongiorno,\n\ni miei dati, grazie.\n\nAnna Bianchi\n"),
        ("Richiesta", "I MIEI DATI!\n-- \nAnna\n"),
        ("miei dati", "grazie mille"),
        ("I MIEI DATI BNCNNA80A41H501R", ""),
        ("I miei dati", "I MIEI DATI"),
    ] {
        assert_eq!(one(subject, text), Some(Command::Data), "{subject} / {text}");
    }
    for number in [
        "STATO 2026/000123",
        "Stato della pratica n. 2026/123",
        "stato 123/2026.",
        "per favore STATO fascicolo 2026-000123",
    ] {
        let Some(Command::Status(status)) = one(number, "") else { panic!("{number}") };
        assert_eq!(status.number.as_deref(), Some("2026/000123"), "{number}");
    }
    assert_eq!(one("Documento 2026/000123/4", ""), Some(Command::Document(cited("2026/000123"), 4)));
    assert_eq!(one("FASCICOLO 2026/000123", ""), Some(Command::Index(cited("2026/000123"), None)));
    assert_eq!(one("FASCICOLO 2026/000123/201", ""), Some(Command::Index(cited("2026/000123"), Some(201))));
    assert_eq!(one("VALUTAZIONE 4 2026/000123", ""), Some(Command::Rate(cited("2026/000123"), 4, None)));
    let Some(Command::Rate(of, 2, Some(5))) = one("", "Valutazione 2 pratica n. 2026/123 motivo 5\n") else {
        panic!("a rating")
    };
    assert_eq!(of.number.as_deref(), Some("2026/000123"));
    assert_eq!(one("ritiro 2026/000123", "grazie"), Some(Command::Withdraw(cited("2026/000123"))));
    assert_eq!(one("Scheda cambio di residenza", ""), Some(Command::Card("cambio di residenza".into())));
    assert_eq!(one("Catalogo dei servizi", ""), Some(Command::Catalogue));
    assert_eq!(one("Aiuto!", ""), Some(Command::Help));
    for subject in
        ["CHI HA VISTO?", "chi ha visto i miei dati", "Accessi ai miei dati", "CHI HA VISTO BNCNNA80A41H501R"]
    {
        assert_eq!(one(subject, ""), Some(Command::Seen), "{subject}");
    }
    assert_eq!(one("", "Buongiorno, chi ha consultato il mio fascicolo? Grazie\n"), Some(Command::Seen));
    assert_eq!(one("Solo gli avvisi essenziali, grazie", ""), Some(Command::Notices(Notices::Essential)));
    assert_eq!(one("", "TUTTI GLI AVVISI\n"), Some(Command::Notices(Notices::All)));
    for text in ["AVVISAMI DELLE SCADENZE", "avvisami prima delle mie scadenze, grazie", "Avvisatemi delle scadenze!"] {
        assert_eq!(one(text, ""), Some(Command::Expiries(Wish::Wanted)), "{text}");
    }
    for text in [
        "NON AVVISARMI",
        "Non avvisarmi più",
        "non avvisatemi delle scadenze",
        "Buongiorno, non avvisarmi più delle scadenze. Grazie",
        "Basta avvisi sulle scadenze",
    ] {
        assert_eq!(one("", text), Some(Command::Expiries(Wish::Unwanted)), "{text}");
    }
    for (text, wish) in [
        ("SEGUI 2026/000123", Wish::Wanted),
        ("Seguo la pratica n. 2026/123, grazie", Wish::Wanted),
        ("NON SEGUO PIÙ 2026/000123", Wish::Unwanted),
        ("Non seguo più la pratica 123/2026", Wish::Unwanted),
    ] {
        assert_eq!(one("", text), Some(Command::Follow(cited("2026/000123"), wish)), "{text}");
    }
    assert_eq!(one("ABILITAMI cf BNCNNA80A41H501R", ""), Some(Command::Enable));
}

#[test]
fn where_notices_go_is_read_however_it_is_written_and_is_no_other_notice() {
    for (text, address) in [
        ("AVVISAMI ANCHE A anna@posta.example", "anna@posta.example"),
        ("Avvisatemi anche all'indirizzo Anna.B@Posta.example, grazie", "Anna.B@Posta.example"),
        ("buongiorno, avvisami per e-mail a <anna@posta.example>.", "anna@posta.example"),
        ("Avvisami anche via email su anna@posta.example", "anna@posta.example"),
        ("avvisami anche a mailto:anna@posta.example", "anna@posta.example"),
        ("avvisami anche a anna@posta", "anna@posta"),
        ("Avvisami anche a anna.posta.example", "anna.posta.example"),
        ("AVVISAMI ANCHE A", ""),
        ("Avvisami anche per posta elettronica", ""),
    ] {
        assert_eq!(one(text, ""), Some(Command::Courtesy(Some(address.into()))), "{text}");
        assert_eq!(one("", &format!("Buongiorno,\n\n{text}\n\nAnna Bianchi\n")), one(text, ""), "{text}");
    }
    for text in [
        "NON AVVISARMI PER E-MAIL",
        "Non avvisarmi più per email, grazie",
        "non avvisatemi anche per posta elettronica",
        "Non avvisarmi più a anna@posta.example",
        "Basta avvisi per e-mail",
    ] {
        assert_eq!(one("", text), Some(Command::Courtesy(None)), "{text}");
    }
    for text in [
        "avvisami",
        "Avvisami domani",
        "Avvisami anche domani",
        "avvisami quando è pronto il certificato a anna@posta.example",
        "avvisami a anna@posta.example o ugo@posta.example",
        "non avvisarmi per telefono",
    ] {
        assert_eq!(of("", text), Read::Nothing, "{text}");
    }
}

#[test]
fn check_letters_are_read_however_they_are_written_and_a_wrong_one_names_nothing() {
    let check = check::letters(2026, 123);
    let wrong = check::letters(2026, 132);
    for (before, after) in [("2026/000123-", ""), ("2026/123 ", "."), ("2026/000123", ""), ("n. 123/2026 - ", "")] {
        for check in [check.clone(), check.to_lowercase()] {
            let text = format!("STATO {before}{check}{after}");
            assert_eq!(one(&text, ""), Some(Command::Status(cited("2026/000123"))), "{text}");
        }
        for wrong in [wrong.clone(), wrong.to_lowercase(), "NR".into(), "K".into(), "OOO".into()] {
            let text = format!("STATO {before}{wrong}{after}");
            // Three letters glued to the digits are another slip: the number itself is not read then.
            let Some(Command::Status(status)) = one(&text, "") else { panic!("{text}") };
            assert_eq!(status.number, None, "{text}");
            assert!(status.slip || before == "2026/000123", "{text}");
        }
    }
    let document = one(&format!("DOCUMENTO 2026/000123-{check}/4"), "");
    assert_eq!(document, Some(Command::Document(cited("2026/000123"), 4)));
    let both = of(&format!("STATO 2026/000123-{check}"), "stato 2026/123\n");
    assert!(matches!(both, Read::One { .. }), "{both:?}");
}

#[test]
fn what_is_quoted_or_signed_orders_nothing() {
    for (subject, text) in [
        ("Re: LE MIE PRATICHE", "Grazie della risposta.\n"),
        ("I: STATO 2026/000123", "Inoltro.\n"),
        ("Domanda", "Che cosa vuol dire?\n> LE MIE PRATICHE\n"),
        ("Domanda", "Ho capito.\n-----Messaggio originale-----\nAIUTO\n"),
        ("Domanda", "Ho capito.\n-- \nI MIEI DATI\n"),
        ("Domanda", "Ho capito.\nDistinti saluti\nREVOCA\n"),
        ("[Fascicolo 2026/000123]", "Allego quello che manca.\n"),
    ] {
        assert_eq!(of(subject, text), Read::Nothing, "{subject} / {text}");
    }
}

#[test]
fn a_sentence_is_no_command() {
    for subject in [
        "Stato di agitazione",
        "I miei dati sono sbagliati",
        "Documento d'identità",
        "Ritiro rifiuti ingombranti",
        "Revoca dell'ordinanza n. 5",
        "Seguo con interesse la vicenda",
        "Non seguo più la strada vecchia",
        "Aiuto per la mensa",
        "Valutazione 6 2026/000123",
        "Valutazione 4 2026/000123 motivo 9",
        "Valutazione di impatto 2026/000123",
        "Tutti gli avvisi di pagamento ricevuti",
        "Avvisami della scadenza della mia pratica",
        "Avvisami",
        "Non avvisarmi per posta",
        "Basta avvisi di pagamento",
        "Le mie pratiche non avanzano",
        "Chi ha visto il mio cane",
        "Chi ha visto i miei dati deve dirmelo",
        "DOCUMENTO 2026/000123",
    ] {
        assert_eq!(of(subject, ""), Read::Nothing, "{subject}");
    }
}

#[test]
fn who_looked_is_asked_in_a_sentence_too_and_not_in_a_quotation() {
    let asks = |subject: &str, text: &str| {
        asks_who_saw(&Content { subject: subject.into(), text: text.into(), ..Content::default() })
    };
    assert!(asks("Richiesta", "Vorrei sapere chi ha avuto accesso ai miei dati negli ultimi mesi.\n"));
    assert!(asks("CHI HA VISTO", ""));
    assert!(!asks("Domanda", "Grazie.\n> chi ha visto i miei dati\n"));
    assert!(!asks("I MIEI DATI", "Chi ha visto la mia bicicletta?\n"));
}

#[test]
fn two_that_differ_are_several_and_words_beside_are_counted() {
    let Read::Several(both) = of("LE MIE PRATICHE", "I MIEI DATI\n") else { panic!("two") };
    assert_eq!(both.len(), 2);
    assert_eq!(
        of("REVOCA", "Buongiorno,\nnon uso più questo indirizzo.\nGrazie"),
        Read::One { command: Command::Revoke, beside: 5 }
    );
}

#[test]
fn a_slip_of_the_pen_is_kept_as_it_was_written() {
    let Some(Command::Status(status)) = one("STATO 2026/00O123", "") else { panic!("a status") };
    assert_eq!((status.number.as_deref(), status.written.as_str()), (None, "2026/00o123"));
}

#[test]
fn a_place_is_taken_or_given_up_with_a_number_or_in_an_answer_and_never_under_a_condition() {
    for (subject, text, number, answer) in [
        ("ACCETTO 2026/000123", "", Some("2026/000123"), Answer::Taken),
        ("Re: La decisione [Fascicolo 2026/000123-MK]", "Accetto\n", None, Answer::Taken),
        ("Re: La decisione", "Buongiorno,\naccetto il posto.\nGrazie\n", None, Answer::Taken),
        ("Re: La decisione", "Confermo il posto della pratica 123/2026\n", Some("2026/000123"), Answer::Taken),
        ("ACCETTO 2026/000123", "Accetto il posto\n", Some("2026/000123"), Answer::Taken),
        ("Rinuncio al posto 2026/000123", "", Some("2026/000123"), Answer::GivenUp),
        ("Re: La decisione", "Rinuncio\n> ACCETTO 2026/000123\n", None, Answer::GivenUp),
        ("Re: La decisione", "Non accetto il posto.\n", None, Answer::GivenUp),
    ] {
        assert_eq!(one(subject, text), Some(Command::Place(number.map(cited), answer)), "{subject} / {text}");
    }
    for text in ["Accetto solo se è al mattino", "Rinuncio se non c'è posto al mattino", "Accetto volentieri l'invito"]
    {
        assert_eq!(of("Re: La decisione", text), Read::Nothing, "{text}");
    }
    assert!(matches!(of("ACCETTO 2026/000123", "Rinuncio\n"), Read::Several(_)), "one or the other");
}
