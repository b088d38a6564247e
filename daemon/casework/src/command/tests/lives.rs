//! Lives of orders beyond the first answer: a refusal by mail alone, machines in an office's box, orders among long quotations.

use super::*;
use crate::decide;

#[test]
fn a_refusal_by_mail_waits_for_its_notice_and_both_letters_leave() {
    let mut scene = scene().worked_on();
    let sent =
        Sent::to(&scene, MARIA, "PREAVVISO DI RIGETTO\n- il muro è sul confine\n- manca il titolo\n\nMaria Bianchi");
    let (answer, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "order-done"], "{}", answer.text);
    assert_eq!(scene.dossier.state, State::PreavvisoDiniego);
    let notice = scene::the(&scene.letters, "preavviso-diniego").clone();
    assert_eq!((notice.to.as_str(), notice.lane), (SAFE, Lane::Pec));
    for reason in ["- il muro è sul confine\n", "- manca il titolo\n"] {
        assert!(notice.text.contains(reason), "{}", notice.text);
    }
    let refuse = |scene: &mut Scene| {
        let sent = Sent::to(scene, MARIA, "RESPINGO\n- il muro è sul confine\n\nCordiali saluti\nMaria Bianchi");
        let (answer, trail) = send(scene, &sent, &[]);
        (answer, trail.last().expect("a reason").clone())
    };
    let (answer, code) = refuse(&mut scene);
    assert_eq!((answer.template.as_str(), code.as_str()), ("ordine-non-eseguito", "notice-not-delivered"));
    scene.days(1);
    scene.deliver(&notice);
    // The ten days of art. 10-bis, and the last of them is the citizen's.
    for _ in 0..=10 {
        let (answer, code) = refuse(&mut scene);
        assert_eq!((answer.template.as_str(), code.as_str()), ("ordine-non-eseguito", "notice-running"));
        assert_eq!(scene.dossier.state, State::PreavvisoDiniego);
        scene.days(1);
    }
    let (answer, code) = refuse(&mut scene);
    assert_eq!((answer.template.as_str(), code.as_str()), ("ordine-eseguito", "order-done"), "{}", answer.text);
    assert_eq!(scene.dossier.state, State::Respinta);
    assert!(answer.text.contains("Stato adesso: respinta"), "{}", answer.text);
    let outcome = scene::the(&scene.letters, "esito");
    assert_eq!((outcome.to.as_str(), outcome.lane), (SAFE, Lane::Pec));
    assert!(scene::flat(outcome).contains("Stato: respinta"), "{}", outcome.text);
    assert!(outcome.text.contains("- il muro è sul confine\n") && outcome.text.contains("Se non sei d'accordo"));
    assert_eq!(scene.of_template("preavviso-diniego").len(), 1);
}

/// An absence note of an office's box, shared or of one person, vouched for or not: noted, and nothing goes out.
#[test]
fn an_absence_note_from_an_office_is_noted_and_nothing_goes_out() {
    let scene = scene();
    let text = "Sono in ferie fino al 30.\n\nACCOLGO: quello che cita il compito\n";
    for from in [SHARED, MARIA, "l.verdi@comune.example"] {
        for more in [
            "Auto-Submitted: auto-replied\r\n",
            "Auto-Submitted: auto-generated (vacation)\r\n",
            "X-Autoreply: yes\r\n",
            "Precedence: auto_reply\r\n",
            "X-Auto-Response-Suppress: All\r\n",
        ] {
            for vouched in ["dmarc=pass header.from=comune.example", "none"] {
                for answers_ours in [true, false] {
                    let note = Sent { more, vouched, ..Sent::to(&scene, from, text) };
                    let known = Known { answers_ours, ..known(&scene) };
                    let decision = decide(&note.seen().0, &known, &DESK);
                    let told = format!("{from} {more} {vouched} {answers_ours}: {decision:?}");
                    assert!(matches!(decision.disposition, Disposition::Noted { .. }), "{told}");
                    assert!(decision.outgoing.is_empty() && decision.changes.is_empty(), "{told}");
                }
            }
        }
        // The same words of a person are an order.
        let order = Sent::to(&scene, from, "PRENDO IN CARICO");
        let decision = decide(&order.seen().0, &known(&scene), &DESK);
        assert!(matches!(decision.disposition, Disposition::Order { .. }), "{decision:?}");
    }
}

/// Forty lines of the task, which names every order, above or below the one that was written, in the manner of each mail program.
#[test]
fn an_order_stands_above_or_below_a_long_quotation() {
    let before = scene();
    let mut tasked = before.clone();
    let sent = Sent::to(&tasked, MARIA, "NOTA: la guarda il tecnico");
    let (task, _) = send(&mut tasked, &sent, &[]);
    let lines: Vec<&str> = task.text.lines().cycle().take(40).collect();
    assert!(task.text.contains("NON COMPETENZA"), "{}", task.text);
    let mut orders = lines.clone();
    orders.extend(["RESPINGO: no", "ACCOLGO: sì"]);
    let marked: String = orders.iter().map(|line| format!("> {line}\n")).collect();
    let plain: String = orders.iter().map(|line| format!("{line}\n")).collect();
    let thunderbird = "Il 02/03/26 10:00, Sportello ha scritto:\n";
    let outlook = "Da: Sportello <sportello@comune.example>\nInviato: lunedì 2 marzo 2026 10:00\nA: Edilizia\nOggetto: compito\n\n";
    let separated = "-----Messaggio originale-----\nDa: Sportello\n";
    for text in [
        format!("PRENDO IN CARICO\n\n{thunderbird}{marked}"),
        format!("{thunderbird}{marked}\nPRENDO IN CARICO\n"),
        format!("{thunderbird}{marked}\nPRENDO IN CARICO\n\n{thunderbird}{marked}"),
        format!("PRENDO IN CARICO\n\nMaria Bianchi\n\n{outlook}{plain}"),
        format!("PRENDO IN CARICO\n\n{separated}{plain}"),
    ] {
        let mut scene = before.clone();
        let sent = Sent::to(&scene, MARIA, &text);
        let (answer, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", "order-done"], "{}\n{text}", answer.text);
        assert_eq!(scene.dossier.state, State::InLavorazione);
    }
    // What is only quoted orders nothing.
    for text in [format!("{thunderbird}{marked}"), format!("Vedi sotto.\n\n{outlook}{plain}")] {
        let mut scene = before.clone();
        let sent = Sent::to(&scene, MARIA, &text);
        let (_, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", "no-order"], "{text}");
    }
}
