"""Settings of one environment, all from environment variables (12-factor).

Without any variable but DIP_ENVIRONMENT the embedded default stands: SQLite, a file
broker, secrets made at first start, everything under DIP_HOME. docs/operations.md
lists every variable.
"""

import importlib.util
import secrets as stdlib_secrets
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from dip_portal.lib import keyfiles, logs
from dip_portal.lib.environment import named
from dip_portal.lib.secrets import generate_key

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Which deployment this is ---------------------------------------------------------

DIP_ENVIRONMENT = env.str("DIP_ENVIRONMENT", default="uit")
_environment = named(DIP_ENVIRONMENT)
DIP_HOME = Path(env.str("DIP_HOME", default=str(BASE_DIR / "var" / DIP_ENVIRONMENT)))
DIP_SECRETS_DIR = Path(env.str("DIP_SECRETS_DIR", default=str(DIP_HOME / "secrets")))
DIP_HOME.mkdir(parents=True, exist_ok=True)
PUBLIC_URL = env.str("DIP_PUBLIC_URL", default="http://localhost:8000").rstrip("/")
HTTPS = PUBLIC_URL.startswith("https://")

# --- Secrets: from the environment, else made at first start --------------------------

# A file has one key a line, newest first, as a variable has them with commas.
SECRET_KEY, *_former = (
    env.str("SECRET_KEY", default="")
    or keyfiles.read_or_create(
        DIP_SECRETS_DIR / "secret-key", lambda: stdlib_secrets.token_urlsafe(64)
    )
).split()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[]) or _former
ENCRYPTION_KEYS = (
    env.list("ENCRYPTION_KEYS", default=[])
    or keyfiles.read_or_create(DIP_SECRETS_DIR / "encryption-key", generate_key).split()
)
# This environment's own signing key, and the folder of public keys it trusts
# (one JWK per file, named after the environment: `uit.jwk.json`).
SIGNING_KEY_FILE = Path(
    env.str("DIP_SIGNING_KEY_FILE", default=str(DIP_SECRETS_DIR / "signing-key.jwk.json"))
)
TRUSTED_KEYS_DIR = Path(
    env.str("DIP_TRUSTED_KEYS_DIR", default=str(BASE_DIR / "var" / "trusted-keys"))
)

# Where Atlas and the DIP meet on disk: `authorities` are the CAs that the DIP believes,
# `platform` its own requests and certificates.
AUTHORITY_DIR = Path(env.str("DIP_AUTHORITY_DIR", default=str(TRUSTED_KEYS_DIR)))
PLATFORM_KEY_FILE = DIP_SECRETS_DIR / "platform-key.pem"

# --- Django ----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "dip_portal.urls"
WSGI_APPLICATION = "dip_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["dip_portal.formats"]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "crispy_forms",
    "crispy_bootstrap5",
    "dip_portal",
    "controls",
    "audit",
    "jobs",
    "mail",
    "accounts",
    "organisations",
    "certificates",
    "certificates.atlas",
    "channels",
    "promotion",
    "scenarios",
    "operations",
]

MIDDLEWARE = [
    "dip_portal.lib.correlation.CorrelationMiddleware",
    "controls.state.ControlsMiddleware",
    "dip_portal.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Answers the API's paths itself: nothing below, sessions least of all, is for them.
    "channels.api.middleware.ApiMiddleware",
    "dip_portal.lib.csp.CspMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.session_life.SessionLifeMiddleware",
    "accounts.middleware.SignInGatesMiddleware",
]

_TEMPLATES_DIR = BASE_DIR / "templates"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_TEMPLATES_DIR],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dip_portal.context.environment",
            ],
        },
    }
]

# --- Database: SQLite in WAL mode, or DATABASE_URL --------------------------------------

if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        DATABASES["default"]["ENGINE"] = "dip_portal.lib.postgresql"
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DIP_HOME / "portal.sqlite3",
            # A file as well, so that tests with threads meet the locks of the real one.
            "TEST": {"NAME": str(DIP_HOME / "test.sqlite3")},
            "OPTIONS": {
                # A write takes its lock at BEGIN, so that two writers queue and never deadlock.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }

# --- Redis, or what needs no server -----------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": DIP_ENVIRONMENT,
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "global_keyprefix": f"{DIP_ENVIRONMENT}:",
        "visibility_timeout": 300,
    }
