//! Image of the books: the names of orders, and every queue in order of priority. Tries and links are made anew.

use crate::book::arena::Arena;
use crate::book::ladder::Nodes;
use crate::book::{Book, Books};
use crate::ids::{InstrumentId, index};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::order::Side;
use crate::units::Price;

impl Books {
    pub(crate) fn put(&self, to: &mut ImageWriter<'_>) {
        let Books { orders, nodes: _, books } = self;
        orders.put_names(to);
        to.length(books.len());
        for (instrument, Book { bids: _, asks: _ }) in (0..).map(InstrumentId).zip(books) {
            for side in [Side::Bid, Side::Ask] {
                to.length(self.queue(instrument, side).count());
                for maker in self.queue(instrument, side) {
                    maker.order.slot().put(to);
                    maker.price.put(to);
                    orders.at(maker.order.slot()).put(to);
                }
            }
        }
    }

    /// Takes the books of a venue with so many accounts.
    pub(crate) fn take(from: &mut ImageReader<'_>, accounts: usize) -> Taken<Books> {
        let (orders, nodes, books) = (Arena::take_names(from)?, Nodes::default(), Vec::new());
        let mut books = Books { orders, nodes, books };
        let mut rest = 0;
        for _ in 0..from.length()? {
            let instrument = books.open();
            for side in [Side::Bid, Side::Ask] {
                rest += books.take_queue(from, (instrument, side), accounts)?;
            }
            let top = |side| books.top(instrument, side).map(|(price, _)| price);
            let crossed = top(Side::Ask).is_some_and(|ask| top(Side::Bid).is_some_and(|bid| ask <= bid));
            from.check(!crossed, "a book is not crossed")?;
        }
        let free = books.orders.free().all(|order| books.leaves(order).is_none());
        from.check(free && rest == index(books.taken()), "a slot is free, or an order rests in it")?;
        Ok(books)
    }

    /// Takes one side of a book; returns how many orders rest there.
    fn take_queue(
        &mut self,
        from: &mut ImageReader<'_>,
        (instrument, side): (InstrumentId, Side),
        accounts: usize,
    ) -> Taken<usize> {
        let length = from.length()?;
        let mut worst = None;
        for _ in 0..length {
            let (slot, price) = (u32::take(from)?, Price::take(from)?);
            let worse = worst.is_none_or(|worst| side.accepts(worst, price));
            from.check(worse, "prices get worse along a queue")?;
            worst = Some(price);
            self.orders.take_queued(from, slot)?;
            from.check(index(self.owner(slot).0) < accounts, "an order is somebody's")?;
            let ladder = self.books[index(instrument.0)].ladder_mut(side);
            let level = ladder.enter(&mut self.nodes, price);
            self.link(slot, level);
        }
        Ok(length)
    }
}
