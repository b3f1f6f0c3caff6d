//! Entry: a connection for a part in deliveries, once it is known that its key, its account and its model can play it.

use client::connection::Connection;
use client::error::ClientError;
use client::secret::Secret;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::session::{LoginResult, Scope};
use protocol::venue::VenueStatus;

use crate::auditor::Auditor;
use crate::delivering::stop::Stop;
use crate::failure::Failure;
use crate::word::word;

/// What a process does in deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Provider,
    Auditor,
    Arbiter,
    Follower,
}

/// Who comes in, where, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) url: &'a str,
    pub(crate) secret: &'a Secret,
    pub(crate) part: Part,
    pub(crate) model: &'a Auditor,
}

impl Part {
    /// The command that plays it.
    fn command(self) -> &'static str {
        match self {
            Part::Provider => "provider run",
            Part::Auditor => "audit run",
            Part::Arbiter => "audit run --arbiter",
            Part::Follower => "job follow",
        }
    }

    fn scopes(self) -> &'static [Scope] {
        match self {
            Part::Provider => &[Scope::Read, Scope::Trade, Scope::Provide],
            Part::Auditor => &[Scope::Read, Scope::Provide],
            Part::Arbiter => &[Scope::Read, Scope::Admin],
            Part::Follower => &[Scope::Read, Scope::Trade],
        }
    }

    /// How its model is named.
    fn naming(self) -> &'static str {
        match self {
            Part::Provider => "as `model` in the configuration",
            Part::Auditor | Part::Arbiter | Part::Follower => "with --model FILE",
        }
    }
}

impl Entry<'_> {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`Stop::Failed`] when the key lacks a scope, the account a permission, or the model is not the one that hours are delivered with.
    pub(crate) async fn open(&self) -> Result<Connection, Stop> {
        let connection = self.connect().await?;
        check_model(&connection.status().await?, (self.model, self.part.naming()))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<Connection, Stop> {
        let connection = Connection::open(self.url).await?;
        let LoginResult { account, scopes, .. } = connection.login_key(self.secret).await?;
        self.check_scopes(&account, &scopes)?;
        let bounds = connection.limits().await?;
        match self.part {
            Part::Provider if !bounds.provider => Err(Failure::forbidden(format!(
                "the account {account} is no provider's: it may not register capacity, nor deliver"
            ))
            .advise("an operator opens one that may: `hourbook account open NAME --provider`")
            .into()),
            Part::Auditor if !bounds.auditor => {
                Err(Failure::forbidden(format!("the account {account} is no auditor's: it is never drawn"))
                    .advise(format!("an operator lets it: `hourbook admin auditor {account} --reason WORD`"))
                    .into())
            }
            _ => Ok(connection),
        }
    }

    fn check_scopes(&self, account: &str, scopes: &[Scope]) -> Result<(), Failure> {
        let needed = self.part.scopes();
        let missing: Vec<&Scope> = needed.iter().filter(|scope| !scopes.contains(scope)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (key, command) = (self.secret.public(), self.part.command());
        let message = format!(
            "`hourbook {command}` needs the scope {}, which the key {} lacks",
            list(missing),
            key.id()
        );
        let advice = format!(
            "an operator gives {account} another key that has it: `hourbook keys register {account} PUBLIC_KEY --scopes {}`",
            list(needed)
        );
        Err(Failure::forbidden(message).advise(advice))
    }
}

/// Whether hours are delivered with this model, which was named so.
///
/// # Errors
/// A failure that names both.
pub(crate) fn check_model(status: &VenueStatus, (model, naming): (&Auditor, &str)) -> Result<(), Failure> {
    let Some(basis) = &status.deliveries else {
        let message = "this exchange was started without a model to deliver with";
        let error = ErrorObject::new(ErrorCode::NoDeliveries, message);
        return Err(ClientError::Refused(Box::new(error)).into());
    };
    let own = model.id().to_string();
    if own == basis.model_id {
        return Ok(());
    }
    let message = format!(
        "this is the model {own}, and the exchange delivers with {} ({})",
        basis.model_id, basis.model
    );
    Err(Failure::local(message).advise(format!("name the file of {} {naming}", basis.model)))
}

fn list<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    scopes.into_iter().map(word).collect::<Vec<String>>().join(",")
}
