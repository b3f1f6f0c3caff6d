//! Tests of the command line: what can be typed, what cannot, and what `--help` must say.

use clap::{Command as ClapCommand, CommandFactory, Parser};

use super::CommandLine;
use crate::failure::EXIT_CODES;

const SYMBOL: &str = "H100SXM.US-E.FIRM.2026-11-23T14Z";
const PUBLIC_KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    // Every other part stands between quotes, and is one word.
    let parts = line.split('"').enumerate().flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    let words = parts.map(|word| match word {
        "S" => SYMBOL,
        "KEY" => PUBLIC_KEY,
        other => other,
    });
    CommandLine::try_parse_from(["hourbook"].into_iter().chain(words))
}

/// Calls `see` with every command that does something.
fn each_leaf(command: &ClapCommand, see: &mut impl FnMut(&ClapCommand)) {
    let subcommands: Vec<_> = command.get_subcommands().filter(|found| found.get_name() != "help").collect();
    if subcommands.is_empty() {
        see(command);
    }
    subcommands.into_iter().for_each(|subcommand| each_leaf(subcommand, see));
}

/// Market data, orders and what came of them.
const TRADING: &str = "\
    --json instruments
    instruments --class H100SXM --zone US-E --json --url ws://a/ws/v1
    book S
    book S --watch --levels 3
    book S --depth 25 --speed 100ms
    curve H100SXM.US-E.FIRM --watch --speed 1s
    ticker H100SXM.* --watch --speed raw
    candles H100SXM --interval 1h --watch
    fixings
    fixings H100SXM --watch
    settlements
    settlements H100SXM --watch
    watch instruments
    watch book H100SXM.* --depth 10 --speed 1s
    watch candles H100SXM --interval 5m
    bench fanout --subscribers 5000 --seconds 1 --depth 10 --speed 10ms
    bench connections --connections 100
    trades
    trades S --watch
    --as ann buy S 8 --price 0.9994
    buy S 8 --price 0.9994 --ioc --id mine-1 --deadline 500ms --key ann.key
    buy S 8 --market --limit-price 1.01 --deadline 5s
    sell S 8 --market --limit-price 1.01
    sell S 8 --market --limit-price 1.01 --fok --min 3
    buy S 8 --price 1 --fok
    buy S 8 --price 1 --ioc --min 3 --stp cancel-both
    buy S 8 --price 1 --good-for 90m --post-only --show 2 --stp cancel-oldest --label mm-1
    buy S 8 --price 1 --slide --stp decrement
    amend o_1 --price 1.01
    amend --id mine-1 --qty 5 --new-id mine-2 --expect-traded 0 --deadline 5s
    cancel o_1
    cancel --id mine-1
    cancel --all
    cancel --all --symbol S
    cancel --all --symbol H100SXM.*.FIRM.* --side buy --label mm-1
    cancel --all --after 30s
    reduce o_1 --by 3
    reduce --id mine-1 --by 3
    orders
    orders --symbol S
    fills --limit 1000
    fills --watch
    balance";

/// Everything else.
const OPERATING: &str = "\
    capacity S 64
    provider run --config helio.toml --json
    provider run --config helio.toml --with-parent
    provider status
    provider earnings
    provider stake 25
    provider stake 25 --withdraw
    audit run --model m.gguf --key eve.key
    audit run --arbiter --with-parent
    job submit --symbol S --prompts p.txt --tokens 64 --temperature 0.5 --model tiny
    job submit --symbol S --prompts p.txt --alone
    job follow --symbol S --out receipts --model tiny --with-parent
    job answers 12 3 --out slot.receipt --model tiny
    admin auditor eve --reason known
    admin auditor eve --off --reason gone
    admin terms H100SXM.US-E.FIRM --dispute-slots 12 --ruling-slots 12 --auditors 2 --deposit 1 --reason start
    demo --deliveries 2 --model tiny
    ping
    keys new a.key
    keys show a.key
    keys register ann KEY --scopes read,trade,cancel,provide,admin
    keys register ann KEY --scopes read --scopes trade
    keys revoke k_03a107bff3ce10be
    account open ann
    account open helio --provider --group ann
    deposit ann 250.000001 --reference wire-1
    market add H100SXM US-E FIRM
    market add H100SXM US-E int --window 300 --windows 2 --gate 0 --bond 0 --maker-fee-ppm 0 --taker-fee-ppm 1 \
        --self-trade allow --ahead 3 --bond-rule reference
    admin mode venue halted --reason power-cut
    admin mode H100SXM.US-E.FIRM post-only --reason a
    admin mode S cancel-only --reason a
    admin limits market H100SXM.US-E.FIRM --price-min 0.5 --price-max 2 --band-ppm 1000000 --order-qty 0 \
        --position-qty 20 --order-notional 30.5 --reason a
    admin limits account ann --open-orders 0 --position-qty 0 --order-notional 0 --reason a
    admin snapshot --reason a
    admin lock ann --reason a
    admin lock ann --off --reason a
    admin kill ann --reason a
    admin kill --venue --reason a
    verify --data data
    replay lobster samples
    bench book flow.bin --runs 1
    bench book flow.bin --handles
    bench exchange flow.bin --runs 1
    bench pipeline --commands 1000 --deliveries
    bench sim --commands 1000 --runs 1
    sim run --seed 7 --commands 10 --only 1,3-5 --calm network,schedule --trace
    sim soak --seeds 10 --from 5 --commands 10 --threads 1
    invariants flow.bin
    receipt verify a.receipt
    receipt verify a.receipt b.receipt --model tiny --all --json
    model calibrate a.receipt b.receipt --class bf16-tol --model tiny --out c.toml
    serve --calibration c.toml
    bench cheats --model tiny --sequences 2 --tokens 8 --calibrating 1 --honest 0
    bench deterrence --batches 10
    bench wire --orders 10 --symbol S";

