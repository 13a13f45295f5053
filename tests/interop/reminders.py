"""Reads a calendar from standard input with icalendar; prints its events as JSON."""

import datetime
import json
import sys

import icalendar

events = []
for event in icalendar.Calendar.from_ical(sys.stdin.buffer.read()).walk("VEVENT"):
    alarms = event.walk("VALARM")
    events.append(
        {
            "uid": str(event["UID"]),
            "start": event["DTSTART"].dt.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "summary": str(event["SUMMARY"]),
            "description": str(event["DESCRIPTION"]),
            "alarms": [[str(alarm["ACTION"]), alarm["TRIGGER"].dt.total_seconds()] for alarm in alarms],
        }
    )
json.dump(events, sys.stdout)
