//! A letter as a file to print and to keep: an accessible PDF/A. It changes when the form of the sheet changes, or the crate that
//! writes PDF; only this file names it, and the one that measures letters.
//!
//! PDF/A-2a and PDF/UA-1 together: real text, its structure, its language, fonts inside (L. 4/2004; EN 301 549 §10). The crate
//! refuses to write a file that breaks what a program can check of the two. The font is DejaVu Sans, free to use, change and
//! embed; it has every letter of the languages of Europe.

use super::font::without_licence;
use super::sheet::{Block, Row, Run, blocks};
use casework::language::Language;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::configure::{Accessibility, Archival, Configuration, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::{Page, PageSettings};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use skrifa::charmap::Charmap;
use skrifa::metrics::GlyphMetrics;
use skrifa::prelude::{FontRef, LocationRef, MetadataProvider, Size};
use std::fmt::Write;
use std::num::NonZeroU16;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

/// A4, points.
const PAGE: (f32, f32) = (595.28, 841.89);
/// White on every side, points: 2.3 cm.
const MARGIN: f32 = 65.0;
/// Where the words of a list and of a quotation begin, points from the margin.
const INDENT: f32 = 14.0;
/// Height of a line, of its size.
const LEADING: f32 = 1.45;
/// White before a heading, points.
const BEFORE_HEADING: f32 = 8.0;
/// White after a part, points.
const AFTER_PART: f32 = 8.0;
/// Size of page numbers, points.
const FOOT_SIZE: f32 = 8.0;
/// Stands for what the font cannot draw. Who copies or listens to the text still gets the character itself.
const UNDRAWN: char = '\u{fffd}';

/// What is on the sheet.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Who writes.
    pub from: &'a str,
    /// To which address.
    pub to: &'a str,
    /// Subject: the title.
    pub title: &'a str,
    /// The letter's text.
    pub text: &'a str,
    /// Its language.
    pub language: Language,
    /// When it was written.
    pub date: Timestamp,
    /// Its Message-ID: names the file for ever.
    pub id: &'a str,
}

/// Writes the sheet. The same letter gives the same bytes.
///
/// # Errors
/// Why it cannot be written, in Italian: never because of what a citizen wrote, unless the crate has a fault.
pub fn pdf(sheet: &Sheet<'_>) -> Result<Vec<u8>, String> {
    let faces = FACES.as_ref().ok_or("il carattere del foglio non si può leggere")?;
    // A fault of the crate must cost one sheet, which a person is told of, and not the service.
    let written = catch_unwind(AssertUnwindSafe(|| write(sheet, faces)));
    written.unwrap_or_else(|_| Err("il programma che scrive i PDF si è fermato".into()))
}

/// A font that is ready.
struct Face {
    font: Font,
    glyphs: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    /// Glyph and width of each ASCII character, which is nearly all that is written.
    ascii: Vec<(u32, f32)>,
}

struct Faces {
    plain: Face,
    bold: Face,
}

impl Faces {
    fn put(&self, surface: &mut Surface<'_>, piece: &Piece) -> Identifier {
        let face = if piece.bold { &self.bold } else { &self.plain };
        let words = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        face.draw(surface, Point::from_xy(piece.x, piece.y), &piece.text, piece.size);
        surface.end_tagged();
        words
    }

    /// The number of a page: nobody hears it.
    fn foot(&self, surface: &mut Surface<'_>, text: &str) {
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::PageNumber)));
        let x = (PAGE.0 - self.plain.width(text, FOOT_SIZE)) / 2.0;
        self.plain.draw(surface, Point::from_xy(x, PAGE.1 - MARGIN / 2.0), text, FOOT_SIZE);
        surface.end_tagged();
    }
}

static FACES: LazyLock<Option<Faces>> = LazyLock::new(|| {
    Some(Faces { plain: Face::read(dejavu::sans::regular())?, bold: Face::read(dejavu::sans::bold())? })
});

