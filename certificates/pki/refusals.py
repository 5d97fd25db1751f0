"""Why a file, a key or a request is refused: a class for each reason, its text for people.

The text says what is wrong and what to do; it never holds anything of a secret.
"""


class Refusal(Exception):
    """Something that a participant brought is refused; the text says why and the remedy."""


class TooLarge(Refusal):
    """The file is larger than any file of its kind."""


class WrongFile(Refusal):
    """The file is of another kind (see `mistakes`); `exposes_key` if it holds a private key."""

    def __init__(self, text: str, *, exposes_key: bool = False) -> None:
        super().__init__(text)
        self.exposes_key = exposes_key


class NotACsr(Refusal):
    """The file holds no certificate signing request."""


class MoreThanOne(Refusal):
    """The file holds several where one is wanted."""


class Malformed(Refusal):
    """The file is of the right kind, but cannot be read."""


class BadSignature(Refusal):
    """The CSR is not signed by the key that it names (RFC 2986, section 3)."""


class WeakKey(Refusal):
    """The key is of a kind or size that is not taken."""


class NameRefused(Refusal):
    """A name asked for may not stand in the certificate."""


class IdentityRefused(Refusal):
    """The identity does not fit into a subject (RFC 5280, appendix A.1, upper bounds)."""


class NotAPfx(Refusal):
    """The file is no PFX (PKCS #12)."""


class WrongPassword(Refusal):
    """The password does not open the PFX."""


class NoPrivateKey(Refusal):
    """The PFX holds no private key."""


class NoCertificate(Refusal):
    """The PFX holds no certificate of its key."""


class NotTrusted(Refusal):
    """No chain leads from the certificate to the authority that is trusted here."""


class OutOfDate(Refusal):
    """The certificate is not valid yet, or not any more."""
