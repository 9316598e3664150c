//! `sulcus classify` on more files than anyone would name, with a network so small that files are all there is.

use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;

use ::model::{InputSpec, SplitProtocol};
use graph::{Builder, Window};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use weights::{MANIFEST_SCHEMA, Manifest, Tensor, WeightsFile};

use super::*;

const FILES: usize = 100_000;
/// Every so many files one is none.
const BROKEN_EVERY: usize = 1000;
/// A machine under load might not come further between two kills.
const MOST_KILLS: usize = 8;

/// A network of one convolution that answers within microseconds.
fn small_network(folder: &Path) -> PathBuf {
    let mut flow = Builder::new("small", 8, 1);
    flow.block(1).biased_convolution("stem", 4, Window::same(3)).relu("stem_act").stage();
    let graph = flow.classify("predictions", 2).finish().folded();
    let tensors = graph.parameters().into_iter().map(|parameter| {
        let values = (0..parameter.shape.iter().product()).map(|index: usize| (index % 7) as f32 / 7.0 - 0.4).collect();
        (parameter.name, Tensor::float(parameter.shape, values))
    });
    let manifest = Manifest {
        schema: MANIFEST_SCHEMA,
        architecture: "small".to_owned(),
        input: InputSpec { size: 16, ..InputSpec::default() },
        classes: ["none", "some"].map(str::to_owned).to_vec(),
        recipe: String::new(),
        data_fingerprint: String::new(),
        held_out_fingerprint: None,
        split: SplitProtocol::Random,
        metrics: None,
        licence: "MIT".to_owned(),
        date: "2026-01-01".to_owned(),
        credit: String::new(),
        temperature: None,
        rejection: None,
        graph: None,
    };
    let file = WeightsFile { tensors: tensors.collect(), manifest: Manifest { graph: Some(graph), ..manifest } };
    let path = folder.join("small.safetensors");
    fs::write(&path, weights::write(&file).unwrap()).unwrap();
    path
}

