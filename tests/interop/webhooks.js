// Verifies webhooks with standardwebhooks: JSON from standard input with the secret and what was received.
'use strict'

const { Webhook } = require('standardwebhooks')

const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const webhook = new Webhook(given.secret)
process.stdout.write(JSON.stringify(given.received.map((one) => webhook.verify(one.body, one.headers).type)))
