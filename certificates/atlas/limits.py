"""How often something may be done, counted in the cache."""

from django.core.cache import cache


def is_within(what: str, who: str | int, *, most: int, seconds: int) -> bool:
    """Count one more, and tell whether it is among the first `most` of these seconds.

    `what` and `who` make one count; it begins anew when its seconds are over.
    """
    key = f"atlas-limit:{what}:{who}"
    if cache.add(key, 1, timeout=seconds):
        return most >= 1
    try:
        return cache.incr(key) <= most
    except ValueError:  # it has just run out
        cache.add(key, 1, timeout=seconds)
        return True
