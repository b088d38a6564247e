//! Words, numbers and marks of a text: changes when what separates them does.

use alloc::vec::Vec;
use core::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Letters.
    Word,
    /// ASCII digits.
    Number,
    /// Any other visible character.
    Mark(char),
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) what: What,
    pub(super) at: Range<usize>,
    /// Blank space (or `_`, the space of file names) stands before it.
    pub(super) apart: bool,
    /// Line ends before it.
    pub(super) breaks: u8,
}

/// Cuts a text. Blanks and `_` are no tokens.
pub(super) fn split(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut apart, mut breaks) = (false, 0_u8);
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let start = at;
        at += c.len_utf8();
        if c.is_whitespace() || c == '_' {
            apart = true;
            breaks = breaks.saturating_add(u8::from(c == '\n'));
            continue;
        }
        // Nearly all letters are plain ones: a run of them is one step.
        let run = |is: fn(&u8) -> bool| text.as_bytes().iter().skip(at).take_while(|byte| is(byte)).count();
        let what = match c {
            '0'..='9' => {
                at += run(u8::is_ascii_digit);
                What::Number
            }
            'º' | 'ª' => What::Mark(c), // alphabetic to Unicode; here they are `n.º`
            _ if c.is_alphabetic() => {
                at += run(u8::is_ascii_alphabetic);
                What::Word
            }
            _ => What::Mark(c),
        };
        match tokens.last_mut() {
            Some(last) if !apart && last.what == what && !matches!(what, What::Mark(_)) && last.at.end == start => {
                last.at.end = at;
            }
            _ => tokens.push(Token { what, at: start..at, apart, breaks }),
        }
        (apart, breaks) = (false, 0);
    }
    tokens
}

/// The text of a token.
pub(super) fn written<'t>(text: &'t str, tokens: &[Token], at: usize) -> Option<&'t str> {
    text.get(tokens.get(at)?.at.clone())
}

/// The text of a token that is a word.
pub(super) fn word<'t>(text: &'t str, tokens: &[Token], at: usize) -> Option<&'t str> {
    tokens.get(at).filter(|token| token.what == What::Word).and_then(|token| text.get(token.at.clone()))
}

/// The digits of a token that is a number.
pub(super) fn number<'t>(text: &'t str, tokens: &[Token], at: usize) -> Option<&'t str> {
    tokens.get(at).filter(|token| token.what == What::Number).and_then(|token| text.get(token.at.clone()))
}
