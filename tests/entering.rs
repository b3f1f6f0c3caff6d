//! Entering: a key, an account or a model that cannot deliver is told so at the start, with what to change; credit that is short is waited
//! for.
#![allow(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../inference/tests/file/mod.rs"]
mod file;
#[path = "process/mod.rs"]
mod process;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use attestation::model::model_id;
use file::{F32, File};
use process::{HOURBOOK, Serving, between_gates, failure, json};
use serde_json::Value;

const MARKET: &str = "CPU.US-E.FIRM";

/// An exchange, and files beside it.
struct Scene {
    folder: tempfile::TempDir,
    serving: Serving,
}

impl Scene {
    /// With a market whose lots are secured by 0.5 CU each, in windows that nobody waits for.
    fn begin() -> Scene {
        // When a window stops to trade, and when it begins.
        between_gates(86_400, 600);
        between_gates(86_400, 0);
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(&folder.path().join("data"));
        let scene = Scene { folder, serving };
        scene.operator(&[
            "market",
            "add",
            "CPU",
            "US-E",
            "firm",
            "--windows",
            "2",
            "--window",
            "86400",
            "--bond",
            "0.5",
        ]);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What an operator does.
    fn operator(&self, arguments: &[&str]) -> Value {
        let key = self.path("data/operator.key");
        let mut all = vec!["--url", &self.serving.url, "--key", text(&key)];
        all.extend(arguments);
        json(&all)
    }

    /// An account with a key of these scopes.
    fn account(&self, name: &str, (scopes, flags): (&str, &[&str])) {
        let mut open = vec!["account", "open", name];
        open.extend(flags);
        self.operator(&open);
        let made = json(&["keys", "new", text(&self.path(&format!("{name}.key")))]);
        let key = made["public_key"].as_str().unwrap();
        self.operator(&["keys", "register", name, key, "--scopes", scopes]);
    }

    /// The configuration of a provider with this key, which sells two GPUs.
    fn config(&self, name: &str, more: &str) -> PathBuf {
        let file = self.path(&format!("{name}.toml"));
        let offer =
            format!("[[offer]]\nmarket = \"{MARKET}\"\ngpus = 2\nprice = \"0.10\"\nstep = \"0.01\"\n");
        fs::write(&file, format!("key = \"{name}.key\"\n{more}\n{offer}")).unwrap();
        file
    }

    /// How it ends to run as the provider, auditor or taker of that name, or to say something in its name.
    fn refused(&self, name: &str, arguments: &[&str]) -> (i32, String) {
        let key = self.path(&format!("{name}.key"));
        let mut all = vec!["--url", &self.serving.url, "--key", text(&key)];
        all.extend(arguments);
        failure(&all)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What a provider says, as long as it runs.
struct Provider(Child);

impl Provider {
    fn start(scene: &Scene, config: &Path) -> (Provider, impl Iterator<Item = Value>) {
        let mut child = Command::new(HOURBOOK)
            .args(["--url", &scene.serving.url, "--json", "provider", "run", "--with-parent", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        (Provider(child), said)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_key_without_a_scope_is_told_which_and_how_to_get_it() {
    let scene = Scene::begin();
    scene.account("helio", ("read,provide", &["--provider"]));
    scene.account("eve", ("read", &[]));
    scene.account("ann", ("read", &[]));
    let config = scene.config("helio", "");
    let cases: [(&str, &[&str], &str, &str); 4] = [
        ("helio", &["provider", "run", "--config", text(&config)], "trade", "--scopes read,trade,provide"),
        ("eve", &["audit", "run"], "provide", "--scopes read,provide"),
        ("ann", &["job", "follow"], "trade", "--scopes read,trade"),
        ("ann", &["audit", "run", "--arbiter"], "admin", "--scopes read,admin"),
    ];
    for (name, command, scope, advice) in cases {
        let (exit, said) = scene.refused(name, command);
        assert_eq!(exit, 4, "{said}");
        let missing = format!("needs the scope {scope}, which the key k_");
        assert!(said.contains(&missing) && said.contains(advice), "{said}");
    }
    // A job is said at once, so the exchange itself refuses it.
    let prompts = scene.path("prompts.txt");
    fs::write(&prompts, "who are you?\n").unwrap();
    let symbol = json(&["--url", &scene.serving.url, "instruments"]);
    let symbol = symbol["instruments"][0]["symbol"].as_str().unwrap();
    let (exit, said) =
        scene.refused("ann", &["job", "submit", "--symbol", symbol, "--prompts", text(&prompts)]);
    assert_eq!((exit, said.contains("needs a key with the scope trade")), (4, true), "{said}");
}

#[test]
fn an_account_that_may_not_is_told_what_the_operator_has_to_do() {
    let scene = Scene::begin();
    scene.account("helio", ("read,trade,provide", &[]));
    scene.account("eve", ("read,provide", &[]));
    let config = scene.config("helio", "");
    let (exit, said) = scene.refused("helio", &["provider", "run", "--config", text(&config)]);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("helio is no provider's") && said.contains("account open NAME --provider"),
        "{said}"
    );
    let (exit, said) = scene.refused("eve", &["audit", "run"]);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("eve is no auditor's") && said.contains("hourbook admin auditor eve"), "{said}");
    scene.operator(&["admin", "auditor", "eve", "--reason", "known"]);
    let limits = json(&["--url", &scene.serving.url, "--key", text(&scene.path("eve.key")), "limits"]);
    assert_eq!((&limits["auditor"], &limits["provider"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn another_model_than_the_exchanges_is_refused_before_anything_is_offered() {
    let scene = Scene::begin();
    scene.account("helio", ("read,trade,provide", &["--provider"]));
    scene.account("eve", ("read,provide", &[]));
    scene.account("ann", ("read,trade", &[]));
    scene.operator(&["admin", "auditor", "eve", "--reason", "known"]);
    let other = scene.path("other.gguf");
    let bytes = File::model(|_, weights| (F32, vec![0; weights * 4])).bytes();
    fs::write(&other, &bytes).unwrap();
    let basis = json(&["--url", &scene.serving.url, "status"])["deliveries"].clone();
    let [theirs, own] = [basis["model_id"].as_str().unwrap().to_owned(), model_id(&bytes).to_string()];
    assert_ne!(theirs, own);
    let config = scene.config("helio", "model = \"other.gguf\"");
    let prompts = scene.path("prompts.txt");
    fs::write(&prompts, "who are you?\n").unwrap();
    let cases: [(&str, &[&str], &str); 4] = [
        ("helio", &["provider", "run", "--config", text(&config)], "as `model` in the configuration"),
        ("eve", &["audit", "run", "--model", text(&other)], "with --model"),
        ("ann", &["job", "follow", "--model", text(&other)], "with --model"),
        (
            "ann",
            &["job", "submit", "--symbol", "any", "--prompts", text(&prompts), "--model", text(&other)],
            "with --model",
        ),
    ];
    for (name, command, advice) in cases {
        let (exit, said) = scene.refused(name, command);
        assert_eq!(exit, 5, "{said}");
        assert!(said.contains(&own) && said.contains(&theirs) && said.contains(advice), "{said}");
    }
    let orders = json(&["--url", &scene.serving.url, "--as", "helio", "orders"]);
    assert_eq!(orders["orders"].as_array().unwrap().len(), 0, "nothing was offered");
}

#[test]
fn an_offer_that_credit_is_short_for_is_made_when_it_comes_in() {
    let scene = Scene::begin();
    scene.account("helio", ("read,trade,provide", &["--provider"]));
    let config = scene.config("helio", "stake = \"3\"");
    let orders = || json(&["--url", &scene.serving.url, "--as", "helio", "orders"])["orders"].clone();
    let next = |said: &mut dyn Iterator<Item = Value>| said.next().unwrap();
    let (provider, mut said) = Provider::start(&scene, &config);
    let line = next(&mut said);
    assert_eq!((&line["did"], &line["amount"]), (&"not_staked".into(), &"3.000000".into()), "{line}");
    assert_eq!(next(&mut said)["did"], "connected");
    // Two lots are secured by 1 CU in each of two windows.
    let windows: Vec<Value> = (0..2).map(|_| next(&mut said)).collect();
    for line in &windows {
        assert_eq!(line["did"], "not_offered", "{line}");
        let why = line["why"].as_str().unwrap();
        assert!(why.contains("INSUFFICIENT_BOND") && why.contains("tried again"), "{why}");
        // Such as 2026-11-23T14:00:00.317Z.
        let time = line["time"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z') && &time[10..11] == "T", "{time}");
    }
    // Too little for either: nothing is said again, and no id is used up.
    scene.operator(&["deposit", "helio", "0.9", "--reference", "first"]);
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(orders().as_array().unwrap().len(), 0);
    // Enough for one, at the price of when its window was first seen.
    scene.operator(&["deposit", "helio", "0.2", "--reference", "second"]);
    let line = next(&mut said);
    let first =
        [&line["did"], &line["symbol"], &line["price"]].map(|value| value.as_str().unwrap().to_owned());
    assert_eq!(first[0], "offered", "{line}");
    assert_eq!((first[1].as_str(), first[2].as_str()), (windows[0]["symbol"].as_str().unwrap(), "0.1000"));
    // Killed and started again, it offers the first window no second time, and the other once there is credit.
    drop((provider, said));
    let (_provider, mut said) = Provider::start(&scene, &config);
    let heard: Vec<Value> = (0..3).map(|_| next(&mut said)).collect();
    let did: Vec<&str> = heard.iter().map(|line| line["did"].as_str().unwrap()).collect();
    assert_eq!(did, ["not_staked", "connected", "not_offered"], "{heard:?}");
    assert_eq!(heard[2]["symbol"], windows[1]["symbol"]);
    scene.operator(&["deposit", "helio", "4", "--reference", "third"]);
    let mut heard: Vec<Value> = (0..2).map(|_| next(&mut said)).collect();
    heard.sort_by_key(|line| line["did"].as_str().unwrap().to_owned());
    assert_eq!((&heard[0]["did"], &heard[0]["price"]), (&"offered".into(), &"0.1100".into()), "{heard:?}");
    assert_eq!((&heard[1]["did"], &heard[1]["amount"]), (&"staked".into(), &"3.000000".into()), "{heard:?}");
    let standing = orders();
    let ids: Vec<&str> =
        standing.as_array().unwrap().iter().map(|order| order["cl_ord_id"].as_str().unwrap()).collect();
    // The second id of the first window; of the other, the third: two were refused, each by a process that knew of none.
    assert_eq!(ids.iter().map(|id| &id[..3]).collect::<Vec<_>>(), ["p0-", "q0-"], "{ids:?}");
}

#[test]
fn a_market_that_is_offered_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    json(&["keys", "new", text(&folder.path().join("helio.key"))]);
    let offer = format!("[[offer]]\nmarket = \"{MARKET}\"\ngpus = 2\nprice = \"0.10\"\n");
    let config = folder.path().join("helio.toml");
    fs::write(&config, format!("key = \"helio.key\"\n{offer}{offer}")).unwrap();
    let (exit, said) = failure(&["provider", "run", "--config", text(&config)]);
    assert!(exit == 5 && said.contains("CPU.US-E.FIRM is offered twice"), "{said}");
}
