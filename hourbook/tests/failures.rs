//! Failures: the exit code of each kind, what is said about it, and in which form.

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use std::fs;

use canned::{HELLO, serve};
use program::{Ran, SYMBOL, exchange, nowhere, program, ran, run};
use serde_json::Value;

/// A failure's exit code and its words on stderr; nothing is on stdout.
fn fails(words: &[&str]) -> (i32, String) {
    let Ran { code, stdout, stderr } = run(words);
    assert_eq!(stdout, "", "{words:?}");
    (code, stderr)
}

/// The same as JSON.
fn fails_in_json(words: &[&str]) -> (i32, Value) {
    let (code, stderr) = fails(&[&["--json"], words].concat());
    assert!(stderr.ends_with('\n') && stderr.lines().count() == 1, "one object on one line: {stderr}");
    let failure: Value = serde_json::from_str(&stderr).expect("the error is JSON");
    assert_eq!(failure["exit"], code);
    (code, failure)
}

#[test]
fn rejection_is_1_and_names_the_code() {
    let url = exchange();
    let line = ["--url", &url, "--as", "ann", "buy", "nonsense", "8", "--price", "1"];
    let (code, text) = fails(&line);
    let said =
        "error: UNKNOWN_SYMBOL: no instrument has this symbol\n  `hourbook instruments` lists the markets\n";
    assert_eq!((code, text.as_str()), (1, said));
    let (code, failure) = fails_in_json(&line);
    assert_eq!(
        (code, &failure["kind"], &failure["error"]["code"]),
        (1, &"rejected".into(), &"UNKNOWN_SYMBOL".into())
    );
    assert_eq!(failure["advice"], "`hourbook instruments` lists the markets");
    assert_eq!(failure["error"]["retryable"], false);
    let (code, _) = fails(&["--url", &url, "--as", "ann", "cancel", "o_dead"]);
    assert_eq!(code, 1);
}

#[test]
fn wrong_line_is_2() {
    assert_eq!(fails(&["fly"]).0, 2);
    assert_eq!(fails(&["buy", SYMBOL, "8"]).0, 2);
    let (code, failure) = fails_in_json(&["buy", SYMBOL, "8", "--price", "1.00001"]);
    assert_eq!((code, &failure["kind"]), (2, &"usage".into()));
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("this decimal has at most 4 decimals; write it like \"1.0500\""), "{message}");
    let (code, text) = fails(&["--url", "localhost:9400", "ping"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.ends_with("\n  write it like ws://127.0.0.1:9400/ws/v1\n"), "{text}");
}

#[test]
fn missing_login_is_2() {
    let url = exchange();
    for command in [&["balance"][..], &["orders"], &["cancel", "--all"], &["account", "open", "ann"]] {
        let (code, text) = fails(&[&["--url", &url], command].concat());
        assert_eq!(code, 2, "{text}");
        assert!(
            text.starts_with("error: this command needs a login\n  name a key file with --key FILE"),
            "{text}"
        );
    }
    let (code, text) = fails(&["--url", &url, "--as", "ann", "--key", "ann.key", "balance"]);
    assert_eq!((code, text.as_str()), (2, "error: --key and --as exclude each other\n  give one of them\n"));
}

#[test]
fn no_connection_is_3() {
    let url = nowhere();
    for command in [&["ping"][..], &["instruments"], &["book", SYMBOL], &["--as", "ann", "balance"]] {
        let (code, text) = fails(&[&["--url", &url], command].concat());
        assert_eq!(code, 3, "{text}");
        assert!(text.starts_with(&format!("error: no exchange answers at {url}: ")), "{text}");
        assert!(
            text.ends_with("\n  start one with `hourbook serve`, or name another with --url URL\n"),
            "{text}"
        );
    }
    let (code, failure) = fails_in_json(&["--url", &url, "ping"]);
    assert_eq!((code, &failure["kind"]), (3, &"connection".into()));
}

