//! The Gregorian calendar once more, without chrono: counting the days of years and months one by one.

const DAY: i64 = 86_400_000;

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_of(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

/// Midnight of a day from 1970 on, in milliseconds since 1970.
pub(crate) fn millis(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(days_of).sum();
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    (years + months + day - 1) * DAY
}

/// The same day and time so many months later, or that month's last day.
pub(crate) fn plus_months(at: i64, months: i64) -> i64 {
    let (mut year, mut month, mut day) = (1970, 1, at / DAY);
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    let later = year * 12 + month - 1 + months;
    let (year, month) = (later / 12, later % 12 + 1);
    millis(year, month, (day + 1).min(days_in(year, month))) + at % DAY
}

#[test]
fn the_oracle_knows_the_calendar() {
    assert_eq!(millis(2000, 3, 1), 951_868_800_000);
    assert_eq!(plus_months(millis(2026, 1, 31) + 5, 1), millis(2026, 2, 28) + 5);
    assert_eq!(plus_months(millis(2027, 11, 30), 3), millis(2028, 2, 29));
    assert_eq!(plus_months(millis(2100, 1, 29), 1), millis(2100, 2, 28));
}
