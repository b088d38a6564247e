//! The files that somebody hands over at the counter with an order: one message that holds them, as an office's mail would. It
//! changes when files come to the counter otherwise.
//!
//! So a document has one form, whichever way it came: a file within a message of the archive, found by digest and place. This
//! message was never sent; it lies with what is ours.

use crate::digest::sha256;
use crate::submit::{self, Attachment, HeaderText, Letter, MessageId, Party};
use casework::act::{HANDED_MAX, Handed};
use casework::decision::ENCLOSED_BYTES_MAX;
use jiff::Timestamp;
use pec::reread;

/// Puts files into one message: name and bytes of each. `from`: the address of the body.
///
/// # Errors
/// They are too many, too large or have no name; in Italian.
pub fn compose(files: Vec<(String, Vec<u8>)>, from: &str, now: Timestamp) -> Result<String, String> {
    if files.len() > HANDED_MAX {
        return Err(format!("al massimo {HANDED_MAX} file per un ordine"));
    }
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > ENCLOSED_BYTES_MAX {
        let most = ENCLOSED_BYTES_MAX / (1024 * 1024);
        return Err(format!("i file di un ordine misurano insieme al massimo {most} MB: mandane meno"));
    }
    let digest = sha256(&files.iter().flat_map(|(_, bytes)| bytes).copied().collect::<Vec<u8>>());
    let domain = from.rsplit_once('@').map_or("sportello.invalid", |(_, domain)| domain);
    let party = || Party { name: None, address: from.to_owned() };
    let attachment = |(name, bytes): (String, Vec<u8>)| Attachment {
        media_type: media(&name).into(),
        name: HeaderText::new(&name),
        bytes,
    };
    let letter = Letter {
        from: party(),
        to: party(),
        subject: HeaderText::new("Documenti consegnati al banco con un ordine"),
        date: now,
        message_id: MessageId::new(&format!("<banco.{digest}@{domain}>")).ok_or("l'indirizzo dell'ente non va bene")?,
        in_reply_to: None,
        references: vec![],
        reply_to: None,
        auto_submitted: None,
        tipo_ricevuta: None,
        extra: vec![],
        body: "I file consegnati al banco insieme a un ordine. Questo messaggio non è mai partito: li tiene insieme in archivio.\n".into(),
        attachments: files.into_iter().map(attachment).collect(),
    };
    let bytes = submit::compose(&letter).map_err(|why| why.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

/// The files in such a message.
///
/// # Errors
/// There is none, or one cannot be read; in Italian.
pub fn read(paper: &str) -> Result<Vec<Handed>, String> {
    let message = sha256(paper.as_bytes());
    let mut handed = Vec::new();
    for ((name, media), nth) in reread::attachments(paper.as_bytes()).into_iter().take(HANDED_MAX).zip(0u32..) {
        let of = reread::document(paper.as_bytes(), nth as usize, ENCLOSED_BYTES_MAX);
        let file = of.map_err(|_| format!("il file «{name}» non si legge, o è troppo grande"))?;
        let (bytes, empty) = (file.bytes.len(), file.bytes.is_empty());
        handed.push(Handed { message: message.clone(), nth, name, media, bytes, empty });
    }
    if handed.is_empty() { Err("l'ordine dice di avere dei file, e non ne ha".into()) } else { Ok(handed) }
}

/// By its ending; of others nothing is known.
fn media(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("pdf") => "application/pdf",
        Some("xml") => "application/xml",
        Some("zip") => "application/zip",
        Some("p7m") => "application/pkcs7-mime",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_out_as_they_went_in() {
        let files = vec![
            ("esito n. 12 – è sì.pdf".to_owned(), b"%PDF-1.4\r\n\x00\xff".to_vec()),
            ("vuoto.txt".to_owned(), vec![]),
        ];
        let paper = compose(files.clone(), "protocollo@pec.comune.test", Timestamp::UNIX_EPOCH).unwrap();
        let read = read(&paper).unwrap();
        for ((file, (name, bytes)), nth) in read.iter().zip(&files).zip(0u32..) {
            assert_eq!((&file.name, file.nth, file.bytes, file.empty), (name, nth, bytes.len(), bytes.is_empty()));
            let again = reread::document(paper.as_bytes(), nth as usize, ENCLOSED_BYTES_MAX).unwrap();
            assert_eq!(again.bytes, *bytes);
        }
        assert_eq!((read.len(), read[0].media.as_str()), (2, "application/pdf"));
        assert!(read[0].message == sha256(paper.as_bytes()));
        let large = vec![("a.pdf".to_owned(), vec![0; ENCLOSED_BYTES_MAX]), ("b.pdf".to_owned(), vec![0])];
        assert!(compose(large, "protocollo@pec.comune.test", Timestamp::UNIX_EPOCH).unwrap_err().contains("20 MB"));
        assert!(super::read("ciao\r\n").is_err());
    }
}
