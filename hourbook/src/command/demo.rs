//! Demo: runs an exchange on which makers and takers trade, and prints what they trade.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::auditor::BUILT_IN;
use crate::command::serve::{Ended, abort_on_panic, recovered, start};
use crate::demo::delivery::Setting;
use crate::demo::setup::{Opening, SetupError, open, operator};
use crate::demo::{Demo, VISITOR};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::screen::Screen;
use crate::server::{Server, ServerOptions};

/// Where `make model` puts a model.
const FETCHED: &str = "models/smollm2-135m-instruct.gguf";

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
    /// Stop after so many deliveries were told
    #[arg(long, value_name = "N")]
    deliveries: Option<u64>,
    /// What deliveries are computed with: a model file, or `tiny`. Without it the file that `make model` fetches, if it is there
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
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
        let options =
            ServerOptions { model: self.model(), ..ServerOptions::trial(self.data.clone(), self.listen) };
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
        let setting = Setting::new(&self.data, &self.model(), (server.url(), server.admin_url()));
        let operator = operator(&server.admin_url(), &self.data).await.map_err(failed)?;
        let Opening { classes, symbols } = open(&operator).await.map_err(failed)?;
        setting.open(&operator).await.map_err(failed)?;
        operator.close().await;
        let ready = Ready {
            url: server.url(),
            recovered: server.recovery().last.0,
            recovery_ms: server.recovery().took.as_millis(),
            classes,
            symbols,
        };
        screen.show(&ready, |ready| self.text(ready))?;
        let mut demo = Demo::start(&ready.url, json, setting)?;
        let enough = self.fills.unwrap_or(u64::MAX);
        let printed = demo.printed(enough, self.deliveries.unwrap_or(u64::MAX));
        let ended = tokio::select! {
            () = interrupts.come() => Ok(()),
            () = printed => Ok(()),
            error = demo.failed() => Err(Failure::from(error)),
        };
        let printed = demo.stop().await;
        ended.map(|()| printed)
    }

    /// What deliveries are computed with.
    fn model(&self) -> PathBuf {
        let fetched = || Some(PathBuf::from(FETCHED)).filter(|path| path.exists());
        self.model.clone().or_else(fetched).unwrap_or_else(|| PathBuf::from(BUILT_IN))
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
             Deliveries of a minute each are sold too, computed by another process, audited by a third, and told when they are paid.\n\n\
             Trades (Ctrl-C stops; run again and it goes on where it stopped):",
            ready.url,
            ready.symbols.len(),
            ready.classes,
        )
    }
}

fn failed(error: SetupError) -> Failure {
    match error {
        SetupError::Key(error) => Failure::from(error),
        SetupError::Machine(error) => Failure::local(error),
        SetupError::Client(error) => Failure::from(error),
    }
}
