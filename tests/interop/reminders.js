// Reads a calendar from standard input with ical.js; prints its events as JSON.
'use strict'

const module_ = require('ical.js')
const ICAL = module_.default || module_

const text = require('node:fs').readFileSync(0, 'utf8')
const calendar = new ICAL.Component(ICAL.parse(text))
const events = calendar.getAllSubcomponents('vevent').map((component) => {
  const event = new ICAL.Event(component)
  return {
    uid: event.uid,
    start: event.startDate.toString(),
    summary: event.summary,
    description: event.description,
    alarms: component.getAllSubcomponents('valarm').map((alarm) => [
      alarm.getFirstPropertyValue('action'),
      alarm.getFirstPropertyValue('trigger').toSeconds(),
    ]),
  }
})
process.stdout.write(JSON.stringify(events))
