//! Changes when what Postfix sees of the simulated circuit changes: the command run as pipe(8) runs it, against a scripted LMTP server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use common::{OFFICE, SENDER, header, mail};
use gestore::Timestamp;

/// What the server took: recipient and bytes.
type Taken = (String, Vec<u8>);

/// An LMTP server that asks `answer` what to say to the final dot, or to RCPT when the answer begins with 5.
fn server(connections: usize, answer: impl Fn(&str) -> &'static str + Send + 'static) -> (String, Receiver<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            serve(stream, &answer, &sender);
        }
    });
    (address, receiver)
}

fn serve(stream: TcpStream, answer: &impl Fn(&str) -> &'static str, taken: &Sender<Taken>) {
    let mut say = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    let mut to = String::new();
    say.write_all(b"220 scripted\r\n").unwrap();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = String::from_utf8(line).unwrap();
        let reply = match line.get(..4).unwrap_or_default() {
            "LHLO" => "250-scripted\r\n250 8BITMIME",
            "RCPT" => {
                to = line.trim_end().trim_start_matches("RCPT TO:<").trim_end_matches('>').to_string();
                Some(answer(&to)).filter(|reply| reply.starts_with('5')).unwrap_or("250 ok")
            }
            "DATA" => {
                say.write_all(b"354 go\r\n").unwrap();
                let mut raw = Vec::new();
                loop {
                    let mut line = Vec::new();
                    lines.read_until(b'\n', &mut line).unwrap();
                    if line == b".\r\n" {
                        break;
                    }
                    raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                }
                let reply = answer(&to);
                if reply.starts_with('2') {
                    taken.send((to.clone(), raw)).unwrap();
                }
                reply
            }
            "QUIT" => return,
            _ => "250 ok",
        };
        say.write_all(format!("{reply}\r\n").as_bytes()).unwrap();
    }
}

fn gestore(arguments: &[&str], input: &[u8]) -> (i32, String) {
    run(Command::new(env!("CARGO_BIN_EXE_gestore")).args(arguments), input)
}

fn run(command: &mut Command, input: &[u8]) -> (i32, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        [output.stdout, output.stderr].concat().iter().map(|byte| char::from(*byte)).collect(),
    )
}

fn prepared() -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().display().to_string();
    let domains = ["--domain", "ente.test=pec.alfa.test", "--domain", "cittadini.test=pec.beta.test:legalmail:Beta"];
    let (code, said) = gestore(&[&["authority", "--state", &path], &domains[..]].concat(), b"");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("SIMULAZIONE Beta <posta-certificata@pec.beta.test>"), "{said}");
    state
}

fn pipe(state: &Path, lmtp: &str, raw: &[u8]) -> (i32, String) {
    let state = state.display().to_string();
    gestore(&["pipe", "--state", &state, "--lmtp", lmtp, "--", SENDER, OFFICE], raw)
}

fn kinds(taken: &Receiver<Taken>) -> Vec<(String, String)> {
    let kind = |raw: &[u8]| header(raw, "X-Ricevuta").or_else(|| header(raw, "X-Trasporto")).unwrap();
    taken.try_iter().map(|(to, raw)| (to, kind(&raw))).collect()
}

fn of(to: &str, kind: &str) -> (String, String) {
    (to.to_string(), kind.to_string())
}

fn jobs(state: &Path) -> usize {
    std::fs::read_dir(state.join("jobs")).unwrap().count()
}

