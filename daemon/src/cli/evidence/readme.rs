//! `LEGGIMI.md`: how somebody who trusts none of us checks everything again. It changes when a step of that does; a test runs
//! every command of it.

use super::bundle::{Told, spoken};
use crate::cli::report::{Facts, text};
use pec::{Grade, anchors};
use std::fmt::Write;

/// Writes it for one bundle: only the steps that can be made with what is there.
pub(super) fn write(told: &Told<'_>) -> String {
    let mut out = String::from("# Prove su un messaggio Pec\n\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "```text\n{}```\n", text::top(told.seen));
    out.push_str(FILES);
    if !told.missing.is_empty() {
        out.push_str("\nMancano:\n\n");
        for missing in told.missing {
            let _ = writeln!(out, "- {missing}");
        }
    }
    out.push_str(BEGIN);
    let mut step = 1;
    let mut section = |title: &str, body: &str| {
        step += 1;
        let _ = writeln!(out, "\n### {step}. {title}\n\n{}", body.trim());
    };
    if let Some(signature) = signature(told) {
        section("La firma è valida sul contenuto esatto", &signature);
    }
    if let Some(authority) = &told.authority {
        section("L'autorità è quella giusta", &the_authority(authority, told));
    }
    if let Some(signer) = &told.signer {
        section("Chi ha firmato è un gestore Pec", &the_signer(signer));
    }
    if let (Some(signer), Some(authority), false) = (&told.signer, &told.authority, told.status.is_empty()) {
        section("Il certificato era revocato?", &revocation(signer, authority, told));
    }
    if told.signer.is_some() {
        section("I dati firmati", &data(told));
    }
    if told.register.is_some() {
        section("Il registro", &register(told));
    }
    out.push_str(END);
    out
}

const FILES: &str = "\
Questa cartella basta da sola: chi la riceve può verificare tutto senza Sportello e senza chiedere niente a chi gliel'ha data.

- `message.eml`: il messaggio, byte per byte come è arrivato. Non aprirlo con un programma che poi lo salva: cambierebbe
- `report.txt`, `report.json`: che cosa ne dice Sportello, per le persone e per i programmi
- `certificati/`: i certificati che la firma porta con sé, e l'autorità che li garantisce
- `revoche/`: le liste di revoca (CRL) e le risposte (OCSP) con cui si è visto se il certificato era revocato
- `fiducia/`: di quali autorità si fida chi ha fatto questa verifica, e la versione di quell'elenco
- `registro/`: le righe del registro che parlano del messaggio, come stanno scritte
- `SHA256SUMS`: le impronte di tutti i file
";

const BEGIN: &str = "
## Come si verifica

Servono `sha256sum` e `openssl` 3. I comandi si danno in questa cartella, uno alla volta.

### 1. I file sono quelli

```sh
sha256sum -c SHA256SUMS
```

Ogni riga deve finire con OK. Se chi ti ha dato le prove ti ha detto per un'altra strada l'impronta di `SHA256SUMS`, confrontala con:

```sh
sha256sum SHA256SUMS
```
";

const END: &str = "
## Che cosa queste prove non dicono

- Una firma valida prova da quale casella è partito il messaggio, quando, e che è intatto. Non prova quale persona lo ha scritto, né che
  quello che dice sia vero.
- L'intestazione (From, Subject, To…) non è firmata: conta `daticert.xml`, che è dentro la parte firmata.
- `report.txt` è l'opinione di un programma. I comandi qui sopra la rifanno senza di lui.
";

/// The signature, and the chain where one held.
fn signature(told: &Told<'_>) -> Option<String> {
    let seal = told.seen.seal.as_ref()?;
    let certified = matches!(told.seen.grade, Grade::Genuine | Grade::GenuineWeak);
    let at = told.at.map(|at| at.as_second());
    let command = match (&told.authority, at) {
        (Some(authority), Some(at)) => {
            let between: String = told.between.iter().map(|file| format!("-certfile {file} ")).collect();
            format!("-CAfile {authority} -partial_chain {between}-attime {at} -purpose any")
        }
        _ => "-noverify".to_owned(),
    };
    let options = match told.authority {
        Some(_) => {
            "\n\nChe cosa fanno le opzioni: `-CAfile` e `-partial_chain` dicono di fidarsi di quella autorità, e non di quelle pubbliche \
             che le stanno sopra (danno certificati a chiunque); `-attime` giudica il certificato al momento della firma, non oggi che può \
             essere scaduto; `-purpose any` lascia a te i controlli del passo sul certificato."
        }
        None => "\n\n`-noverify` non guarda i certificati: di questi nessuno garantisce.",
    };
    let expected = if certified {
        "Deve dire «CMS Verification successful»."
    } else {
        "«CMS Verification successful» vuol dire che il contenuto è quello firmato, «CMS Verification failure» che è stato cambiato dopo o \
         che il certificato non valeva. Una firma buona non basta: che cosa non va lo dice `report.txt`."
    };
    Some(format!(
        "La firma è di tipo {}, fatta {}.\n\n```sh\nopenssl cms -verify -in message.eml -inform SMIME {command} -out parte-firmata.eml\n```\n\n\
         {expected}{options}\n\nNon aggiungere `-binary`: la firma vale per le righe finite con CRLF, e OpenSSL le rimette così se il file fu salvato \
         con LF. Alcuni gestori scrivono la firma in BER, che OpenSSL legge: un programma che legge solo DER la rifiuta a torto.",
        seal.digest_algorithm,
        spoken(told.at),
    ))
}

fn the_authority(file: &str, told: &Told<'_>) -> String {
    format!(
        "L'impronta della sua chiave deve essere `{}`, la stessa che `fiducia/ancore.toml` fissa (o quella del certificato che nomina). \
         Chiedi la conferma a chi pubblica quella chiave, non a questa cartella: è il solo punto di cui ci si deve fidare.\n\n\
         ```sh\nopenssl x509 -in {file} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum\n```\n\n\
         La versione di tutta la fiducia è `{}`.{}",
        told.pin,
        told.trust_version,
        told.register.and_then(|r| r.anchors.as_deref()).map_or(String::new(), |then| if then == told.trust_version {
            " È la stessa con cui il messaggio fu deciso.".to_owned()
        } else {
            format!(" Quando il messaggio fu deciso era `{then}`: da allora l'elenco è cambiato.")
        })
    )
}

fn the_signer(file: &str) -> String {
    format!(
        "```sh\nopenssl x509 -in {file} -noout -subject -issuer -serial -dates -ext subjectAltName,keyUsage,certificatePolicies\n```\n\n\
         L'indirizzo (subjectAltName) deve essere `posta-certificata@…` e lo stesso del From di `message.eml`; tra le politiche ci deve \
         essere `{}`, quella dei gestori Pec; la data della firma deve stare fra le due date.\n\n\
         ```sh\ngrep -i -m1 -A1 '^From:' message.eml\n```",
        anchors::POLICY_FIRMA_PEC,
    )
}

fn revocation(signer: &str, authority: &str, told: &Told<'_>) -> String {
    // The issuer of the signer's certificate is the next of the path.
    let issuer = told.between.first().map_or(authority, String::as_str);
    let mut said = format!(
        "Conta se il certificato (numero di serie `{}`) era revocato **al momento della firma**, {}: una revoca venuta dopo non toglie valore.\n",
        told.serial,
        spoken(told.at),
    );
    for file in &told.status {
        if file.ends_with(".crl") {
            let _ = write!(
                said,
                "\nQuesta lista deve essere firmata dall'autorità («verify OK»); il comando che segue dice se il certificato c'è, e da quando:\n\n\
                 ```sh\nopenssl crl -inform DER -in {file} -CAfile {issuer} -noout -issuer -lastupdate -nextupdate\n\
                 openssl crl -inform DER -in {file} -noout -text | grep -i -A1 'Serial Number: *{}$' || echo 'non revocato'\n```\n",
                told.serial,
            );
        } else {
            let at = told.at.map_or(String::new(), |at| format!(" -attime {}", at.as_second()));
            let _ = write!(
                said,
                "\nQuesta risposta dell'autorità deve dire «good», oppure «revoked» con una data dopo la firma:\n\n\
                 ```sh\nopenssl ocsp -respin {file} -issuer {issuer} -cert {signer} -CAfile {authority} -partial_chain{at} -no_nonce\n```\n",
            );
        }
    }
    said
}

fn data(told: &Told<'_>) -> String {
    let facts = Facts::of(told.seen);
    let mut said = "`parte-firmata.eml`, scritto dal passo 2, è un messaggio senza più la firma: aprilo con un programma di posta. Tra i suoi \
                    allegati, `daticert.xml` è la dichiarazione del gestore, `postacert.eml` il messaggio originale."
        .to_owned();
    if let Some(daticert) = facts.daticert {
        let _ = write!(
            said,
            " In `daticert.xml` si deve leggere:\n\n| | |\n|---|---|\n| tipo | {} |\n| mittente | {} |\n| destinatari | {} |\n\
             | data | {} (UTC) |\n| identificativo | {} |\n| msgid | {} |",
            cell(daticert.tipo.word()),
            cell(&daticert.mittente),
            cell(&facts.recipients().join(", ")),
            daticert.data,
            cell(&daticert.identificativo),
            cell(daticert.msgid.as_deref().unwrap_or("–")),
        );
        said.push_str("\n\nIn una busta di trasporto l'identificativo è anche il Message-ID dell'intestazione:\n\n");
        said.push_str("```sh\ngrep -i -m1 -A1 '^Message-ID:' message.eml\n```");
    }
    said
}

/// Text of the message within a table.
fn cell(text: &str) -> String {
    /// Longest cell, in characters.
    const WIDTH: usize = 400;
    format!("`{}`", crate::cli::paint::cut(text, WIDTH).replace(['|', '`'], " "))
}

fn register(told: &Told<'_>) -> String {
    let Some(register) = told.register else { return String::new() };
    format!(
        "{} righe del registro parlano di questo messaggio. Ognuna porta (`prev`) l'impronta di quella che la precede; `catena.json` dice per \
         ogni riga dove sta, la sua impronta, e l'impronta che la riga seguente ripete. Questo comando ricalcola le impronte delle righe: non deve \
         dire niente.\n\n\
         ```sh\nwhile IFS= read -r riga; do printf '%s' \"$riga\" | sha256sum; done < registro/righe.jsonl | cut -c1-64 | diff - registro/impronte.txt\n```\n\n\
         Il messaggio è nel registro con la sua impronta:\n\n\
         ```sh\nsha256sum message.eml\ngrep -c {} registro/righe.jsonl\n```\n\n\
         Che nessuna riga sia stata tolta o aggiunta lo prova il registro intero, che resta all'ente: quando queste prove sono state raccolte era \
         integro, di {} righe, e l'ultima aveva impronta `{}`.",
        register.len(),
        told.digest,
        register.head().seq,
        register.head().hash,
    )
}
