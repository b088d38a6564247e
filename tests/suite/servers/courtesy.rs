//! Changes when courtesy notices go otherwise. Their mail is ordinary: Postfix takes it, Dovecot keeps it or refuses it, and what is
//! refused comes back to the mailbox of the offices as Postfix writes it.

use super::world::{BY_MAIL, Choices, Comune, OFFICE, World, citizen, runtime};
use crate::support::{Daemon, ask, wait_or};
use gestore::{Mail, Timestamp};
use sportello::submit::{self, Outcome, Security};
use std::fs;

const CODE: &str = "BNCNNA80A41H501R";
const HERS: &str = "anna@interno.test";

#[test]
fn a_notice_arrives_by_ordinary_mail_and_a_real_bounce_is_known_for_what_it_is() {
    let Some(world) = World::up_for(&[citizen(0), HERS.into()]) else { return };
    let comune = Comune::build(&world, &Choices { by_mail: true, ..Choices::default() });
    let text = fs::read_to_string(&comune.file).unwrap();
    let road = text.split("[invio.uffici]\n").nth(1).unwrap().split("\n[").next().unwrap();
    fs::write(&comune.file, format!("{text}[invio.cortesia]\n{road}\nattesa_minuti = 0\n")).unwrap();
    let (code, said) = comune.check();
    assert_eq!(code, Some(0), "{said}");
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(2, &["event=\"imap_connected\""]);
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", comune.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let anna = citizen(0);
    let who = ["person", "add", "--cf", CODE, "--name", "Anna Bianchi", "--address", &anna, "--source", "inad"];
    say(&[&who[..], &["--by", "Ada Neri"]].concat());
    let write = |subject: &str| {
        let mail = Mail::new(&anna).to(OFFICE).subject(subject).text("Grazie\n").compose(Timestamp::now()).unwrap();
        let line = submit::Line::new(world.smtp(&anna, Security::Implicit));
        let outcome = runtime().block_on(line.attempt(&anna, OFFICE, &mail.raw, || async { Ok(()) }));
        assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    };

    write(&format!("AVVISAMI ANCHE A {HERS}"));
    let inbox = world.servers.join("mail/interno.test/anna/new");
    let arrived = || fs::read_dir(&inbox).ok()?.flatten().find_map(|file| fs::read_to_string(file.path()).ok());
    let raw = wait_or(|| service.log(), arrived);
    assert!(raw.contains("Subject: Comune di Ente ti ha mandato una Pec"), "{raw}");
    assert!(raw.contains(&format!("<{}>", BY_MAIL[1])) && !raw.contains("Bianchi") && !raw.contains(&anna), "{raw}");

    write("AVVISAMI ANCHE A nessuno@interno.test");
    let shown = || say(&["person", "show", CODE, "--by", "Ada Neri", "--office", "urp"]);
    let back =
        || shown().split_whitespace().collect::<Vec<_>>().join(" ").contains("nessuno@interno.test è tornato indietro");
    wait_or(|| format!("{}\n{}", shown(), service.log()), || back().then_some(()));
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert_eq!(service.logged(&["ERROR"]), 0, "{}", service.log());
    let incidents = comune.status()["incidents"].as_array().map_or(0, Vec::len);
    assert_eq!(incidents, 0, "{}", comune.status());
}
