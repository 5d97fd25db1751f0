"""The promotion's pages, under /admin/promotion/."""

from django.urls import path

from promotion.views import company, extracts, imports, invite, pipeline

app_name = "promotion"
urlpatterns = [
    path("", pipeline.pipeline, name="pipeline"),
    path("extract/", pipeline.extract, name="start_extract"),
    path("schema/", extracts.schema, name="schema"),
    path("extracts/", extracts.extracts, name="extracts"),
    path("extracts/<uuid:key>/", extracts.extract, name="extract"),
    path("extracts/<uuid:key>/download/", extracts.download, name="download"),
    path("extracts/<uuid:key>/verify/", extracts.verify, name="verify"),
    path("imports/", imports.imports, name="imports"),
    path("imports/upload/", imports.upload, name="upload"),
    path("imports/uit/", imports.candidates, name="candidates"),
    path("imports/apply/", imports.apply, name="apply"),
    path("imports/<uuid:key>/", imports.import_, name="import"),
    path("imports/<uuid:key>/discard/", imports.discard_import, name="discard"),
    path("companies/<int:key>/", company.company, name="company"),
    path("companies/<int:key>/invite/", invite.invite, name="invite"),
    path(
        "companies/<int:key>/user-admins/<int:membership>/replace/",
        invite.replace_user_admin,
        name="replace_user_admin",
    ),
    path("companies/<int:key>/invitation/resend/", invite.resend, name="resend"),
    path("companies/<int:key>/invitation/replace/", invite.replace, name="replace"),
    path("companies/<int:key>/invitation/revoke/", invite.revoke, name="revoke"),
]
