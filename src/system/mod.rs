//! What the operating system gives: time, randomness, signals and the files that hold a seal key.

pub mod clock;
pub mod entropy;
pub mod seal_file;
pub mod signals;

pub use self::clock::SystemClock;
pub use self::entropy::OsEntropy;
