//! Record: commands survive the disk's bytes, and other bytes are refused.

mod arbitrary;
mod bytes;

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::num::NonZeroU32;

use engine::command::Command;
use engine::command::Stamped;
use engine::control::{BandWidth, MarketLimits, ModeScope, TradingMode};
use engine::ids::{AccountId, InstrumentId, MarketId, PublicKey, Scopes};
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::order::{NewOrder, SessionId, Side};
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp, Time};
use engine::units::{Lots, Price};
use journal::chain::Chain;
use journal::fault::{RecordFault, Rule};
use journal::record::{HEADER_BYTES, LOGIC_VERSION, Record, RecordHash};
use journal::sealed::SealedRecords;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use bytes::mend;

proptest! {
    #[test]
    fn commands_survive(group in group(), outcome in any::<u128>()) {
        let outcome = OutcomeHash::from_value(outcome);
        let bytes = sealed(&group, outcome);
        prop_assert_eq!(opened(&bytes), Ok(group.clone()));
        let header = *Record::open(&bytes).unwrap().header();
        prop_assert_eq!((header.first, header.last()), (Sequence(1), group.last().unwrap().stamp.sequence));
        prop_assert_eq!((header.logic, header.outcome), (LOGIC_VERSION, outcome));
        prop_assert_eq!(header.previous, RecordHash::genesis());
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(opened(&bytes).is_err());
    }

    // Changed and mended records are the fuzz that gets past the checksum: what is still accepted must be exactly
    // what these commands are written as, or two different records could say the same.
    #[test]
    fn what_is_accepted_is_written_in_one_way(
        group in group(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0..40_usize,
    ) {
        let mut bytes = sealed(&group, OutcomeHash::default());
        for (place, byte) in changes {
            let place = HEADER_BYTES + place.index(bytes.len() - HEADER_BYTES);
            bytes[place] = byte;
        }
        if cut % 4 == 0 {
            bytes.truncate(HEADER_BYTES.max(bytes.len() - cut));
        }
        mend(&mut bytes);
        if let Ok(commands) = opened(&bytes) {
            prop_assert_eq!(sealed(&commands, OutcomeHash::default()), bytes);
        }
    }

    #[test]
    fn any_commands_give_an_answer(tail in vec(0..16_u8, 0..200), count in 0..30_u32) {
        let mut bytes = sealed(&[tick(1, 0)], OutcomeHash::default());
        bytes.truncate(HEADER_BYTES);
        bytes[24..28].copy_from_slice(&count.to_le_bytes());
        bytes.extend(tail);
        mend(&mut bytes);
        if let Ok(commands) = opened(&bytes) {
            prop_assert_eq!(sealed(&commands, OutcomeHash::default()), bytes);
        }
    }
}

#[test]
fn every_variant_is_tried() {
    let mut runner = TestRunner::deterministic();
    let strategy = arbitrary::command();
    let mut kinds = BTreeSet::new();
    for _ in 0..1_000 {
        let command = strategy.new_tree(&mut runner).unwrap().current();
        let stamped = Stamped { stamp: tick(1, 0).stamp, command };
        assert_eq!(opened(&sealed(&[stamped], OutcomeHash::default())).unwrap(), [stamped]);
        kinds.insert((
            format!("{:?}", discriminant(&command)),
            sealed(&[stamped], OutcomeHash::default())[84],
        ));
    }
    let numbers: Vec<u8> =
        kinds.iter().map(|(_, number)| *number).collect::<BTreeSet<u8>>().into_iter().collect();
    // Those of deliveries begin at 32.
    assert_eq!(numbers, (1..=26).chain(32..=44).collect::<Vec<u8>>(), "each kind has its number");
    assert_eq!(kinds.len(), numbers.len(), "no two variants share a number");
}

#[test]
fn the_bytes_are_those_of_the_document() {
    let document = include_str!("../../docs/journal.md");
    let block = document.split("```hex\n").nth(1).unwrap().split("```").next().unwrap();
    let digits: Vec<u8> = block.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let documented: Vec<u8> = digits.chunks(2).map(pair).collect();
    let found =
        sealed(&documented_group(), OutcomeHash::from_value(0x0123_4567_89ab_cdef_0011_2233_4455_6677));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&documented), hex(&found));
    let hash = Record::open(&found).unwrap().hash().to_string();
    assert!(document.contains(&hash), "the document names the record's hash {hash}");
    let genesis = RecordHash::genesis().to_string();
    assert!(document.contains(&genesis), "the document names the genesis hash {genesis}");
}

