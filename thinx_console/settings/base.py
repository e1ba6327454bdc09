"""Settings of both profiles: environment variables decide, defaults are the embedded profile."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from corsheaders.defaults import default_headers

from core.crypto import derived_secret_key
from thinx_console.env import env_bool, env_finish, env_int, env_list, env_secret, env_str
from thinx_console.settings.brokers import *  # noqa: F403
from thinx_console.settings.databases import (
    cache_from_url,
    database_from_url,
    without_credentials,
    without_driver_of_others,
)
from thinx_console.settings.identity import *  # noqa: F403
from thinx_console.settings.identity import IDENTITY_APPS, SIGN_IN_ORIGINS
from thinx_console.settings.messages import *  # noqa: F403
from thinx_console.settings.organizations import *  # noqa: F403
from thinx_console.settings.second_factor import *  # noqa: F403
from thinx_console.settings.second_factor import passkey_domain
from thinx_console.settings.telemetry import *  # noqa: F403
from thinx_console.settings.telemetry import TELEMETRY_DATABASE_URL

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(
    env_str(
        "THINX_DATA_DIR",
        str(BASE_DIR / "var"),
        help="Folder for the database, artifacts, keys and sockets.",
    )
).resolve()

# --- Addresses -------------------------------------------------------------------------------
HTTP_PORT = env_int("THINX_HTTP_PORT", "7442", help="Console, API and devices, plain HTTP.")
HTTPS_PORT = env_int("THINX_HTTPS_PORT", "7443", help="The same with TLS, by `make run`.")
MQTT_PORT = env_int("THINX_MQTT_PORT", "1883", help="MQTT for devices.")
MQTTS_PORT = env_int("THINX_MQTTS_PORT", "8883", help="MQTT with TLS.")
BIND = env_str("THINX_BIND", "127.0.0.1", help="Address the servers listen on.")
PUBLIC_URL = env_str(
    "THINX_PUBLIC_URL",
    f"http://127.0.0.1:{HTTP_PORT}",
    help="How browsers and devices reach this console; written into firmware.",
).rstrip("/")
MQTT_BRIDGE_URL = env_secret(
    "THINX_MQTT_URL",
    f"mqtt://{urlsplit(PUBLIC_URL).hostname}:{MQTT_PORT}",
    help="How devices reach the MQTT broker; with user:password@ the console's own account there.",
)
MQTT_URL = without_credentials(MQTT_BRIDGE_URL)

TRUSTED_PROXIES = env_list(
    "THINX_TRUSTED_PROXIES",
    "",
    help="Addresses or networks whose X-Forwarded-For and -Proto count; 127.0.0.1 and ::1 in the "
    "server profile.",
)
EMBEDDED = env_bool(
    "THINX_EMBEDDED", "true", help="One machine: offers the example and its simulated devices."
)

# --- TLS ---------------------------------------------------------------------------------------
TLS_DIR = DATA_DIR / "tls"
TLS_NAMES = env_list(
    "THINX_TLS_NAMES",
    "",
    help="More host names and addresses for the certificate of the installation's own CA.",
)
TLS_CERTIFICATE = env_str(
    "THINX_TLS_CERTIFICATE",
    "",
    help="PEM file of a certificate to use instead, with its chain; the own CA's when empty.",
)
TLS_KEY = env_str("THINX_TLS_KEY", "", help="PEM file of that certificate's key.")
TLS_CA = env_str(
    "THINX_TLS_CA", "", help="PEM file of the CA that devices are to trust for that certificate."
)
MQTT_SOCKET = DATA_DIR / "run" / "mqtt.sock"

# --- Django ----------------------------------------------------------------------------------
DEBUG = False
MASTER_KEY_FILE = Path(
    env_str(
        "THINX_MASTER_KEY_FILE",
        str(DATA_DIR / "master.key"),
        help="Encrypts every secret at rest; made on first start, never in the database.",
    )
)
SECRET_KEY = env_secret(
    "THINX_SECRET_KEY", "", help="Signs sessions; made from the master key when empty."
) or derived_secret_key(MASTER_KEY_FILE)
ALLOWED_HOSTS = [
    *env_list("THINX_ALLOWED_HOSTS", "", help="More host names this console answers to."),
    urlsplit(PUBLIC_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "thinx_console.errors.csrf_failure"
INSTALLED_APPS = [
    "thinx_console.apps.ConsoleConfig",
    "gateway.apps.GatewayConfig",
    "fleet.apps.FleetConfig",
    "builds.apps.BuildsConfig",
    "telemetry.apps.TelemetryConfig",
    "devices.apps.DevicesConfig",
    "keys.apps.KeysConfig",
    "messaging.apps.MessagingConfig",
    "notifications.apps.NotificationsConfig",
    "accounts.apps.AccountsConfig",
    "audit.apps.AuditConfig",
    "core.apps.CoreConfig",
    "core.apps.ConsoleAdminConfig",
    "channels",
    "corsheaders",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp_webauthn",
    "django_tables2",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "template_partials.apps.SimpleAppConfig",
    "treebeard",
    *IDENTITY_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
]
MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "gateway.middleware.DeviceGatewayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.impersonation.ImpersonationMiddleware",
    "accounts.middleware.ActorMiddleware",
    "audit.middleware.RefusalMiddleware",
    "accounts.second_factor.middleware.SecondFactorGateMiddleware",
    "accounts.middleware.SignInMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "accounts.oversight.OversightMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.DomainErrorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
PAGES_AT_START = True
ROOT_URLCONF = "thinx_console.urls"
ASGI_APPLICATION = "thinx_console.asgi.application"
WSGI_APPLICATION = "thinx_console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "thinx_console.context_processors.console",
            ],
            "builtins": ["core.templatetags.ui"],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]
FORM_RENDERER = "core.forms.renderer.ConsoleRenderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Data ------------------------------------------------------------------------------------
DATABASES = {
    "default": database_from_url(
        env_secret(
            "THINX_DATABASE_URL",
            f"sqlite:///{DATA_DIR / 'console.sqlite3'}",
            help="postgres://user:password@host:port/name, or sqlite:///path.",
        )
    )
}
if TELEMETRY_DATABASE_URL or DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Thousands of rows a second must not take the write lock of the main file.
    DATABASES["telemetry"] = database_from_url(
        TELEMETRY_DATABASE_URL or f"sqlite:///{DATA_DIR / 'telemetry.sqlite3'}"
    )
without_driver_of_others(DATABASES.values())
DATABASE_ROUTERS = ["telemetry.routers.HistoryRouter"]
REDIS_URL = env_secret(
    "THINX_REDIS_URL",
    f"unix://{quote(str(DATA_DIR / 'run' / 'redis.sock'))}",
    help="redis://host:port/0 or unix:///path: broker, channel layer, cache.",
)
CACHES = {"default": cache_from_url(REDIS_URL)}
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "artifacts", "file_permissions_mode": 0o640},
    },
    "staticfiles": {"BACKEND": "thinx_console.staticfiles.ConsoleStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "artifacts"
OUTBOX_DIR = DATA_DIR / "outbox"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- People ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "dashboard"
SUDO_URL = "accounts:sudo"
SECOND_FACTOR_URL = "accounts:factor_enrol"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
BOOTSTRAP_EMAIL = env_str(
    "THINX_BOOTSTRAP_EMAIL", "", help="Creates the first operator when nobody is there yet."
)
BOOTSTRAP_PASSWORD = env_secret(
    "THINX_BOOTSTRAP_PASSWORD", "", help="The password of that first operator."
)
OTP_WEBAUTHN_RP_ID = passkey_domain(PUBLIC_URL)
OTP_WEBAUTHN_ALLOWED_ORIGINS = [
    PUBLIC_URL,
    f"http://localhost:{HTTP_PORT}",
    f"https://localhost:{HTTPS_PORT}",
]
# Guardian's rows are read by accounts.actor; its own backend would be a second answer (W001).
# Passkeys work on http://localhost, which browsers take for secure (otp_webauthn.E031).
SILENCED_SYSTEM_CHECKS = ["guardian.W001", "otp_webauthn.E031"]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None

# --- Browser security ------------------------------------------------------------------------
SECURE_BROWSER_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "thinx_session"
SESSION_COOKIE_SECURE = SECURE_BROWSER_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE_BROWSER_COOKIES
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", *SIGN_IN_ORIGINS],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "manifest-src": ["'self'"],
    },
}
CORS_ALLOWED_ORIGINS = env_list(
    "THINX_CORS_ORIGINS", "", help="Origins whose pages may call the API from a browser."
)
CORS_ALLOW_HEADERS = (*default_headers, "x-api-key")
CORS_URLS_REGEX = r"^/api/.*$"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_HANDLERS = [
    "core.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# A confirmed bulk action sends back each of its rows.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Jobs and live ---------------------------------------------------------------------------
CELERY_APP = "thinx_console.celery.app"
CELERY = {
    "broker_url": REDIS_URL.replace("unix://", "redis+socket://", 1),
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_default_queue": "default",
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 7200},
    "worker_hijack_root_logger": False,
    "timezone": "UTC",
    "beat_schedule_filename": str(DATA_DIR / "run" / "beat-schedule"),
    "beat_schedule": {
        "builds.sweep": {"task": "builds.sweep", "schedule": 10.0},
        "fleet.bulk_sweep": {"task": "fleet.bulk_sweep", "schedule": 10.0},
        "fleet.expire": {"task": "fleet.expire", "schedule": 300.0},
        "fleet.count": {"task": "fleet.count", "schedule": 10.0},
        "fleet.rollouts": {"task": "fleet.rollouts", "schedule": 5.0},
        "fleet.transfer_sweep": {"task": "fleet.transfer_sweep", "schedule": 10.0},
        "devices.transform": {"task": "devices.transform", "schedule": 10.0},
        "devices.follow_rules": {
            "task": "devices.follow_rules",
            "schedule": 1.0,
            "options": {"expires": 5},
        },
        "devices.troubles": {"task": "devices.troubles", "schedule": 15.0},
        "keys.expiring": {"task": "keys.expiring", "schedule": 3_600.0},
        "core.beat": {"task": "core.beat", "schedule": 10.0},
        "notifications.sweep": {"task": "notifications.sweep", "schedule": 10.0},
        "notifications.keep": {"task": "notifications.keep", "schedule": 86_400.0},
        "messaging.expire": {"task": "messaging.expire", "schedule": 600.0},
        "accounts.sweep": {"task": "accounts.sweep", "schedule": 300.0},
        "accounts.sweep_grants": {"task": "accounts.sweep_grants", "schedule": 86_400.0},
        "audit.archive": {"task": "audit.archive", "schedule": 86_400.0},
        "telemetry.keep": {"task": "telemetry.keep", "schedule": 3_600.0},
    },
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # The layer waits 5 s for messages; redis-py gives up after 5 s, and idle pages lost their
        # connection whenever it was first.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30}],
            "capacity": 2000,
            "expiry": 30,
        },
    }
}

# --- Builds ----------------------------------------------------------------------------------
SANDBOX = env_str(
    "THINX_SANDBOX",
    "bubblewrap",
    help="bubblewrap, or none: builds then run in the open and every page warns of it.",
)
ALLOW_LOOPBACK_SOURCES = env_bool(
    "THINX_ALLOW_LOOPBACK_SOURCES",
    "false",
    help="For local development: repositories on this machine and on private addresses.",
)
BUILD_TIMEOUT = env_int("THINX_BUILD_TIMEOUT", "600", help="Seconds a build may take in all.")
BUILD_DISK_MB = env_int("THINX_BUILD_DISK_MB", "512", help="Megabytes a build may write.")
BUILD_LOG_MB = env_int("THINX_BUILD_LOG_MB", "2", help="Megabytes of log kept per build.")
CLONE_MB = env_int("THINX_CLONE_MB", "256", help="Megabytes a clone may take.")
EMBEDDED = env_bool(
    "THINX_EMBEDDED", "true", help="One machine: offers the example and its simulated devices."
)

# Tests have what follows a check-in happen on the spot.
FOLLOW_INLINE = False
FAST_CHECK_INS = env_bool(
    "THINX_FAST_CHECK_INS", "true", help="Commit ordinary check-ins together, before Django."
)

OFFLINE_NOTICE = env_int(
    "THINX_OFFLINE_NOTICE",
    "600",
    help="Seconds after a device counts as offline until people are told.",
)

# --- Audit -----------------------------------------------------------------------------------
AUDIT_ARCHIVE_DIR = env_str(
    "THINX_AUDIT_ARCHIVE_DIR",
    str(DATA_DIR / "audit-archive"),
    help="Folder for archived segments of the audit log.",
)
AUDIT_KEEP_DAYS = env_int(
    "THINX_AUDIT_KEEP_DAYS", "0", help="Days until audit events are archived; 0 keeps them all."
)

# --- API -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "keys.api.authentication.ApiKeyAuthentication",
        "accounts.api.authentication.PasswordAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.ActorPermission"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "core.api.ordering.StrictOrderingFilter",
    ],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "core.api.renderers.BrowsableRenderer",
    ],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ConsoleAutoSchema",
    "EXCEPTION_HANDLER": "core.api.errors.exception_handler",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "THiNX Console API",
    "DESCRIPTION": "Everything the console's pages do, over HTTP.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["core.api.permissions.ActorPermission"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "BuildStatusEnum": "builds.choices.BuildStatus",
        "ApiKeyKindEnum": "keys.choices.ApiKeyKind",
        "NotificationLevelEnum": "notifications.choices.Level",
        "ShareKindEnum": ["person", "group"],
        "CredentialKindEnum": ["session", "api_key", "password"],
        "FactorKindEnum": ["totp", "sms", "passkey"],
        "EnvVarLevelEnum": ["organization", "source", "device"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.add_refusals",
    ],
}
DJANGO_TABLES2_TEMPLATE = "components/table.html"
FILTERS_EMPTY_CHOICE_LABEL = "Any"

# --- Logging ---------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "core.logging.RequestIdFilter"}},
    "formatters": {"json": {"()": "core.logging.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {
        "handlers": ["stderr"],
        "level": env_str("THINX_LOG_LEVEL", "INFO", help="Log level."),
    },
    "loggers": {
        "django.request": {"level": "ERROR"},
        "asyncio": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # the audit log has what it would say
        "transitions": {"level": "WARNING"},
    },
}
env_finish()
