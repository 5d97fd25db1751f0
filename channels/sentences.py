"""How the audit trail puts what happens to webhooks into words: who ... which."""

SENTENCES = {
    "webhook:set": "set webhooks of the DIP ID",
    "webhook:remove": "removed webhooks of the DIP ID",
}
