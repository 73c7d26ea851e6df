"""Names this app to Django, so that its templates and static files are found."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "loonbrug.web"
    label = "web"