#[test]
fn lost_connection_is_3() {
    let cut = serve(|mut peer| {
        peer.say(HELLO);
        drop(peer.hear());
    });
    let (code, text) = fails(&["--url", &cut, "instruments"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.starts_with("error: the connection broke: "), "{text}");
    let draining = serve(|mut peer| {
        peer.say(HELLO);
        drop(peer.hear());
        peer.say(r#"{"channel":"status","type":"error","data":{"code":"DRAINING","message":"restart","close":1001}}"#);
        peer.close(1001, "restart");
    });
    let (code, text) = fails(&["--url", &draining, "instruments"]);
    let said = "error: the exchange closed the connection (1001): DRAINING: restart\n  connect again\n";
    assert_eq!((code, text.as_str()), (3, said));
    let other = serve(|mut peer| {
        peer.say("220 mail.example.org ready");
        drop(peer.hear());
    });
    let (code, text) = fails(&["--url", &other, "ping"]);
    assert_eq!(code, 3);
    assert!(text.starts_with("error: the other end does not speak hourbook.v1: "), "{text}");
}

#[test]
fn uncertain_deposit_says_how_to_repeat_it() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        let login = peer.hear().unwrap();
        peer.answer(&login, program::answer("login", &login["params"]));
        drop(peer.hear());
    });
    let (code, text) =
        fails(&["--url", &url, "--as", "operator", "deposit", "ann", "5", "--reference", "wire-1"]);
    assert_eq!(code, 3);
    assert!(text.ends_with("\n  repeat it with --reference wire-1: it does not happen twice\n"), "{text}");
}

#[test]
fn refused_login_is_4() {
    let url = exchange();
    let (code, text) = fails(&["--url", &url, "--as", "nobody", "balance"]);
    assert_eq!((code, text.as_str()), (4, "error: BAD_SIGNATURE: the token names no account\n"));
    let (code, failure) = fails_in_json(&["--url", &url, "--as", "nobody", "balance"]);
    assert_eq!(
        (code, &failure["kind"], &failure["error"]["code"]),
        (4, &"login".into(), &"BAD_SIGNATURE".into())
    );
    let scope = canned::answering(|method, params| match method {
        "login" => program::answer(method, params),
        _ => Err(canned::error("SCOPE_MISSING", "auth", "the key lacks the scope trade")),
    });
    let (code, text) = fails(&["--url", &scope, "--as", "ann", "cancel", "--all"]);
    assert_eq!(code, 4, "{text}");
}

#[test]
fn wrong_file_is_5() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ann.key");
    let name = path.to_str().unwrap();
    let url = nowhere();
    let login = ["--url", &url, "--key", name, "balance"];
    let (code, text) = fails(&login);
    assert_eq!((code, text), (5, format!("error: there is no {name}; check the path\n")));
    fs::write(&path, "no key").unwrap();
    let (code, text) = fails(&login);
    assert_eq!(code, 5);
    assert!(text.contains("chmod 600") || cfg!(not(unix)), "{text}");
    for command in [&["verify", "--data", name][..], &["replay", "lobster", name], &["bench", "book", name]] {
        let (code, failure) = fails_in_json(command);
        assert_eq!((code, &failure["kind"]), (5, &"local".into()), "{failure}");
    }
}

#[test]
fn environment_is_read_and_typed_options_win() {
    let url = exchange();
    let with = |words: &[&str], variables: &[(&str, &str)]| {
        ran(program(words).envs(variables.iter().copied()).output().unwrap()).code
    };
    let named = ("HOURBOOK_URL", url.as_str());
    assert_eq!(with(&["ping"], &[named]), 0);
    assert_eq!(with(&["--url", &nowhere(), "ping"], &[named]), 3);
    assert_eq!(with(&["balance"], &[named]), 2);
    assert_eq!(with(&["balance"], &[named, ("HOURBOOK_AS", "ann")]), 0);
    assert_eq!(with(&["balance"], &[named, ("HOURBOOK_AS", "nobody")]), 4);
    assert_eq!(with(&["--as", "ann", "balance"], &[named, ("HOURBOOK_AS", "nobody")]), 0);
    assert_eq!(with(&["--as", "ann", "balance"], &[named, ("HOURBOOK_KEY", "absent.key")]), 0);
    assert_eq!(with(&["balance"], &[named, ("HOURBOOK_KEY", "absent.key")]), 5);
    assert_eq!(with(&["balance"], &[named, ("HOURBOOK_KEY", "a"), ("HOURBOOK_AS", "b")]), 2);
}

#[test]
fn help_is_0_and_tells_the_codes() {
    let Ran { code, stdout, .. } = run(&["--help"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("\nExit codes:\n  0  done\n  1  rejected by the exchange"), "{stdout}");
    let Ran { code, stdout, .. } = run(&["--version"]);
    assert_eq!((code, stdout.starts_with("hourbook ")), (0, true));
    assert_eq!(run(&["book", "--help"]).code, 0);
}
