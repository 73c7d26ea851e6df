"""The first page of the office."""

from django.http import HttpResponse
from django.shortcuts import render

from loonbrug.web.requests import OfficeRequest


def home(request: OfficeRequest) -> HttpResponse:
    """What there is to do."""
    return render(request, "office/home.html", {"tab": "home"})


find = settings = users = templates = audit = home