#[test]
fn each_broken_rule_is_named() {
    let whole = sealed(&documented_group(), OutcomeHash::default());
    let check = |change: &dyn Fn(&mut Vec<u8>), offset: usize, rule: Rule| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        if !matches!(rule, Rule::Length | Rule::Checksum) {
            mend(&mut bytes);
        }
        let fault = opened(&bytes).unwrap_err();
        assert_eq!((fault.offset, fault.rule), (offset, rule), "{fault}");
    };
    let end = whole.len();
    check(&|bytes| bytes[0] = b'h', 0, Rule::Magic);
    check(&|bytes| bytes[4] = 2, 4, Rule::Format);
    check(&|bytes| bytes[8] = 0, 8, Rule::Length);
    check(&|bytes| bytes.truncate(HEADER_BYTES), 8, Rule::Length);
    check(&|bytes| bytes[20] = 1, 12, Rule::Checksum);
    check(&|bytes| bytes.truncate(HEADER_BYTES - 1), 12, Rule::End);
    check(&|bytes| bytes[16..24].fill(0), 16, Rule::Sequence);
    check(&|bytes| bytes[16..24].fill(0xff), 16, Rule::Sequence);
    check(&|bytes| bytes[24] = 0, 24, Rule::Count);
    check(&|bytes| bytes[24..28].fill(0xff), 24, Rule::Count);
    check(&|bytes| bytes[25] = 3, 76, Rule::End);
    check(&|bytes| bytes[24] = 2, end - 9, Rule::Rest);
    check(&|bytes| bytes.truncate(end - 1), end - 1, Rule::End);
    check(&|bytes| bytes[end - 9..end - 1].fill(0), end - 9, Rule::Time);
    check(&|bytes| bytes[end - 1] = 0, end - 1, Rule::Kind);
    check(&|bytes| bytes[end - 1] = u8::MAX, end - 1, Rule::Kind);
    // The order: kind of command at 141, account, instrument, side at 150, kind, time in force, prevention at 153, limit
    // at 154, lots at 158, minimum at 162, shown at 166, client at 167.
    check(&|bytes| bytes[150] = 2, 150, Rule::Choice);
    check(&|bytes| bytes[151] = 4, 151, Rule::Choice);
    check(&|bytes| bytes[152] = 4, 152, Rule::Choice);
    check(&|bytes| bytes[153] = 4, 153, Rule::Choice);
    check(&|bytes| bytes[154..158].fill(0), 154, Rule::Price);
    check(&|bytes| bytes[158..162].fill(0xff), 158, Rule::Lots);
    check(&|bytes| bytes[166] = 2, 166, Rule::Choice);
    check(&|bytes| bytes[168] = 1, 168, Rule::Label);
}

#[test]
fn what_the_types_do_not_know_is_refused() {
    let (account, reason) = (AccountId(1), Label::new("why").expect("it is a label"));
    let session = SessionId(NonZeroU32::MIN);
    let band = BandWidth::new(1);
    let limits = MarketLimits { band, ..MarketLimits::NONE };
    let scope = ModeScope::Venue;
    let commands: [(Command, std::ops::Range<usize>, u8, Rule); 5] = [
        (Command::EndSession { account, session }, 4..8, 0, Rule::Session),
        (Command::SetMarketLimits { market: MarketId(0), limits, reason }, 13..17, 0, Rule::Band),
        (Command::SetMarketLimits { market: MarketId(0), limits, reason }, 13..17, 0xff, Rule::Band),
        (Command::SetMode { scope, mode: TradingMode::Open, reason }, 0..1, 3, Rule::Choice),
        (Command::SetMode { scope, mode: TradingMode::Open, reason }, 1..2, 4, Rule::Choice),
    ];
    for (command, place, byte, rule) in commands {
        let mut bytes = sealed(&[Stamped { command, ..tick(1, 0) }], OutcomeHash::default());
        // Header, time and kind come first.
        let place = HEADER_BYTES + 9 + place.start..HEADER_BYTES + 9 + place.end;
        bytes[place.clone()].fill(byte);
        mend(&mut bytes);
        let fault = opened(&bytes).unwrap_err();
        assert_eq!((fault.offset, fault.rule), (place.start, rule), "{command:?}: {fault}");
    }
}

