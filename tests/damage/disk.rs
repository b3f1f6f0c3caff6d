//! Damage to the disk: no room, no writing, syncs that fail or are slow. Tried with the program itself.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{HOURBOOK, Serving, failure, json};
use crate::table::Table;

const FULL: (&str, &str) = ("disk", "full");
const READ_ONLY: (&str, &str) = ("disk", "read-only");
const SNAPSHOT: (&str, &str) = ("disk", "no room for a snapshot");
const SNAPSHOT_FAILS: (&str, &str) = ("disk", "a sync of a snapshot fails (EIO)");
const FAILING: (&str, &str) = ("disk", "a sync fails (EIO)");
const EVIDENCE_FAILS: (&str, &str) = ("disk", "a sync of the evidence fails (EIO)");
const SLOW: (&str, &str) = ("disk", "every sync takes 50 ms");

pub(crate) fn damage(table: &mut Table) {
    match Mounted::new() {
        Some(disk) => {
            full(table, &disk);
            read_only(table, &disk);
        }
        None => {
            say("skipped: a full and a read-only disk: this user may not mount an ext4 image");
            table.skip(FULL.0, FULL.1);
            table.skip(SNAPSHOT.0, SNAPSHOT.1);
            table.skip(READ_ONLY.0, READ_ONLY.1);
        }
    }
    if strace_works() {
        failing_syncs(table);
        failing_snapshot(table);
        failing_evidence(table);
        slow_syncs(table);
    } else {
        say("skipped: failing and slow syncs: strace is not here, or may not trace");
        table.skip(FAILING.0, FAILING.1);
        table.skip(SNAPSHOT_FAILS.0, SNAPSHOT_FAILS.1);
        table.skip(EVIDENCE_FAILS.0, EVIDENCE_FAILS.1);
        table.skip(SLOW.0, SLOW.1);
    }
}

/// Said past the test harness, which keeps what a test prints.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn ran(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// A small disk of its own, in a file.
struct Mounted {
    _folder: TempDir,
    mount: PathBuf,
}

impl Mounted {
    fn new() -> Option<Mounted> {
        let folder = tempfile::tempdir().unwrap();
        let [image, mount] = ["image", "mount"].map(|name| folder.path().join(name));
        fs::File::create(&image).unwrap().set_len(48 << 20).unwrap();
        fs::create_dir(&mount).unwrap();
        // Without room that only the superuser may use.
        let made = ran("mkfs.ext4", &["-q", "-m", "0", text(&image)]);
        (made && ran("mount", &["-o", "loop", text(&image), text(&mount)]))
            .then_some(Mounted { _folder: folder, mount })
    }

    fn data(&self) -> PathBuf {
        self.mount.join("data")
    }

    /// Fills what is free, but for so many bytes.
    fn fill(&self, left: u64) -> PathBuf {
        let path = self.mount.join("filler");
        let mut filler = fs::File::options().create(true).append(true).open(&path).unwrap();
        while free(&self.mount) > left {
            let block = (free(&self.mount) - left).clamp(4_096, 1 << 20);
            if filler.write_all(&vec![1; usize::try_from(block).unwrap()]).is_err() {
                break;
            }
        }
        // What does not fit is not an error here.
        let _ = filler.sync_all();
        path
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        ran("umount", &[text(&self.mount)]);
    }
}

/// Bytes that are free on the disk of `path`.
fn free(path: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1", text(path)]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap().trim().parse().unwrap()
}

