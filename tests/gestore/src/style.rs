//! Changes when another habit of a real provider is found in traffic.
//!
//! The rules leave freedom and providers use it; a reader must take them all. Every choice here was seen (pec.md §3, §8, §16).

/// How one provider writes its messages. Start from a preset and change fields: `Style { digest: Digest::Sha1, ..Style::aruba_like() }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// The preset's name, kept in the state directory.
    pub name: &'static str,
    /// The digest of the signature. RFC 6109 says SHA-1; real providers moved to SHA-256 one by one.
    pub digest: Digest,
    /// DER, or BER with indefinite lengths.
    pub encoding: Encoding,
    /// Which of the two attachments comes first (free by RFC 6109 §4.3).
    pub order: PartOrder,
    /// Whether the human text is `text/plain` or an alternative of text and HTML.
    pub body: Body,
    /// How `daticert.xml` is transferred.
    pub daticert: DaticertTransfer,
    /// `Content-Disposition` of the two attachments.
    pub disposition: &'static str,
    /// Whether parameter values stand in quotes.
    pub quoted: bool,
    /// Whether `postacert.eml` says `Content-Transfer-Encoding: 7bit`, true or not.
    pub postacert_seven_bit: bool,
    /// How `micalg` is spelt; it is to be ignored (pec.md §3).
    pub micalg: Micalg,
    /// Which program's shell the MIME shows: boundaries, preamble, `protocol`.
    pub shell: Shell,
    /// Whether `X-TipoRicevuta` stands in every envelope or only when the sender asked for a type.
    pub tipo_ricevuta_always: bool,
    /// A display name in the `From` of receipts.
    pub receipt_display_name: bool,
    /// What becomes of control characters in the `oggetto` of `daticert.xml`.
    pub controls: Controls,
    /// The shape of identifiers.
    pub identifiers: Identifiers,
}

/// The digest of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// No provider: what a forger would use who has a collision.
    Md5,
    /// RFC 6109 as printed, and traffic up to 2024.
    Sha1,
    /// Traffic since 2018, by provider.
    Sha256,
    /// Not seen yet.
    Sha384,
    /// Not seen yet.
    Sha512,
}

/// The encoding of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Definite lengths.
    Der,
    /// Indefinite lengths in the outer shell: begins `30 80`.
    BerIndefinite,
}

/// Which attachment of an envelope or delivery receipt comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartOrder {
    /// `daticert.xml`, then `postacert.eml`.
    DaticertFirst,
    /// `postacert.eml`, then `daticert.xml`.
    PostacertFirst,
}

/// The human part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// `text/plain` alone.
    Text,
    /// `multipart/alternative` of text and HTML.
    Alternative,
}

/// `Content-Transfer-Encoding` of `daticert.xml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaticertTransfer {
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
    /// 7bit; what is not ASCII becomes numeric character references.
    SevenBit,
}

/// Spellings of the `micalg` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Micalg {
    /// `sha256`
    Plain,
    /// `"sha256"`
    Quoted,
    /// `sha-256`
    Dashed,
    /// `"sha-256"`
    QuotedDashed,
}

/// The program whose MIME shell is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// `openssl smime` around Perl's MIME::Entity: preamble, `application/x-pkcs7-signature`.
    OpenSsl,
    /// JavaMail and Bouncy Castle: `; ` before a folded parameter (a trailing blank inside the signed bytes), `smime-type`.
    JavaMail,
    /// Perl's MIME::Lite: a preamble inside the signed part.
    MimeLite,
}

/// Control characters of a subject, in `oggetto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// Left out, as XML 1.0 requires.
    Dropped,
    /// Written raw: correctly signed XML that is not well-formed (seen at one provider).
    Raw,
    /// Written as `&#18;`: just as ill-formed (seen at another).
    Reference,
}

/// Shapes of the PEC identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifiers {
    /// `opec…` with the local time.
    Opec,
    /// Four groups of hex, then the service's name.
    HexGroups,
    /// An upper-case UUID.
    Uuid,
}

impl Style {
    /// Perl and OpenSSL: DER, SHA-256, alternative text, everything inline, base64.
    #[must_use]
    pub const fn aruba_like() -> Style {
        Style {
            name: "aruba",
            digest: Digest::Sha256,
            encoding: Encoding::Der,
            order: PartOrder::DaticertFirst,
            body: Body::Alternative,
            daticert: DaticertTransfer::Base64,
            disposition: "inline",
            quoted: true,
            postacert_seven_bit: true,
            micalg: Micalg::Quoted,
            shell: Shell::OpenSsl,
            tipo_ricevuta_always: false,
            receipt_display_name: false,
            controls: Controls::Dropped,
            identifiers: Identifiers::Opec,
        }
    }

    /// Java and Bouncy Castle: BER, SHA-256, `postacert.eml` first, attachments, quoted-printable, display names.
    #[must_use]
    pub const fn legalmail_like() -> Style {
        Style {
            name: "legalmail",
            encoding: Encoding::BerIndefinite,
            order: PartOrder::PostacertFirst,
            daticert: DaticertTransfer::QuotedPrintable,
            disposition: "attachment",
            quoted: false,
            postacert_seven_bit: false,
            micalg: Micalg::Dashed,
            shell: Shell::JavaMail,
            receipt_display_name: true,
            identifiers: Identifiers::HexGroups,
            ..Style::aruba_like()
        }
    }

    /// Perl alone: DER, SHA-256, plain text, a preamble inside the signed part, control characters let through.
    #[must_use]
    pub const fn register_like() -> Style {
        Style {
            name: "register",
            body: Body::Text,
            micalg: Micalg::Plain,
            shell: Shell::MimeLite,
            controls: Controls::Raw,
            ..Style::aruba_like()
        }
    }

    /// Java of the first years: BER, SHA-1, plain text, `postacert.eml` first, `daticert.xml` in 7bit.
    #[must_use]
    pub const fn trust_like() -> Style {
        Style {
            name: "trust",
            digest: Digest::Sha1,
            body: Body::Text,
            daticert: DaticertTransfer::SevenBit,
            tipo_ricevuta_always: true,
            receipt_display_name: false,
            identifiers: Identifiers::Uuid,
            ..Style::legalmail_like()
        }
    }

    /// Every preset.
    pub const PRESETS: [Style; 4] =
        [Style::aruba_like(), Style::legalmail_like(), Style::register_like(), Style::trust_like()];

    /// The preset of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Style> {
        Style::PRESETS.into_iter().find(|style| style.name == name)
    }

    /// The value of `micalg`, quotes included.
    pub(crate) fn micalg(&self) -> String {
        let (name, bits) = match self.digest {
            Digest::Md5 => ("md", "5"),
            Digest::Sha1 => ("sha", "1"),
            Digest::Sha256 => ("sha", "256"),
            Digest::Sha384 => ("sha", "384"),
            Digest::Sha512 => ("sha", "512"),
        };
        match self.micalg {
            Micalg::Plain => format!("{name}{bits}"),
            Micalg::Quoted => format!("\"{name}{bits}\""),
            Micalg::Dashed => format!("{name}-{bits}"),
            Micalg::QuotedDashed => format!("\"{name}-{bits}\""),
        }
    }
}
