"""How often the API may be called: counted in the cache by the minute.

Several web processes need a cache that they share (REDIS_URL), or each counts by itself.
"""

import time
from dataclasses import dataclass

from django.core.cache import cache

SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Count:
    """Where a caller stands in this minute: `most` calls, `left` of them, `seconds` to its end."""

    most: int
    left: int
    seconds: int
    is_over: bool

    @property
    def headers(self) -> dict[str, str]:
        """The RateLimit headers as most clients know them, of the IETF's earlier drafts."""
        return {
            "RateLimit-Limit": str(self.most),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.seconds),
            "RateLimit-Policy": f"{self.most};w={SECONDS}",
        }


def count(what: str, who: str, *, most: int) -> Count:
    """Count one more call of this minute."""
    now = time.time()
    minute = int(now // SECONDS)
    key = f"api-limit:{what}:{who}:{minute}"
    try:
        made = cache.incr(key)
    except ValueError:  # the first of this minute, unless another thread was quicker
        made = 1 if cache.add(key, 1, timeout=2 * SECONDS) else cache.incr(key)
    return Count(
        most=most,
        left=max(0, most - made),
        seconds=max(1, int((minute + 1) * SECONDS - now)),
        is_over=made > most,
    )
