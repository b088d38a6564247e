//! Revocation through the whole service: an unknown holds nothing up, a revoked provider is suspect, a list that comes later is told.

use crate::evidence::{collect, commands, run, unpack};
use crate::support::{House, Recorder, Running, ask, wait, wait_or};
use casework::Disposition;
use gestore::revocation::{Crl, Revoked};
use gestore::{Authority, Circuit, LeafProfile, Mail, Provider, Style, Submission, Timestamp};
use jiff::SignedDuration;
use sportello::archive::{Archive, Shelf};
use sportello::store::Overview;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

const ENTITY: &str = "protocollo@pec.comune.test";

/// A web server that gives one list, or says that it has none.
struct Server {
    port: u16,
    list: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<Mutex<usize>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (list, asked) = (Arc::new(Mutex::new(None::<Vec<u8>>)), Arc::new(Mutex::new(0)));
        let server = Self { port, list: list.clone(), asked: asked.clone() };
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let _ = stream.read(&mut [0; 4096]);
                *asked.lock().unwrap() += 1;
                let answer = match &*list.lock().unwrap() {
                    Some(body) => {
                        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                        [head.as_bytes(), body].concat()
                    }
                    None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
                };
                let _ = stream.write_all(&answer);
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/CRL", self.port)
    }
}

struct World {
    authority: Authority,
    beta: Provider,
    circuit: Circuit,
    house: House,
}

/// A Comune whose citizens' provider has a certificate that says to ask `crl_url`; `revoca` is the configuration's table.
fn world(root: &Path, crl_url: String, revoca: &str) -> World {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let profile = LeafProfile { crl_url: Some(crl_url), ..LeafProfile::of_provider("Beta", "pec.beta.test", now) };
    let beta = Provider::new("Beta", "pec.beta.test", Style::aruba_like(), authority.leaf(&profile).unwrap());
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta.clone())];
    let circuit = Circuit::new(&root.join("caselle"), domains);
    let house = House::build(root, ENTITY, &circuit.maildir(ENTITY).unwrap(), authority.certificate_der());
    let text = fs::read_to_string(&house.file).unwrap();
    fs::write(&house.file, format!("{text}\n[revoca]\n{revoca}\n")).unwrap();
    World { authority, beta, circuit, house }
}

impl World {
    /// A citizen writes; the decision on it.
    fn letter(&self, running: &Running, subject: &str) -> (String, Overview) {
        let letter = Mail::new("anna.bianchi@cittadini.test").to(ENTITY).subject(subject);
        let letter = letter.text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
        let letter = letter.compose(Timestamp::now()).unwrap();
        self.circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
        wait_or(
            || format!("«{subject}» in {:#?}", running.overview().messages),
            || {
                let all = running.overview();
                let row = all.messages.iter().find(|m| m.subject.contains(subject))?.clone();
                Some((row.digest, all))
            },
        )
    }

    /// A list that has Beta's certificate as revoked since an hour ago.
    fn revoking(&self) -> Vec<u8> {
        let now = Timestamp::now();
        let since = now - SignedDuration::from_hours(1);
        let entry = Revoked::certificate(self.beta.signer().certificate_der(), since);
        self.authority.crl(&Crl::issued(now - SignedDuration::from_mins(1)).with(entry)).unwrap()
    }
}

fn grade(all: &Overview, digest: &str) -> (String, Disposition) {
    let row = all.messages.iter().find(|m| m.digest == digest).unwrap();
    (row.grade.clone(), row.disposition.clone())
}

