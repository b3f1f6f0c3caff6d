//! Proxy: a network between a client and an exchange that breaks when a test wants it to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where connections lead, and how long they last.
struct Weather {
    exchange: String,
    /// Bytes to clients after which a connection breaks; `None` never.
    bytes_left: Option<u64>,
    /// Whether nobody gets through.
    closed: bool,
}

/// A listener of this machine that passes on what it is sent.
pub(crate) struct Proxy {
    /// The address that stands for the exchange's.
    pub(crate) url: String,
    weather: Arc<Mutex<Weather>>,
    /// Tells connections to look at the weather.
    changed: watch::Sender<()>,
}

impl Proxy {
    /// Starts before the exchange at `url`.
    pub(crate) async fn start(url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = format!("ws://{}/ws/v1", listener.local_addr().unwrap());
        let weather = Weather { exchange: address(url), bytes_left: None, closed: false };
        let weather = Arc::new(Mutex::new(weather));
        let changed = watch::Sender::new(());
        let (sky, changes) = (Arc::clone(&weather), changed.clone());
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (sky, changes) = (Arc::clone(&sky), changes.subscribe());
                // It ends with either side, or when it is cut: then both sockets are dropped.
                tokio::spawn(async move { pass(client, &sky, changes).await });
            }
        });
        Proxy { url: own, weather, changed }
    }

    /// The connection breaks after so many bytes to the client, and then none does until this is said again.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.change(|weather| weather.bytes_left = Some(bytes));
    }

    /// From now on the exchange is there.
    pub(crate) fn lead_to(&self, url: &str) {
        self.change(|weather| weather.exchange = address(url));
    }

    /// Nobody gets through.
    pub(crate) fn close(&self) {
        self.change(|weather| weather.closed = true);
    }

    /// Nothing breaks any more.
    pub(crate) fn heal(&self) {
        self.change(|weather| (weather.closed, weather.bytes_left) = (false, None));
    }

    fn change(&self, change: impl FnOnce(&mut Weather)) {
        change(&mut self.weather.lock().unwrap());
        self.changed.send_replace(());
    }
}

fn address(url: &str) -> String {
    url.trim_start_matches("ws://").split('/').next().unwrap().to_owned()
}

/// Passes on bytes both ways until the connection is to break.
async fn pass(client: TcpStream, weather: &Mutex<Weather>, mut changed: watch::Receiver<()>) -> Option<()> {
    let exchange = {
        let weather = weather.lock().unwrap();
        (!weather.closed).then(|| weather.exchange.clone())?
    };
    let exchange = TcpStream::connect(exchange).await.ok()?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_exchange, mut to_exchange) = exchange.into_split();
    let up = tokio::io::copy(&mut from_client, &mut to_exchange);
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = tokio::select! {
                _ = changed.changed() => 0,
                count = from_exchange.read(&mut buffer) => match count.ok()? { 0 => return None, count => count },
            };
            let (passed, breaks) = taken(&mut weather.lock().unwrap(), count);
            to_client.write_all(&buffer[..passed]).await.ok()?;
            if breaks {
                return Some(());
            }
        }
    };
    tokio::select! {
        _ = up => None,
        cut = down => cut,
    }
}

/// How many of these bytes still pass, and whether it breaks behind them.
fn taken(weather: &mut Weather, count: usize) -> (usize, bool) {
    let Some(left) = weather.bytes_left else { return (count, weather.closed) };
    let passed = count.min(usize::try_from(left).unwrap());
    weather.bytes_left = Some(left - u64::try_from(passed).unwrap()).filter(|left| *left != 0);
    (passed, weather.bytes_left.is_none())
}