impl Face {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let read = FontRef::new(bytes).ok()?;
        let mut face = Self {
            font: Font::new(without_licence(bytes)?.into(), 0)?,
            glyphs: read.charmap(),
            // Normalised, as the other crate wants them.
            widths: read.glyph_metrics(Size::new(1.0), LocationRef::default()),
            ascii: Vec::new(),
        };
        face.ascii = (0..=0x7f_u8).map(|byte| face.look_up(byte.into())).collect();
        Some(face)
    }

    fn glyph(&self, c: char) -> (u32, f32) {
        self.ascii.get(c as usize).copied().unwrap_or_else(|| self.look_up(c))
    }

    fn look_up(&self, c: char) -> (u32, f32) {
        let id = self.glyphs.map(c).or_else(|| self.glyphs.map(UNDRAWN)).unwrap_or_default();
        (id.to_u32(), self.widths.advance_width(id).unwrap_or_default())
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.glyph(c).1).sum::<f32>() * size
    }

    fn draw(&self, surface: &mut Surface<'_>, at: Point, text: &str, size: f32) {
        let shape = |(start, c): (usize, char)| {
            let (id, width) = self.glyph(c);
            KrillaGlyph::new(GlyphId::new(id), width, 0.0, 0.0, 0.0, start..start + c.len_utf8(), None)
        };
        let glyphs: Vec<KrillaGlyph> = text.char_indices().map(shape).collect();
        surface.draw_glyphs(at, &glyphs, self.font.clone(), text, size, false);
    }
}

/// What a part is to who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Title,
    Heading,
    Paragraph,
    Entry,
    Quote,
}

/// Words on their place.
struct Piece {
    x: f32,
    y: f32,
    size: f32,
    bold: bool,
    text: String,
    width: f32,
    /// What opens, and which link of its part it is.
    link: Option<(String, usize)>,
    /// The sign before an entry.
    is_label: bool,
    part: usize,
}

/// What is heard of a part, in order.
enum Heard {
    Words(Identifier),
    Label(Identifier),
    Link(usize, Identifier),
}

struct Part {
    role: Role,
    words: String,
    heard: Vec<Heard>,
    /// Page and height at which it begins.
    at: (usize, f32),
}

/// The sheet while it is laid out.
struct Layout<'f> {
    faces: &'f Faces,
    pages: Vec<Vec<Piece>>,
    parts: Vec<Part>,
    y: f32,
}

impl<'f> Layout<'f> {
    fn new(faces: &'f Faces) -> Self {
        Self { faces, pages: vec![Vec::new()], parts: Vec::new(), y: MARGIN }
    }

