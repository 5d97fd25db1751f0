"""The WSGI application of the webhook catcher."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "catcher.settings"

application = get_wsgi_application()
