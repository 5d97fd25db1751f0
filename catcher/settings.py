"""Settings of the webhook catcher, from environment variables; docs/catcher.md lists them."""

import importlib.util
import secrets
import sys
from pathlib import Path

import environ

from dip_portal.lib import keyfiles

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# Where calls, the chosen answer and the secret are kept; how many of them, and how many bytes.
CATCHER_FOLDER = Path(env.str("CATCHER_FOLDER", default=str(BASE_DIR / "var" / "catcher")))
CATCHER_KEEPS = env.int("CATCHER_KEEPS", default=500)
CATCHER_KEEPS_BYTES = env.int("CATCHER_KEEPS_BYTES", default=256 * 1024 * 1024)
CATCHER_FOLDER.mkdir(parents=True, exist_ok=True)
# `authorities` in it has the CAs of Atlas, by which certificates are judged.
AUTHORITY_DIR = Path(env.str("DIP_AUTHORITY_DIR", default=str(BASE_DIR / "var" / "trusted-keys")))
BEHIND_GATEWAY = env.bool("DIP_BEHIND_GATEWAY", default=False)
if BEHIND_GATEWAY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECRET_KEY = keyfiles.read_or_create(
    CATCHER_FOLDER / "secret-key", lambda: secrets.token_urlsafe(64)
)
DEBUG = False
ALLOWED_HOSTS = env.list(
    "CATCHER_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "catcher.dip.localhost"]
)
ROOT_URLCONF = "catcher.urls"
WSGI_APPLICATION = "catcher.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["dip_portal.formats"]
DATABASES: dict[str, dict[str, str]] = {}
INSTALLED_APPS = ["django.contrib.staticfiles", "catcher"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates" / "sites" / "catcher"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # of a call; a larger one is answered with 413

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "dip_catcher_csrf"
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
_bootstrap = importlib.util.find_spec("bootstrap")
assert _bootstrap is not None
assert _bootstrap.submodule_search_locations
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", next(iter(_bootstrap.submodule_search_locations))),
]
# Without collected files (a checkout, a test) they are served as they lie.
_IS_COLLECTED = (STATIC_ROOT / "staticfiles.json").exists() and "pytest" not in sys.modules
WHITENOISE_USE_FINDERS = not _IS_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _IS_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
