//! What the command writes, held against `tests/written`: the page's own tests read those files, so a field that only one
//! side has renamed is seen.

use std::collections::BTreeSet;
use std::env;

use super::*;

/// What is another on every machine, in every folder and on every day: only its fields count.
const VARYING: [&str; 11] = [
    "bytes",
    "command",
    "data_fingerprint",
    "environment",
    "file",
    "network_sha256",
    "peak_memory",
    "processor_utilisation",
    "sha256",
    "verdict",
    "weights_sha256",
];

/// What `sulcus train` writes without being asked, in its run folder.
const OF_TRAINING: [&str; 2] = ["train", "train-folds"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/written")
}

/// Asserts that what was written is like the file there: the same fields of the same kinds, and the same words outside lists.
///
/// `SULCUS_WRITTEN=replace` replaces the file first.
pub fn is_like(name: &str, written: &Value) {
    let path = folder().join(name);
    if env::var("SULCUS_WRITTEN").is_ok_and(|what| what == "replace") {
        fs::write(&path, serde_json::to_string_pretty(written).unwrap() + "\n").unwrap();
    }
    let (found, expected) = (form(written), form(&json(&path)));
    let lacks = |form: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
        form.difference(other).filter(|line| !below_an_empty_list(line, other)).cloned().collect()
    };
    let (missing, new) = (lacks(&expected, &found), lacks(&found, &expected));
    assert!(
        missing.is_empty() && new.is_empty(),
        "this is no longer what tests/written/{name} has: {missing:#?} is gone, {new:#?} is new.\nhint: where that is meant, \
         run this test with SULCUS_WRITTEN=replace, and see that the page's tests pass"
    );
}

/// A line for every field and every kind of item: its way from the root, and what is there.
fn form(written: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    describe("", written, &mut lines);
    lines
}

fn describe(way: &str, value: &Value, lines: &mut BTreeSet<String>) {
    let in_list = way.contains("[]");
    let what = match value {
        Value::Object(fields) => {
            return fields.iter().for_each(|(name, value)| describe(&format!("{way}.{name}"), value, lines));
        }
        Value::Array(items) => {
            for item in items {
                describe(&format!("{way}[]"), item, lines);
            }
            "a list"
        }
        _ if way.split('.').any(|name| VARYING.contains(&name)) => "something",
        Value::Number(number) if number.is_u64() => "a count",
        Value::Number(_) => "a number",
        Value::String(_) if in_list => "a word",
        Value::Bool(_) if in_list => "yes or no",
        word => &word.to_string(),
    };
    lines.insert(format!("{way}: {what}"));
}

/// Whether a line is of an item of a list that the other report has without items: which answers are mistakes is chance.
fn below_an_empty_list(line: &str, other: &BTreeSet<String>) -> bool {
    let mut lists = line.match_indices("[]").map(|(place, brackets)| &line[..place + brackets.len()]);
    lists.any(|items| !other.iter().any(|line| line.starts_with(items)))
}

#[test]
fn every_command_that_writes_a_report_has_one_that_the_page_is_tested_with() {
    let help = succeed(&["--help"]);
    let commands = help.split_once("Commands:").unwrap().1.lines().skip(1).take_while(|line| line.starts_with("  "));
    // A line that is indented further goes on with what the one above says.
    let of_command = |line: &&str| !line.starts_with("   ");
    let names: Vec<&str> = commands.filter(of_command).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"evaluate"), "{help}");
    let there: Vec<String> = fs::read_dir(folder().join("reports"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let has = |name: &str| there.iter().any(|report| report == name);
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(
            !succeed(&[name, "--help"]).contains("--json") || has(name),
            "tests/written/reports has no {name}.json"
        );
    }
    assert!(OF_TRAINING.into_iter().all(has), "{there:?}");
}
