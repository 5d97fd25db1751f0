"""What it looks like to this process when a server that it needs is away."""

from django.db import InterfaceError, OperationalError
from redis import exceptions as redis

# A refused or broken connection, a server that starts or ends, a database that stays locked.
# Nothing of it is the caller's doing, and as a rule it is over by itself: 503, not 500.
OUTAGE = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)
RETRY_AFTER = {"Retry-After": "10"}  # seconds
