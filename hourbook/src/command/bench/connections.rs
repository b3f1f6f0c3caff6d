//! Connections bench: what a connection that does nothing costs the server in memory.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::command::bench::fanout::reader::open;
use crate::failure::Failure;
use crate::open_files;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the connections are held before the memory is read: a ping interval passes.
const HELD: Duration = Duration::from_secs(20);

const EXAMPLES: &str = "\
Starts an exchange of its own in a process of its own, with its journal in the temporary folder, and opens connections
that ask for nothing. The memory is that of the whole process, before and after, so it counts all that a connection
needs but what the system keeps for its socket. Each of the two processes needs as many file handles as there are
connections. Linux only.

Examples:
  hourbook bench connections
  hourbook bench connections --connections 1000 --json";

/// Measure the memory of connections that do nothing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Connections {
    /// How many are opened and held
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
}

#[derive(Serialize)]
struct Measured {
    connections: u32,
    /// Of those, how many the server still holds at the end.
    held: u32,
    bytes_before: u64,
    bytes_after: u64,
    bytes_per_connection: u64,
}

impl Connections {
    pub(crate) async fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::local(format!("a temporary folder cannot be made: {error}")))?;
        open_files::raise();
        let mut server = Server::start(folder.path()).await?;
        let before = server.memory()?;
        screen.remark(&format!("{} connections ...", self.connections));
        let mut streams = Vec::new();
        for _ in 0..self.connections {
            let stream = open(&server.address).await.map_err(|error| {
                Failure::local(format!("after {} connections: {error}", streams.len()))
                    .advise("raise the number of file handles (ulimit -n), or ask for fewer connections")
            })?;
            streams.push(stream);
        }
        sleep(HELD).await;
        let after = server.memory()?;
        let held = held(&mut streams);
        let connections = self.connections;
        let bytes_per_connection = after.saturating_sub(before) / u64::from(connections);
        screen.show(
            &Measured { connections, held, bytes_before: before, bytes_after: after, bytes_per_connection },
            Measured::text,
        )
    }
}

/// How many connections have said something and were not closed.
fn held(streams: &mut [TcpStream]) -> u32 {
    let mut buffer = [0; 4_096];
    let mut held = 0;
    for stream in streams {
        let mut read = 0;
        let closed = loop {
            match stream.try_read(&mut buffer) {
                Ok(0) => break true,
                Ok(bytes) => read += bytes,
                Err(error) => break error.kind() != std::io::ErrorKind::WouldBlock,
            }
        };
        held += u32::from(!closed && 0 < read);
    }
    held
}

/// An exchange in a process of its own, which ends with this.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    async fn start(folder: &Path) -> Result<Server, Failure> {
        let failed = |error: std::io::Error| Failure::local(format!("the server cannot be started: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        drop(listener);
        let child = Command::new(program)
            .args(["serve", "--dev", "--listen", &address, "--data"])
            .arg(folder.join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let server = Server { child, address };
        let begun = Instant::now();
        loop {
            if let Ok(mut stream) = open(&server.address).await
                && stream.read_u8().await.is_ok()
            {
                return Ok(server);
            }
            if PATIENCE < begun.elapsed() {
                return Err(Failure::local(format!("the server did not start within {PATIENCE:?}")));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Bytes of memory that the process has.
    fn memory(&mut self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let unknown = || Failure::local(format!("{path} does not say how much memory the server has"));
        let status = std::fs::read_to_string(&path).map_err(|_| unknown())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or_else(unknown)?;
        let kib: u64 =
            line.split_whitespace().next().and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
        Ok(kib * 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Measured {
    fn text(&self) -> String {
        let mib = |bytes: u64| format!("{} MiB", bytes / (1_024 * 1_024));
        facts(
            Align::Right,
            [
                ("connections", self.connections.to_string()),
                ("held", self.held.to_string()),
                ("before", mib(self.bytes_before)),
                ("after", mib(self.bytes_after)),
                ("bytes each", self.bytes_per_connection.to_string()),
            ],
        )
    }
}