/// One test, because making keys is what takes the time.
#[test]
fn a_submitted_message_is_sealed_delivered_and_answered() {
    let state = prepared();
    let state = state.path();
    let mail = mail().eight_bit().compose(Timestamp::now()).unwrap();
    let as_postfix_pipes_it: Vec<u8> = mail.raw.iter().copied().filter(|byte| *byte != b'\r').collect();

    // All goes well; a line that is only a dot arrives as one.
    let (lmtp, taken) = server(1, |_| "250 ok");
    let (code, said) = pipe(state, &lmtp, &as_postfix_pipes_it);
    assert_eq!(code, 0, "{said}");
    let messages: Vec<Taken> = taken.try_iter().collect();
    assert_eq!(messages.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), [SENDER, OFFICE, SENDER]);
    let envelope = &messages[1].1;
    assert!(envelope.windows(7).any(|bytes| bytes == b"\r\n.\r\nci"), "{}", String::from_utf8_lossy(envelope));
    if let Some((success, why)) =
        common::verify(envelope, &state.join("root.pem").display().to_string(), Timestamp::now())
    {
        assert!(success, "{why}");
    }
    assert_eq!(jobs(state), 0);

    // The store is down: nothing is lost, Postfix is told to come again.
    let (code, said) = pipe(state, "127.0.0.1:1", &mail.raw);
    assert_eq!((code, jobs(state)), (75, 1), "{said}");

    // It is up, but the office's mailbox is over quota: acceptance goes out, the rest waits.
    let (lmtp, taken) = server(1, |to| if to == OFFICE { "452 full" } else { "250 ok" });
    let (code, said) = pipe(state, &lmtp, &mail.raw);
    assert_eq!((code, kinds(&taken)), (75, vec![of(SENDER, "accettazione")]), "{said}");

    // It has room again: no second acceptance.
    let (lmtp, taken) = server(1, |_| "250 ok");
    let (code, said) = pipe(state, &lmtp, &mail.raw);
    assert_eq!(code, 0, "{said}");
    assert_eq!(kinds(&taken), [of(OFFICE, "posta-certificata"), of(SENDER, "avvenuta-consegna")]);
    assert_eq!(jobs(state), 0);

    // A mailbox that does not exist.
    let (lmtp, taken) = server(1, |to| if to == OFFICE { "550 no such user" } else { "250 ok" });
    let (code, said) = pipe(state, &lmtp, &mail.raw);
    assert_eq!(code, 0, "{said}");
    assert_eq!(kinds(&taken), [of(SENDER, "accettazione"), of(SENDER, "errore-consegna")]);

    // Two at once do not meet.
    let (lmtp, taken) = server(2, |_| "250 ok");
    let other = common::mail().compose(Timestamp::now()).unwrap();
    let one = {
        let (state, lmtp, raw) = (state.to_path_buf(), lmtp.clone(), mail.raw.clone());
        std::thread::spawn(move || pipe(&state, &lmtp, &raw))
    };
    let (code, said) = pipe(state, &lmtp, &other.raw);
    assert_eq!((code, one.join().unwrap().0), (0, 0), "{said}");
    assert_eq!(taken.try_iter().count(), 6);
}

#[test]
fn without_an_openssl_command_everything_goes_on() {
    let state = prepared();
    let path = state.path().display().to_string();
    let bare = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gestore"));
        run(command.args(arguments).env("PATH", ""), input)
    };
    let (code, said) = bare(&["authority", "--state", &path], b"");
    assert!(code == 0 && said.contains("no `openssl` command found"), "{said}");

    let (lmtp, taken) = server(1, |_| "250 ok");
    let mail = mail().compose(Timestamp::now()).unwrap();
    let (code, said) = bare(&["pipe", "--state", &path, "--lmtp", &lmtp, SENDER, OFFICE], &mail.raw);
    assert_eq!(code, 0, "{said}");
    for (_, raw) in taken.try_iter() {
        let root = state.path().join("root.pem").display().to_string();
        if let Some((success, why)) = common::verify(&raw, &root, Timestamp::now()) {
            assert!(success, "{why}");
        }
    }
}

#[test]
fn wrong_arguments_are_explained_and_do_not_come_again() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().display().to_string();
    for (domain, why) in [
        ("ente.test", "DOMAIN=HOST"),
        ("ente.test=pec.alfa.example", ".test"),
        ("ente.test=pec.alfa.test:nuovo", "no such style"),
    ] {
        let (code, said) = gestore(&["authority", "--state", &path, "--domain", domain], b"");
        assert_eq!(code, 78, "{said}");
        assert!(said.contains(why), "{said}");
    }
    let (code, said) = gestore(&["--help"], b"");
    assert_eq!(code, 0);
    for (local, _) in gestore::Fault::ALL {
        assert!(said.contains(&format!("{local}@")), "--help does not teach {local}@");
    }
}
