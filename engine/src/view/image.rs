//! Image of the view: what only the events have told. The rest of it the exchange says.

use crate::class::Class;
use crate::exchange::Exchange;
use crate::ids::{InstrumentId, MarketId, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, ImageFault, Taken};
use crate::instrument::{Instrument, Phase};
use crate::market::Market;
use crate::order::Side;
use crate::view::accounts::AccountsView;
use crate::view::deliveries::DeliveriesView;
use crate::view::depth::Depth;
use crate::view::{ClassView, InstrumentView, MarketView, View};

impl View {
    /// Puts what the exchange does not say.
    pub fn put_image(&self, to: &mut ImageWriter<'_>) {
        #[rustfmt::skip]
        let View {
            accounts, classes, orders,
            stamp: _, founding: _, mode: _, markets: _, instruments: _, symbols: _, current: _, deliveries: _, depths: _,
            claims: _, supply: _, fees: _, changes: _,
        } = self;
        to.length(classes.len());
        for ClassView { name: _, end, reference: _ } in classes {
            end.put(to);
        }
        accounts.put(orders, to);
    }

    /// The view after the last command of `exchange`, with what only the events have told from `from`. It says what the
    /// folded one says, but that it knows which levels the last command changed no more, and of orders that have ended only
    /// the last of each account.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn take_image(exchange: &Exchange, from: &mut ImageReader<'_>) -> Result<View, ImageFault> {
        let ledger = exchange.ledger();
        let mut view = View {
            stamp: exchange.last(),
            founding: exchange.founding(),
            mode: exchange.mode(),
            supply: ledger.supply,
            fees: ledger.fees,
            ..View::default()
        };
        view.take_classes(exchange, from)?;
        view.take_markets(exchange);
        view.deliveries = DeliveriesView::of(exchange);
        view.accounts = AccountsView::take(exchange, &mut view.orders, from)?;
        view.orders.line_up(exchange);
        Ok(view)
    }

    fn take_classes(&mut self, exchange: &Exchange, from: &mut ImageReader<'_>) -> Taken<()> {
        let ends = Vec::take(from)?;
        let classes: Vec<&Class> = exchange.classes().iter().collect();
        from.check(ends.len() == classes.len(), "every class has a last period, or none")?;
        let of = |(class, end): (&Class, _)| ClassView { name: class.name, end, reference: class.reference };
        self.classes = classes.into_iter().zip(ends).map(of).collect();
        Ok(())
    }

    fn take_markets(&mut self, exchange: &Exchange) {
        let markets = (0..).map(MarketId).map_while(|number| exchange.market(number));
        let view = |market: &Market| {
            let &Market { spec, limits, mode, delivery, .. } = market;
            MarketView { spec, limits, mode, delivery }
        };
        self.markets = markets.map(view).collect();
        for number in (0..position(exchange.instruments())).map(InstrumentId) {
            let instrument = exchange.instrument(number).expect("it is one of them");
            self.take_instrument(exchange, (number, instrument));
        }
    }

    fn take_instrument(&mut self, exchange: &Exchange, (number, instrument): (InstrumentId, &Instrument)) {
        let &Instrument { market, start, phase, mode, terms, delivery, deliveries, .. } = instrument;
        let &Instrument { issued, extinguished, .. } = instrument;
        self.list(number, market, start);
        let view = self.instruments.last_mut().expect("it was listed just now");
        *view = InstrumentView { phase, mode, terms, delivery, deliveries, ..*view };
        if Phase::Open < phase {
            self.current.remove(&number);
        }
        // Whatever was issued and not bought back is somebody's claim.
        *self.claims.last_mut().expect("it was listed just now") = issued.count() - extinguished.count();
        let levels = |side| exchange.books().depth(number, side);
        *self.depths.last_mut().expect("it was listed just now") =
            Depth::of(levels(Side::Bid), levels(Side::Ask));
    }
}
