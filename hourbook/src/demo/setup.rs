//! Setup: markets, accounts and deposits of the demo, made once and found again after a restart.

use std::path::Path;

use client::connection::Connection;
use client::error::ClientError;
use client::key_file::{self, KeyFileError};
use protocol::error_code::ErrorCode;
use protocol::instrument::{Instrument, MarketState, Tier};
use protocol::operator::{AddMarket, Deposit, OpenAccount, SelfTrade};

use crate::demo::prices;
use crate::demo::{MAKERS, TAKERS, VISITOR};
use crate::server::operator_key;

const ZONE: &str = "US-E";
/// Windows of an hour that are listed ahead.
const WINDOWS: u32 = 4;
const WINDOW_SECONDS: u32 = 3_600;
const GATE_SECONDS: u32 = 600;

/// What there is to trade.
pub(crate) struct Opening {
    /// GPU classes.
    pub(crate) classes: usize,
    /// Delivery hours open for trading, as symbols.
    pub(crate) symbols: Vec<String>,
}

/// Why the demo could not be set up.
#[derive(Debug)]
pub(crate) enum SetupError {
    /// The operator's key cannot be read.
    Key(KeyFileError),
    /// The machine did not.
    Machine(String),
    /// The exchange did not do it.
    Client(ClientError),
}

impl From<ClientError> for SetupError {
    fn from(error: ClientError) -> SetupError {
        SetupError::Client(error)
    }
}

/// Logs in as the operator of an exchange in this folder.
pub(crate) async fn operator(url: &str, data: &Path) -> Result<Connection, SetupError> {
    let secret = key_file::read(&operator_key(data)).map_err(SetupError::Key)?;
    let operator = Connection::open(url).await?;
    operator.login_key(&secret).await?;
    Ok(operator)
}

/// Makes what is missing of the demo's market.
pub(crate) async fn open(operator: &Connection) -> Result<Opening, SetupError> {
    let classes = prices::listed();
    for row in &classes {
        made(operator.add_market(market(row.class)).await)?;
    }
    for (names, provider, amount) in
        [(&MAKERS[..], true, "1000000"), (&TAKERS[..], false, "1000000"), (&[VISITOR][..], false, "1000")]
    {
        for name in names {
            let account = OpenAccount { account: (*name).to_owned(), provider: Some(provider), group: None };
            made(operator.open_account(account).await)?;
            let (amount, reference) = (amount.to_owned(), format!("demo-{name}"));
            made(operator.deposit(Deposit { account: (*name).to_owned(), amount, reference }).await)?;
        }
    }
    let symbols = open_symbols(operator).await?;
    Ok(Opening { classes: classes.len(), symbols })
}

/// Every symbol that trades now. Windows are listed by the exchange's own timer, so the first may take a moment.
pub(super) async fn open_symbols(connection: &Connection) -> Result<Vec<String>, ClientError> {
    let listed = connection.instruments().await?;
    // What is delivered while one watches has participants of its own.
    let classes = prices::listed();
    let traded = |listed: &Instrument| {
        listed.state == MarketState::Open && classes.iter().any(|row| row.class == listed.class)
    };
    let open = listed.instruments.into_iter().filter(traded);
    Ok(open.map(|listed| listed.symbol).collect())
}

pub(super) fn market(class: &str) -> AddMarket {
    AddMarket {
        class: class.to_owned(),
        zone: ZONE.to_owned(),
        tier: Tier::Firm,
        window_s: WINDOW_SECONDS,
        windows: WINDOWS,
        windows_ahead: None,
        gate_s: GATE_SECONDS,
        bond: "0.25".to_owned(),
        bond_rule: None,
        maker_fee_ppm: 200,
        taker_fee_ppm: 500,
        self_trade: SelfTrade::Prevent,
    }
}

/// What was made before is there already.
pub(super) fn made<T>(outcome: Result<T, ClientError>) -> Result<(), ClientError> {
    match outcome {
        Err(ClientError::Refused(error))
            if matches!(
                error.code,
                ErrorCode::MarketExists
                    | ErrorCode::AccountExists
                    | ErrorCode::ReferenceConsumed
                    | ErrorCode::KeyExists
            ) =>
        {
            Ok(())
        }
        other => other.map(|_| ()),
    }
}
