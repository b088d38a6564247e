//! Changes when the journey of the daily canary through real mail servers does.

use super::world::{Choices, Comune, OFFICE, World, citizen};
use crate::support::{Daemon, ask, wait_or};
use std::fs;

/// Out by SMTP, sealed, delivered, fetched by IMAP with its two receipts, believed; a citizen's letter beside it is worked as ever.
#[test]
fn the_canary_of_today_comes_home_once_and_troubles_nobody() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let text = fs::read_to_string(&comune.file).unwrap();
    // From midnight on: it is always past the hour.
    fs::write(&comune.file, format!("{text}[allarmi]\ncanarino = \"00:00\"\n")).unwrap();
    assert_eq!(comune.check().0, Some(0));
    for n in 1..=2 {
        let mut service = Daemon::run(&comune.file, &comune.log);
        service.wait_logged(n, &["event=\"imap_connected\""]);
        let is_home = || !comune.status()["canaries"][0]["returned"].is_null();
        wait_or(|| format!("the canary: {}", service.log()), || is_home().then_some(()));
        let (_, said, _) = ask(&["status", comune.data.to_str().unwrap()]);
        println!("{said}");
        assert!(said.contains("Canarino protocollo: inviato ") && said.contains(", tornato "), "{said}");
        world.writes(&citizen(n));
        comune.wait_delivered(n + 1);
        service.signal("TERM");
        assert_eq!(service.end().code(), Some(0), "{}", service.log());
    }
    assert_eq!(world.letters(OFFICE), 3, "two citizens' and one of ours, whatever the restart");
    let status = comune.status();
    let of = |kind: &str| {
        status["messages"].as_array().unwrap().iter().filter(|m| m["disposition"]["disposition"] == kind).count()
    };
    assert_eq!((of("request"), of("noted"), status["dossiers"].as_array().unwrap().len()), (2, 1, 2), "{status}");
    assert_eq!(comune.items("internal").len(), 2, "the citizens' tasks, and none of the canary");
}
