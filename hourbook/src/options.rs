//! Options: what every command understands: where the exchange is, who asks, and in which form to answer.

use std::env;
use std::path::PathBuf;

use clap::Args;
use client::connection::Connection;
use client::error::ClientError;
use client::identity::Identity;
use client::key_file;
use client::settings::Settings;
use client::streams::Streams;
use protocol::status::PATH;

use crate::failure::Failure;

/// The address of an exchange that was started without saying otherwise.
const URL: &str = "ws://127.0.0.1:9400/ws/v1";

const ENV_URL: &str = "HOURBOOK_URL";
const ENV_ADMIN_URL: &str = "HOURBOOK_ADMIN_URL";
const ENV_KEY: &str = "HOURBOOK_KEY";
const ENV_AS: &str = "HOURBOOK_AS";

/// What every command understands. Each has an id of its own: an argument of a command with the same one would hide it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// Address of the exchange [env: HOURBOOK_URL] [default: ws://127.0.0.1:9400/ws/v1]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Address at which operators ask; without it the next port after --url, on this machine [env: HOURBOOK_ADMIN_URL]
    #[arg(long, global = true, value_name = "URL")]
    admin_url: Option<String>,
    /// Log in with the key in this file [env: HOURBOOK_KEY]
    #[arg(id = "login_key", long = "key", global = true, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Log in as this account, on a development server [env: HOURBOOK_AS]
    #[arg(id = "login_account", long = "as", global = true, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Answer in JSON: one object on one line, errors too (on stderr)
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Who asks.
#[derive(Debug, PartialEq, Eq)]
enum Login {
    Key(PathBuf),
    Dev(String),
}

impl Options {
    /// Connects without a login.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        Ok(Connection::open(&self.address()).await?)
    }

    /// Connects and logs in.
    pub(crate) async fn login(&self) -> Result<Connection, Failure> {
        self.login_at(&self.address(), Settings::default()).await
    }

    /// Connects where operators ask, and logs in.
    pub(crate) async fn login_admin(&self) -> Result<Connection, Failure> {
        self.login_admin_with(Settings::default()).await
    }

    /// The same with other bounds.
    pub(crate) async fn login_admin_with(&self, settings: Settings) -> Result<Connection, Failure> {
        self.login_at(&self.admin_address()?, settings).await
    }

    async fn login_at(&self, address: &str, settings: Settings) -> Result<Connection, Failure> {
        // A key that cannot be read is said before anything is sent.
        let identity = self.identity()?;
        let connection = Connection::open_with(address, settings).await?;
        connection.login(&identity).await.map_err(refused)?;
        Ok(connection)
    }

    /// Connects without a login, for streams that go on when the connection breaks.
    pub(crate) async fn streams(&self) -> Result<Streams, Failure> {
        Ok(Streams::open(&self.address()).await?)
    }

    /// The same with a login.
    pub(crate) async fn login_streams(&self) -> Result<Streams, Failure> {
        let identity = self.identity()?;
        Streams::open_as(&self.address(), identity).await.map_err(refused)
    }

    fn identity(&self) -> Result<Identity, Failure> {
        Ok(match self.who()? {
            Login::Key(path) => Identity::Key(key_file::read(&path)?),
            Login::Dev(account) => Identity::Dev(account),
        })
    }

    /// The address that was named here or in the environment, or the usual one.
    pub(crate) fn address(&self) -> String {
        self.named_address().unwrap_or_else(|| URL.to_owned())
    }

    /// The address that was named here or in the environment.
    pub(crate) fn named_address(&self) -> Option<String> {
        self.url.clone().or_else(|| variable(ENV_URL)).map(with_path)
    }

    /// Where operators ask: what was named here or in the environment, or the next port on this machine.
    pub(crate) fn admin_address(&self) -> Result<String, Failure> {
        let named = self.admin_url.clone().or_else(|| variable(ENV_ADMIN_URL)).map(with_path);
        let address = self.address();
        named.or_else(|| next_port(&address)).ok_or_else(|| {
            Failure::usage(format!("{address} names no port, so where operators ask is not known"))
                .advise("name it with --admin-url URL")
        })
    }

    /// The key file that was named here or in the environment.
    pub(crate) fn key_path(&self) -> Result<PathBuf, Failure> {
        match self.who()? {
            Login::Key(path) => Ok(path),
            Login::Dev(_) => Err(Failure::usage("this command needs a key, and a name is none".to_owned())
                .advise("name a key file with --key FILE")),
        }
    }

    /// What is typed counts before what the environment says.
    fn who(&self) -> Result<Login, Failure> {
        let typed = one_login(self.key.clone(), self.account.clone(), ["--key", "--as"])?;
        let login = match typed {
            Some(login) => Some(login),
            None => one_login(variable(ENV_KEY).map(PathBuf::from), variable(ENV_AS), [ENV_KEY, ENV_AS])?,
        };
        login.ok_or_else(|| {
            Failure::usage("this command needs a login".to_owned()).advise(
                "name a key file with --key FILE, or an account of a development server with --as ACCOUNT",
            )
        })
    }
}