/// An account of that name is opened; the error otherwise.
fn open_account(serving: &Serving, name: &str) -> Result<(), String> {
    let line = ["--url", &serving.url, "--as", "operator", "account", "open", name, "--json"];
    let output = Command::new(HOURBOOK).args(line).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// A job is submitted; the exit code and the error otherwise.
fn submit_job(
    serving: &Serving,
    who: &[&str],
    (symbol, prompts): (&str, &Path),
) -> Result<(), (Option<i32>, String)> {
    let output = Command::new(HOURBOOK)
        .args(["--url", &serving.url])
        .args(who)
        .args(["job", "submit", "--symbol", symbol, "--prompts", text(prompts)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err((output.status.code(), said)) }
}

/// Waits until `done`, doing it again and again.
fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// On a disk that runs full, only cancellations are taken; a crash then is recovered, on the ballast; with room again,
/// everything is taken.
fn full(table: &mut Table, disk: &Mounted) {
    let data = disk.data();
    let reserve = ["--reserve-mib", "8"];
    let serving = Serving::start_with(&data, &reserve);
    open_account(&serving, "ann").unwrap();
    until(|| data.join("BALLAST").exists());
    let filler = disk.fill(4 << 20);
    // The keeper looks when something is journaled.
    let mut tries = 0;
    let refused = loop {
        tries += 1;
        match open_account(&serving, &format!("account-{tries}")) {
            Ok(()) => assert!(tries < 100, "the keeper looks"),
            Err(error) => break error,
        }
    };
    assert!(refused.contains("OVERLOADED") && refused.contains("disk is nearly full"), "{refused}");
    json(&["--url", &serving.url, "--as", "ann", "cancel", "--all"]);
    let prompts = disk.mount.join("prompts");
    fs::write(&prompts, "one").unwrap();
    let refused =
        submit_job(&serving, &["--as", "ann"], ("H100SXM.US-E.FIRM.2030-01-01T00Z", &prompts)).unwrap_err();
    assert!(refused.1.contains("disk is nearly full"), "evidence is not taken either: {refused:?}");
    no_snapshot(table, &data, "stay in reserve", SNAPSHOT);
    serving.kill();

    disk.fill(0);
    let serving = Serving::start_with(&data, &reserve);
    assert!(!data.join("BALLAST").exists(), "the ballast was released to recover");
    assert!(open_account(&serving, "late").unwrap_err().contains("disk is nearly full"));
    json(&["--url", &serving.url, "--as", "ann", "cancel", "--all"]);
    fs::remove_file(filler).unwrap();
    until(|| open_account(&serving, "again").is_ok());
    until(|| {
        json(&["--url", &serving.url, "--as", "ann", "cancel", "--all"]);
        data.join("BALLAST").exists()
    });
    let stopped = serving.interrupt();
    let verified = json(&["verify", "--data", text(&data)]);
    assert_eq!((&verified["sound"], &verified["state_hash"]), (&true.into(), &stopped["state_hash"]));
    table.note(
        FULL.0,
        FULL.1,
        "only cancellations are taken; recovered, on the ballast; with room again, everything is taken",
    );
}

/// A snapshot that cannot be made leaves nothing, and the exchange as it was.
fn no_snapshot(table: &mut Table, data: &Path, why: &str, row: (&str, &str)) {
    let arguments = ["snapshot", "--data", text(data)];
    let mut command = match row == SNAPSHOT {
        true => Command::new(HOURBOOK),
        false => {
            let mut strace = Command::new("strace");
            let inject = "inject=fsync:error=EIO:when=1+";
            strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject, HOURBOOK]);
            strace
        }
    };
    let output = command.args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains(why), "{said}");
    let left = fs::read_dir(data.join("snapshots")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["LOCK"], "nothing is left of it");
    table.note(row.0, row.1, "none is made, and why is said; the exchange goes on");
}

/// A snapshot whose sync fails is none, beside an exchange that goes on.
fn failing_snapshot(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serving = Serving::start(&data);
    fs::create_dir(data.join("snapshots")).unwrap();
    no_snapshot(table, &data, "Input/output error", SNAPSHOT_FAILS);
    open_account(&serving, "ann").unwrap();
    json(&["snapshot", "--data", text(&data)]);
    serving.interrupt();
}

/// Whether somebody traces a thread; one that has ended needs nobody.
fn is_traced(thread: &Path) -> bool {
    let Ok(status) = fs::read_to_string(thread.join("status")) else { return true };
    status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
}

/// Evidence that cannot be kept ends the process: providers would be blamed for it. What was told is there afterwards.
fn failing_evidence(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let [data, key, prompts] = ["data", "ann.key", "prompts"].map(|name| folder.path().join(name));
    crate::slot::make(&data);
    fs::write(&prompts, "one\ntwo").unwrap();
    let made = json(&["keys", "new", text(&key)]);
    let serving = Serving::start(&data);
    let operator = ["--url", &serving.url, "--as", "operator"];
    let register =
        ["keys", "register", "ann", made["public_key"].as_str().unwrap(), "--scopes", "read,trade"];
    json(&[&operator[..], &register].concat());
    let listed = json(&["--url", &serving.url, "instruments"]);
    let open = listed["instruments"].as_array().unwrap().iter().find(|listed| listed["state"] == "open");
    let symbol = open.unwrap()["symbol"].as_str().unwrap();
    let who = ["--key", text(&key)];
    submit_job(&serving, &who, (symbol, &prompts)).unwrap();

    let logs = fs::read_dir(data.join("evidence")).unwrap().flatten().map(|entry| entry.path());
    let logs: Vec<PathBuf> =
        logs.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync",
        "-e",
        "inject=fdatasync:error=EIO",
    ]);
    for log in &logs {
        strace.args(["-P", text(log)]);
    }
    let mut strace = strace.args(["-p", &serving.pid()]).spawn().unwrap();
    let threads = format!("/proc/{}/task", serving.pid());
    // One after the other, and the last of them may be the one that syncs.
    until(|| fs::read_dir(&threads).unwrap().flatten().all(|thread| is_traced(&thread.path())));
    let gone = submit_job(&serving, &who, (symbol, &prompts)).unwrap_err();
    assert_eq!(gone.0, Some(3), "only the connection fails: {gone:?}");
    assert_eq!(serving.ended(), Some(5), "the process ends by itself");
    strace.wait().unwrap();
    Serving::start(&data).interrupt();
    let kept = json(&["verify", "--data", text(&data)]);
    assert_eq!((&kept["sound"], &kept["evidence"]), (&true.into(), &3.into()));
    table.note(
        EVIDENCE_FAILS.0,
        EVIDENCE_FAILS.1,
        "the process ends with 5, and nobody is told that it was kept; kept evidence is there at the next start",
    );
}