#[test]
fn networks_are_written_in_one_way() {
    let networks = [[1; 16], [2; 16]].map(|address| Network::new(address, 128).expect("it is a network"));
    let bounds = KeyBounds { networks: Networks::new(&networks).expect("they differ"), ..KeyBounds::NONE };
    let (account, key, scopes) = (AccountId(1), PublicKey([1; 32]), Scopes::READ);
    let command = Command::RegisterKey { account, key, scopes, bounds };
    // Behind header, time and kind: account, key, scopes, expires, notional, and at 53 the count.
    let count = HEADER_BYTES + 9 + 53;
    let cases: [(&str, std::ops::Range<usize>, u8); 5] = [
        ("more than there may be", 0..1, 5),
        ("bits set behind its own", 17..18, 120),
        ("one twice", 18..34, 1),
        ("not in order", 18..34, 0),
        ("more bits than an address has", 34..35, 129),
    ];
    for (case, place, byte) in cases {
        let mut bytes = sealed(&[Stamped { command, ..tick(1, 0) }], OutcomeHash::default());
        bytes[count + place.start..count + place.end].fill(byte);
        mend(&mut bytes);
        let fault = opened(&bytes).unwrap_err();
        assert_eq!((fault.offset, fault.rule), (count, Rule::Networks), "{case}");
    }
}

/// Up to 20 commands with stamps as a sequencer gives them.
fn group() -> impl Strategy<Value = Vec<Stamped>> {
    vec((steps(), arbitrary::command()), 1..20).prop_map(|commands| {
        let mut last = Stamp::default();
        let stamp = |(step, command): (u64, Command)| {
            last = Stamp { sequence: Sequence(last.sequence.0 + 1), time: Time(last.time.0 + step) };
            Stamped { stamp: last, command }
        };
        commands.into_iter().map(stamp).collect()
    })
}

fn steps() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..1_000_u64, 0..u64::MAX / 32]
}

fn tick(sequence: u64, nanos: u64) -> Stamped {
    Stamped { stamp: Stamp { sequence: Sequence(sequence), time: Time(nanos) }, command: Command::Tick }
}

/// A founding, an order and a tick, as in the document.
fn documented_group() -> [Stamped; 3] {
    let stamped =
        |sequence, command| Stamped { command, ..tick(sequence, 1_795_442_400_000_000_000 + sequence) };
    let limit = Price::new(20_000).expect("the price is in bounds");
    let lots = Lots::new(5).expect("the lots are in bounds");
    let plain = NewOrder::limit(AccountId(1), InstrumentId(2), Side::Ask, (lots, limit));
    let order = NewOrder { client: Label::new("ann-1"), ..plain };
    [
        stamped(1, Command::Found { epoch: 1, seed: 7, operator: PublicKey([0xaa; 32]) }),
        stamped(2, Command::PlaceOrder(order)),
        stamped(3, Command::Tick),
    ]
}

/// The first record of a journal, with these commands.
fn sealed(group: &[Stamped], outcome: OutcomeHash) -> Vec<u8> {
    let mut records = SealedRecords::default();
    Chain::default().seal(group, outcome, &mut records);
    records.iter().flat_map(|record| record.bytes.to_vec()).collect()
}

/// The commands in a record.
fn opened(bytes: &[u8]) -> Result<Vec<Stamped>, RecordFault> {
    let mut commands = Vec::new();
    Record::open(bytes)?.commands(&mut commands)?;
    Ok(commands)
}