#[test]
fn a_list_that_comes_later_is_told_and_from_then_on_the_provider_is_suspect_without_network_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let revoca = format!("host = [\"127.0.0.1:{}\"]\nindirizzi_interni = [\"127.0.0.1\"]", server.port);
    let world = world(dir.path(), server.url(), &revoca);
    *server.list.lock().unwrap() = Some(world.revoking());

    // Nothing was known when the first letter came: it is worked on, and the list is asked for because of it.
    let running = world.house.start(Recorder::default().roads());
    let (first, all) = world.letter(&running, "Cambio di residenza uno");
    assert!(matches!(grade(&all, &first), (grade, Disposition::Request { .. }) if grade == "genuine"));
    let all = wait("the look back", || {
        let all = running.overview();
        all.incidents.iter().any(|(_, code, _, message)| code == "revoked-later" && *message == first).then_some(all)
    });
    assert_eq!(all.incidents.len(), 1, "told once: {:?}", all.incidents);
    assert!(matches!(grade(&all, &first).1, Disposition::Request { .. }), "what was decided stays decided");

    let (second, all) = world.letter(&running, "Cambio di residenza due");
    assert!(
        matches!(grade(&all, &second), (grade, Disposition::Quarantine { .. }) if grade == "suspect"),
        "{:?}",
        grade(&all, &second)
    );
    running.stop();
    let asked = *server.asked.lock().unwrap();

    // The lists that answered are in the archive, and the register names them.
    let archive = Archive::open(&world.house.data).unwrap();
    let lists = archive.digests(Shelf::Status).unwrap();
    assert_eq!(lists.len(), 1);
    let journal = fs::read_to_string(world.house.data.join("journal/000001.jsonl")).unwrap();
    assert_eq!(journal.matches(&lists[0]).count(), 2, "the second decision, and the look back");
    let data = world.house.data.to_str().unwrap();
    let (code, out, err) = ask(&["verify-journal", data, "--archive"]);
    assert_eq!(code, Some(0), "{out}{err}");

    // A third party sees by OpenSSL alone what we saw: signed rightly, and revoked by a list of the authority.
    let zip = dir.path().join("prove.zip");
    collect(&second, &zip, &["--config", world.house.file.to_str().unwrap()]);
    let unpacked = dir.path().join("prove");
    fs::create_dir(&unpacked).unwrap();
    unpack(&zip, &unpacked);
    let revoked = commands(&unpacked).into_iter().filter(|(_, block)| block.contains("openssl crl"));
    let said: Vec<(bool, String)> = revoked.map(|(_, block)| run(&unpacked, &block)).collect();
    assert!(
        matches!(&said[..], [(true, said)] if said.contains("verify OK") && said.contains("Revocation Date")),
        "{said:?}"
    );

    // Explained with the same configuration, it is judged by the same lists.
    let saved = archive.path(Shelf::In, &second);
    let (_, out, err) = ask(&["explain", "--config", world.house.file.to_str().unwrap(), saved.to_str().unwrap()]);
    assert!(out.contains("SOSPETTO") && out.contains("il certificato era revocato"), "{out}{err}");

    // A restart without network: the list at hand decides, nothing is told twice, nobody is asked.
    *server.list.lock().unwrap() = None;
    let running = world.house.start(Recorder::default().roads());
    let (third, all) = world.letter(&running, "Cambio di residenza tre");
    assert_eq!(grade(&all, &third).0, "suspect");
    assert_eq!(all.incidents.iter().filter(|(_, code, ..)| code == "revoked-later").count(), 1);
    running.stop();
    assert_eq!(*server.asked.lock().unwrap(), asked);
    let (_, out, _) = ask(&["status", data]);
    assert!(out.contains("Liste di revoca: 1 CRL") && out.contains("non era più buono"), "{out}");
}

/// Who stole a key dates his message back to before the theft was known; the list that comes later is asked about the arrival.
#[test]
fn a_message_dated_back_to_before_the_revocation_is_told_too() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    let revoca = format!("host = [\"127.0.0.1:{}\"]\nindirizzi_interni = [\"127.0.0.1\"]", server.port);
    let world = world(dir.path(), server.url(), &revoca);
    *server.list.lock().unwrap() = Some(world.revoking());
    let running = world.house.start(Recorder::default().roads());
    let before = Timestamp::now() - SignedDuration::from_hours(2);
    let letter = Mail::new("anna.bianchi@cittadini.test").to(ENTITY).subject("Cambio di residenza").text("Via Po 1\n");
    let letter = letter.compose(before).unwrap();
    let accepted = world.beta.submit(&letter.raw, &letter.mail_from, &letter.rcpt_to, before).unwrap();
    let Submission::Accepted { envelope, .. } = accepted else { panic!("refused") };
    // As a provider delivers: whole or not at all, for the service may look at any time.
    gestore::maildir::deliver(&world.circuit.maildir(ENTITY).unwrap(), &envelope.raw).unwrap();
    let told = |all: &Overview| all.incidents.iter().any(|(_, code, ..)| code == "revoked-later");
    let all = wait_or(|| format!("{:#?}", running.overview()), || Some(running.overview()).filter(|all| told(all)));
    assert_eq!(all.messages.iter().map(|m| m.grade.as_str()).collect::<Vec<_>>(), ["genuine"]);
    running.stop();
}

#[test]
fn an_unknown_holds_nothing_up_and_only_listed_hosts_are_asked() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start();
    // The certificate leads to a host that the administrator did not list.
    let world = world(dir.path(), server.url(), "host = [\"ca1.agid.gov.it\"]\nindirizzi_interni = [\"127.0.0.1\"]");
    *server.list.lock().unwrap() = Some(world.revoking());
    let running = world.house.start(Recorder::default().roads());
    for subject in ["Cambio di residenza uno", "Cambio di residenza due"] {
        let (digest, all) = world.letter(&running, subject);
        assert!(matches!(grade(&all, &digest), (grade, Disposition::Request { .. }) if grade == "genuine"));
    }
    running.stop();
    assert_eq!(*server.asked.lock().unwrap(), 0);
    let (_, out, _) = ask(&["status", world.house.data.to_str().unwrap()]);
    assert!(out.contains("non è mai arrivata"), "{out}");
    // What a person puts into the folder by hand needs no network.
    let hand = dir.path().join("crl");
    fs::create_dir(&hand).unwrap();
    fs::write(hand.join("agid.crl"), world.revoking()).unwrap();
    let text = fs::read_to_string(&world.house.file).unwrap();
    let table = format!("[revoca]\nattiva = false\ncartella = \"{}\"\n", hand.display());
    fs::write(&world.house.file, format!("{}{table}", text.split("[revoca]").next().unwrap())).unwrap();
    let running = world.house.start(Recorder::default().roads());
    let (third, all) = world.letter(&running, "Cambio di residenza tre");
    assert_eq!(grade(&all, &third).0, "suspect");
    wait("the look back at both", || {
        let told = running.overview().incidents.iter().filter(|(_, code, ..)| code == "revoked-later").count();
        (told == 2).then_some(())
    });
    running.stop();
    assert_eq!(*server.asked.lock().unwrap(), 0);
}
