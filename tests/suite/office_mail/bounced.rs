//! A task that comes back: no office has it, and no machine writes again. It changes when a bounce is shown in another way.

use super::*;

/// A report of a mail server (RFC 3464), as it lies in the mailbox of the offices.
fn report(subject: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@{SERVER}>\r\nTo: <sportello@comune.example>\r\n\
         Message-ID: <torna@{SERVER}>\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n<{SHARED}>: 552 5.2.2 mailbox full\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {SERVER}\r\n\r\nFinal-Recipient: rfc822; {SHARED}\r\n\
         Action: failed\r\nStatus: 5.2.2\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: {subject}\r\n--b--\r\n"
    )
}

#[test]
fn a_task_that_comes_back_is_shown_to_who_looks_at_the_service() {
    let town = Town::new();
    town.run().stop();
    let (number, subject) = town.opened();
    let running = town.run();
    let before = town.letters().len();
    let tmp = town.offices.join("tmp/torna");
    fs::write(&tmp, report(&subject)).unwrap();
    fs::rename(tmp, town.offices.join("new/torna")).unwrap();
    town.settled(&running);
    let overview = running.overview();
    let incidents: Vec<&str> = overview.incidents.iter().map(|(_, code, ..)| code.as_str()).collect();
    assert_eq!(incidents, ["bounce"]);
    let last = overview.messages.last().unwrap();
    assert!(matches!(last.disposition, casework::Disposition::Noted { .. }), "{:?}", last.disposition);
    assert_eq!(town.letters().len(), before, "its answer could come back too");
    let state = overview.dossiers.iter().find(|dossier| dossier.number == number).unwrap().state;
    assert_eq!(state.code(), "assegnata");
    running.stop();
    let (code, out, err) = ask(&["status", town.house.data.to_str().unwrap()]);
    assert!(code != Some(0) && out.contains("è tornato indietro"), "{code:?}\n{out}{err}");
}
