//! Keys: makes key files, and gives keys to accounts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use client::key_file;
use client::secret::Secret;
use protocol::key::{KeyBounds, KeysResult};
use protocol::operator::RegisterKey;
use protocol::session::Scope;
use protocol::signature::PublicKey;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::moment::{from_now, to_second};
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table, facts};
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
Scopes: read (orders, fills, balances), trade (add and reduce orders), cancel, provide (capacity), transfer (send credit, ask
for it to be paid out), audit (see other accounts), admin (accounts, keys, deposits, markets). Needs an operator's key.

Examples:
  hourbook --key data/operator.key keys register ann A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg= \\
      --scopes read,trade,cancel
  hourbook --key data/operator.key keys register ann A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg= \\
      --scopes trade --expires-in 720h --from 192.0.2.0/24 --most 500";

const EXAMPLES_LIST: &str = "\
Another account's keys take the scope audit or admin.

Examples:
  hourbook --key ann.key keys list";

const EXAMPLES_ROTATE: &str = "\
The new key may do what the old one could, from the same places, and the old one nothing any more. The new file is made if there
is none, and the new key logs in before this says that it is done.

Examples:
  hourbook --key ann.key keys rotate ann-2.key";

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
        /// The key ends after so long, such as 720h; without it, it does not
        #[arg(long, value_name = "TIME", value_parser = argument::duration)]
        expires_in: Option<Duration>,
        /// Address or network from which it may act, such as 192.0.2.0/24; up to four, with commas between
        #[arg(long = "from", value_name = "ADDRESS", value_delimiter = ',')]
        addresses: Vec<String>,
        /// The most CU that one of its orders may come to
        #[arg(long = "most", value_name = "CU", value_parser = argument::amount)]
        order_notional: Option<String>,
    },
    /// List the account's keys
    #[command(after_help = EXAMPLES_LIST)]
    List {
        /// Another account
        #[arg(long, value_parser = argument::label)]
        account: Option<String>,
    },
    /// Put another key in the place of the one that you log in with
    #[command(after_help = EXAMPLES_ROTATE)]
    Rotate {
        /// The new key's file
        file: PathBuf,
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
struct Rotated {
    account: String,
    file: PathBuf,
    key_id: String,
    replaced: String,
    engine_seq: u64,
}

impl Rotated {
    fn text(&self) -> String {
        let Rotated { account, file, key_id, replaced, .. } = self;
        format!("{key_id} in {} acts for {account} in the place of {replaced}", file.display())
    }
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
                key_file::create(&file, &secret)?;
                screen.show(&KeyText::of(&file, &secret), KeyText::text)
            }
            Keys::Show { file } => {
                let secret = key_file::read(&file)?;
                screen.show(&KeyText::of(&file, &secret), KeyText::text)
            }
            Keys::Register { account, key, scopes, expires_in, addresses, order_notional } => {
                let expires = expires_in.map(from_now);
                let addresses = (!addresses.is_empty()).then_some(addresses);
                let register_key = RegisterKey { account, key, scopes, expires, addresses, order_notional };
                register(register_key, options, screen).await
            }
            Keys::List { account } => {
                let connection = options.login().await?;
                let keys = connection.list_keys(account.as_deref()).await?;
                connection.close().await;
                screen.show(&keys, list)
            }
            Keys::Rotate { file } => rotate(&file, options, screen).await,
            Keys::Revoke { key_id } => {
                let connection = options.login_admin().await?;
                let engine_seq = connection.revoke_key(&key_id).await?.engine_seq;
                connection.close().await;
                let revoked = Revoked { key_id, engine_seq };
                screen.show(&revoked, |revoked| format!("{} is revoked", revoked.key_id))
            }
        }
    }
}

/// Puts the key in a file in the place of the one that logs in, and sees that it can.
async fn rotate(file: &Path, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
    let old = key_file::read(&options.key_path()?)?;
    let secret = if file.exists() {
        key_file::read(file)?
    } else {
        let secret = Secret::random()
            .map_err(|error| Failure::local(format!("this machine has no random numbers: {error}")))?;
        key_file::create(file, &secret)?;
        secret
    };
    let connection = options.login().await?;
    let done = connection.rotate_key(&secret).await;
    connection.close().await;
    let engine_seq = done?.engine_seq;
    let connection = options.connect().await?;
    let account = connection.login_key(&secret).await?.account;
    connection.close().await;
    let (key_id, replaced) = (secret.public().id(), old.public().id());
    let rotated = Rotated { account, file: file.to_owned(), key_id, replaced, engine_seq };
    screen.show(&rotated, Rotated::text)
}

fn list(keys: &KeysResult) -> String {
    let columns = [("key id", Align::Left), ("scopes", Align::Left), ("expires", Align::Left)];
    let [id, scopes, expires] = columns;
    let mut table = Table::new([id, scopes, expires, ("from", Align::Left), ("order, CU", Align::Right)]);
    for key in &keys.keys {
        let scopes: Vec<String> = key.scopes.iter().map(word).collect();
        let KeyBounds { expires, addresses, order_notional } = &key.bounds;
        let from = if addresses.is_empty() { "anywhere".to_owned() } else { addresses.join(" ") };
        let most = order_notional.clone().unwrap_or_else(|| "any".to_owned());
        let expires = expires.map_or_else(|| "never".to_owned(), to_second);
        table.row([key.key_id.clone(), scopes.join(" "), expires, from, most]);
    }
    table.to_string()
}

async fn register(key: RegisterKey, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
    let key_id = PublicKey::parse(&key.key, "").map(|key| key.id()).unwrap_or_default();
    let (account, scopes) = (key.account.clone(), key.scopes.clone());
    let connection = options.login_admin().await?;
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
