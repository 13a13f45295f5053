//! What a child process tells its parent while it works, so that the parent knows what must be there when it is killed.
//!
//! A report goes through the pipe in one write, before the next thing is done: length, then postcard. One that was cut
//! off by a kill is left out.

use std::fs::File;
use std::io::{Read, Write as _};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use strongroom::service::ports::SlotId;

/// The records and audit entries that one commit writes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Keys and new values; `None` removes.
    pub(crate) records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(crate) audit: Vec<(u64, Vec<u8>)>,
}

/// All that is in a store, in little: how many, and a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    pub(crate) records: (u64, [u8; 32]),
    pub(crate) audit: (u64, [u8; 32]),
}

/// What a presented token was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Good,
    Refused,
    Unknown,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The store handed this out, before anything was written.
    Loaded(Contents),
    /// It would not open; what it said.
    Refused(String),
    /// It is open; whether it waits for somebody to accept an older state.
    Opened {
        rollback: bool,
    },
    /// Known tokens presented at a time, and how many organizations' private keys do not open.
    Looked {
        now: i64,
        answers: Vec<Answer>,
        shut: u32,
    },
    /// A commit begins.
    Try(Change),
    /// It returned: durable.
    Done,
    /// It returned an error; what it wrote may or may not be there.
    Failed {
        unknown: bool,
        text: String,
    },
    /// A wrapped data key was kept; and all but these were destroyed: nothing in a file may hold them.
    Slot(SlotId, Vec<u8>),
    Retained(Vec<SlotId>),
    /// A token that somebody has: its id and its text.
    Minted([u8; 16], String),
    /// A command begins.
    Asked(String),
    /// And is answered: what its error said.
    Answered(Option<String>),
    /// What time it is now.
    Clock(i64),
    /// What the store's health says of it: what opening mended, alarms, and what could not be done.
    Health(Vec<String>),
    /// A panic that nobody contained.
    Panicked(String),
    /// Everything was done.
    Ended,
}

/// The child's end of the pipe: its standard output.
#[derive(Clone)]
pub(crate) struct Pipe(Arc<Mutex<File>>);

impl Pipe {
    pub(crate) fn stdout() -> Self {
        let descriptor = std::io::stdout().as_fd().try_clone_to_owned().unwrap();
        Self(Arc::new(Mutex::new(File::from(descriptor))))
    }

    pub(crate) fn tell(&self, report: &Report) {
        let body = postcard::to_allocvec(report).unwrap();
        let mut bytes = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(body);
        // A parent that is gone reads nothing any more; the child ends by itself.
        let _ = self.0.lock().unwrap().write_all(&bytes);
    }
}

/// The reports of a child until it ended, each handed to `each`.
pub(crate) fn read(mut pipe: impl Read, mut each: impl FnMut(Report)) {
    let mut length = [0; 4];
    while pipe.read_exact(&mut length).is_ok() {
        let mut body = vec![0; u32::from_be_bytes(length) as usize];
        if pipe.read_exact(&mut body).is_err() {
            return;
        }
        each(postcard::from_bytes(&body).unwrap());
    }
}
