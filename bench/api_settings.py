"""The portal's settings with one more address, which reads nothing: what the API is beside."""

from dip_portal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.api_urls"
