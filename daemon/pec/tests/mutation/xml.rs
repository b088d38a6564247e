//! Changes when the certification data are forged in another way.

use super::parts::Multi;
use super::{Draft, Rng, base64, find, from_base64};

/// Changes `daticert.xml` where it lies, in its own transfer encoding.
pub fn daticert(draft: &mut Draft<'_>) -> String {
    let inner = Multi::read(&draft.raw).and_then(|multi| Some((Multi::read(multi.pieces.get(1)?)?, multi)));
    let Some((mut inner, mut multi)) = inner else {
        return "not a multipart".into();
    };
    let Some(part) = inner.pieces.iter_mut().skip(1).find(|piece| find(piece, b"application/xml").is_some()) else {
        return "no daticert.xml".into();
    };
    let blank = find(part, b"\r\n\r\n").map(|at| at + 4).or_else(|| find(part, b"\n\n").map(|at| at + 2));
    let (head, body) = part.split_at(blank.unwrap_or(part.len()));
    let coded = find(&head.to_ascii_lowercase(), b"base64").is_some();
    let xml = if coded { from_base64(body) } else { body.to_vec() };
    let (said, xml) = changed(&mut draft.rng, &String::from_utf8_lossy(&xml));
    let body = if coded { base64(xml.as_bytes()).into_bytes() } else { xml.into_bytes() };
    *part = [head, &body].concat();
    multi.pieces[1] = inner.join();
    draft.raw = multi.join();
    said
}

fn changed(rng: &mut Rng, xml: &str) -> (String, String) {
    let (from, to) = rng.pick(&[
        ("errore-consegna", "avvenuta-consegna"),
        ("non-accettazione", "accettazione"),
        ("no-dest", "nessuno"),
        ("tipo=\"", "tipo=\"x"),
        ("errore=\"", "errore=\"virus\" errore=\""),
        ("cittadini.test", "altrove.test"),
        ("anna.bianchi", "sindaco"),
        ("<mittente>", "<mittente>sindaco@pec.comune.example</mittente><mittente>"),
        ("<mittente>", "<mittente><!-- -->"),
        ("</destinatari>", "</destinatari><destinatari tipo=\"certificato\">altro@pec.comune.example</destinatari>"),
        ("<risposte>", "<risposte>ladro@altrove.test,"),
        ("<oggetto>", "<oggetto><![CDATA["),
        ("<dati>", "<dati><dati>"),
        ("03/02/2026", "03/02/2025"),
        ("10:10:11", "10:10:12"),
        ("+0100", "+0200"),
        ("<identificativo>", "<identificativo>x"),
        ("<msgid>", "<msgid>&lt;x&gt;"),
        ("<consegna>", "<consegna>x"),
        ("completa", "sintetica"),
        ("<postacert", "<!DOCTYPE postacert [<!ENTITY a \"b\">]><postacert"),
        ("<postacert", "<x:postacert"),
        ("UTF-8", "ISO-8859-1"),
        ("</postacert>", "</postacert><postacert/>"),
        ("a", "b"),
    ]);
    if xml.contains(from) {
        return (format!("{from:?} made {to:?}"), xml.replacen(from, to, 1));
    }
    let letters: Vec<char> = xml.chars().collect();
    let at = rng.below(letters.len());
    let text = letters.iter().enumerate().map(|(n, c)| if n == at { '#' } else { *c }).collect();
    (format!("letter {at} made #"), text)
}
