"""Addresses of AFAS Profit instellingen."""

from django.urls import path

from loonbrug.web.afas_settings import accounts, mappings

_ACCOUNT = "settings/afas/accounts/<int:connection_id>/"

urlpatterns = [
    path("settings/afas/accounts/", accounts.account_list, name="afas-accounts"),
    path("settings/afas/accounts/new/", accounts.new_account, name="afas-account-new"),
    path(_ACCOUNT, accounts.account, name="afas-account"),
    path(f"{_ACCOUNT}code/", accounts.request_code, name="afas-code"),
    path(f"{_ACCOUNT}authorise/", accounts.authorise, name="afas-authorise"),
    path(f"{_ACCOUNT}reset/", accounts.reset, name="afas-reset"),
    path(f"{_ACCOUNT}check/", accounts.check, name="afas-check"),
    path(
        f"{_ACCOUNT}administrations/",
        accounts.choose_administrations_connector,
        name="afas-administrations-connector",
    ),
    path(f"{_ACCOUNT}remove/", accounts.remove, name="afas-account-remove"),
    path("settings/afas/administrations/", mappings.mapping_list, name="afas-mappings"),
    path("settings/afas/administrations/new/", mappings.new_mapping, name="afas-mapping-new"),
    path("settings/afas/administrations/journal-codes/", mappings.journal_codes, name="afas-journal-codes"),
    path("settings/afas/administrations/preview/", mappings.booking_preview, name="afas-mapping-preview"),
    path("settings/afas/administrations/<int:mapping_id>/", mappings.change_mapping, name="afas-mapping"),
    path(
        "settings/afas/administrations/<int:mapping_id>/remove/",
        mappings.remove_mapping,
        name="afas-mapping-remove",
    ),
]
