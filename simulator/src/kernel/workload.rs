//! Workload: who lives in a world, and what they do: each act by its number alone, and by what its doer was told.

mod batcher;
mod deliverer;
mod operator;
mod spoiling;
mod trader;

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm};

use crate::kernel::agenda::Nanos;
use crate::kernel::choices::{Choices, Chooser, Source};
use crate::kernel::client::Client;
use crate::kernel::evidence::Evidence;
use crate::kernel::fault::{Fault, Rates};
use crate::kernel::news::News;
use crate::kernel::request::Request;
use crate::kernel::trial::Life;
use crate::kernel::workload::deliverer::Nature;

/// When the first act is done, and which the exchange's clock then shows: the start of an hour.
pub(super) const BEGUN: Time = Time::from_seconds(1_795_356_000);
/// Of so many acts one in ten asks for what cannot be.
const SPOILED: u64 = 1_000;
/// Acts of the operator, in 10,000.
const OPERATOR: u64 = 400;
/// How often a trader asks for several changes at once, in 10,000.
const BATCHES: u64 = 250;
/// Acts about hours that were sold, in 10,000, where there is anything to do.
const DELIVERING: u64 = 3_000;

/// Something that is done, or goes wrong.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A client asks, by its place among them.
    Ask(usize, Request),
    /// Something goes wrong.
    Suffer(Fault),
}

/// What the doer of an act can know.
pub(super) struct Scene<'a> {
    /// What its clock shows.
    pub(super) now: Time,
    pub(super) news: &'a News,
    /// What auditors and the arbiter can be shown.
    pub(super) evidence: &'a Evidence,
    /// Everybody, the operator first.
    pub(super) clients: &'a [Client],
}

/// Everybody in a world.
pub(super) struct Workload {
    source: Source,
    life: Life,
    pub(super) rates: Rates,
    /// Accounts that trade, numbered from 1.
    pub(super) traders: u32,
    providers: u32,
    markets: Vec<MarketSpec>,
    /// How far apart bids and asks may be, in ticks.
    width: u64,
    /// How often nobody does anything for long, in 10,000.
    lulls: u64,
    nature: Nature,
}

impl Workload {
    pub(super) fn new(source: Source, life: Life) -> Workload {
        let mut choices = source.stream(Chooser::Profile, 0);
        if life == Life::Plain {
            let markets =
                vec![MarketSpec { window_seconds: 86_400, windows: 1, windows_ahead: 0, ..market(0) }];
            let rates = Rates::default();
            let (width, lulls, nature) = (24, 0, Nature::default());
            return Workload { source, life, rates, traders: 8, providers: 8, markets, width, lulls, nature };
        }
        let rates = Rates::choose(&mut choices);
        let traders = u32::try_from(choices.between(4, 11)).expect("it is small");
        let count = choices.one(&[1, 1, 2]);
        let markets = (0..count).map(|number| chosen_market(number, &mut choices)).collect();
        let providers = traders / 2;
        let (width, lulls) = (choices.between(6, 40), choices.one(&[100, 300, 600]));
        let nature = Nature::choose(&mut choices);
        Workload { source, life, rates, traders, providers, markets, width, lulls, nature }
    }

    /// What makes the venue what it is, in order.
    pub(super) fn set_up(&self) -> Vec<Command> {
        let mut choices = self.source.stream(Chooser::Profile, 1);
        let mut commands =
            vec![Command::Found { epoch: 1, seed: choices.word(), operator: PublicKey([1; 32]) }];
        for number in 1..=self.traders {
            let (account, name) = (AccountId(number), label('t', number.into()));
            // Some belong together.
            let joins =
                (self.life == Life::Hostile && 1 < number && choices.happens(2_500)).then_some(AccountId(1));
            commands.push(Command::OpenAccount { name, provider: number <= self.providers, joins });
            let rich = self.life == Life::Plain || choices.happens(7_000);
            let micro = if rich { 500_000_000_000_000 } else { choices.between(1, 200_000_000) };
            commands.push(Command::Deposit { account, amount: Amount::new(micro), reference: name });
        }
        commands.extend(self.markets.iter().copied().map(Command::AddMarket));
        if self.life == Life::Hostile {
            commands.extend(self.delivery_set_up(&mut choices));
        }
        commands
    }

