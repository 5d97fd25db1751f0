"""UIT's service address for the other environment, under /service/promotion/v1/."""

from django.urls import path

from promotion import service

app_name = "promotion_service"
urlpatterns = [
    path("candidates/", service.candidates, name="candidates"),
    path("extracts/<uuid:extract>/", service.extract, name="extract"),
]