fn scan(number: usize) -> Vec<u8> {
    if number % BROKEN_EVERY == 7 {
        return b"no picture".to_vec();
    }
    let picture = image::GrayImage::from_fn(12, 12, |x, y| image::Luma([(x * y + number as u32) as u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Folders of a thousand files each.
fn many_scans(folder: &Path, files: usize) -> PathBuf {
    let scans = folder.join("scans");
    for number in 0..files {
        let folder = scans.join((number / 1000).to_string());
        if number % 1000 == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("{number}.png")), scan(number)).unwrap();
    }
    scans
}

/// A weights file and `files` scans: their folder, and both paths as they are typed.
fn made(files: usize) -> (TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let [weights, scans] =
        [small_network(folder.path()), many_scans(folder.path(), files)].map(|path| path.display().to_string());
    (folder, weights, scans)
}

/// Every line, by its file.
fn lines(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).unwrap();
    let parse = |line| -> Value { serde_json::from_str(line).unwrap() };
    text.lines().map(parse).map(|line| (line["file"].as_str().unwrap().to_owned(), line)).collect()
}

#[test]
fn a_job_killed_at_random_moments_answers_every_file_once_or_lists_its_error() {
    let (folder, weights, scans) = made(FILES);
    let out = folder.path().join("answers.jsonl");
    let arguments = ["classify", &scans, "--weights", &weights, "--out", out.to_str().unwrap(), "--resume"];
    let mut random = ChaCha8Rng::seed_from_u64(20);
    let mut kills = 0;
    let status = loop {
        let mut job = command(&arguments).stderr(Stdio::null()).spawn().unwrap();
        if kills == MOST_KILLS {
            break job.wait().unwrap();
        }
        sleep(Duration::from_millis(random.random_range(100..1500)));
        if let Some(status) = job.try_wait().unwrap() {
            break status;
        }
        job.kill().unwrap();
        job.wait().unwrap();
        kills += 1;
    };
    assert_eq!(status.code(), Some(1), "some files are none, whichever run met them");
    let lines = lines(&out);
    let by_file: HashMap<_, _> = lines.iter().cloned().collect();
    println!("{} lines of {} files after {kills} kills", lines.len(), by_file.len());
    assert_eq!((lines.len(), by_file.len()), (FILES, FILES));
    assert!(kills > 0, "the job was never killed");
    for number in 0..FILES {
        let answer = &by_file[&format!("{scans}/{}/{number}.png", number / 1000)];
        let is_broken = number % BROKEN_EVERY == 7;
        assert_eq!(answer["error"].is_string(), is_broken, "{answer}");
        assert_eq!(answer["verdict"].is_string(), !is_broken, "{answer}");
    }
}

#[test]
fn jobs_that_share_out_the_files_have_the_answers_of_one() {
    let (folder, weights, scans) = made(500);
    let path = |name: &str| folder.path().join(name);
    let job = |part: &str, out: &Path| {
        sulcus(&["classify", &scans, "--weights", &weights, "--part", part, "--out", out.to_str().unwrap()])
    };
    let without_time = |(file, line)| (file, without(line, "milliseconds"));
    assert_eq!(job("1/1", &path("all.jsonl")).status.code(), Some(1), "one file is none");
    let all: Vec<_> = lines(&path("all.jsonl")).into_iter().map(without_time).collect();
    assert_eq!(all.len(), 500);
    let parts = (1..=3).map(|part| {
        let out = path(&format!("{part}.jsonl"));
        job(&format!("{part}/3"), &out);
        lines(&out)
    });
    let mut together: Vec<_> = parts.flatten().map(without_time).collect();
    together.sort_by(|a, b| a.0.cmp(&b.0));
    let mut sorted = all;
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(together, sorted);
}

#[test]
fn answers_come_in_the_order_of_a_list_from_standard_input_and_once() {
    let (_folder, weights, scans) = made(300);
    let files: Vec<String> = (0..300).rev().map(|number| format!("{scans}/0/{number}.png")).collect();
    let arguments = ["classify", "--files-from", "-", "--json", "--weights", &weights, "--threads", "3"];
    let mut job = command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let list = files.join("\n") + "\n" + &files[0] + "\n";
    job.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let printed = String::from_utf8(job.wait_with_output().unwrap().stdout).unwrap();
    let answered: Vec<String> = printed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["file"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(answered, files);
}

#[test]
fn answers_of_other_weights_are_not_mixed_and_a_file_is_not_written_over() {
    let (folder, weights, scans) = made(10);
    let out = folder.path().join("answers.jsonl").display().to_string();
    sulcus(&["classify", &scans, "--weights", &weights, "--out", &out]);
    let before = fs::read(&out).unwrap();
    let refused = |arguments: &[&str], expected: &str| {
        let output = sulcus(&[&["classify", &scans, "--out", &out], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected) && said.contains("hint: "), "{said}");
        assert_eq!(fs::read(&out).unwrap(), before);
    };
    refused(&["--weights", &weights], "is there already");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../weights/xception.safetensors");
    refused(&["--weights", shipped, "--resume"], "was answered by other weights");
    let again = sulcus(&["classify", &scans, "--weights", &weights, "--out", &out, "--resume"]);
    assert_eq!(again.status.code(), Some(1), "one file is none");
    assert_eq!(fs::read(&out).unwrap(), before, "nothing was left to answer");
}

/// A tar (POSIX ustar) of files.
fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156..163].copy_from_slice(b"0ustar\0");
        header[263..265].copy_from_slice(b"00");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        bytes.extend(header);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn every_slice_of_a_file_and_every_file_of_an_archive_has_a_line() {
    let (folder, weights, _) = made(1);
    let path = |name: &str| folder.path().join(name);
    let frames =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../imaging/tests/fixtures/frames/enhanced.dcm")).unwrap();
    let files = [
        ("brain/1.png", scan(1)),
        ("__MACOSX/brain/1.png", scan(2)),
        ("brain/frames.dcm", frames.clone()),
        ("brain/letter.txt", b"a letter".to_vec()),
    ];
    fs::write(path("study.tar"), tar(&files)).unwrap();
    fs::write(path("frames.dcm"), frames).unwrap();
    fs::write(path("cut.tar"), &tar(&files)[..1500]).unwrap();
    let out = path("answers.jsonl");
    let [study, alone, cut] = ["study.tar", "frames.dcm", "cut.tar"].map(|name| path(name).display().to_string());
    let arguments =
        ["classify", &study, &alone, &cut, "--weights", &weights, "--out", out.to_str().unwrap(), "--resume"];
    assert_eq!(sulcus(&arguments).status.code(), Some(1), "a letter and an archive that is cut off are among them");
    let lines: Vec<Value> = lines(&out).into_iter().map(|(_, line)| line).collect();
    let of = |file: &str| lines.iter().filter(|line| line["file"] == file).collect::<Vec<_>>();
    let frames = of(&alone).len();
    assert!(frames > 1, "{lines:?}");
    let of_study = of(&study);
    assert_eq!(of_study.len(), 1 + frames + 1);
    let (first, last) = (of_study[0], of_study[of_study.len() - 1]);
    assert_eq!((&first["entry"], &first["slice"]), (&"brain/1.png".into(), &Value::Null));
    assert_eq!((&of_study[1]["entry"], &of_study[1]["slice"]), (&"brain/frames.dcm".into(), &1.into()));
    assert!(last["error"].is_string() && last["entry"] == "brain/letter.txt" && last["more"].is_null(), "{last}");
    let all_but_the_last = &of_study[..of_study.len() - 1];
    assert!(all_but_the_last.iter().all(|line| line["more"] == true && line["verdict"].is_string()));
    for (inside, outside) in of_study[1..].iter().zip(of(&alone)) {
        assert_eq!(inside["probabilities"], outside["probabilities"]);
    }
    let of_cut = of(&cut);
    assert!(of_cut[of_cut.len() - 1]["error"].as_str().unwrap().contains("damaged"), "{of_cut:?}");

    // Killed among the slices of the study: all of it is answered again, and nothing twice.
    let text = fs::read_to_string(&out).unwrap();
    let kept: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&out, kept).unwrap();
    sulcus(&arguments);
    let without_time = |text: &str| -> Vec<Value> {
        let parse = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
        text.lines().map(|line| without(parse(line), "milliseconds")).collect()
    };
    assert_eq!(without_time(&fs::read_to_string(&out).unwrap()), without_time(&text));
}

fn without(mut line: Value, field: &str) -> Value {
    line.as_object_mut().unwrap().remove(field);
    line
}
