//! A Rust compiler that can build for `wasm32-unknown-unknown`.
//!
//! `rustup target add` is the way where its servers can be reached. Where only the package registries can,
//! Debian's `rustc-web` is a compiler of the same kind without the target's standard library; the library's source is
//! a package too, so it is compiled once and Debian's compiler becomes rustup's toolchain `wasm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use model::Hinted;

use super::{State, Step, system};
use crate::shell;
use crate::workspace::Workspace;

/// The target of the page.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The step that `setup` takes.
pub const STEP: Step =
    Step { name: "wasm target", why: "compiles the page and its workers", find, install, without_it: None };

/// rustup's name for the toolchain made of Debian's packages.
const LINKED: &str = "wasm";
/// Debian's compiler, its cargo, the source of the standard library, and the linker.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];
/// Long enough for the 20 MB of the target on a slow line.
const RUSTUP_LIMIT: Duration = Duration::from_mins(3);

/// A toolchain that can build for the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that the repository asks for.
    Default,
    /// Debian's compiler, under rustup's name for it.
    Linked,
}

impl Toolchain {
    /// The toolchain to build the page with, the default one if it can.
    ///
    /// # Errors
    /// If none can; `setup` changes that.
    pub fn find(workspace: &Workspace) -> Result<Self> {
        [Self::Default, Self::Linked].into_iter().find(|toolchain| toolchain.links(workspace)).ok_or_else(|| {
            Hinted::new("no Rust toolchain can build for wasm32-unknown-unknown.", "run `cargo xtask setup`").into()
        })
    }

    /// A command that calls this toolchain's cargo, itself or by way of another program.
    pub fn command(self, workspace: &Workspace, program: &str) -> Command {
        let mut command = workspace.command(program);
        if self == Self::Linked {
            command.env("RUSTUP_TOOLCHAIN", LINKED);
        }
        command
    }

    /// Whether a library can be compiled and linked, which proves more than a folder of the right name:
    /// after an upgrade of the compiler the old standard library is still there, and unreadable.
    fn links(self, workspace: &Workspace) -> bool {
        let folder = workspace.cache().join("links");
        let source = folder.join("lib.rs");
        let written = fs::create_dir_all(&folder).and_then(|()| {
            fs::write(&source, "#[unsafe(no_mangle)] pub extern \"C\" fn f(n: u8) -> usize { vec![n; 2].len() }\n")
        });
        written.is_ok()
            && shell::succeeds(
                self.command(workspace, "rustc")
                    .args(["--edition=2024", "--crate-type=cdylib", "--target", TARGET, "-o"])
                    .arg(folder.join("lib.wasm"))
                    .arg(&source),
            )
    }
}

fn find(workspace: &Workspace) -> State {
    match Toolchain::find(workspace) {
        Ok(Toolchain::Default) => State::Present("from rustup".into()),
        Ok(Toolchain::Linked) => State::Present(format!("rustup's toolchain `{LINKED}`, Debian's compiler")),
        Err(_) => State::Missing("no toolchain links for it".into()),
    }
}

fn install(workspace: &Workspace) -> Result<()> {
    let mut rustup = workspace.command("rustup");
    match shell::run_within(rustup.args(["target", "add", TARGET]), RUSTUP_LIMIT) {
        Ok(()) if Toolchain::Default.links(workspace) => return Ok(()),
        Ok(()) => println!("  rustup added the target, and it does not link: trying Debian's compiler"),
        Err(error) => println!("  {error:#}: trying Debian's compiler"),
    }
    let compiler = Path::new("/usr/bin/rustc");
    if !debian_packages_are_there() {
        system::install(workspace, &PACKAGES)?;
    }
    let library = build_std(workspace, compiler)?;
    place(workspace, compiler, &library)?;
    shell::run(workspace.command("rustup").args(["toolchain", "link", LINKED, "/usr"]))
}

fn debian_packages_are_there() -> bool {
    ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/lld", "/usr/lib/rustlib/src/rust/library/std"]
        .iter()
        .all(|path| Path::new(path).exists())
}

/// Compiles the standard library for the target, and returns the folder of its files.
fn build_std(workspace: &Workspace, compiler: &Path) -> Result<PathBuf> {
    let folder = workspace.cache().join("wasm-std");
    if folder.exists() {
        // What another version of the compiler left would be copied with the rest.
        fs::remove_dir_all(&folder)?;
    }
    let target = folder.join("target");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), "[package]\nname = \"wasm-std\"\nedition = \"2024\"\n[workspace]\n")?;
    fs::write(folder.join("src/lib.rs"), "//! Empty: only what it depends on is wanted.\n")?;
    shell::run(
        workspace
            .command("/usr/bin/cargo")
            .current_dir(&folder)
            .env("RUSTC", compiler)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes") // else nothing that stands on it can be built with LTO
            .env("CARGO_TARGET_DIR", &target)
            .args(["build", "--release", "--target", TARGET, "-Zbuild-std=std,panic_abort,proc_macro,test"]),
    )?;
    let library = folder.join("lib");
    fs::create_dir_all(&library)?;
    for file in fs::read_dir(target.join(TARGET).join("release/deps"))? {
        let file = file?;
        if is_std(&file.path()) {
            fs::rename(file.path(), library.join(file.file_name()))?;
        }
    }
    Ok(library)
}

/// Whether a file is a library that belongs to the standard library.
fn is_std(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.extension().is_some_and(|extension| extension == "rlib") && !name.starts_with("libwasm_std")
}

/// Puts the standard library and the linker where the compiler looks for them.
fn place(workspace: &Workspace, compiler: &Path, library: &Path) -> Result<()> {
    let version = shell::stdout_of(Command::new(compiler).arg("-vV")).context("cannot ask rustc for its version")?;
    let Some(host) = host_in(&version) else { bail!("rustc names no host in:\n{version}") };
    let target = Path::new("/usr/lib/rustlib").join(TARGET);
    let programs = Path::new("/usr/lib/rustlib").join(host).join("bin");
    shell::run(system::as_root(workspace, "rm")?.arg("-rf").arg(target.join("lib")))?;
    shell::run(system::as_root(workspace, "mkdir")?.arg("-p").args([&target, &programs]))?;
    shell::run(system::as_root(workspace, "cp")?.arg("-r").args([library, &target]))?;
    shell::run(system::as_root(workspace, "ln")?.args(["-sf", "/usr/bin/lld"]).arg(programs.join("rust-lld")))
}

/// The host's triple in what `rustc -vV` writes.
fn host_in(version: &str) -> Option<&str> {
    version.lines().find_map(|line| line.strip_prefix("host: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_the_compilers_version() {
        let version =
            "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\nhost: aarch64-unknown-linux-gnu\nrelease: 1.96.0\n";
        assert_eq!(host_in(version), Some("aarch64-unknown-linux-gnu"));
        assert_eq!(host_in("rustc 1.96.0"), None);
    }

    #[test]
    fn only_the_standard_librarys_own_files_are_copied() {
        assert!(is_std(Path::new("deps/libcore-0a1b.rlib")));
        assert!(!is_std(Path::new("deps/libcore-0a1b.rmeta")));
        assert!(!is_std(Path::new("deps/libwasm_std-0a1b.rlib")));
    }
}
