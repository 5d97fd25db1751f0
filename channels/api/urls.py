"""The addresses of the API's operations, as WIRE.md has them; middleware.py leads here."""

from channels.api.operations import api

# The framework adds an address for its own documents, which are ours to serve (pages.py).
urlpatterns = [one for one in api.urls[0] if getattr(one, "name", None) != "api-root"]
