//! Reminders as a calendar (RFC 5545).
//!
//! Each is an event of its own, because a calendar that somebody subscribes to often shows events and no alarms; it has an
//! alarm, too. Its UID stays the same for a token and a step: an extended token's events move when the file is taken anew.

use chrono::TimeDelta;
use icalendar::{Alarm, Calendar, Component as _, Event, EventLike as _, Property, Trigger};

use super::Reminder;
use crate::domain::time::Timestamp;

/// The calendar, made at `now`.
#[must_use]
pub fn of(reminders: &[Reminder], now: Timestamp) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Strongroom//API connections//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.append_property(Property::new("X-WR-CALNAME", "API tokens that end"));
    for reminder in reminders {
        calendar.push(event(reminder, now));
    }
    calendar.to_string()
}

fn event(reminder: &Reminder, now: Timestamp) -> Event {
    let Reminder {
        organization,
        id,
        name,
        service,
        environment,
        ends_at,
        before,
        ..
    } = reminder;
    let uid = format!("{id}-{before}@strongroom");
    let summary = format!("{name} ({organization}) {}", reminder.said());
    let description = format!(
        "API token {name} of {organization}, for {service} in {environment}, stops working at {ends_at}. \
         Rotate it: strongroom --org {organization} token rotate {id}"
    );
    let mut alarm = Alarm::display(&summary, Trigger::from(TimeDelta::zero()));
    // RFC 9074. Left out, both would be made up anew each time.
    alarm.uid(&format!("alarm-{uid}")).timestamp(now.utc());
    Event::new()
        .uid(&uid)
        .timestamp(now.utc())
        .starts(reminder.at.utc())
        .summary(&summary)
        .description(&description)
        // Nobody is busy because of it.
        .add_property("TRANSP", "TRANSPARENT")
        .alarm(alarm)
        .done()
}
