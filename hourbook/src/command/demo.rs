//! Demo: runs an exchange on which makers and takers trade, and prints what they trade.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::command::serve::{Ended, Interrupts, abort_on_panic, recovered, start};
use crate::demo::setup::{Opening, SetupError, open};
use crate::demo::{Demo, VISITOR};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::server::{Server, ServerOptions};

/// Run an exchange on this machine with makers and takers, and print their trades as they stream in.
#[derive(Debug, Args)]
pub(crate) struct RunDemo {
    /// Folder of the journal and the operator's key, made if there is none
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// Address to listen on, on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9400")]
    listen: SocketAddr,
    /// Stop after so many trades; without it, at Ctrl-C
    #[arg(long, value_name = "N")]
    fills: Option<u64>,
}

/// A demo that is ready.
#[derive(Serialize)]
struct Ready {
    url: String,
    recovered: u64,
    recovery_ms: u128,
    classes: usize,
    symbols: Vec<String>,
}

impl RunDemo {
    pub(crate) async fn run(&self, json: bool, screen: &mut Screen) -> Result<(), Failure> {
        abort_on_panic();
        let interrupts = Interrupts::expect()?;
        let options = ServerOptions::trial(self.data.clone(), self.listen);
        let server = start(&options, screen).await?;
        let outcome = self.trade(&server, interrupts, (json, screen)).await;
        // Whatever ended the trading, what was taken is made durable.
        let stopped = server.stop().await;
        let printed = outcome?;
        screen.remark(&format!("\n{printed} trades printed."));
        screen.show(&Ended::of(&stopped), Ended::text)
    }

    /// Trades until it is time to stop; returns how many trades were printed.
    async fn trade(
        &self,
        server: &Server,
        mut interrupts: Interrupts,
        (json, screen): (bool, &mut Screen),
    ) -> Result<u64, Failure> {
        let Opening { classes, symbols } = open(&server.admin_url(), &self.data).await.map_err(failed)?;
        let ready = Ready {
            url: server.url(),
            recovered: server.recovery().last.0,
            recovery_ms: server.recovery().took.as_millis(),
            classes,
            symbols,
        };
        screen.show(&ready, |ready| self.text(ready))?;
        let mut demo = Demo::start(&ready.url, json);
        let enough = self.fills.unwrap_or(u64::MAX);
        let printed = demo.printed(enough);
        let ended = tokio::select! {
            () = interrupts.come() => Ok(()),
            () = printed => Ok(()),
            error = demo.failed() => Err(Failure::from(error)),
        };
        let printed = demo.stop().await;
        ended.map(|()| printed)
    }

    fn text(&self, ready: &Ready) -> String {
        let program = std::env::args().next().unwrap_or_else(|| "hourbook".to_owned());
        let url = if self.listen.port() == 9400 { String::new() } else { format!(" --url {}", ready.url) };
        let symbol = ready.symbols.iter().find(|symbol| symbol.starts_with("H100SXM"));
        let symbol = symbol.map_or("SYMBOL", String::as_str);
        let journal = self.data.display();
        let again = recovered(ready.recovered, ready.recovery_ms);
        format!(
            "Hourbook at {}; journal in {journal}: {again}.\n\
             {} delivery hours of {} GPU classes are open; makers and takers trade them over the websocket.\n\n\
             Try in another terminal (the account {VISITOR} began with 1000 CU):\n\
             \x20 {program}{url} instruments\n\
             \x20 {program}{url} book {symbol} --watch\n\
             \x20 {program}{url} --as {VISITOR} buy {symbol} 2 --market --limit-price 1.2\n\
             \x20 {program}{url} --as {VISITOR} balance\n\n\
             Trades (Ctrl-C stops; run again and it goes on where it stopped):",
            ready.url,
            ready.symbols.len(),
            ready.classes,
        )
    }
}

fn failed(error: SetupError) -> Failure {
    match error {
        SetupError::Key(error) => Failure::local(error.to_string()),
        SetupError::Client(error) => Failure::from(error),
    }
}
