//! The page of the gallery: all letters on one page, without a script and without anything from elsewhere. It changes when the
//! page shows another thing.

use casework::language::Language;
use casework::reply::catalogue::Reader;
use casework::reply::{Extent, WIDTH};
use std::fmt::Write;

/// A letter of the gallery.
pub(super) struct Shown {
    /// Its language.
    pub(super) language: Language,
    /// Name of its template.
    pub(super) name: String,
    /// Who receives it, and when.
    pub(super) purpose: &'static str,
    /// The kind of reader that it is a variant for.
    pub(super) of: Option<&'static str>,
    /// Who reads it.
    pub(super) reader: Option<Reader>,
    /// With all facts, with the fewest.
    pub(super) variants: Vec<Variant>,
}

/// A letter with some of its facts.
pub(super) struct Variant {
    /// Which facts.
    pub(super) extent: Extent,
    /// Subject.
    pub(super) subject: String,
    /// Text.
    pub(super) text: String,
    /// File of its sheet, from the folder of the page.
    pub(super) pdf: String,
    /// Its pages, in order.
    pub(super) pictures: Vec<Picture>,
}

/// A page of a sheet.
pub(super) struct Picture {
    /// File, from the folder of the page.
    pub(super) file: String,
}

const STYLE: &str = "\
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
a { color: #004d99; }
a:focus-visible, summary:focus-visible { outline: 3px solid #004d99; outline-offset: 2px; }
nav ul { columns: 18rem; padding-left: 1.2rem; }
article { border-top: 2px solid #5c6f82; margin-top: 2.5rem; }
h2 { margin-bottom: .2rem; }
h3 { margin: 0 0 .5rem; }
.purpose { margin-top: 0; color: #455b71; }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; }
.sides { display: flex; flex-wrap: wrap; gap: 1.5rem; margin-top: .75rem; }
.mail { flex: 0 1 auto; max-width: 100%; border: 1px solid #5c6f82; border-radius: 4px; background: #f5f7f9; }
.subject { margin: 0; padding: .6rem 1rem; border-bottom: 1px solid #5c6f82; font-weight: 600; overflow-wrap: anywhere; }
pre { box-sizing: content-box; margin: 0; padding: 1rem; max-width: WIDTHch; font: .82rem/1.45 ui-monospace, 'DejaVu Sans Mono', monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.sheet { display: flex; flex-direction: column; gap: .75rem; }
.sheet img { width: 22rem; max-width: 100%; height: auto; border: 1px solid #5c6f82; }
@media print { details { break-inside: avoid; } }
";

/// The whole page. `draws`: whether this machine makes pictures.
pub(super) fn page(letters: &[Shown], draws: bool) -> String {
    let mut out = String::new();
    let style = STYLE.replace("WIDTHch", &format!("{WIDTH}ch"));
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"it\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Anteprima delle lettere di Sportello</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         <header>\n<h1>Anteprima delle lettere</h1>\n<p>Tutte le lettere che Sportello scrive da solo, con dati d'esempio. \
         Ognuna c'è due volte: con tutti i dati, e con i soli dati che non mancano mai.</p>\n"
    );
    if !draws {
        out += "<p>Le immagini dei PDF non ci sono: su questa macchina manca <code>pdftoppm</code> (pacchetto poppler-utils). \
                I PDF ci sono.</p>\n";
    }
    out += "</header>\n<nav aria-label=\"Le lettere\">\n";
    for language in Language::ALL {
        let of_it: Vec<&Shown> = letters.iter().filter(|letter| letter.language == language).collect();
        if of_it.is_empty() {
            continue;
        }
        let _ = write!(out, "<h2>In {}: {}</h2>\n<ul>\n", language.title(), of_it.len());
        for letter in of_it {
            let _ = writeln!(out, "<li><a href=\"#{}\">{}</a></li>", id(letter), escaped(&letter.name));
        }
        out += "</ul>\n";
    }
    out += "</nav>\n<main>\n";
    letters.iter().for_each(|letter| article(&mut out, letter));
    out += "</main>\n</body>\n</html>\n";
    out
}

fn article(out: &mut String, letter: &Shown) {
    let reader = match (letter.reader, letter.of) {
        (_, Some(of)) => of,
        (Some(Reader::Office), None) => "per un ufficio",
        _ => "per un cittadino",
    };
    let _ = write!(
        out,
        "<article id=\"{}\">\n<h2>{}</h2>\n<p class=\"purpose\">In {}, {reader}. {}.</p>\n",
        id(letter),
        escaped(&letter.name),
        letter.language.title(),
        escaped(&capital(letter.purpose)),
    );
    for variant in &letter.variants {
        let (title, open) = match variant.extent {
            Extent::Full => ("Con tutti i dati", " open"),
            Extent::Least => ("Con i soli dati che ci sono sempre", ""),
        };
        let lang = letter.language.tag();
        let _ = write!(
            out,
            "<details{open}>\n<summary>{title}</summary>\n<div class=\"sides\">\n<div class=\"mail\" lang=\"{lang}\">\n\
             <p class=\"subject\">{}</p>\n<pre>{}</pre>\n</div>\n<div class=\"sheet\">\n\
             <a href=\"{}\">Il foglio da stampare (PDF)</a>\n",
            escaped(&variant.subject),
            escaped(&variant.text),
            escaped(&variant.pdf),
        );
        for (number, picture) in variant.pictures.iter().enumerate() {
            let _ = writeln!(
                out,
                "<img src=\"{}\" alt=\"Pagina {} di {} del foglio; il testo è quello a fianco\" loading=\"lazy\">",
                escaped(&picture.file),
                number + 1,
                variant.pictures.len(),
            );
        }
        out.push_str("</div>\n</div>\n</details>\n");
    }
    out.push_str("</article>\n");
}

fn id(letter: &Shown) -> String {
    format!("{}-{}", letter.language.tag(), escaped(&letter.name))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_says_is_text_and_never_a_tag() {
        let variant = Variant {
            extent: Extent::Full,
            subject: "<script>alert(1)</script> & \"altro\"".into(),
            text: "<b>&amp;</b>\n".into(),
            pdf: "it/x.pdf".into(),
            pictures: vec![],
        };
        let letter = Shown {
            language: Language::De,
            name: "presa-in-carico.\"prova\"".into(),
            purpose: "al cittadino",
            of: Some("a un altro ente pubblico"),
            reader: None,
            variants: vec![variant],
        };
        let page = page(&[letter], false);
        assert!(
            !page.contains("<script") && !page.contains("<b>") && page.contains("&lt;b&gt;&amp;amp;&lt;/b&gt;"),
            "{page}"
        );
        assert!(page.contains("id=\"de-presa-in-carico.&quot;prova&quot;\"") && page.contains("manca <code>pdftoppm"));
        assert!(page.contains("a un altro ente pubblico. Al cittadino"), "{page}");
        assert!(!page.contains("http"), "something from elsewhere");
    }
}