fn one_login(
    key: Option<PathBuf>,
    account: Option<String>,
    names: [&str; 2],
) -> Result<Option<Login>, Failure> {
    match (key, account) {
        (Some(_), Some(_)) => {
            let [key, account] = names;
            Err(Failure::usage(format!("{key} and {account} exclude each other")).advise("give one of them"))
        }
        (Some(path), None) => Ok(Some(Login::Key(path))),
        (None, account) => Ok(account.map(Login::Dev)),
    }
}

/// The same address at the next port, on this machine.
fn next_port(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (_, port) = authority.rsplit_once(':')?;
    let next = port.parse::<u16>().ok()?.checked_add(1)?;
    Some(format!("{scheme}://127.0.0.1:{next}/{path}"))
}

/// An address without a path is that of an exchange: its websocket is at the usual place.
fn with_path(url: String) -> String {
    match url.split_once("://") {
        Some((_, host)) if !host.trim_end_matches('/').contains('/') => {
            format!("{}{PATH}", url.trim_end_matches('/'))
        }
        _ => url,
    }
}

/// A variable of the environment; an empty one is none.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn refused(error: ClientError) -> Failure {
    match error {
        ClientError::Refused(error) => Failure::login(*error),
        other => Failure::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Login, Options, next_port, one_login};

    #[test]
    fn login_is_one_of_two() {
        let names = ["--key", "--as"];
        let login = |key: Option<&str>, account: Option<&str>| {
            one_login(key.map(Into::into), account.map(str::to_owned), names)
                .map_err(|failure| failure.to_string())
        };
        assert_eq!(login(None, None), Ok(None));
        assert_eq!(login(Some("a.key"), None), Ok(Some(Login::Key("a.key".into()))));
        assert_eq!(login(None, Some("ann")), Ok(Some(Login::Dev("ann".to_owned()))));
        assert_eq!(login(Some("a.key"), Some("ann")), Err("--key and --as exclude each other".to_owned()));
    }

    #[test]
    fn operators_ask_at_the_next_port() {
        assert_eq!(next_port("ws://a.example:9400/ws/v1").as_deref(), Some("ws://127.0.0.1:9401/ws/v1"));
        for unknown in ["ws://a.example/ws/v1", "ws://a:65535/ws/v1", "ws://a:x/ws/v1", "a:1"] {
            assert_eq!(next_port(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn typed_address_counts() {
        let address = |url: &str| Options { url: Some(url.to_owned()), ..Options::default() }.named_address();
        for url in ["ws://a/ws/v1", "ws://a", "ws://a/"] {
            assert_eq!(address(url).as_deref(), Some("ws://a/ws/v1"));
        }
        assert_eq!(address("ws://a/other").as_deref(), Some("ws://a/other"));
    }
}
