"""Addresses of the Nmbrs settings."""

from django.urls import path

from loonbrug.web.nmbrs_settings import decision_views, views

_ONE = "settings/nmbrs/<int:nmbrs_connection_id>/"

urlpatterns = [
    path("settings/nmbrs/", views.connection_list, name="nmbrs-connections"),
    path("settings/nmbrs/consent/", views.consent, name="nmbrs-consent"),
    path("settings/nmbrs/callback/", views.callback, name="nmbrs-callback"),
    path(
        "settings/nmbrs/debtors/<int:nmbrs_debtor_id>/",
        decision_views.decide_debtor,
        name="nmbrs-decide-debtor",
    ),
    path(
        "settings/nmbrs/companies/<int:nmbrs_company_id>/",
        decision_views.decide_company,
        name="nmbrs-decide-company",
    ),
    path(_ONE, views.connection, name="nmbrs-connection"),
    path(f"{_ONE}state/", views.connection_state, name="nmbrs-connection-state"),
    path(f"{_ONE}synchronise/", views.synchronise, name="nmbrs-synchronise"),
    path(f"{_ONE}remove/", views.remove, name="nmbrs-connection-remove"),
]
