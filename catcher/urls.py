"""The catcher's addresses. Everything under /hook/ is caught, by whatever method."""

from django.urls import path, re_path

from catcher import scripts, views

urlpatterns = [
    path("", views.calls, name="calls"),
    path("calls/<uuid:key>/", views.call, name="call"),
    path("answer/", views.answer, name="answer"),
    path("forget/", views.forget, name="forget"),
    path("calls.json", scripts.calls, name="calls-json"),
    path("calls/<uuid:key>.json", scripts.call, name="call-json"),
    path("answer.json", scripts.answer, name="answer-json"),
    path("health/", views.health, name="health"),
    re_path(r"^hook/", views.catch, name="catch"),
]
