"""Addresses of the pages."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("loonbrug.web.sign_in.urls")),
    path("", include("loonbrug.web.office.urls")),
    path("", include("loonbrug.web.directory.urls")),
    path("", include("loonbrug.web.afas_settings.urls")),
    path("", include("loonbrug.web.nmbrs_settings.urls")),
    path("", include("loonbrug.web.evidence.urls")),
    path("", include("loonbrug.web.workflow.urls")),
    path("", include("loonbrug.web.journals.urls")),
    path("", include("loonbrug.web.deliveries.urls")),
    path("", include("loonbrug.web.monitoring.urls")),
    path("", include("loonbrug.web.sending.urls")),
]
