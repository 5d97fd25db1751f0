"""What the services of `certificates` refuse, by name; each names the field and the remedy."""


class UnableToManageCertificates(Exception):
    """Something of a company's certificates cannot be done like this.

    `field` is what is wrong, empty where no single field is; the message is the remedy.
    `exposes_key` tells that a private key was sent, which the form may not show again.
    """

    def __init__(self, field: str, message: str, *, exposes_key: bool = False) -> None:
        super().__init__(message)
        self.field = field
        self.exposes_key = exposes_key


class UnableToSaveCredentials(UnableToManageCertificates):
    """The API credentials cannot be saved."""


class UnableToRegisterDomain(UnableToManageCertificates):
    """A domain cannot be registered, checked or given up."""


class UnableToRequestCertificate(UnableToManageCertificates):
    """A certificate cannot be asked for like this."""


class UnableToRevokeCertificate(UnableToManageCertificates):
    """A certificate cannot be revoked now."""


class NoCredentials(Exception):
    """The company has no API credentials saved, so that nothing can be asked of Atlas."""
