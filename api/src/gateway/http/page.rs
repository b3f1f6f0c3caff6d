//! Page: what whoever watches the exchange looks at: whether it lives, whether it takes orders, what it has counted.

use std::sync::atomic::Ordering;

use protocol::status::System;
use protocol::venue::VenueStatus;

use crate::config::CONNECTIONS_MAX;
use crate::gateway::http::reply::Answered;
use crate::gateway::http::route::Page;
use crate::gateway::session::Session;
use crate::gateway::{Gateway, SERVER};
use crate::metrics::Page as Text;
use crate::question::{Gauges, Question};
use protocol::error::ErrorObject;
use protocol::reply::Answer;

const PLAIN: &str = "text/plain; charset=utf-8";
/// The version of the text that Prometheus reads.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Session {
    /// A page.
    pub(super) async fn page(&self, page: Page) -> Answered {
        match page {
            Page::Health => Answered::page(200, PLAIN, "ok\n".to_owned()),
            Page::Ready => self.ready().await,
            Page::Metrics => self.metrics().await,
        }
    }

    /// Ready is who takes orders: the publisher answers, and no restart has begun.
    async fn ready(&self) -> Answered {
        let not = |why: String| Answered::page(503, PLAIN, format!("{why}\n"));
        match self.status().await {
            Ok(Answer::Status(status)) if status.system == System::Online => {
                let VenueStatus { epoch, as_of_seq, .. } = *status;
                Answered::page(200, PLAIN, format!("ready: epoch {epoch}, command {as_of_seq}\n"))
            }
            Ok(_) => not("not ready: the exchange is stopping".to_owned()),
            Err(ErrorObject { message, .. }) => not(format!("not ready: {message}")),
        }
    }

    async fn metrics(&self) -> Answered {
        match self.gateway.consult(|answer| Question::Gauges { answer }).await {
            Ok(gauges) => Answered::page(200, PROMETHEUS, text(&self.gateway, &gauges)),
            Err(ErrorObject { message, .. }) => Answered::page(503, PLAIN, format!("{message}\n")),
        }
    }
}

fn text(gateway: &Gateway, gauges: &Gauges) -> String {
    let mut text = Text::default();
    text.metric("hourbook_build_info", "gauge", "Always 1; the labels say which program this is.");
    text.line(format_args!("hourbook_build_info{{server=\"{SERVER}\",epoch=\"{}\"}} 1", gateway.epoch));
    exchange(&mut text, gauges);
    let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let connections = wide(gateway.connections.load(Ordering::SeqCst));
    text.number(("hourbook_connections", "gauge"), connections, "Connections that are open.");
    text.number(
        ("hourbook_connections_max", "gauge"),
        wide(CONNECTIONS_MAX),
        "Connections that may be open.",
    );
    let commands = wide(gateway.inlet.ring().len());
    text.number(("hourbook_commands_waiting", "gauge"), commands, "Commands that wait for the engine.");
    let questions = wide(gateway.questions.len());
    text.number(("hourbook_questions_waiting", "gauge"), questions, "Questions that wait for the publisher.");
    gateway.metrics.write(&mut text);
    text.text()
}

/// What the publisher knows.
fn exchange(text: &mut Text, gauges: &Gauges) {
    let Gauges { seq, accounts, windows, streams, supply, fees } = *gauges;
    text.number(("hourbook_commands_total", "counter"), seq, "Commands that are durable.");
    text.number(("hourbook_accounts", "gauge"), accounts, "Accounts that were opened.");
    text.number(("hourbook_windows", "gauge"), windows, "Delivery windows that trade or will.");
    text.number(("hourbook_streams", "gauge"), streams, "Streams that somebody listens to.");
    text.number(("hourbook_supply_micro_cu", "gauge"), supply, "All credit there is, in millionths of a CU.");
    text.number(("hourbook_fees_micro_cu", "gauge"), fees, "Fees taken, in millionths of a CU.");
}