#[test]
fn right_lines_are_understood() {
    for line in TRADING.lines().chain(OPERATING.lines()) {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
    }
}

/// Panics unless each line is refused as wrong.
fn assert_wrong(lines: &str) {
    for line in lines.lines() {
        assert!(parse(line).is_err_and(|error| error.exit_code() == 2), "{line}");
    }
}

#[test]
fn wrong_orders_are_refused() {
    assert_wrong(
        "\
        buy S 8
        buy S 8 --price 1 --market
        buy S 8 --market
        buy S 8 --limit-price 1
        buy S 8 --price 1 --limit-price 1
        buy S 8 --market --limit-price 1 --ioc
        buy S 8.5 --price 1
        buy S -8 --price 1
        buy S 8 --price 1.00001
        buy S 8 --price 1e3
        buy S 8 --price 1 --id 123456789012345678901
        buy S 8 --price 1 --deadline 5
        buy S 8 --price 1 --ioc --fok
        buy S 8 --price 1 --ioc --good-for 5m
        buy S 8 --price 1 --fok --good-for 5m
        buy S 8 --market --limit-price 1 --good-for 5m
        buy S 8 --market --limit-price 1 --post-only
        buy S 8 --market --limit-price 1 --slide
        buy S 8 --market --limit-price 1 --show 2
        buy S 8 --price 1 --post-only --slide
        buy S 8 --price 1 --post-only --ioc
        buy S 8 --price 1 --slide --fok
        buy S 8 --price 1 --slide --min 2
        buy S 8 --price 1 --show 2 --ioc
        buy S 8 --price 1 --show 2.5
        buy S 8 --price 1 --stp nothing
        buy S 8 --price 1 --label a.b
        amend o_1
        amend mine-1 --price 1
        amend o_ --price 1
        cancel mine-1
        reduce mine-1 --by 3
        amend --price 1
        amend o_1 --id mine-1 --price 1
        amend o_1 --deadline 5s
        amend o_1 --price 1 --new-id a.b
        cancel
        cancel o_1 --id mine-1
        cancel o_1 --all
        cancel o_1 --symbol S
        cancel --symbol S
        cancel --side buy
        cancel --all --side bid
        cancel o_1 --label mm-1
        cancel o_1 --after 5s
        cancel --all --after 5s --side buy
        cancel --all --after 5
        reduce o_1
        reduce --by 3
        reduce o_1 --id mine-1 --by 3",
    );
}

#[test]
fn wrong_lines_are_refused() {
    assert_wrong(
        "\
        fly
        book
        book S --levels -1
        fills --limit 0
        fills --limit 1001
        capacity S -1
        keys
        keys register ann KEY
        keys register ann KEY --scopes fly
        keys register ann AAAA --scopes read
        account open a.b
        deposit ann -5
        deposit ann 0.0000001
        market add H100SXM US-E hard
        market add H100SXM US-E firm --self-trade maybe
        market add H100SXM US-E firm --bond-rule none
        admin
        admin mode venue halted
        admin mode venue shut --reason a
        admin mode venue halted --reason a.b
        admin limits
        admin limits market H100SXM.US-E.FIRM
        admin limits market H100SXM.US-E.FIRM --band-ppm 0 --reason a
        admin limits account ann --open-orders -1 --reason a
        admin lock ann
        admin snapshot
        admin snapshot --reason a.b
        admin kill --reason a
        admin kill ann --venue --reason a
        admin kill ann
        verify
        receipt verify
        receipt verify a.receipt --all
        bench cheats --sequences 17
        bench deterrence --batches 0
        bench wire --orders 0
        --as ann",
    );
}

#[test]
fn clap_finds_no_contradiction() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_has_every_option() {
    let mut command = CommandLine::command();
    command.build();
    each_leaf(&command, &mut |leaf| {
        for option in ["url", "key", "as", "json"] {
            let has = leaf.get_arguments().any(|argument| argument.get_long() == Some(option));
            assert!(has, "{} has --{option}", leaf.get_name());
        }
    });
}

#[test]
fn every_command_explains_itself() {
    each_leaf(&CommandLine::command(), &mut |leaf| {
        let name = leaf.get_name();
        assert!(leaf.get_about().is_some(), "{name} says what it does");
        let hidden = ["serve", "demo"].contains(&name);
        let examples = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(hidden || examples.contains("Examples:\n  hourbook "), "{name} has examples");
        for argument in leaf.get_arguments() {
            assert!(argument.get_help().is_some(), "{name} explains {}", argument.get_id());
        }
    });
}

#[test]
fn every_example_is_understood() {
    each_leaf(&CommandLine::command(), &mut |leaf| {
        let help = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
        let joined = help.replace("\\\n", " ");
        for line in joined.lines().filter_map(|line| line.strip_prefix("  hourbook ")) {
            assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
        }
    });
}

#[test]
fn every_command_and_exit_code_is_documented() {
    const PAGE: &str = include_str!("../../../docs/cli.md");
    let mut command = CommandLine::command();
    command.build();
    each_leaf(&command, &mut |leaf| {
        let name = leaf.get_bin_name().unwrap_or_default();
        assert!(PAGE.contains(&format!("| `{name}")), "docs/cli.md has a row for {name}");
    });
    for line in EXIT_CODES.lines().skip(1) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        let is_row = |row: &str| row.starts_with(&format!("| {code} |")) && row.contains(meaning);
        assert!(PAGE.lines().any(is_row), "docs/cli.md has a row for exit code {code}");
    }
}
