//! Stop: why a session with the exchange is over.

use client::error::ClientError;

use crate::failure::Failure;

/// Why a session is over.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The exchange said no, or went away.
    Client(ClientError),
    /// Another connection would not mend it.
    Failed(Failure),
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Stop {
        Stop::Client(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}
