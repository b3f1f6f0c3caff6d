//! Tests of the command line: what can be typed, what cannot, and what `--help` must say.

use clap::{Command as ClapCommand, CommandFactory, Parser};

use super::CommandLine;
use crate::failure::EXIT_CODES;

const SYMBOL: &str = "H100SXM.US-E.FIRM.2026-11-23T14Z";
const PUBLIC_KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    let words = line.split_whitespace().map(|word| match word {
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

#[test]
fn right_lines_are_understood() {
    let lines = "\
        --json instruments
        instruments --class H100SXM --zone US-E --json --url ws://a/ws/v1
        book S
        book S --watch --levels 3
        trades
        trades S --watch
        --as ann buy S 8 --price 0.9994
        buy S 8 --price 0.9994 --ioc --id mine-1 --deadline 500ms --key ann.key
        buy S 8 --market --limit-price 1.01 --deadline 5s
        sell S 8 --market --limit-price 1.01
        cancel o_1
        cancel --id mine-1
        cancel --all
        cancel --all --symbol S
        reduce o_1 --by 3
        reduce --id mine-1 --by 3
        orders
        orders --symbol S
        fills --limit 1000
        fills --watch
        balance
        capacity S 64
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
            --self-trade allow
        verify --data data
        replay lobster samples
        bench book flow.bin --runs 1
        bench wire --orders 10 --symbol S";
    for line in lines.lines() {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
    }
}

#[test]
fn wrong_lines_are_refused() {
    let lines = "\
        fly
        book
        book S --levels -1
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
        cancel
        cancel o_1 --id mine-1
        cancel o_1 --all
        cancel o_1 --symbol S
        cancel --symbol S
        reduce o_1
        reduce --by 3
        reduce o_1 --id mine-1 --by 3
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
        verify
        bench wire --orders 0
        --as ann";
    for line in lines.lines() {
        assert!(parse(line).is_err_and(|error| error.exit_code() == 2), "{line}");
    }
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