else:
    # One web process serves the embedded default, so that its memory is cache enough
    # for rate limits.
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    _broker = DIP_HOME / "broker"
    for _folder in ("queue", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "dip_portal.lib.file_broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "queue"),
        "data_folder_out": str(_broker / "queue"),
        "control_folder": str(_broker / "control"),
    }

CELERY_TASK_IGNORE_RESULT = True
# A message only wakes a worker: what is to be done stands in rows, which beat's sweeps take up
# again. So it is acknowledged as soon as it is taken, and none is kept in reserve: a worker that
# holds unacknowledged messages ends when its Redis does (kombu 5.7, Channel.close).
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = bool(REDIS_URL)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Work is kept as rows; the broker only wakes a worker. What it loses, these find again.
CELERY_BEAT_SCHEDULE = {
    "resume stalled jobs": {
        "task": "jobs.resume_stalled",
        "schedule": 5.0,
        "options": {"expires": 5},  # none pile up while every worker is busy
    },
    "deliver mail that is due": {
        "task": "mail.deliver_due",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "remind of memberships that expire": {
        "task": "organisations.remind_of_expiry",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "send test events that wait": {
        "task": "channels.send_waiting_test_events",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "work on requests for certificates": {
        "task": "certificates.work_on_due",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # Twice a minute at most: so the DIP honours a revocation at Atlas within a minute.
    "read the CRLs of Atlas": {
        "task": "certificates.read_crls",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "remind of certificates that expire": {
        "task": "certificates.remind_of_expiry",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "forget old calls to the API": {
        "task": "channels.forget_calls",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DIP_HOME / "beat-schedule")
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=30)

# --- Accounts ---------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"user_token": "accounts.forms.OpenAccountTokenForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address is proven by the invitation sent to it
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # of changes to how somebody signs in: accounts.adapter
MFA_ADAPTER = "accounts.second_factor.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.AuthenticateForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A code typed as the half minute ends is still good a moment later (RFC 6238, section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = f"{_environment.product} {_environment.label}"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
USERSESSIONS_TRACK_ACTIVITY = False
TERMS_OF_USE_VERSION = env.str("TERMS_OF_USE_VERSION", default="1.0")
# What stands between a sign-in and the portal, in this order: each function takes the
# request and returns a URL to go to, or None.
SIGN_IN_GATES = [
    "accounts.gates.second_factor",
    "accounts.gates.terms_of_use",
    "organisations.gates.company_verification",
]
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)

# What the apps add to the portal's navigation: functions of the request.
NAV_ITEMS = [
    "organisations.navigation.items",
    "channels.navigation.items",
    "operations.navigation.items",
]

# What the apps tell those who operate the portal (dip_portal/lib/operating.py): functions that
# return how their work stands, and what was done under a correlation id.
HEALTH_LINES = [
    *("organisations.operating.lines", "promotion.operating.lines"),
    *("jobs.operating.lines", "mail.operating.lines"),
    *("certificates.operating.lines", "channels.operating.lines"),
]
TRACES = [
    *("operations.trail.steps", "jobs.operating.steps", "mail.operating.steps"),
    "certificates.operating.steps",
]
TRACED_IDS = [
    *("operations.trail.ids", "jobs.operating.ids", "mail.operating.ids"),
    "certificates.operating.ids",
]
# What apps keep sealed in the database, for `reseal_secrets` (dip_portal/lib/resealing.py).
SEALED_TABLES = [
    "accounts.sealed.TABLES",
    "mail.sealed.TABLES",
    "organisations.sealed.TABLES",
    "certificates.sealed.TABLES",
    "certificates.atlas.sealed.TABLES",
]
# Who brings this token may read /metrics from elsewhere than this machine.
METRICS_TOKEN = env.str("DIP_METRICS_TOKEN", default="")

# --- Mail -------------------------------------------------------------------------------

if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DIP_HOME / "sent-mail")
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL",
    default=f"{_environment.product} {_environment.label} <no-reply@{_environment.domain}>",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The page that shows the text of sent mails, invitation links and all: on for the
# embedded run, where no mail leaves the machine.
SHOW_SENT_MAIL = env.bool("DIP_SHOW_SENT_MAIL", default=not env.str("EMAIL_URL", default=""))

# --- Promotion --------------------------------------------------------------------------

# Where Production fetches extracts from, unless they are only ever uploaded.
UIT_SERVICE_URL = env.str("UIT_SERVICE_URL", default="").rstrip("/")
EXTRACT_MAX_BYTES = env.int("EXTRACT_MAX_BYTES", default=5 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- The DIP's API, and the authority that it asks for certificates ----------------------

# The address of the API, which signatures may cover: where clients show their certificates.
DIP_API_URL = env.str("DIP_API_URL", default=PUBLIC_URL).rstrip("/")
# GlobalSign Atlas's API (HVCA), without /v2, and a PEM file of those who vouch for its TLS
# certificate: the authorities that this machine trusts where it is empty.
HVCA_URL = env.str("HVCA_URL", default="https://localhost:8443").rstrip("/")
HVCA_CA_FILE = env.str("HVCA_CA_FILE", default="")
# Where people find Atlas: the portal leads them there to register and to get API credentials.
ATLAS_SITE_URL = env.str("ATLAS_SITE_URL", default="http://localhost:8003").rstrip("/")
# Where people can ask the DNS server that Atlas asks; empty for that of their machine.
ATLAS_DNS_SERVER = env.str("ATLAS_DNS_SERVER", default="127.0.0.1:8053")

# --- Message channels -------------------------------------------------------------------

# Webhooks are at public addresses alone, and in these networks besides (10.0.0.0/8): for tests.
WEBHOOK_NETWORKS = env.list("DIP_WEBHOOK_NETWORKS", default=[])
# The webhook catcher, as this environment's worker calls it: for scenarios of testers.
CATCHER_URL = env.str("DIP_CATCHER_URL", default="").rstrip("/")
# A PEM file of authorities that vouch for webhooks' TLS certificates beside those of the machine.
WEBHOOK_CA_FILE = env.str("DIP_WEBHOOK_CA_FILE", default="")

# How far the date of a call's signature may be from the DIP's clock, either way.
SIGNATURE_WINDOW_SECONDS = env.int("DIP_SIGNATURE_WINDOW_SECONDS", default=300)
API_MAX_BYTES = env.int("DIP_API_MAX_BYTES", default=1024 * 1024)
# Calls of a minute: of one DIP ID, and from one network address, good ones and bad.
API_CALLS_PER_DIP_ID = env.int("DIP_API_CALLS_PER_DIP_ID", default=600)
API_CALLS_PER_ADDRESS = env.int("DIP_API_CALLS_PER_ADDRESS", default=1200)
# Of each DIP ID that many failed calls are kept for its company to look at, that long.
FAILED_CALLS_KEPT = env.int("DIP_FAILED_CALLS_KEPT", default=200)
FAILED_CALLS_DAYS = env.int("DIP_FAILED_CALLS_DAYS", default=14)

# Invented companies and people, made by `load_demonstration`.
DEMONSTRATION = env.bool("DIP_DEMONSTRATION", default=True)

# --- Security ---------------------------------------------------------------------------

# Ports do not separate cookies: two environments on one host need names of their own.
# With __Host- a browser takes them by HTTPS alone, for this host alone and all its paths.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}dip_{DIP_ENVIRONMENT}_session"
CSRF_FAILURE_VIEW = "dip_portal.csrf.refused"
CSRF_COOKIE_NAME = f"{_prefix}dip_{DIP_ENVIRONMENT}_csrf"
# A session ends after so much silence, and so long after the sign-in (ASVS 3.3.2, level 2).
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = SESSION_HOURS * 60 * 60
SESSION_SERIALIZER = "accounts.session_life.SealedSerializer"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$", r"^service/", r"^(?:ca|crl|ocsp)/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Set only behind the gateway, which overwrites these headers.
BEHIND_GATEWAY = env.bool("DIP_BEHIND_GATEWAY", default=False)
if BEHIND_GATEWAY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Else all people would share the gateway's address: in rate limits and the audit trail.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_SELF],
        "script-src": [_SELF],
        "style-src": [_SELF],
        "img-src": [_SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [_SELF],
        "frame-ancestors": ["'none'"],
    },
}

# --- Static files -----------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
_bootstrap = importlib.util.find_spec("bootstrap")
assert _bootstrap is not None and _bootstrap.submodule_search_locations
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", next(iter(_bootstrap.submodule_search_locations))),
]
_TESTING = "pytest" in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5.html"

# --- The DIP Manager's admin --------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": f"DIP Portal simulator {_environment.label}",
    "SITE_HEADER": "DIP Manager",
    "SITE_SUBHEADER": f"DIP Portal simulator {_environment.label}",
    "SITE_URL": "/",
    "THEME": "light",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("img/mark.svg"),
        }
    ],
    "STYLES": [
        lambda request: static("css/environment.css"),
        lambda request: static("css/admin.css"),
    ],
    "SCRIPTS": [
        lambda request: static("js/tick_all.js"),
        lambda request: static("js/plain_file.js"),
    ],
    # The colours stand in css/admin.css: the theme would write them into each page.
    "COLORS": lambda request: {},
    "SIDEBAR": {"show_search": False, "navigation": "dip_portal.sidebar.navigation"},
}

