//! A web server for the page, on this computer alone.

use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

const THREADS: usize = 4;

/// Sent with every answer: the page is isolated from other origins, so that its timers are exact and its memory
/// can be shared between threads; it is never taken for another type, and never out of date.
const HEADERS: [(&str, &str); 6] = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
];

/// Serves a folder on 127.0.0.1 until the process is ended.
///
/// # Errors
/// If the folder holds no page, or the port is taken.
pub fn serve(folder: &Path, port: u16) -> Result<ExitCode> {
    ensure!(
        folder.join("index.html").is_file(),
        "there is no page in {}.\nhint: run `cargo xtask build`, or `cargo xtask serve` without --no-build",
        folder.display()
    );
    let server = bind(port)?;
    println!("Sulcus is at http://{}/ (Ctrl-C ends it)", server.server_addr());
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, folder) = (Arc::clone(&server), folder.to_path_buf());
            thread::spawn(move || answer_all(&server, &folder))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread of the server panicked; the reason stands above"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn bind(port: u16) -> Result<Arc<Server>> {
    let server = Server::http(("127.0.0.1", port)).map_err(|error| anyhow!(error)).with_context(|| {
        format!("cannot listen on 127.0.0.1:{port}.\nhint: choose another port with --port, 0 for any that is free")
    })?;
    Ok(Arc::new(server))
}

fn answer_all(server: &Server, folder: &Path) {
    for request in server.incoming_requests() {
        let shown = format!("{} {}", request.method(), request.url());
        if let Err(error) = answer(request, folder) {
            // A browser that leaves closes its connections; the next request has its own.
            eprintln!("{shown}: {error:#}");
        }
    }
}

fn answer(request: Request, folder: &Path) -> Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return refuse(request, 405);
    }
    let Some(path) = path_of(request.url()) else { return refuse(request, 404) };
    let Ok(file) = File::open(folder.join(&path)) else { return refuse(request, 404) };
    if !file.metadata()?.is_file() {
        return refuse(request, 404);
    }
    // Sent whole and not in chunks, so that the page can show how much of a download is done.
    let response = Response::from_file(file).with_chunked_threshold(usize::MAX);
    Ok(request.respond(with_headers(response, mime_type(&path))?)?)
}

fn refuse(request: Request, status: u16) -> Result<()> {
    let response = Response::from_string(StatusCode(status).default_reason_phrase()).with_status_code(status);
    Ok(request.respond(with_headers(response, "text/plain; charset=utf-8")?)?)
}

fn with_headers<R: std::io::Read>(mut response: Response<R>, mime_type: &str) -> Result<Response<R>> {
    for (name, value) in HEADERS.into_iter().chain([("Content-Type", mime_type)]) {
        response.add_header(Header::from_bytes(name, value).map_err(|()| anyhow!("{name}: {value} is not a header"))?);
    }
    Ok(response)
}

/// The file below the served folder that a URL asks for; `None` where it would lie outside.
fn path_of(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let path = PathBuf::from(if path.is_empty() { "index.html" } else { path });
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

/// The media type of a file, by the end of its name; browsers run WebAssembly and modules only under their own.
fn mime_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        "dcm" => "application/dicom",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    /// What a server over a folder with an `index.html` and a `worker.wasm` answers to a request.
    fn reply_to(request: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "<p>page</p>").unwrap();
        fs::write(folder.path().join("worker.wasm"), vec![0; 100_000]).unwrap();
        let server = bind(0).unwrap();
        let mut stream = TcpStream::connect(server.server_addr().to_ip().unwrap()).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let path = folder.path().to_path_buf();
        let thread = thread::spawn(move || answer(server.recv().unwrap(), &path).unwrap());
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        thread.join().unwrap();
        reply
    }

    #[test]
    fn the_folder_itself_is_the_page() {
        let reply = reply_to("GET /");
        assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("<p>page</p>"), "{reply}");
        assert!(reply.contains("Cross-Origin-Embedder-Policy: require-corp"), "{reply}");
    }

    #[test]
    fn a_module_has_its_own_type_and_a_length() {
        let reply = reply_to("HEAD /worker.wasm");
        assert!(reply.contains("Content-Type: application/wasm"), "{reply}");
        assert!(reply.contains("Content-Length: 100000"), "{reply}");
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
    fn a_path_outside_the_folder_is_refused() {
        assert_eq!(path_of("/../secret"), None);
        assert_eq!(path_of("/weights/../../secret"), None);
        assert_eq!(path_of("/worker-cpu/worker.js?v=1"), Some(PathBuf::from("worker-cpu/worker.js")));
        assert_eq!(path_of("/"), Some(PathBuf::from("index.html")));
    }

    #[test]
    fn an_unknown_ending_is_plain_bytes() {
        assert_eq!(mime_type(Path::new("xception.safetensors")), "application/octet-stream");
        assert_eq!(mime_type(Path::new("worker.js")), "text/javascript; charset=utf-8");
    }
}
