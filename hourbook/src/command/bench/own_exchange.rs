//! Own exchange: one that lasts as long as a measurement, with its journal on this machine's disk.

use api::origin::Origin;
use client::connection::Connection;
use node::inlet::Inlet;
use protocol::instrument::Tier;
use protocol::operator::{AddMarket, Deposit, SelfTrade};
use tempfile::TempDir;

use crate::command::bench::own_folder::folder;
use crate::command::serve::start;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::server::{Server, ServerOptions};

/// The account that measures.
const ACCOUNT: &str = "bench";

/// A server in this process and a client of it, which talk over loopback.
pub(super) struct OwnExchange {
    folder: TempDir,
    server: Server,
    connection: Connection,
}

impl OwnExchange {
    /// Starts an exchange with one market and logs in as an account with credit.
    pub(super) async fn start(screen: &Screen) -> Result<OwnExchange, Failure> {
        let folder = folder(None)?;
        let server = serve(&folder, screen).await?;
        let operator = Connection::open(&server.admin_url()).await?;
        operator.login_dev("operator").await?;
        operator.add_market(market()).await?;
        let connection = login(&server).await?;
        let amount = "1000".to_owned();
        operator
            .deposit(Deposit { account: ACCOUNT.to_owned(), amount, reference: ACCOUNT.to_owned() })
            .await?;
        operator.close().await;
        Ok(OwnExchange { folder, server, connection })
    }

    /// The client, logged in.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same, to be read from.
    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Where commands enter, past the sockets.
    pub(super) fn inlet(&self) -> Inlet<Origin> {
        self.server.inlet()
    }

    /// Where it listens, as `host:port`.
    pub(super) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The first market.
    pub(super) async fn symbol(&self) -> Result<String, Failure> {
        let listed = self.connection.instruments().await?.instruments;
        let first = listed.into_iter().next();
        Ok(first.expect("a market with windows has been added").symbol)
    }

    /// Stops it and starts it again.
    pub(super) async fn again(self, screen: &Screen) -> Result<OwnExchange, Failure> {
        let OwnExchange { folder, server, connection } = self;
        connection.close().await;
        drop(server.stop().await);
        let server = serve(&folder, screen).await?;
        let connection = login(&server).await?;
        Ok(OwnExchange { folder, server, connection })
    }

    /// Stops it and removes its journal.
    pub(super) async fn stop(self) {
        self.connection.close().await;
        drop(self.server.stop().await);
        // What is left behind in the temporary folder is the system's to remove.
        let _ = self.folder.close();
    }
}

async fn serve(folder: &TempDir, screen: &Screen) -> Result<Server, Failure> {
    let listen = ([127, 0, 0, 1], 0).into();
    start(&ServerOptions::trial(folder.path().join("data"), listen), screen).await
}

async fn login(server: &Server) -> Result<Connection, Failure> {
    let connection = Connection::open(&server.url()).await?;
    connection.login_dev(ACCOUNT).await?;
    Ok(connection)
}

fn market() -> AddMarket {
    AddMarket {
        class: "H100SXM".to_owned(),
        zone: "US-E".to_owned(),
        tier: Tier::Firm,
        window_s: 3_600,
        windows: 24,
        windows_ahead: None,
        gate_s: 600,
        bond: "0.5".to_owned(),
        bond_rule: None,
        maker_fee_ppm: 200,
        taker_fee_ppm: 500,
        self_trade: SelfTrade::Prevent,
    }
}