    /// Room for so many points, or the next page.
    fn need(&mut self, height: f32) {
        if self.y + height > PAGE.1 - MARGIN {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn part(&mut self, role: Role, row: &[Run], size: f32, bold: bool) {
        let indent = if matches!(role, Role::Entry | Role::Quote) { INDENT } else { 0.0 };
        self.need(size * LEADING);
        let words = row.iter().map(|run| run.text.as_str()).collect();
        let at = (self.pages.len() - 1, self.y);
        self.parts.push(Part { role, words, heard: Vec::new(), at });
        let part = self.parts.len() - 1;
        let face = if bold { &self.faces.bold } else { &self.faces.plain };
        let right = PAGE.0 - MARGIN;
        let left = MARGIN + indent;
        let mut x = left;
        self.y += size * LEADING;
        if role == Role::Entry {
            let label = Piece {
                x: MARGIN,
                y: self.y,
                size,
                bold,
                text: "• ".into(),
                width: 0.0,
                link: None,
                is_label: true,
                part,
            };
            self.put(label);
        }
        for (index, run) in row.iter().enumerate() {
            let mut line = String::new();
            let mut from = x;
            for word in pieces(&run.text, |text| face.width(text, size), right - left) {
                let width = face.width(&word, size);
                // The space after a word may hang over the margin.
                if x > left && x + face.width(word.trim_end(), size) > right {
                    self.put_words(&mut line, from, size, bold, run, index, part);
                    self.need(size * LEADING);
                    self.y += size * LEADING;
                    (x, from) = (left, left);
                }
                line.push_str(&word);
                x += width;
            }
            self.put_words(&mut line, from, size, bold, run, index, part);
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn put_words(&mut self, line: &mut String, x: f32, size: f32, bold: bool, run: &Run, index: usize, part: usize) {
        if line.is_empty() {
            return;
        }
        let face = if bold { &self.faces.bold } else { &self.faces.plain };
        let width = face.width(line.trim_end(), size);
        let link = run.link.clone().map(|link| (link, index));
        let piece = Piece { x, y: self.y, size, bold, text: std::mem::take(line), width, link, is_label: false, part };
        self.put(piece);
    }

    fn put(&mut self, piece: Piece) {
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }
}

/// Words, each with the spaces after it; what is wider than a line is cut.
fn pieces(text: &str, width: impl Fn(&str) -> f32, room: f32) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.split_inclusive(' ') {
        let mut rest = String::new();
        let is_too_wide = width(word.trim_end()) > room;
        for c in word.chars() {
            rest.push(c);
            if is_too_wide && width(&rest) > room {
                rest.pop();
                out.push(std::mem::replace(&mut rest, c.to_string()));
            }
        }
        out.push(rest);
    }
    out
}

fn write(sheet: &Sheet<'_>, faces: &Faces) -> Result<Vec<u8>, String> {
    let layout = lay_out(sheet, faces);
    let Layout { pages, mut parts, .. } = layout;
    let mut document = Document::new_with(settings()?);
    let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("il foglio non ha una misura")?;
    let count = pages.len();
    for (number, pieces) in pages.iter().enumerate() {
        let mut page = document.start_page_with(size.clone());
        // A page has one surface: a second one would begin it anew.
        let mut surface = page.surface();
        let words: Vec<Identifier> = pieces.iter().map(|piece| faces.put(&mut surface, piece)).collect();
        faces.foot(&mut surface, &format!("{} / {count}", number + 1));
        surface.finish();
        for (piece, words) in pieces.iter().zip(words) {
            listen(&mut page, piece, words, &mut parts)?;
        }
        page.finish();
    }
    let mut outline = Outline::new();
    for part in parts.iter().filter(|part| matches!(part.role, Role::Title | Role::Heading)) {
        let place = XyzDestination::new(part.at.0, Point::from_xy(MARGIN, part.at.1));
        outline.push_child(OutlineNode::new(part.words.clone(), place));
    }
    document.set_outline(outline);
    document.set_tag_tree(tags(parts, sheet.language));
    document.set_metadata(metadata(sheet));
    document.finish().map_err(|why| format!("il PDF non si può scrivere ({why:?})"))
}

fn settings() -> Result<SerializeSettings, String> {
    static SETTINGS: LazyLock<Option<Configuration>> = LazyLock::new(|| {
        let both = ConfigurationBuilder::new().with_archival_validator(Archival::A2_A);
        both.with_accessibility_validator(Accessibility::UA1).finish().ok()
    });
    let configuration = SETTINGS.ok_or("il formato PDF/A non è disponibile")?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn lay_out<'f>(sheet: &Sheet<'_>, faces: &'f Faces) -> Layout<'f> {
    let mut layout = Layout::new(faces);
    let row = |text: String| vec![Run { text: safe(&text), link: None }];
    layout.part(Role::Paragraph, &row(sheet.from.to_owned()), 10.0, true);
    let (to, date) = head(sheet);
    layout.part(Role::Paragraph, &row(to), 9.0, false);
    layout.part(Role::Paragraph, &row(date), 9.0, false);
    layout.y += 2.0 * AFTER_PART;
    layout.part(Role::Title, &row(title(sheet).to_owned()), 15.0, true);
    layout.y += AFTER_PART;
    let clean =
        |row: &Row| -> Row { row.iter().map(|run| Run { text: safe(&run.text), link: run.link.clone() }).collect() };
    for block in blocks(sheet.text, sheet.language) {
        let (role, rows) = match &block {
            Block::Heading(words) => {
                layout.y += BEFORE_HEADING;
                layout.need(12.0 * LEADING * 3.0); // never alone at the end of a page
                layout.part(Role::Heading, &row(words.clone()), 12.0, true);
                layout.y += AFTER_PART / 2.0;
                continue;
            }
            Block::Rows(rows) => (Role::Paragraph, rows),
            Block::List(rows) => (Role::Entry, rows),
            Block::Quote(rows) => (Role::Quote, rows),
        };
        for row in rows {
            layout.part(role, &clean(row), 10.0, false);
        }
        layout.y += AFTER_PART;
    }
    layout
}

/// A file must have one, and a subject can turn out to be blank.
fn title<'a>(sheet: &Sheet<'a>) -> &'a str {
    if sheet.title.trim().is_empty() { sheet.from } else { sheet.title }
}

/// The lines `To` and `Date`, in the letter's language.
fn head(sheet: &Sheet<'_>) -> (String, String) {
    let (to, day) = match sheet.language {
        Language::It => ("A", "Data"),
        Language::De => ("An", "Datum"),
        Language::En => ("To", "Date"),
    };
    (format!("{to}: {}", sheet.to), format!("{day}: {}", casework::reply::instant(sheet.date, sheet.language)))
}

/// Characters that PDF/A refuses become the sign of what cannot be drawn; controls become spaces.
fn safe(text: &str) -> String {
    let tame = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => UNDRAWN,
        c => c,
    };
    text.chars().map(tame).collect()
}

/// Notes what is heard of a piece, and lays its link over it.
fn listen(page: &mut Page<'_>, piece: &Piece, words: Identifier, parts: &mut [Part]) -> Result<(), String> {
    let Some(part) = parts.get_mut(piece.part) else { return Ok(()) };
    match &piece.link {
        Some((address, index)) => {
            let (top, low) = (piece.y - piece.size, piece.y + piece.size / 4.0);
            let area = Rect::from_ltrb(piece.x, top, piece.x + piece.width.max(1.0), low);
            let area = area.ok_or("un collegamento non ha un posto sul foglio")?;
            let target = Target::Action(Action::Link(LinkAction::new(address.clone())));
            let opens = Annotation::new_link(LinkAnnotation::new(area, target), Some(piece.text.trim().to_owned()));
            part.heard.push(Heard::Link(*index, words));
            part.heard.push(Heard::Link(*index, page.add_tagged_annotation(opens)));
        }
        None if piece.is_label => part.heard.push(Heard::Label(words)),
        None => part.heard.push(Heard::Words(words)),
    }
    Ok(())
}

/// What who listens hears, in order.
fn tags(parts: Vec<Part>, language: Language) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(language.tag().to_owned()));
    let mut list: Option<TagGroup> = None;
    for part in parts {
        if part.role != Role::Entry
            && let Some(ended) = list.take()
        {
            tree.push(ended);
        }
        let heading = |level| Tag::Hn(level, Some(part.words.clone()));
        match part.role {
            Role::Title => tree.push(heard(TagGroup::new(heading(NonZeroU16::MIN)), part.heard).0),
            Role::Heading => tree.push(heard(TagGroup::new(heading(NonZeroU16::MIN.saturating_add(1))), part.heard).0),
            Role::Paragraph => tree.push(heard(TagGroup::new(Tag::P), part.heard).0),
            Role::Quote => {
                let (words, _) = heard(TagGroup::new(Tag::P), part.heard);
                tree.push(TagGroup::with_children(Tag::BlockQuote, vec![words.into()]));
            }
            Role::Entry => {
                let (body, label) = heard(TagGroup::new(Tag::LBody), part.heard);
                let mut entry = TagGroup::new(Tag::LI);
                if let Some(label) = label {
                    entry.push(TagGroup::with_children(Tag::Lbl, vec![label.into()]));
                }
                entry.push(body);
                list.get_or_insert_with(|| TagGroup::new(Tag::L(ListNumbering::Disc))).push(entry);
            }
        }
    }
    if let Some(ended) = list {
        tree.push(ended);
    }
    tree
}

