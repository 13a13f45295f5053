//! When what was not taken is tried again: further and further apart, for some three days (Standard Webhooks 1.0).

use chrono::TimeDelta;

/// Seconds between the attempts, where nobody says otherwise: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
pub const RETRIES: [u32; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// As long as a receiver may ask us to wait.
const LONGEST: i64 = 86_400;
/// A tenth more or less, so that not all come back at once.
const JITTER: i64 = 10;

/// How long to wait after so many attempts, with what the receiver asked for and a random number; `None` to give up.
#[must_use]
pub fn wait(retries: &[u32], attempts: u32, asked: Option<u64>, random: u16) -> Option<TimeDelta> {
    let place = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let millis = i64::from(*retries.get(place)?) * 1000;
    let spread = millis / JITTER;
    let millis = millis - spread + spread * 2 * i64::from(random) / i64::from(u16::MAX);
    let asked = asked.map_or(0, |seconds| {
        i64::try_from(seconds).unwrap_or(LONGEST).min(LONGEST)
    });
    Some(TimeDelta::milliseconds(millis.max(asked * 1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_further_and_further_apart_and_given_up_after_three_days() {
        let waits: Vec<i64> = (1..)
            .map_while(|attempts| wait(&RETRIES, attempts, None, u16::MAX / 2))
            .map(|wait| wait.num_seconds())
            .collect();
        assert_eq!(waits.len(), RETRIES.len());
        assert!(waits.is_sorted() && (4..=5).contains(&waits[0]), "{waits:?}");
        assert!(
            (60..96).contains(&(waits.iter().sum::<i64>() / 3600)),
            "{waits:?}"
        );
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_for_ever_and_chance_moves_it_a_tenth() {
        let seconds = |asked, random| wait(&[100], 1, asked, random).unwrap().num_seconds();
        assert_eq!([seconds(None, 0), seconds(None, u16::MAX)], [90, 110]);
        assert_eq!([seconds(Some(7), 0), seconds(Some(700), 0)], [90, 700]);
        assert_eq!(seconds(Some(u64::MAX), 0), 86_400);
        assert_eq!(wait(&[100], 2, None, 0), None);
    }
}
