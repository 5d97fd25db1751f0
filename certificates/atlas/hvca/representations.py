"""Claims and certificates as the API shows them. Times are UNIX seconds (UTC)."""

from datetime import datetime
from typing import Any

from certificates.atlas.models import Certificate, DomainClaim


def seconds(moment: datetime | None) -> int:
    """Return a time as UNIX seconds, 0 for none."""
    return int(moment.timestamp()) if moment else 0


def claim(row: DomainClaim, *, now: datetime) -> dict[str, Any]:
    """Return a domain claim with its log; the domain has the dot at its end that HVCA's have."""
    is_verified = row.is_verified_at(now)
    return {
        "id": row.reference,
        "status": "VERIFIED" if is_verified else "PENDING",
        "token": row.dvc,
        "domain": f"{row.domain}.",
        "created_at": seconds(row.created_at),
        "expires_at": seconds(row.expires_at if is_verified else row.assert_by),
        "assert_by": seconds(row.assert_by),
        "last_verified_at": seconds(row.last_verified_at),
        "last_verification_method": row.last_method,
        "log": [
            {
                "status": line.status,
                "description": line.description,
                "timestamp": seconds(line.at),
            }
            for line in row.log.all()
        ],
    }


def assertion(row: DomainClaim) -> dict[str, Any]:
    """Return what has to be shown at the domain, and until when."""
    return {"token": row.dvc, "assert_by": seconds(row.assert_by), "id": row.reference}


def certificate(row: Certificate) -> dict[str, Any]:
    """Return a certificate and whether it is revoked."""
    return {
        "certificate": row.pem,
        "status": "REVOKED" if row.is_revoked else "ISSUED",
        "updated_at": seconds(row.revoked_at or row.issued_at),
    }


def summary(row: Certificate) -> dict[str, Any]:
    """Return what lists of certificates have of each."""
    return {
        "serial_number": row.serial,
        "not_before": seconds(row.not_before),
        "not_after": seconds(row.not_after),
    }