/// A group with what is heard in it; apart, the sign before it.
fn heard(mut group: TagGroup, all: Vec<Heard>) -> (TagGroup, Option<Identifier>) {
    let mut label = None;
    let mut link: Option<(usize, TagGroup)> = None;
    for one in all {
        match one {
            Heard::Link(index, id) => match &mut link {
                Some((open, within)) if *open == index => within.push(id),
                _ => {
                    if let Some((_, ended)) = link.replace((index, TagGroup::with_children(Tag::Link, vec![id.into()])))
                    {
                        group.push(ended);
                    }
                }
            },
            other => {
                if let Some((_, ended)) = link.take() {
                    group.push(ended);
                }
                match other {
                    Heard::Label(id) => label = Some(id),
                    Heard::Words(id) | Heard::Link(_, id) => group.push(id),
                }
            }
        }
    }
    if let Some((_, ended)) = link {
        group.push(ended);
    }
    (group, label)
}

fn metadata(sheet: &Sheet<'_>) -> Metadata {
    let at = sheet.date.to_zoned(TimeZone::UTC);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let mut id = String::from(sheet.id);
    let _ = write!(id, " {}", sheet.to);
    Metadata::new()
        .title(safe(title(sheet)))
        .language(sheet.language.tag().to_owned())
        .authors(vec![safe(sheet.from)])
        .creator("Sportello".into())
        .creation_date(date)
        .document_id(id)
}
