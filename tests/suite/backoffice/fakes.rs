//! Two back offices that are simulated: one that reads and writes files, one behind HTTP. They change when a real one is seen to
//! behave in another way.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// As it should.
    Up,
    /// It cannot be reached.
    Away,
    /// It refuses what is about this dossier.
    Refuses(String),
    /// It takes what comes, and is cut off before it says so.
    CutsAfterTaking,
    /// It has it already.
    HasIt,
    /// It answers with this status.
    Status(u16),
    /// It takes the question and says nothing.
    Silent,
    /// It speaks another language.
    NoHttp,
    /// It answers questions with this.
    Says(String),
}

/// A back office that is simulated.
pub(super) trait Fake {
    /// Its keys in the configuration.
    fn keys(&self, root: &Path) -> String;
    /// What it was told since it was last asked, in order.
    fn heard(&mut self) -> Vec<Value>;
    /// Says rows.
    fn says(&mut self, rows: Value);
    /// What it was told of its rows since it was last asked.
    fn answers(&mut self) -> Vec<String>;
    /// From now on.
    fn turn(&mut self, mode: Mode);
}

/// One that takes files away, and leaves files.
pub(super) struct OnFolder {
    dir: PathBuf,
    left: usize,
}

impl OnFolder {
    pub(super) fn new(root: &Path) -> Self {
        let dir = root.join("gestionale");
        fs::create_dir_all(dir.join("entrata")).unwrap();
        Self { dir, left: 0 }
    }

    /// Leaves a file that nobody writes any more.
    pub(super) fn leaves(&mut self, name: &str, text: &str) {
        let path = self.dir.join("entrata").join(name);
        fs::write(&path, text).unwrap();
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_secs(60))
            .unwrap();
    }

    fn files(&self, part: &str, ending: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.join(part)).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        files.sort();
        files
    }
}

impl Fake for OnFolder {
    fn keys(&self, _: &Path) -> String {
        format!("cartella = \"{}\"", self.dir.display())
    }

    fn heard(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        for path in self.files("uscita", ".json") {
            heard.push(serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap());
            fs::remove_file(path).unwrap();
        }
        assert_eq!(self.files("uscita", "").len(), 0, "only whole files");
        heard.sort_by_key(|event| {
            let mut parts = event["id"].as_str().unwrap().split('-');
            let mut number = || parts.next().unwrap().parse::<u64>().unwrap();
            (number(), number())
        });
        heard
    }

    fn says(&mut self, rows: Value) {
        self.left += 1;
        // White space of its own: the same rows in another file.
        self.leaves(&format!("righe-{:03}.json", self.left), &format!("{}{rows}", " ".repeat(self.left)));
    }

    fn answers(&mut self) -> Vec<String> {
        assert_eq!(self.files("entrata", ".json").len() + self.files("entrata", ".csv").len(), 0);
        let reports = self.files("entrata/fatti", ".esito.txt");
        reports
            .into_iter()
            .map(|path| {
                let text = fs::read_to_string(&path).unwrap();
                fs::remove_file(path).unwrap();
                text
            })
            .collect()
    }

    fn turn(&mut self, mode: Mode) {
        let away = self.dir.with_extension("via");
        match mode {
            Mode::Away => fs::rename(&self.dir, away).unwrap(),
            Mode::Up => fs::rename(away, &self.dir).unwrap(),
            other => panic!("a folder has no {other:?}"),
        }
    }
}

/// One behind HTTP.
pub(super) struct OnHttp {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    mode: Mode,
    /// The token and the body of each POST that it took.
    posts: Vec<(String, Value)>,
    told: usize,
    answered: usize,
    /// The paths of each GET.
    asked: Vec<String>,
    /// The rows of each page.
    pages: Vec<Value>,
}

impl OnHttp {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared { mode: Mode::Up, posts: vec![], told: 0, answered: 0, asked: vec![], pages: vec![] };
        let shared = Arc::new(Mutex::new(shared));
        let of_thread = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = of_thread.clone();
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self { port, shared }
    }

    pub(super) fn posts(&self) -> Vec<(String, Value)> {
        self.shared.lock().unwrap().posts.clone()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }
}

impl Fake for OnHttp {
    fn keys(&self, root: &Path) -> String {
        let token = root.join("gettone");
        format!("indirizzo = \"http://127.0.0.1:{}/eventi\"\ngettone_file = \"{}\"", self.port, token.display())
    }

    fn heard(&mut self) -> Vec<Value> {
        let mut shared = self.shared.lock().unwrap();
        let new = shared.posts.iter().skip(shared.told).map(|(_, body)| body.clone());
        let new = new.filter(|body| body["evento"] != "righe-lette").collect();
        shared.told = shared.posts.len();
        new
    }

    fn says(&mut self, rows: Value) {
        self.shared.lock().unwrap().pages.push(rows);
    }

    fn answers(&mut self) -> Vec<String> {
        let mut shared = self.shared.lock().unwrap();
        let new = shared.posts.iter().skip(shared.answered).map(|(_, body)| body.clone());
        let new = new.filter(|body| body["evento"] == "righe-lette").map(|body| body.to_string()).collect();
        shared.answered = shared.posts.len();
        new
    }

    fn turn(&mut self, mode: Mode) {
        self.shared.lock().unwrap().mode = mode;
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length, mut token) = (String::new(), 0, String::new());
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (name, value) = line.split_once(':').unwrap_or((line.trim(), ""));
        match name.to_ascii_lowercase().as_str() {
            "" => break,
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => value.trim().clone_into(&mut token),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut shared = shared.lock().unwrap();
    let mode = shared.mode.clone();
    let is_post = first.starts_with("POST");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, said) = match &mode {
        Mode::Away => return None,
        Mode::Silent => {
            drop(shared);
            thread::sleep(Duration::from_secs(2));
            return None;
        }
        Mode::NoHttp => {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            return None;
        }
        Mode::Status(status) => (*status, String::new()),
        Mode::Refuses(number) if is_post && body["fascicolo"] == number.as_str() => (422, String::new()),
        _ if is_post => {
            shared.posts.push((token, body));
            match mode {
                Mode::CutsAfterTaking => return None,
                Mode::HasIt => (409, String::new()),
                _ => (201, String::new()),
            }
        }
        Mode::Says(text) => (200, text.clone()),
        _ => {
            let path = first.split_whitespace().nth(1).unwrap_or_default();
            shared.asked.push(path.to_owned());
            // Where it goes on is the number of pages that were read.
            let read = path.split_once("dopo=").map_or(0, |(_, n)| n.parse::<usize>().unwrap_or(usize::MAX));
            match shared.pages.get(read) {
                Some(rows) => (200, json!({ "righe": rows, "prossimo": (read + 1).to_string() }).to_string()),
                None => (200, json!({ "righe": [] }).to_string()),
            }
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}", said.len());
    stream.write_all(head.as_bytes()).ok()
}
