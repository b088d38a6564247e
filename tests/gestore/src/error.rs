//! Changes when something new can go wrong in the simulated provider.

use std::fmt;
use std::path::{Path, PathBuf};

/// What went wrong. A message's own fault is never one: it becomes a non-acceptance or an anomaly.
#[derive(Debug)]
pub enum Error {
    /// The disk or a pipe, with the path concerned.
    Io(PathBuf, std::io::Error),
    /// A key or a certificate could not be made or read.
    Certificate(String),
    /// A signature could not be made.
    Signature(String),
    /// The state directory or an argument says something impossible.
    State(String),
    /// The LMTP server could not be reached or answered 4xx: try again later.
    LmtpLater(String),
    /// The LMTP server refused for good (5xx) or broke the protocol.
    LmtpNever(String),
}

impl Error {
    /// Names the path in an input/output error.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
        move |cause| Error::Io(path.to_path_buf(), cause)
    }

    /// The exit code a mail system understands (sysexits(3)): 75 asks Postfix to try again, the rest bounces.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Io(..) | Error::LmtpLater(_) => 75,         // EX_TEMPFAIL
            Error::LmtpNever(_) => 69,                         // EX_UNAVAILABLE
            Error::State(_) => 78,                             // EX_CONFIG
            Error::Certificate(_) | Error::Signature(_) => 70, // EX_SOFTWARE
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(path, cause) => write!(out, "{}: {cause}", path.display()),
            Error::Certificate(why) => write!(out, "certificate: {why}"),
            Error::Signature(why) => write!(out, "signature: {why}"),
            Error::State(why) => write!(out, "{why}"),
            Error::LmtpLater(why) => write!(out, "LMTP, try later: {why}"),
            Error::LmtpNever(why) => write!(out, "LMTP, refused: {why}"),
        }
    }
}

impl std::error::Error for Error {}
