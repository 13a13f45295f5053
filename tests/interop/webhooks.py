"""Verifies webhooks with standardwebhooks: JSON from standard input with the secret and what was received."""

import json
import sys

from standardwebhooks.webhooks import Webhook

given = json.load(sys.stdin)
webhook = Webhook(given["secret"])
json.dump([webhook.verify(one["body"], one["headers"])["type"] for one in given["received"]], sys.stdout)
