//! `LEGGIMI.md` of an export: what is in it, what is not, how it is checked. A test runs its commands.

use super::gather::Gathered;
use super::metadata::Filed;
use crate::digest::flow;
use casework::calendar::stamp;
use std::fmt::Write;

/// Writes it. Writing to a string cannot fail.
pub(super) fn write(gathered: &Gathered, files: &[Filed]) -> String {
    let dossier = &gathered.dossier;
    let path = |digest: &str| files.iter().find(|(_, of)| of == digest).map_or("manca", |(name, _)| name);
    let reserved = if dossier.cover.reserved { " (RISERVATO)" } else { "" };
    let mut out = format!("# Fascicolo {}{reserved}\n\n", dossier.number);
    let _ = writeln!(out, "Avviato {}, ora {}.\n", stamp(dossier.opened_at), dossier.state.code());
    out.push_str(FILES);
    let _ = writeln!(out, "\n## I messaggi arrivati\n");
    for message in &gathered.messages {
        let _ = writeln!(out, "- {}  {}", stamp(message.received.unwrap_or(message.at)), path(&message.digest));
    }
    let _ = writeln!(out, "\n## Le lettere mandate, con le loro ricevute\n");
    for letter in &gathered.letters {
        let observed = if letter.is_observed { ": non è partita, il servizio osservava soltanto" } else { "" };
        let _ = writeln!(out, "- {}  {}{observed}", stamp(letter.at), path(&letter.frozen));
        for receipt in &letter.receipts {
            let (at, kind) = (stamp(receipt.fact.at()), receipt.fact.tipo());
            let _ = writeln!(out, "  - {at}  {}: {}", kind.word(), path(&receipt.digest));
        }
    }
    out.push_str("\n## Che cosa non c'è\n\n");
    let _ = writeln!(out, "- i compiti interni agli uffici ({}): non sono atti del fascicolo", gathered.tasks);
    if gathered.lines.withheld > 0 {
        let _ = writeln!(
            out,
            "- {} righe del registro che parlano anche di altri fascicoli: in `registro/catena.json` ci sono il posto e l'impronta",
            gathered.lines.withheld
        );
    }
    for document in gathered.documents.iter().filter(|document| !document.digest.is_empty() && !document.is_message()) {
        let _ = writeln!(
            out,
            "- il documento con impronta {}: l'ufficio ne ha scritto solo l'impronta nel registro",
            flow(&document.digest)
        );
    }
    out.push_str("- i dati che `metadati.xml` elenca sotto `NonPresenti`, con il motivo\n");
    out.push_str(CHECK);
    out
}

const FILES: &str = "\
- `messaggi/`: i messaggi arrivati, byte per byte come sono arrivati
- `lettere/`: le lettere dell'ente, byte per byte come sono partite; sotto ognuna le ricevute dei gestori Pec
- `documenti/`: i messaggi che contengono documenti messi nel fascicolo da un ufficio, o consegnati al banco con un ordine
- `prove/`: per ogni messaggio arrivato la raccolta di prove di `sportello evidence`, che chiunque può verificare da sola
- `registro/`: le righe del registro che parlano del fascicolo, come stanno scritte; le loro impronte; dove stanno
- `metadati.xml`, `metadati.json`: la copertina (CAD art. 41 c. 2-ter) e i documenti, con i nomi dell'allegato 5 delle linee
  guida AgID sui documenti informatici. Nomi e contenuti sono quelli; il file non è provato contro uno schema XSD
- `impronte.sha256`: le impronte di tutti i file
";

const CHECK: &str = "
## Come si controlla

Nessun file è cambiato:

```sh
sha256sum --check --strict --quiet impronte.sha256
```

Le righe del registro hanno le impronte che `registro/impronte.txt` dice:

```sh
while IFS= read -r riga; do printf '%s' \"$riga\" | sha256sum | cut -d ' ' -f 1; done < registro/righe.jsonl | diff - registro/impronte.txt
```

Le raccolte di prove sono intere:

```sh
for prova in prove/*.zip; do [ ! -e \"$prova\" ] || unzip -tqq \"$prova\"; done
```

In ogni raccolta `LEGGIMI.md` dice come verificare con openssl la firma del gestore.
";
