//! Changes when our verdict on a signature and that of `openssl cms -verify` come to differ in another way.
//!
//! OpenSSL shares nothing with us. Whatever we certify, it verifies; whatever it verifies and we refuse is refused by a rule that
//! the table below names, with the reason why OpenSSL does not mind. A pair that is not in the table fails the test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod mutation;

use mail_parser::MessageParser;
use mutation::{Pool, cms, fixtures};
use pec::{Check, Examined, Grade};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Mutants that OpenSSL is asked about besides all fixtures (`SPORTELLO_OPENSSL_MUTANTS` for another number): each costs a
/// process.
const MUTANTS: u64 = 300;
/// The event of the fixtures, 2026-02-03T09:10:11Z: OpenSSL judges certificates at this time.
const EVENT: &str = "1770109811";

/// Why OpenSSL verifies what we refuse: our `check:code`, and its reason.
const ALLOWED: &[(&str, &str)] = &[
    ("marker:no-marker", "it knows nothing of PEC: a header is no business of S/MIME"),
    ("marker:two-markers", "as above"),
    ("marker:unknown-marker", "as above"),
    ("structure:duplicate-content-type", "it takes the first, or the last, of several headers"),
    ("structure:bad-boundary", "it takes one of several boundaries"),
    ("structure:not-signed", "it is given the detached signature, whatever the top says"),
    ("structure:not-pkcs7", "it is given the second part, whatever its type says"),
    ("structure:encoded-multipart", "it does not read the encoding of a multipart"),
    ("structure:not-two-parts", "it is given the first two parts, and there are more"),
    ("structure:not-closed", "it does not miss the last delimiter"),
    ("cms:cms-unreadable", "it reads BER that is outside what CMS allows, and what follows the end"),
    ("cms:cms-attached", "it verifies the content that is given, or the one inside"),
    ("cms:cms-signers", "several signers are lawful in CMS; in a PEC there is one (RFC 6109 §2.1)"),
    ("cms:cms-no-attributes", "signatures without attributes are lawful in CMS, and can be forged from others"),
    ("cms:cms-attributes", "it looks at the attributes that it needs, not at others that are repeated"),
    ("cms:cms-protection", "it does not know CMSAlgorithmProtection (RFC 6211)"),
    ("cms:cms-signing-certificate", "it looks at signing-certificate only when CAdES is asked for (RFC 5035)"),
    ("cms:cms-no-certificate", "it finds it among the untrusted ones that it is given"),
    ("algorithm:md5", "its default policy still verifies MD5 in CMS"),
    ("algorithm:algorithm-unknown", "it knows more algorithms than providers may use"),
    ("algorithm:key-weak", "RSA-1024 is above its default level for CMS"),
    ("chain:algorithm-unknown", "its default policy still verifies MD5 in certificates"),
    ("chain:readers-differ", "it carries on over a field that a strict reader cannot make out"),
    ("cms:readers-differ", "it carries on over a field that a strict reader cannot make out"),
    ("chain:policy-missing", "it is not asked for the policy of PEC providers"),
    ("chain:key-usage", "it is asked for any purpose"),
    ("chain:extended-key-usage", "it is asked for any purpose"),
    ("chain:leaf-is-ca", "an authority may sign, to it"),
    ("signer:from-not-one", "it does not compare the author with the certificate"),
    ("signer:signer-differs", "as above"),
    ("signer:signer-local-part", "as above"),
    ("signer:signer-no-address", "as above"),
];

/// The pieces of a message as another MIME reader cuts them: the first part as it is signed, the second decoded.
fn pieces(raw: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let message = MessageParser::new().parse(raw)?;
    let [first, second, ..] = message.parts.first()?.sub_parts()? else {
        return None;
    };
    let (content, signature) = (message.parts.get(*first as usize)?, message.parts.get(*second as usize)?);
    let content = raw.get(content.offset_header as usize..content.offset_end as usize)?;
    let lines = content.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut content = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
    if content.trim_ascii().is_empty() {
        content.clear(); // of a part without header and body that reader is off by one line break
    }
    Some((content, signature.contents().to_vec()))
}

