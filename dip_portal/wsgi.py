"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dip_portal.settings")

application = get_wsgi_application()

from dip_portal.stamp import require_own_database  # noqa: E402 - the models must be loaded first

require_own_database()
