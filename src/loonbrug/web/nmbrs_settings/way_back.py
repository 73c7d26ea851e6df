"""Where Nmbrs sends a person back to after consenting; registered there with our application."""

from django.conf import settings
from django.urls import reverse


def redirect_url() -> str:
    """The address, as Nmbrs has to know it."""
    return f"{settings.ADDRESS}{reverse('nmbrs-callback')}"
