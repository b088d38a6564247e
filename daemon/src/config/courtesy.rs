//! `[invio.cortesia]`: the road of courtesy notices, by ordinary mail. It changes when more of them can be set.

use super::reader::{Mistakes, Table};
use super::{Mailbox, Road, address_of, rates, server};
use casework::address;
use casework::desk::CourtesyRoad;
use jiff::SignedDuration;

/// How courtesy notices leave.
#[derive(Debug, Clone)]
pub struct Courtesy {
    /// The submission server and the sender.
    pub road: Road,
    /// How long each waits: letters that come meanwhile make no other.
    pub hold: SignedDuration,
    /// Most to one address in a day.
    pub a_day: u32,
}

impl Courtesy {
    /// What a decision must know of it.
    pub(super) fn desk(&self) -> CourtesyRoad {
        CourtesyRoad { from: self.road.from.clone(), a_day: self.a_day }
    }
}

/// Reads the table; `None`: it is not there, and no notice is sent.
pub(super) fn read(invio: &mut Table<'_, '_>, mailboxes: &[Mailbox], m: &mut Mistakes) -> Option<Courtesy> {
    let mut table = invio.table("cortesia", m);
    let at = table.at();
    let read = table.is_there().then(|| Courtesy {
        road: Road {
            server: server(&mut table, true, m),
            from: address_of(&mut table, "mittente", m),
            rates: rates(&mut table, m),
        },
        hold: SignedDuration::from_mins(table.number("attesa_minuti", 10, 0..=720, m) as i64),
        a_day: table.number("avvisi_al_giorno", 3, 1..=24, m) as u32,
    });
    table.finish(m);
    let is_pec = |from: &str| mailboxes.iter().any(|box_| box_.offices.is_none() && address::same(&box_.address, from));
    if read.as_ref().is_some_and(|courtesy| is_pec(&courtesy.road.from)) {
        m.add(
            at,
            "`invio.cortesia.mittente` è una casella Pec: gli avvisi di cortesia vanno per posta ordinaria".into(),
        );
    }
    read
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use casework::desk::CourtesyRoad;

    const ROAD: &str = "[invio.cortesia]\nserver = \"smtp.comune.example\"\nutente = \"avvisi\"\n\
                        password_file = \"/etc/sportello/cortesia.password\"\n";

    #[test]
    fn notices_are_off_until_their_road_is_there_and_never_go_from_the_pec() {
        let file = include_str!("../../sportello.toml");
        let with =
            |text: &str| Config::parse("s.toml", &file.replace("\n[uffici]\n", &format!("\n{text}\n[uffici]\n")));
        assert_eq!(with("").unwrap().entity.courtesy, None);
        let read = with(&format!("{ROAD}mittente = \"avvisi@comune.example\"")).unwrap();
        assert_eq!(read.entity.courtesy, Some(CourtesyRoad { from: "avvisi@comune.example".into(), a_day: 3 }));
        assert_eq!(read.courtesy.unwrap().hold.as_mins(), 10);
        for bad in
            ["mittente = \"protocollo@pec.comune.example\"", "", "mittente = \"a@b.example\"\navvisi_al_giorno = 0"]
        {
            assert_eq!(with(&format!("{ROAD}{bad}")).unwrap_err().len(), 1, "{bad}");
        }
    }
}