# --- What the simulated GlobalSign Atlas has in place of the portal ------------------------

CERTIFICATE_AUTHORITY = {
    "ROOT_URLCONF": "certificates.atlas.urls",
    # Pages of the shared apps (sign-in, errors, e-mails) have a look of their own there.
    "TEMPLATES": [
        {**TEMPLATES[0], "DIRS": [_TEMPLATES_DIR / "sites" / "atlas", _TEMPLATES_DIR]},
    ],
    "SIGN_IN_GATES": [],
    "NAV_ITEMS": ["certificates.atlas.navigation.items"],
    "CELERY_BEAT_SCHEDULE": {
        **CELERY_BEAT_SCHEDULE,
        "vet identities whose delay is over": {
            "task": "atlas.vet_due",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "make CRLs anew": {
            "task": "atlas.rebuild_crls",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "publish CA certificates and the DIP's own": {
            "task": "atlas.publish",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "look again for verification codes": {
            "task": "atlas.recheck_claims",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
    },
}
# How long delayed vetting takes, which testers choose on the page Test controls.
ATLAS_VETTING_DELAY_SECONDS = env.int("ATLAS_VETTING_DELAY_SECONDS", default=60)
# The same for delayed issuance, and how long a call of the slow HVCA API takes.
ATLAS_ISSUANCE_DELAY_SECONDS = env.int("ATLAS_ISSUANCE_DELAY_SECONDS", default=60)
ATLAS_SLOW_SECONDS = env.float("ATLAS_SLOW_SECONDS", default=15)
# Where certificates say that CA certificates, CRLs and OCSP are: plain HTTP, as is usual.
ATLAS_PKI_URL = env.str("ATLAS_PKI_URL", default=PUBLIC_URL).rstrip("/")
# Where the test DNS listens, and which DNS server is asked for verification codes: this
# one, another as host:port, or that of the machine where it is empty.
ATLAS_DNS_LISTEN = env.str("ATLAS_DNS_LISTEN", default="127.0.0.1:8053")
ATLAS_DNS_RESOLVER = env.str("ATLAS_DNS_RESOLVER", default="127.0.0.1:8053")
# The HTTP check goes to public addresses alone, and to these networks besides.
ATLAS_HTTP_CHECK_NETWORKS = env.list("ATLAS_HTTP_CHECK_NETWORKS", default=[])
ATLAS_HTTP_CHECK_PORT = env.int("ATLAS_HTTP_CHECK_PORT", default=80)
if _environment.is_certificate_authority:
    vars().update(CERTIFICATE_AUTHORITY)

# --- Logs: one line an event, to standard error ------------------------------------------

# `line` for people, `json` for what collects logs.
LOG_FORMAT = env.str("DIP_LOG_FORMAT", default="line")
if LOG_FORMAT not in logs.FORMATS:
    raise ImproperlyConfigured(f"DIP_LOG_FORMAT is {LOG_FORMAT!r}; it must be line or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "correlation": {"()": "dip_portal.lib.correlation.CorrelationFilter"},
        "without_traceback": {"()": lambda: logs.without_traceback},
    },
    "formatters": {
        "line": {"format": logs.LINE},
        "json": {"()": "dip_portal.lib.logs.JsonFormatter", "environment": DIP_ENVIRONMENT},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["correlation"],
            "formatter": LOG_FORMAT,
        }
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    # The sweeps come every few seconds; a task that fails is still logged.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("celery.worker.strategy", "celery.app.trace", "httpx")
    }
    # The file broker has no host, and says so each time.
    | {"kombu.connection": {"level": "ERROR"}}
    # Anybody may send any Host, such as whoever looks for open doors: one line each.
    | {"django.security.DisallowedHost": {"filters": ["without_traceback"], "level": "WARNING"}},
}
