//! Keys: makes key files, and gives keys to accounts.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use client::key_file;
use client::secret::Secret;
use protocol::operator::RegisterKey;
use protocol::session::Scope;
use protocol::signature::PublicKey;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, facts};
use crate::word::word;

const EXAMPLES_NEW: &str = "\
The file is readable by you only and never overwritten. Give the public key to the operator; keep the file.

Examples:
  hourbook keys new ann.key
  hourbook keys new ann.key --json";

const EXAMPLES_SHOW: &str = "\
Examples:
  hourbook keys show ann.key";

const EXAMPLES_REGISTER: &str = "\
Scopes: read (orders, fills, balances), trade (add and reduce orders), cancel, provide (capacity), admin (accounts,
keys, deposits, markets). Needs an operator's key.

Examples:
  hourbook --key data/operator.key keys register ann A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg= \\
      --scopes read,trade,cancel";

const EXAMPLES_REVOKE: &str = "\
Needs an operator's key.

Examples:
  hourbook --key data/operator.key keys revoke k_03a107bff3ce10be";

/// Make key files, and give keys to accounts
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key file and show its public key
    #[command(after_help = EXAMPLES_NEW)]
    New {
        /// The file to make
        file: PathBuf,
    },
    /// Show the public key of a key file
    #[command(after_help = EXAMPLES_SHOW)]
    Show {
        /// The key file
        file: PathBuf,
    },
    /// Give an account a key
    #[command(after_help = EXAMPLES_REGISTER)]
    Register {
        /// The account that the key acts for
        #[arg(value_parser = argument::label)]
        account: String,
        /// The public key, as `keys new` and `keys show` print it
        #[arg(value_name = "KEY_TEXT", value_parser = argument::public_key)]
        key: String,
        /// What the key may do, with commas between
        #[arg(long, required = true, value_delimiter = ',', value_parser = argument::scope)]
        scopes: Vec<Scope>,
    },
    /// Take a key away
    #[command(after_help = EXAMPLES_REVOKE)]
    Revoke {
        /// The key's id, such as k_03a107bff3ce10be
        key_id: String,
    },
}

#[derive(Serialize)]
struct KeyText {
    file: PathBuf,
    public_key: String,
    key_id: String,
}

#[derive(Serialize)]
struct Registered {
    account: String,
    key_id: String,
    scopes: Vec<Scope>,
    engine_seq: u64,
}

#[derive(Serialize)]
struct Revoked {
    key_id: String,
    engine_seq: u64,
}

impl Keys {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Keys::New { file } => {
                let secret = Secret::random().map_err(|error| {
                    Failure::local(format!("this machine has no random numbers: {error}"))
                })?;
                key_file::create(&file, &secret).map_err(|error| Failure::local(error.to_string()))?;
                screen.show(&KeyText::of(&file, &secret), KeyText::text)
            }
            Keys::Show { file } => {
                let secret = key_file::read(&file).map_err(|error| Failure::local(error.to_string()))?;
                screen.show(&KeyText::of(&file, &secret), KeyText::text)
            }
            Keys::Register { account, key, scopes } => {
                register(RegisterKey { account, key, scopes }, options, screen).await
            }
            Keys::Revoke { key_id } => {
                let connection = options.login().await?;
                let engine_seq = connection.revoke_key(&key_id).await?.engine_seq;
                connection.close().await;
                let revoked = Revoked { key_id, engine_seq };
                screen.show(&revoked, |revoked| format!("{} is revoked", revoked.key_id))
            }
        }
    }
}

async fn register(key: RegisterKey, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
    let key_id = PublicKey::parse(&key.key, "").map(|key| key.id()).unwrap_or_default();
    let (account, scopes) = (key.account.clone(), key.scopes.clone());
    let connection = options.login().await?;
    let engine_seq = connection.register_key(key).await?.engine_seq;
    connection.close().await;
    let registered = Registered { account, key_id, scopes, engine_seq };
    screen.show(&registered, Registered::text)
}

impl KeyText {
    fn of(file: &Path, secret: &Secret) -> KeyText {
        let public = secret.public();
        KeyText { file: file.to_owned(), public_key: public.text(), key_id: public.id() }
    }

    fn text(&self) -> String {
        facts(Align::Left, [("public key", self.public_key.clone()), ("key id", self.key_id.clone())])
    }
}

impl Registered {
    fn text(&self) -> String {
        let scopes: Vec<String> = self.scopes.iter().map(word).collect();
        format!("{} acts for {}: {}", self.key_id, self.account, scopes.join(", "))
    }
}
