//! What the operating system gives: time, randomness, signals, the data directory and its lock, who we are, the files that
//! hold a seal key, and how the process keeps its memory to itself.

pub mod checkpoint_file;
pub mod clipboard;
pub mod clock;
pub mod data_dir;
pub mod entropy;
pub mod handed;
pub mod hardening;
pub mod identity;
pub mod journald;
pub mod lock;
pub mod logging;
pub mod outbox;
pub mod private_file;
pub mod prompt;
pub mod scan;
pub mod seal_file;
pub mod settings;
pub mod signals;
pub mod socket;
pub mod systemd;

pub use self::clock::SystemClock;
pub use self::entropy::OsEntropy;
