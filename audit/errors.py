"""What `audit` refuses, by name."""


class UnableToChangeAuditTrail(Exception):
    """An event that is recorded is neither changed nor deleted."""