    /// What providers register for the windows that are open at first.
    pub(super) fn first_capacity(&self, open: &[InstrumentId]) -> Vec<Command> {
        let mut choices = self.source.stream(Chooser::Profile, 2);
        let mut commands = Vec::new();
        for instrument in open {
            for number in 1..=self.providers {
                let lots = if self.life == Life::Plain { Lots::MAX } else { lots(choices.between(50, 900)) };
                commands.push(Command::SetCapacity {
                    account: AccountId(number),
                    instrument: *instrument,
                    lots,
                });
            }
        }
        commands
    }

    /// How long after the act before it an act is done.
    pub(super) fn gap(&self, act: u64) -> Nanos {
        let mut choices = self.source.stream(Chooser::Gap, act);
        if self.life == Life::Plain {
            return choices.between(2_000, 20_000);
        }
        match choices.below(10_000) {
            rest if rest < self.lulls => choices.between(Time::SECOND, 60 * Time::SECOND),
            rest if rest < self.lulls + 1_500 => choices.between(1_000_000, 100_000_000),
            _ => choices.below(150_000),
        }
    }

    /// What an act is.
    pub(super) fn act(&self, number: u64, scene: &Scene<'_>) -> Act {
        let mut choices = self.source.stream(Chooser::Act, number);
        if self.life == Life::Plain {
            let doer = 1 + choices.place(scene.clients.len() - 1);
            let command = self.plain_command(number, &scene.clients[doer], &mut choices);
            return Act::Ask(doer, Request::One(command));
        }
        if let Some(fault) = self.rates.fault(&mut choices, scene.clients.len()) {
            return Act::Suffer(fault);
        }
        let delivering = choices.happens(DELIVERING).then(|| self.delivering(scene, &mut choices)).flatten();
        let (doer, mut request) = if let Some((doer, command)) = delivering {
            (doer, Request::One(command))
        } else if choices.happens(OPERATOR) {
            (0, Request::One(self.control(number, scene, &mut choices)))
        } else {
            let doer = 1 + choices.place(scene.clients.len() - 1);
            if choices.happens(BATCHES) {
                (doer, self.batch((number, doer), scene, &mut choices))
            } else {
                (doer, Request::One(self.trade((number, doer), scene, &mut choices)))
            }
        };
        if choices.happens(SPOILED) {
            spoiling::spoil(&mut request, &mut choices);
        }
        Act::Ask(doer, request)
    }
}

/// A market as it usually is.
fn market(number: u8) -> MarketSpec {
    let zones = ["US-E", "EU-N"];
    MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new(zones[usize::from(number)]).expect("it is a name"),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        bond_rule: BondRule::Fixed,
        window_seconds: 600,
        windows: 1,
        windows_ahead: 1,
        gate_seconds: 60,
        maker_fee: Ppm::new(200).expect("it is a rate"),
        taker_fee: Ppm::new(500).expect("it is a rate"),
    }
}

fn chosen_market(number: u8, choices: &mut Choices) -> MarketSpec {
    MarketSpec {
        self_trade: choices.one(&[SelfTrade::Prevented, SelfTrade::Prevented, SelfTrade::Allowed]),
        bond_rule: choices.one(&[BondRule::Fixed, BondRule::Reference]),
        windows: choices.one(&[1, 1, 2]),
        gate_seconds: choices.one(&[0, 60, 600]),
        tier: choices.one(&[Tier::Firm, Tier::Firm, Tier::Interruptible]),
        maker_fee: Ppm::new(choices.one(&[0, 200, 700])).expect("it is a rate"),
        ..market(number)
    }
}

pub(super) fn lots(count: u64) -> Lots {
    Lots::new(count).expect("it is within bounds")
}

/// A letter and a number as a label.
pub(super) fn label(letter: char, number: u64) -> Label {
    let mut bytes = [b'0'; 20];
    let (mut place, mut left) = (bytes.len(), number);
    loop {
        place -= 1;
        bytes[place] = b'0' + u8::try_from(left % 10).expect("it is a digit");
        left /= 10;
        if left == 0 || place == 1 {
            break;
        }
    }
    place -= 1;
    bytes[place] = u8::try_from(letter).expect("it is a plain letter");
    let text = std::str::from_utf8(&bytes[place..]).expect("they are plain letters");
    Label::new(text).expect("it is a label")
}

/// The client order id that an act brings.
pub(super) fn client_id(act: u64) -> Label {
    label('a', act)
}

/// The client order id that an act brings with a change of a batch.
pub(super) fn batch_id(act: u64, op: u64) -> Label {
    label('b', act << 5 | op)
}
