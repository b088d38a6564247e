//! The font of the sheet, as a file carries it. It changes when something else of a font is left out.
//!
//! The crate that writes PDF copies the whole table of names into each file, and half of a subset of `DejaVu` is then its licence, twice:
//! 10 KB of 20 in each font, compressed anew for each sheet. Copyright and the licence's address stay.

/// Kind of the name that is the licence, word by word (OpenType, table `name`, id 13).
const LICENCE: u16 = 13;
/// Bytes of an entry of the font's directory, of the head of its names, and of one name's record.
const ENTRY: usize = 16;
const HEAD: usize = 6;
const RECORD: usize = 12;

/// A font without the text of its licence: its new table of names stands at its end. `None`: it is no font.
pub(super) fn without_licence(font: &[u8]) -> Option<Vec<u8>> {
    let entries = font.get(12..)?.chunks_exact(ENTRY).take(short(font, 4)?.into());
    let (nth, entry) = entries.enumerate().find(|(_, entry)| entry.starts_with(b"name"))?;
    let names = font.get(long(entry, 8)?..)?.get(..long(entry, 12)?)?;
    let texts = names.get(usize::from(short(names, 4)?)..)?;
    let kept: Vec<&[u8]> = names
        .get(HEAD..)?
        .chunks_exact(RECORD)
        .take(short(names, 2)?.into())
        .filter(|record| short(record, 6) != Some(LICENCE))
        .collect();
    let start = u16::try_from(HEAD + RECORD * kept.len()).ok()?;
    let (mut table, mut said) = (Vec::new(), Vec::new());
    for number in [0, u16::try_from(kept.len()).ok()?, start] {
        table.extend(number.to_be_bytes());
    }
    for record in kept {
        let text = texts.get(short(record, 10)?.into()..)?.get(..short(record, 8)?.into())?;
        table.extend(record.get(..10)?);
        table.extend(u16::try_from(said.len()).ok()?.to_be_bytes());
        said.extend(text);
    }
    table.append(&mut said);
    let mut slim = font.to_vec();
    slim.resize(font.len().next_multiple_of(4), 0);
    let place =
        [u32::try_from(slim.len()).ok()?.to_be_bytes(), u32::try_from(table.len()).ok()?.to_be_bytes()].concat();
    slim.append(&mut table);
    // Its checksum nobody asks for: the subset in the file has one of its own.
    slim.get_mut(12 + ENTRY * nth + 8..)?.get_mut(..8)?.copy_from_slice(&place);
    Some(slim)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_be_bytes(*two))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk().and_then(|four| u32::from_be_bytes(*four).try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use skrifa::MetadataProvider;
    use skrifa::prelude::FontRef;
    use skrifa::string::StringId;

    #[test]
    fn only_the_licence_is_left_out() {
        for font in [dejavu::sans::regular(), dejavu::sans::bold()] {
            let slim = without_licence(font).unwrap();
            let (before, after) = (FontRef::new(font).unwrap(), FontRef::new(&slim).unwrap());
            let texts = |font: &FontRef<'_>, id| font.localized_strings(id).map(|s| s.to_string()).collect::<Vec<_>>();
            assert!(texts(&before, StringId::LICENSE_DESCRIPTION)[0].len() > 4000);
            assert!(texts(&after, StringId::LICENSE_DESCRIPTION).is_empty());
            for id in
                [StringId::COPYRIGHT_NOTICE, StringId::FULL_NAME, StringId::POSTSCRIPT_NAME, StringId::LICENSE_URL]
            {
                assert_eq!(texts(&after, id), texts(&before, id));
                assert!(!texts(&after, id).is_empty());
            }
        }
        assert_eq!(without_licence(b"no font"), None);
    }
}
