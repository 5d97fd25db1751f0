"""What the DIP knows of the certificates of its companies."""

from certificates.models.certificate import Certificate

__all__ = ["Certificate"]
