"""What `mail` refuses, by name."""


class UnableToRetry(Exception):
    """The e-mail cannot be sent again; the message says why."""
