//! Rules, procedures and templates that travel inside the program, so that it runs with no file at all.

use casework::reply::TemplateFile;
use casework::rules::SourceFile;

macro_rules! files {
    ($dir:literal: $($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../", $dir, "/", $name)))),+]
    };
}

const RULES: &[(&str, &str)] = &files!("rules":
    "00-comune.toml", "02-parole-cittadini.toml", "03-parole-altri.toml", "04-parole-uffici.toml", "05-dati.toml", "06-indizi.toml", "10-cittadini.toml", "20-non-cittadini.toml", "80-prove-cittadini.toml", "81-prove-altri.toml", "82-prove-dati.toml", "90-da-smistare.toml",
);
const PROCEDURES: &[(&str, &str)] = &files!("rules":
    "procedures/accesso-atti.toml", "procedures/assegno-maternita.toml", "procedures/cambio-residenza.toml", "procedures/certificato-anagrafe.toml",
    "procedures/concessione-cimiteriale.toml", "procedures/contrassegno-disabili.toml", "procedures/contributo-economico.toml", "procedures/dati-personali.toml",
    "procedures/destinazione-urbanistica.toml", "procedures/mensa.toml", "procedures/multa.toml", "procedures/nido.toml",
    "procedures/numero-civico.toml", "procedures/osservazioni-piano.toml", "procedures/passo-carrabile.toml", "procedures/permesso-costruire.toml", "procedures/pubblicazioni-matrimonio.toml",
    "procedures/rateizzazione.toml", "procedures/richiesta.toml", "procedures/sala-comunale.toml", "procedures/suolo-pubblico.toml",
    "procedures/tessera-elettorale.toml", "procedures/trasporto-scolastico.toml", "procedures/tributi.toml", "procedures/ztl.toml",
);
const TEMPLATES: &[(&str, &str)] = &files!("templates":
    "it/avvio-procedimento.hbs", "it/compito.hbs", "it/compito-esito-ignoto.hbs", "it/compito-pratica.hbs", "it/conferma-modifica.hbs",
    "it/esito.hbs", "it/preavviso-diniego.hbs", "it/compito-mancata-consegna.hbs", "it/compito-verifica.hbs", "it/riepilogo-ufficio.hbs",
    "it/documenti-acquisiti.hbs", "it/fascicolo-non-trovato.hbs", "it/fatture-solo-sdi.hbs",
    "it/ordine-eseguito.hbs", "it/ordine-non-eseguito.hbs", "it/pec-non-certificata.hbs",
    "it/presa-in-carico.hbs", "it/promemoria.hbs", "it/richiesta-integrazione.hbs", "it/stato-pratica.hbs", "it/abilitazione-confermata.hbs", "it/accessi.hbs", "it/aiuto.hbs", "it/avvisi-cortesia.hbs", "it/avvisi-scadenze.hbs", "it/avvisi-scelti.hbs", "it/avviso-cortesia.hbs", "it/avviso-cortesia-mancata.hbs", "it/avviso-rata.hbs", "it/avviso-scadenza.hbs", "it/catalogo.hbs", "it/come-farti-riconoscere.hbs", "it/conferma-abilitazione.hbs", "it/conferma-scaduta.hbs", "it/dati-personali.hbs", "it/documento.hbs", "it/presa-in-carico.ente.hbs", "it/presa-in-carico.professionista.hbs",
    "it/documento-non-visibile.hbs", "it/elenco-pratiche.hbs", "it/indice-fascicolo.hbs", "it/revoca.hbs", "it/risponde-una-persona.hbs", "it/ritiro.hbs", "it/posizione-graduatoria.hbs", "it/posto-graduatoria.hbs", "it/modulo.hbs", "it/scheda.hbs", "it/segui.hbs", "it/segui-novita.hbs", "it/valutazione.hbs",
    "it/avviso-pratica.hbs", "it/proroga.hbs", "it/richiesta-pagamento.hbs", "it/richiesta-parere.hbs", "it/trasmissione-ente.hbs",
    "it/richiesta-regolarizzazione.hbs",
    "de/presa-in-carico.hbs", "de/richiesta-integrazione.hbs", "de/stato-pratica.hbs",
    "en/presa-in-carico.hbs", "en/richiesta-integrazione.hbs", "en/stato-pratica.hbs",
);

/// The shipped rules.
#[must_use]
pub fn rules() -> Vec<SourceFile> {
    RULES.iter().map(|(name, text)| SourceFile { name: (*name).into(), text: (*text).into() }).collect()
}

/// The guide to the rules, as it stands beside them.
pub const GUIDE: &str = include_str!("../../rules/README.md");

/// The shipped procedures, under the folder in which they stand beside the rules.
#[must_use]
pub fn procedures() -> Vec<SourceFile> {
    PROCEDURES.iter().map(|(name, text)| SourceFile { name: (*name).into(), text: (*text).into() }).collect()
}

/// The shipped templates.
#[must_use]
pub fn templates() -> Vec<TemplateFile> {
    TEMPLATES.iter().map(|(name, text)| TemplateFile { name: (*name).into(), text: (*text).into() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// A file added to the folders and not to the lists would be in the repository and not in the program.
    #[test]
    fn every_file_of_the_folders_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (dir, prefix, ending, listed) in [
            ("rules", "", "toml", super::RULES),
            ("rules/procedures", "procedures/", "toml", super::PROCEDURES),
            ("templates/it", "it/", "hbs", super::TEMPLATES),
            ("templates/de", "de/", "hbs", super::TEMPLATES),
            ("templates/en", "en/", "hbs", super::TEMPLATES),
        ] {
            let on_disk: BTreeSet<String> = std::fs::read_dir(root.join(dir))
                .unwrap()
                .map(|e| e.unwrap().path())
                .filter(|p| p.extension().is_some_and(|e| e == ending))
                .map(|p| format!("{prefix}{}", p.file_name().unwrap().to_string_lossy()))
                .collect();
            let of_folder = listed.iter().filter(|(name, _)| name.starts_with(prefix));
            let listed: BTreeSet<String> = of_folder.map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(on_disk, listed, "{dir}");
        }
    }
}
