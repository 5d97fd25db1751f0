"""What the services of `operations` refuse, by name."""


class UnableToSendAgain(Exception):
    """None of the chosen e-mails can be sent again; the message says why."""