fn read_only(table: &mut Table, disk: &Mounted) {
    let data = disk.data();
    assert!(ran("mount", &["-o", "remount,ro", text(&disk.mount)]));
    let (code, said) = failure(&["serve", "--data", text(&data), "--listen", "127.0.0.1:0"]);
    assert!(code == 5 && said.contains("Read-only file system"), "{said}");
    assert!(said.contains("check owner and permissions"), "{said}");
    // What only reads goes on.
    assert_eq!(json(&["verify", "--data", text(&data)])["sound"], true);
    assert!(ran("mount", &["-o", "remount,rw", text(&disk.mount)]));
    table.note(READ_ONLY.0, READ_ONLY.1, "refused: access is denied; it can still be verified");
}

fn strace_works() -> bool {
    ran("strace", &["-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_exit=1", "true"])
}

/// The program under strace, which does something to its syncs.
struct Traced {
    child: Child,
    /// The program's own number.
    traced: String,
    url: String,
    log: PathBuf,
    _folder: TempDir,
}

impl Traced {
    fn start(data: &Path, inject: &str) -> Traced {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("strace");
        let injected = format!("inject=fdatasync:{inject}");
        let mut child = Command::new("strace")
            .args(["-f", "-qq", "-o", text(&log), "-e", "trace=fdatasync", "-e", &injected])
            // The shell becomes the program, and says under which number.
            .args(["sh", "-c", "echo $$; exec \"$0\" \"$@\"", HOURBOOK])
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--dev",
                "--json",
                "--reserve-mib",
                "1",
                "--data",
                text(data),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let traced = lines.next().expect("it runs").unwrap();
        let ready: Value = serde_json::from_str(&lines.next().expect("it is ready").unwrap()).unwrap();
        Traced { child, traced, url: ready["url"].as_str().unwrap().to_owned(), log, _folder: folder }
    }

    /// Opens accounts until one is not acknowledged, because the exchange is gone, at most `most`. Returns how many were.
    fn accounts(&self, most: usize) -> usize {
        for number in 0..most {
            let name = format!("account-{number}");
            let line = ["--url", &self.url, "--as", "operator", "account", "open", &name];
            let output = Command::new(HOURBOOK).args(line).output().unwrap();
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                assert_eq!(
                    output.status.code(),
                    Some(3),
                    "account-{number}: only the connection fails: {said}"
                );
                return number;
            }
        }
        most
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            ran("kill", &["-KILL", &self.traced]);
        }
        let _ = self.child.wait();
    }
}

/// A failed sync ends the process; nothing is told that is not there afterwards.
fn failing_syncs(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Serving::start(&data).interrupt();
    let mut traced = Traced::start(&data, "error=EIO:when=12+");
    let acknowledged = traced.accounts(100);
    let status = traced.child.wait().unwrap();
    assert_eq!(status.code(), Some(5), "the process ends by itself");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut traced.child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("mend the disk, then start again"), "{said}");
    assert!(acknowledged < 100, "the disk failed");
    let serving = Serving::start(&data);
    for number in 0..acknowledged {
        let again = open_account(&serving, &format!("account-{number}"));
        assert!(again.unwrap_err().contains("ACCOUNT_EXISTS"), "account-{number} was acknowledged");
    }
    serving.interrupt();
    assert_eq!(json(&["verify", "--data", text(&data)])["sound"], true);
    table.note(
        FAILING.0,
        FAILING.1,
        "the process ends with 5, and nothing more is told; recovered at the next start",
    );
}

/// Slow syncs make the exchange slow, and nothing else.
fn slow_syncs(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Serving::start(&data).interrupt();
    let traced = Traced::start(&data, "delay_exit=50000");
    assert_eq!(traced.accounts(10), 10);
    let syncs =
        fs::read_to_string(&traced.log).unwrap().lines().filter(|line| line.contains("DELAYED")).count();
    assert!(10 <= syncs, "{syncs} syncs were slow");
    drop(traced);
    let serving = Serving::start(&data);
    for number in 0..10 {
        let again = open_account(&serving, &format!("account-{number}"));
        assert!(again.unwrap_err().contains("ACCOUNT_EXISTS"), "account-{number} was acknowledged");
    }
    serving.interrupt();
    table.note(SLOW.0, SLOW.1, "everything is taken, slowly");
}
