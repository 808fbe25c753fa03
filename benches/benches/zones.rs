//! What zones cost a call. Limits: 15 µs for a path that the kernel follows, its part included; nothing for a call without one.
//!
//! `cargo bench -p benches --bench zones`

use std::fs;

use benches::{Still, call, engine_in};
use divan::{Bencher, black_box};
use tempfile::TempDir;
use vanguard_engine::zone::{Ground as _, Zone};
use vanguard_engine::{Flow, Scratch, Session};
use vanguard_sandbox::ground::Ground;

fn main() {
    divan::main();
}

/// A zone with a file four directories down, and the ground that it lies on.
fn place() -> (TempDir, Ground, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let deep = folder.path().canonicalize().expect("it is there").join("crates/engine/src");
    fs::create_dir_all(&deep).expect("made");
    fs::write(deep.join("main.rs"), "").expect("written");
    let mut ground = Ground::new(folder.path()).expect("it is there");
    ground.hold(folder.path()).expect("it is there");
    let path = deep.join("main.rs").display().to_string();
    (folder, ground, path)
}

#[divan::bench]
fn path_followed_by_the_kernel(bencher: Bencher<'_, '_>) {
    let (_folder, ground, path) = place();
    bencher.bench_local(|| ground.resolve(black_box(&path)));
}

#[divan::bench]
fn path_to_a_new_file(bencher: Bencher<'_, '_>) {
    let (_folder, ground, path) = place();
    let path = path.replace("main.rs", "new.rs");
    bencher.bench_local(|| ground.resolve(black_box(&path)));
}

/// Without `openat2`, and for every path with a link in it.
#[divan::bench]
fn path_walked(bencher: Bencher<'_, '_>) {
    let (_folder, ground, path) = place();
    let ground = ground.walking();
    bencher.bench_local(|| ground.resolve(black_box(&path)));
}

const NO_ZONES: &str = "no zones";
const FOLLOWED: &str = "followed by the kernel";
const WALKED: &str = "walked";

fn judge(bencher: Bencher<'_, '_>, way: &str, arguments: impl Fn(&str) -> String) {
    let (folder, ground, path) = place();
    let zones = if way == NO_ZONES { Vec::new() } else { vec![Zone::new(folder.path().display().to_string())] };
    let engine = engine_in(zones);
    let ground = if way == WALKED { ground.walking() } else { ground };
    let session = Session::on(Box::new(ground));
    let mut scratch = Scratch::default();
    let line = call("read_file", &arguments(&path));
    bencher.bench_local(|| {
        engine.judge(&session, Flow::ToServer, black_box(line.as_bytes()), &mut scratch, &Still).decisions
    });
}

#[divan::bench(args = [NO_ZONES, FOLLOWED, WALKED])]
fn call_with_a_path(bencher: Bencher<'_, '_>, way: &str) {
    judge(bencher, way, |path| format!(r#"{{"path":"{path}"}}"#));
}

#[divan::bench(args = [NO_ZONES, FOLLOWED])]
fn call_without_a_path(bencher: Bencher<'_, '_>, way: &str) {
    judge(bencher, way, |_| r#"{"city":"Zurich","unit":"celsius"}"#.to_owned());
}
