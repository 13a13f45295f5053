//! The one place that reads the system's clocks.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::domain::time::Timestamp;
use crate::service::ports::Clock;

/// CLOCK_BOOTTIME counts while the machine sleeps, so an idle console is locked when the lid opens again.
#[cfg(target_os = "linux")]
const MONOTONIC: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const MONOTONIC: ClockId = ClockId::Monotonic;

/// A random UUID that the kernel makes at each boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The wall clock, and the time since boot.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Not by way of a calendar: verify asks for it each time.
        let time = clock_gettime(ClockId::Realtime);
        Timestamp::from_millis(time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
    }

    fn monotonic(&self) -> Duration {
        // Negative readings do not exist; saturating spares a panic that could never be explained.
        Duration::try_from(clock_gettime(MONOTONIC)).unwrap_or_default()
    }

    fn boot(&self) -> [u8; 16] {
        boot_id(std::fs::read_to_string(BOOT_ID).unwrap_or_default().trim())
    }
}

/// The UUID's bytes; zeros on a system without one.
fn boot_id(uuid: &str) -> [u8; 16] {
    let digits = uuid.replace('-', "");
    u128::from_str_radix(&digits, 16)
        .unwrap_or_default()
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_has_a_name_that_stays() {
        assert_eq!(SystemClock.boot(), SystemClock.boot());
        assert_ne!(SystemClock.boot(), [0; 16]);
        let id = boot_id("0f000000-0000-4000-8000-0000000000a1");
        assert_eq!((id[0], id[6], id[15]), (0x0f, 0x40, 0xa1));
    }

    #[test]
    fn the_monotonic_reading_does_not_go_back() {
        let first = SystemClock.monotonic();
        assert!(first > Duration::ZERO);
        assert!(SystemClock.monotonic() >= first);
    }

    #[test]
    fn the_wall_clock_is_past_the_day_this_was_written() {
        assert!(SystemClock.now().millis() > 1_760_000_000_000);
    }
}
