//! Failure: why a command came to nothing, what to do about it, and with which code the program ends.

use std::env;
use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use client::error::ClientError;
use client::key_file::KeyFileError;
use protocol::error::ErrorObject;
use protocol::error_code::{Category, ErrorCode};
use serde::Serialize;

/// What the exit codes mean, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  rejected by the exchange; the error names the code
  2  the command line is wrong
  3  no connection, or it was lost, or no reply came in time
  4  the login was refused, or the key may not do this
  5  a local file, its data or an address to listen on is wrong: a key, a journal that is not sound, a flow";

/// The kind of a failure, which is the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The exchange says no.
    Rejected,
    /// What was typed makes no sense.
    Usage,
    /// The exchange cannot be reached, or not any more.
    Connection,
    /// The exchange does not believe who asks, or does not let them.
    Login,
    /// A file, or what is in it.
    Local,
    /// Nobody reads the output any more, as after `| head`. Not worth a word.
    Unread,
}

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    advice: Option<String>,
    refusal: Option<Box<ErrorObject>>,
}

/// A failure as JSON.
#[derive(Serialize)]
struct FailureText<'a> {
    kind: Kind,
    exit: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
    /// The exchange's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorObject>,
}

impl Kind {
    fn exit(self) -> u8 {
        match self {
            Kind::Unread => 0,
            Kind::Rejected => 1,
            Kind::Usage => 2,
            Kind::Connection => 3,
            Kind::Login => 4,
            Kind::Local => 5,
        }
    }
}

impl Failure {
    fn new(kind: Kind, message: String) -> Failure {
        Failure { kind, message, advice: None, refusal: None }
    }

    /// What was typed makes no sense.
    pub(crate) fn usage(message: String) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    /// A file, or what is in it, is wrong.
    pub(crate) fn local(message: String) -> Failure {
        Failure::new(Kind::Local, message)
    }

    /// The key, or its account, may not do this.
    pub(crate) fn forbidden(message: String) -> Failure {
        Failure::new(Kind::Login, message)
    }

    /// What the exchange sends is wrong.
    pub(crate) fn connection(message: String) -> Failure {
        Failure::new(Kind::Connection, message)
    }

    /// Nobody reads the output any more.
    pub(crate) fn unread() -> Failure {
        Failure::new(Kind::Unread, "nobody reads the output".to_owned())
    }

    /// The exchange refused the login.
    pub(crate) fn login(error: ErrorObject) -> Failure {
        Failure { kind: Kind::Login, ..Failure::refused(error) }
    }

    /// The same with what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.advice = Some(advice.into());
        self
    }

    /// Whether a write that failed like this may have happened nevertheless.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.kind == Kind::Connection
    }

    /// The same failure; where it may have happened all the same, with how to find out.
    pub(crate) fn repeat_with(self, reference: &str) -> Failure {
        if self.is_uncertain() {
            let advice = format!("repeat it with --reference {reference}: it does not happen twice");
            return self.advise(advice);
        }
        self
    }

    /// The program's exit code.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.kind.exit())
    }

    /// What goes to stderr; `None` when there is nobody to tell.
    pub(crate) fn text(&self, json: bool) -> Option<String> {
        if self.kind == Kind::Unread {
            return None;
        }
        if json {
            return Some(self.json());
        }
        let advice = self.advice.as_ref().map_or_else(String::new, |advice| format!("\n  {advice}"));
        Some(format!("error: {self}{advice}"))
    }

    fn json(&self) -> String {
        let failure = FailureText {
            kind: self.kind,
            exit: self.kind.exit(),
            message: &self.message,
            advice: self.advice.as_deref(),
            error: self.refusal.as_deref(),
        };
        serde_json::to_string(&failure).expect("a failure has only text as keys")
    }

    fn refused(error: ErrorObject) -> Failure {
        let kind = if error.category == Category::Auth { Kind::Login } else { Kind::Rejected };
        let (message, advice) = (error.to_string(), advice(&error.code).map(str::to_owned));
        Failure { kind, message, advice, refusal: Some(Box::new(error)) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        let kind = match error {
            ClientError::Refused(error) => return Failure::refused(*error),
            ClientError::Address { .. } => Kind::Usage,
            _ => Kind::Connection,
        };
        let advice = match &error {
            ClientError::Connect { .. } => {
                Some("start one with `hourbook serve`, or name another with --url URL")
            }
            other => other.advice(),
        };
        Failure { kind, message: error.to_string(), advice: advice.map(str::to_owned), refusal: None }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Failure {
        Failure::local(error.to_string())
    }
}

/// What to do about a refusal, where a command of this program helps.
fn advice(code: &ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::NoMatch | ErrorCode::UnknownSymbol | ErrorCode::MarketClosed => {
            "`hourbook instruments` lists the markets"
        }
        ErrorCode::InsufficientCredit | ErrorCode::InsufficientBond => {
            "`hourbook balance` says what is available"
        }
        ErrorCode::InsufficientClaims | ErrorCode::InsufficientCapacity => {
            "`hourbook balance` says what is held; a provider registers more with `hourbook capacity`"
        }
        ErrorCode::UnknownOrder | ErrorCode::ClOrdIdConflict | ErrorCode::OpenOrderLimit => {
            "`hourbook orders` lists the open orders"
        }
        ErrorCode::CapacityInUse => "`hourbook orders` and `hourbook balance` say what is offered and sold",
        ErrorCode::ClockSkew => "set this machine's clock",
        ErrorCode::KeyUnknown | ErrorCode::ScopeMissing => {
            "an operator registers keys and their scopes with `hourbook keys register`"
        }
        ErrorCode::AccountUnknown => "an operator opens accounts with `hourbook account open`",
        ErrorCode::ReferenceConsumed => {
            "the deposit has been credited already; a new one needs a new --reference"
        }
        ErrorCode::ReduceTooLarge => "use `hourbook cancel`",
        ErrorCode::AmendRace => "`hourbook orders` says what has traded by now",
        ErrorCode::PostOnlyWouldCross | ErrorCode::FokNotFillable | ErrorCode::MinQty => {
            "`hourbook book` shows what others offer"
        }
        ErrorCode::MarketHalted | ErrorCode::CancelOnly | ErrorCode::PostOnlyMode => {
            "`hourbook instruments` says what may be done; `hourbook cancel` always may"
        }
        ErrorCode::PriceBand | ErrorCode::MaxQty | ErrorCode::NotionalLimit | ErrorCode::PositionLimit => {
            "`hourbook instruments --json` tells each market's bands and limits"
        }
        ErrorCode::AccountLocked => "an operator unlocks accounts with `hourbook admin lock --off`",
        ErrorCode::Overloaded | ErrorCode::Draining => "nothing has happened; try again in a moment",
        _ => return None,
    })
}

/// Says what is wrong with the command line, or what was asked about it, and returns the exit code.
pub(crate) fn report_parse(error: &clap::Error) -> ExitCode {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Whether JSON is wanted is not known from a command line that could not be read.
    if !is_answer && env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let failure = Failure::usage(text.trim().trim_start_matches("error: ").to_owned());
        eprintln!("{}", failure.json());
        return failure.exit();
    }
    // Whoever has stopped reading the help needs no word about it.
    let _ = error.print();
    if is_answer { ExitCode::SUCCESS } else { ExitCode::from(Kind::Usage.exit()) }
}
