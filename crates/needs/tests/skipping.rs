//! What becomes of a test without what it needs, by the variables of its process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};
use std::{env, fs};

use needs::{LIST, Need, REQUIRE};

/// Set where the test runs in a process of its own, with other variables, and lacks something.
const CHILD: &str = "NEEDS_CHILD";

#[test]
fn a_skip_is_listed_and_one_that_is_required_fails() {
    if env::var_os(CHILD).is_some() {
        assert_eq!(Need::Gpu.met(Err::<(), _>("no adapter")), None);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("skips");
    let run = |required: &str| -> Output {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "a_skip_is_listed_and_one_that_is_required_fails"]);
        child.env(CHILD, "1").env(LIST, &list).env(REQUIRE, required).output().unwrap()
    };
    let fails = |required: &str, expected: &str| {
        let output = run(required);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && text.contains(expected), "{text}");
    };
    fails("data,gpu", "no adapter");
    fails("data,gup", "accepted are gpu, python");
    assert!(!list.exists());
    assert!(run("data").status.success());
    let listed = fs::read_to_string(&list).unwrap();
    let test = "crates/needs/tests/skipping.rs, a_skip_is_listed_and_one_that_is_required_fails";
    assert_eq!(listed, format!("{test}: no adapter (SULCUS_REQUIRE=gpu makes this a failure)\n"));
}
