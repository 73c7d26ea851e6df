"""Addresses of debtors and companies."""

from django.urls import path

from loonbrug.directory.models import CodeKind
from loonbrug.web.directory import code_views, views

CENTRES = {"kind": CodeKind.COST_CENTRE}
UNITS = {"kind": CodeKind.COST_UNIT}

urlpatterns = [
    path("debtors/", views.debtors, name="debtors"),
    path("debtors/add/", views.debtor_add, name="debtor-add"),
    path("debtors/<int:debtor_id>/", views.debtor, name="debtor"),
    path("debtors/<int:debtor_id>/change/", views.debtor_change, name="debtor-change"),
    path("debtors/<int:debtor_id>/companies/add/", views.company_add, name="company-add"),
    path("companies/<int:company_id>/", views.company, name="company"),
    path("companies/<int:company_id>/details/", views.company_change, name="company-change"),
    path("companies/<int:company_id>/cost-centres/", code_views.codes, CENTRES, name="cost-centres"),
    path("companies/<int:company_id>/cost-units/", code_views.codes, UNITS, name="cost-units"),
    path("companies/<int:company_id>/codes/<int:code_id>/", code_views.code_change, name="code-change"),
    path(
        "companies/<int:company_id>/codes/<int:code_id>/delete/", code_views.code_delete, name="code-delete"
    ),
]
