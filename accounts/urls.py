"""Pages of our own; allauth's are in `allauth_urls`."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("terms/", views.terms, name="terms"),
    path("accounts/second-factor/", views.second_factor, name="second_factor"),
    path("accounts/continue/", views.continue_, name="continue"),
]