/// Asks `openssl`; `None` where there is none.
fn openssl(folder: &Path, content: &[u8], signature: &[u8]) -> Option<(bool, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    fs::write(file("content"), content).unwrap();
    fs::write(file("p7s"), signature).unwrap();
    let trust = fixtures().join("trust/simulazione/SIMULAZIONE.pem").display().to_string();
    let child = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-inform", "DER", "-in", &file("p7s"), "-content", &file("content")])
        .args(["-CAfile", &trust, "-partial_chain", "-purpose", "any", "-attime", EVENT, "-out", &file("out")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let output = child.ok()?.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).trim().to_string()))
}

/// What failed of the checks on the signature itself: those before anything is known of the content.
fn refusal(seen: &Examined) -> Option<String> {
    const SIGNATURE: [Check; 9] = [
        Check::Bytes,
        Check::Marker,
        Check::Structure,
        Check::Cms,
        Check::Signature,
        Check::Algorithm,
        Check::Chain,
        Check::Revocation,
        Check::Signer,
    ];
    let mut failed = seen.report.failures().filter(|(check, _)| SIGNATURE.contains(check));
    failed.next().map(|(check, why)| format!("{}:{}", check.code(), why.code))
}

#[test]
fn openssl_verifies_what_we_certify_and_a_rule_explains_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    if openssl(folder.path(), b"", b"").is_none() {
        writeln!(std::io::stderr(), "SKIPPED: no openssl command, nothing was compared").unwrap();
        return;
    }
    let pool = Pool::read();
    let mut names: Vec<_> = fs::read_dir(fixtures().join("mail")).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let saved = names.iter().map(|dir| {
        let name = dir.file_name().unwrap().to_string_lossy().to_string();
        (name, fs::read(dir.join("message.eml")).unwrap())
    });
    let count = std::env::var("SPORTELLO_OPENSSL_MUTANTS").map_or(MUTANTS, |count| count.parse().unwrap());
    let mutants = (1_000_000..1_000_000 + count).map(|seed| {
        let mutant = pool.draw(seed, u8::MAX);
        (format!("mutant {seed} of {}", mutant.steps.join("; ")), mutant.raw)
    });
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for (name, raw) in saved.chain(mutants) {
        let seen = pool.examine(&raw);
        let Some((content, signature)) = pieces(&raw) else {
            assert!(seen.grade > Grade::GenuineWeak, "{name}: certified, and another reader finds no signature in it");
            continue;
        };
        let (verified, why) = openssl(folder.path(), &content, &signature).unwrap();
        let refused = refusal(&seen);
        let theirs = if verified { "verifies" } else { "refuses" };
        let ours = if refused.is_none() { "accepted" } else { "refused" };
        match refused {
            // It wants every certificate to read, and as it was signed to the octet; we leave out what is not the signer's, and
            // read BER as the DER that was signed. Of such a message it must verify all the rest.
            None if !verified => {
                let same = cms::variants(&signature);
                // It hashes attributes as they were sent; some signers hash them sorted (DIVERGENCES.md), which the report says.
                if seen.report.notes.iter().any(|note| note.contains("ordine DER")) {
                    *counts.entry((ours, "refuses attributes out of order")).or_default() += 1;
                    continue;
                }
                if same.iter().any(|same| openssl(folder.path(), &content, same).is_some_and(|said| said.0)) {
                    *counts.entry((ours, "verifies without a spare certificate")).or_default() += 1;
                } else {
                    wrong.push(format!("{name}: WE ACCEPT, OpenSSL refuses: {why}"));
                }
                continue;
            }
            Some(code) if verified => match ALLOWED.iter().find(|(known, _)| *known == code) {
                Some((known, _)) => drop(used.insert(*known)),
                None => wrong.push(format!("{name}: OpenSSL verifies, we refuse without a rule in the table: {code}")),
            },
            _ => {}
        }
        *counts.entry((ours, theirs)).or_default() += 1;
    }
    println!("we / OpenSSL: {counts:?}; rules needed: {used:?}");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
