"""Addresses of the whole service."""

from django.urls import include, path

urlpatterns = [path("", include("loonbrug.web.urls"))]

handler400 = "loonbrug.web.error_pages.bad_request"
handler403 = "loonbrug.web.error_pages.permission_denied"
handler404 = "loonbrug.web.error_pages.not_found"
handler500 = "loonbrug.web.error_pages.server_error"
