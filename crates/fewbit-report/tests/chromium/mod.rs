//! A headless Chromium, driven over its DevTools protocol, and what it must find on every page.
//!
//! Skipped, with a message, where there is no Chromium. With `FEWBIT_SCREENSHOTS=FOLDER` the tests leave pictures of every
//! page there, for people to look at.

pub mod check;

use serde_json::{Value, json};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// How long the browser may take for anything; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Browsers are large: tests that run at the same time take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A running browser; it ends with this value.
pub struct Browser {
    _turn: MutexGuard<'static, ()>,
    process: Child,
    socket: WebSocket<TcpStream>,
    // Kept until the browser has ended.
    _profile: TempDir,
    calls: u64,
    events: Vec<Value>,
}

/// Sizes of screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Phone,
    Desktop,
}

/// A media feature and its value.
pub type Media = (&'static str, &'static str);

impl Browser {
    /// Starts Chromium; `None`, with a message, where there is none.
    pub fn start() -> Option<Self> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
        let paths = std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
        let Some(program) = paths.into_iter().find(|path| path.is_file()) else {
            eprintln!("skipped: there is no chromium to open the pages in (Debian: apt-get install chromium)");
            return None;
        };
        Some(Self::run(&program))
    }

    fn run(program: &Path) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        let mut user_data = std::ffi::OsString::from("--user-data-dir=");
        user_data.push(profile.path());
        let process = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
            ])
            .args(["--hide-scrollbars", "--remote-debugging-port=0"])
            .arg(user_data)
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port_file = profile.path().join("DevToolsActivePort");
        let start = Instant::now();
        let address = loop {
            match fs::read_to_string(&port_file) {
                Ok(text) if text.lines().count() == 2 => break text,
                _ if start.elapsed() > PATIENCE => panic!("{} does not start", program.display()),
                _ => sleep(Duration::from_millis(20)),
            }
        };
        let (port, path) = address.split_once('\n').unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}{}", path.trim()), stream).unwrap();
        Self { _turn: turn, process, socket, _profile: profile, calls: 0, events: Vec::new() }
    }

    /// Opens a file on a screen, with media features in place of the machine's.
    pub fn open(&mut self, file: &Path, screen: Screen, media: &[Media]) -> Page<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let target = target["targetId"].as_str().unwrap().to_owned();
        let attached = self.call(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        self.events.clear();
        let mut page = Page { browser: self, session, target };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable", "Accessibility.enable"] {
            page.call(domain, json!({}));
        }
        let (width, height, mobile) = match screen {
            Screen::Phone => (360, 740, true),
            Screen::Desktop => (1280, 900, false),
        };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        page.call("Emulation.setDeviceMetricsOverride", metrics);
        page.set_media(media);
        page.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        page.browser.wait_for("Page.loadEventFired");
        page
    }

    fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let message = self.receive();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn wait_for(&mut self, event: &str) {
        while !self.events.iter().any(|seen| seen["method"] == event) {
            let message = self.receive();
            self.events.push(message);
        }
    }

    fn receive(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("the browser answers in time") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An open page; it is closed with this value.
pub struct Page<'b> {
    browser: &'b mut Browser,
    session: String,
    target: String,
}

impl Page<'_> {
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.browser.call(Some(&self.session), method, parameters)
    }

    /// Puts media features in place of the machine's; `("type", "print")` is the page as it is printed.
    pub fn set_media(&mut self, media: &[Media]) {
        let kind = media.iter().find(|(name, _)| *name == "type").map_or("", |(_, value)| value);
        let features = media.iter().filter(|(name, _)| *name != "type");
        let features: Vec<Value> = features.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.call("Emulation.setEmulatedMedia", json!({ "media": kind, "features": features }));
    }

    /// The value of a JavaScript expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let result = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(result["exceptionDetails"].is_null(), "{}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Every node that a screen reader meets: its role and its name.
    pub fn accessible(&mut self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().unwrap().iter();
        nodes.filter(|node| node["ignored"] != true).map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }

    /// What the console said, what went wrong, and what was asked of the network.
    pub fn complaints(&mut self) -> Vec<String> {
        // Whatever the page has to say so far comes before the answer.
        self.evaluate("0");
        let events = self.browser.events.iter();
        let complaint = |event: &Value| match event["method"].as_str()? {
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                Some(event["params"].to_string())
            }
            "Network.requestWillBeSent" => {
                let url = event["params"]["request"]["url"].as_str()?;
                (!url.starts_with("file:") && !url.starts_with("data:")).then(|| format!("asks for {url}"))
            }
            _ => None,
        };
        events.filter_map(complaint).collect()
    }

    /// A picture of the whole page.
    pub fn screenshot(&mut self, file: &Path) {
        let size = self.evaluate(
            "({width: document.documentElement.scrollWidth, height: document.documentElement.getBoundingClientRect().height})",
        );
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let parameters = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        self.write(file, "Page.captureScreenshot", parameters);
    }

    /// The page as PDF.
    pub fn print(&mut self, file: &Path) {
        self.write(
            file,
            "Page.printToPDF",
            json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": true }),
        );
    }

    fn write(&mut self, file: &Path, method: &str, parameters: Value) {
        use base64::Engine;
        let result = self.call(method, parameters);
        let bytes = base64::engine::general_purpose::STANDARD.decode(result["data"].as_str().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        // A browser that has failed has no page to close.
        if !std::thread::panicking() {
            let target = self.target.clone();
            self.browser.call(None, "Target.closeTarget", json!({ "targetId": target }));
        }
    }
}

/// Where screenshots go, if they are asked for: the folder in `FEWBIT_SCREENSHOTS`.
pub fn screenshot_folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("FEWBIT_SCREENSHOTS")?);
    fs::create_dir_all(&folder).unwrap();
    Some(folder)
}
