//! The nouns of offices, and the words that count something else: changes when one more is met.

use super::RefKind;
use crate::rules::normal::Normal;

/// What a word says of the number after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// `n.`, `numero`, `Nr.`
    Marker,
    /// It counts this.
    Noun(RefKind),
    /// A letter of an office: only with «vs.» it is ours.
    Letter,
    /// It counts something else.
    Other,
    /// It belongs to the noun before it: «pratica edilizia», «avviso di accertamento».
    Qualifier,
    /// Anything.
    Plain,
}

/// `n`, `nr`, `num`, `numero`, `Nummer` …
pub(super) fn is_marker(word: &str) -> bool {
    means(word) == Means::Marker
}

/// What a word means before a number, in the languages of those who write.
pub(super) fn means(word: &str) -> Means {
    use RefKind as K;
    let folded = Normal::of(word);
    let folded = folded.text();
    let starts = |stems: &[&str]| stems.iter().any(|stem| folded.starts_with(stem));
    match folded {
        "n" | "nn" | "nr" | "num" | "numero" | "numeri" | "no" | "nro" | "ro" | "nummer" | "number" | "numbers"
        | "nos" => Means::Marker,
        "pratica" | "pratiche" | "prat" | "praticha" | "pe" | "posizione" | "condono" | "sanatoria" | "agibilita" => {
            Means::Noun(K::Pratica)
        }
        "prot" | "protoc" | "protocollo" | "protocolli" | "protocolo" | "protocol" | "protocole" | "pg"
        | "protokollnr" | "protocolle" => Means::Noun(K::Prot),
        _ if starts(&["protokoll", "protokol", "protocollat"]) => Means::Noun(K::Prot),
        "fasc" | "fascicolo" | "fascicoli" | "dossier" | "dossiers" | "expediente" | "expedientes" | "exp" | "akte"
        | "akten" | "aktennr" | "az" | "gz" | "zl" | "file" | "files" | "case" | "vorgang" | "affaire" => {
            Means::Noun(K::Fasc)
        }
        _ if starts(&["aktenz", "aktennum", "geschaftsz", "geschaeftsz", "bauakte"]) => Means::Noun(K::Fasc),
        "suap" => Means::Noun(K::Suap),
        "procedimento" | "procedimenti" | "proced" | "proc" | "verfahren" | "procedure" | "procedimiento" => {
            Means::Noun(K::Procedimento)
        }
        "istanza" | "istanze" | "ist" | "richiesta" | "richieste" | "gesuch" | "baugesuch" | "request" => {
            Means::Noun(K::Istanza)
        }
        "domanda" | "domande" | "dom" | "antrag" | "bauantrag" | "application" | "solicitud" | "demande" => {
            Means::Noun(K::Domanda)
        }
        "verbale" | "verbali" | "verb" | "vav" | "multa" | "multe" | "contravvenzione" | "contravvenzioni"
        | "strafzettel" | "fine" | "amende" | "sanzione" | "verbal" | "acta" | "bussgeldbescheid" => {
            Means::Noun(K::Verbale)
        }
        "avviso" | "avvisi" | "avv" | "preavviso" | "intimazione" | "accertamento" | "accert" | "avis" | "aviso"
        | "bescheid" | "notice" => Means::Noun(K::Avviso),
        "cartella" | "cartelle" | "ingiunzione" | "ingiunzioni" => Means::Noun(K::Cartella),
        "determina" | "determine" | "determinazione" | "determinazioni" | "det" | "dd" => Means::Noun(K::Determina),
        "delibera" | "delibere" | "deliberazione" | "deliberazioni" | "dgc" | "dcc" => Means::Noun(K::Delibera),
        "beschluss" | "beschlusses" => Means::Noun(K::Delibera),
        _ if starts(&["gemeinderatsbesch", "stadtratsbesch", "ausschussbesch"]) => Means::Noun(K::Delibera),
        "ordinanza" | "ordinanze" | "ord" | "ordinance" | "arrete" | "verordnung" => Means::Noun(K::Ordinanza),
        "permesso" | "permessi" | "pdc" | "permit" | "permiso" | "permis" | "genehmigung" | "baugenehmigung" => {
            Means::Noun(K::Permesso)
        }
        "concessione" | "concessioni" | "conc" | "konzession" | "concession" | "concesion" => {
            Means::Noun(K::Concessione)
        }
        "autorizzazione" | "autorizzazioni" | "aut" => Means::Noun(K::Autorizzazione),
        "licenza" | "licenze" | "licence" | "license" | "lizenz" | "licencia" => Means::Noun(K::Licenza),
        "scia" | "dia" => Means::Noun(K::Scia),
        "cila" | "cilas" => Means::Noun(K::Cila),
        "bando" | "bandi" | "concorso" | "tender" | "ausschreibung" => Means::Noun(K::Bando),
        "segnalazione" | "segnalazioni" | "reclamo" | "ticket" => Means::Noun(K::Segnalazione),
        "contratto" | "contratti" | "convenzione" | "convenzioni" | "rep" | "repertorio" | "contract" | "contrat"
        | "vertrag" | "mietvertrag" | "contrato" => Means::Noun(K::Contratto),
        "mandato" | "mandati" => Means::Noun(K::Mandato),
        "atto" | "acte" => Means::Noun(K::Atto),
        "contrassegno" | "contrassegni" | "tagliando" | "cude" => Means::Noun(K::Contrassegno),
        "sinistro" | "sinistri" => Means::Noun(K::Sinistro),
        "nota" | "note" | "lettera" | "comunicazione" | "missiva" | "schreiben" => Means::Letter,
        // Laws, courts, money, things of somebody else's.
        "legge" | "l" | "leggi" | "art" | "artt" | "articolo" | "articoli" | "comma" | "commi" | "lett" | "dpr"
        | "dlgs" | "lgs" | "dl" | "dm" | "dpcm" | "decreto" | "decreti" | "reg" | "regolamento" | "ue" | "cee"
        | "ce" | "eu" | "direttiva" | "tulps" | "cc" | "cpc" | "cpp" | "cp" | "cds" | "lr" | "lp" | "rg" | "rgn"
        | "rgnr" | "rge" | "sentenza" | "sentenze" | "sent" | "ricorso" | "causa" | "tar" | "tribunale"
        | "cassazione" | "cass" | "penale" | "civile" | "fattura" | "fatture" | "fatt" | "ft" | "invoice"
        | "rechnung" | "factura" | "facture" | "credito" | "parcella" | "ddt" | "bolla" | "preventivo" | "offerta"
        | "ordine" | "oda" | "cig" | "cup" | "iuv" | "iban" | "cf" | "piva" | "iva" | "tel" | "telefono" | "cell"
        | "cellulare" | "fax" | "mobile" | "targa" | "targato" | "targata" | "kennzeichen" | "mappale" | "mapp"
        | "particella" | "part" | "foglio" | "fg" | "sub" | "subalterno" | "via" | "viale" | "piazza" | "corso"
        | "strada" | "vicolo" | "civico" | "cap" | "interno" | "scala" | "piano" | "euro" | "eur" | "ore"
        | "polizza" | "matricola" | "albo" | "carta" | "passaporto" | "patente" | "documento" | "contatore"
        | "raccomandata" | "racc" | "ar" | "gu" | "serie" | "inps" | "inail" | "agenzia" | "asl" | "regione"
        | "prefettura" | "circolare" | "uni" | "iso" | "rea" | "iscrizione" | "gara" | "lotto" | "versione" | "pag"
        | "pagina" | "allegato" | "all" | "raccolta" | "notaio" | "modello" | "mod" | "linea" | "bus" | "gdpr"
        | "soggiorno" => Means::Other,
        "di" | "da" | "de" | "d" | "dell" | "del" | "della" | "delle" | "dei" | "degli" | "lo" | "la" | "il" | "le"
        | "e" | "the" | "gen" | "generale" | "int" | "ri" | "rif" | "riferimento" | "codice" | "cod" | "id" | "vs"
        | "vostro" | "vostra" | "pagamento" | "liquidazione" | "costruire" | "edilizia" | "edilizio" | "tributaria"
        | "tributario" | "sociale" | "sociali" | "anagrafica" | "amministrativo" | "amministrativa"
        | "dirigenziale" | "sindacale" | "comunale" | "consiliare" | "giunta" | "consiglio" | "demolizione"
        | "demaniale" | "cimiteriale" | "contestazione" | "violazione" | "esecutiva" | "disciplinare"
        | "sanzionatorio" | "ambientale" | "affidamento" | "impegno" | "mio" | "mia" | "sue" | "imu" | "tari"
        | "tasi" | "cosap" | "ici" | "erp" | "elettronica" | "mensa" | "casa" | "telematica" | "online" => {
            Means::Qualifier
        }
        _ => Means::Plain,
    }
}
