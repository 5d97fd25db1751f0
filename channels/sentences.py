"""How the audit trail puts what happens to webhooks into words: who ... which."""

SENTENCES = {
    "webhook:set": "set webhooks of the DIP ID",
    "webhook:test": "sent a test event to a webhook of the DIP ID",
    "webhook:remove": "removed webhooks of the DIP ID",
}
