//! A web server for the page, on this computer alone.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use model::Hinted;
use tokio::runtime::Builder;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Sent with every answer: the page is isolated from other origins, so that its timers are exact and its memory
/// can be shared between threads; it is never taken for another type, and never out of date.
const HEADERS: [(&str, &str); 6] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
];

/// Serves a folder on 127.0.0.1 until the process is ended.
///
/// # Errors
/// If the folder holds no page, or the port is taken.
pub fn serve(folder: &Path, port: u16) -> Result<ExitCode> {
    ensure!(
        folder.join("index.html").is_file(),
        Hinted::new(
            format!("there is no page in {}.", folder.display()),
            "run `cargo xtask build`, or `cargo xtask serve` without --no-build"
        )
    );
    let listener = bind(port)?;
    println!("Sulcus is at http://{}/ (Ctrl-C ends it)", listener.local_addr()?);
    answer(listener, &[Folder { address: "/", path: folder.to_path_buf() }])?;
    Ok(ExitCode::SUCCESS)
}

/// A folder and the address below which its files are found; `/` takes what no other folder does.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The address, with a slash before it.
    pub address: &'static str,
    /// The folder.
    pub path: PathBuf,
}

/// Serves folders beside what this process does, on any port that is free, and returns the address.
///
/// # Errors
/// If no port is free.
pub fn serve_beside(folders: &[Folder]) -> Result<SocketAddr> {
    let listener = bind(0)?;
    let address = listener.local_addr()?;
    let folders = folders.to_vec();
    thread::spawn(move || {
        if let Err(error) = answer(listener, &folders) {
            eprintln!("the server stopped: {error:#}");
        }
    });
    Ok(address)
}

fn bind(port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", port)).with_context(|| {
        let hint = "choose another port with --port, 0 for any that is free";
        Hinted::new(format!("cannot listen on 127.0.0.1:{port}"), hint)
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn answer(listener: TcpListener, folders: &[Folder]) -> Result<()> {
    let mut router = folders.iter().fold(Router::new(), |router, Folder { address, path }| match *address {
        "/" => router.fallback_service(ServeDir::new(path)),
        address => router.nest_service(address, ServeDir::new(path)),
    });
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        router = router.layer(SetResponseHeaderLayer::overriding(name, value));
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Ok(axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await?) })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// A server over a folder with an `index.html` and a `worker.wasm`.
    fn server() -> SocketAddr {
        let listener = bind(0).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("index.html"), "<p>page</p>").unwrap();
            fs::write(folder.path().join("worker.wasm"), vec![0; 100_000]).unwrap();
            fs::create_dir(folder.path().join("beside")).unwrap();
            fs::write(folder.path().join("beside/own.js"), "own").unwrap();
            let at = |address, path| Folder { address, path };
            answer(listener, &[at("/", folder.path().into()), at("/other", folder.path().join("beside"))])
        });
        address
    }

    /// What the server answers to a request.
    fn reply_to(request: &str) -> String {
        let mut stream = TcpStream::connect(server()).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    #[test]
    fn the_folder_itself_is_the_page() {
        let reply = reply_to("GET /");
        assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("<p>page</p>"), "{reply}");
        assert!(reply.contains("cross-origin-embedder-policy: require-corp"), "{reply}");
    }

    #[test]
    fn a_module_has_its_own_type_and_a_length() {
        let reply = reply_to("HEAD /worker.wasm");
        assert!(reply.contains("content-type: application/wasm"), "{reply}");
        assert!(reply.contains("content-length: 100000"), "{reply}");
    }

    #[test]
    fn another_folder_has_an_address_of_its_own() {
        let reply = reply_to("GET /other/own.js");
        assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("own"), "{reply}");
        assert!(reply.contains("cross-origin-embedder-policy: require-corp"), "{reply}");
        assert!(reply_to("GET /other/index.html").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(reply_to("GET /absent.js").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn nothing_can_be_sent_to_it() {
        assert!(reply_to("POST /index.html").starts_with("HTTP/1.1 405"));
    }

    #[test]
    fn a_path_outside_the_folder_is_not_found() {
        assert!(reply_to("GET /../../../../../../etc/passwd").starts_with("HTTP/1.1 404"));
        assert!(reply_to("GET /%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd").starts_with("HTTP/1.1 404"));
    }

    #[test]
    fn connections_that_are_kept_open_keep_nobody_waiting() {
        let address = server();
        let kept: Vec<_> = (0..50)
            .map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
                stream
            })
            .collect();
        for stream in &kept {
            let mut status = String::new();
            BufReader::new(stream).read_line(&mut status).unwrap();
            assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        }
    }
}
