"""Addresses of payroll runs and journals."""

from django.urls import path

from loonbrug.web.journals import (
    conflict_views,
    delivery_views,
    download_views,
    generation_views,
    import_views,
    reversal_views,
    views,
)

urlpatterns = [
    path("companies/<int:company_id>/payroll/", views.company_payroll, name="company-payroll"),
    path("companies/<int:company_id>/payroll/import/", import_views.choose, name="journal-import"),
    path(
        "companies/<int:company_id>/payroll/import/<int:upload_id>/",
        import_views.look,
        name="journal-preview",
    ),
    path(
        "companies/<int:company_id>/payroll/import/<int:upload_id>/drop/",
        import_views.drop,
        name="journal-drop",
    ),
    path(
        "companies/<int:company_id>/payroll/import/<int:upload_id>/run/",
        import_views.name_run,
        name="journal-run",
    ),
    path("journals/<int:journal_id>/", views.journal, name="journal"),
    path("journals/<int:journal_id>/state/", views.journal_state, name="journal-state"),
    path("journals/<int:journal_id>/entries/<int:ordinal>/", views.entry_state, name="entry-state"),
    path("journals/<int:journal_id>/send/", views.send, name="journal-send"),
    path("journals/<int:journal_id>/withdraw/", views.withdraw, name="journal-withdraw"),
    path("journals/<int:journal_id>/reverse/", reversal_views.reverse, name="journal-reverse"),
    path("journals/<int:journal_id>/confirm/", views.confirm, name="journal-confirm"),
    path("companies/<int:company_id>/payroll/generate/", generation_views.generate, name="journal-generate"),
    path("journals/<int:journal_id>/compare/", generation_views.compare, name="journal-compare"),
    path(
        "journals/<int:journal_id>/difference/", generation_views.show_difference, name="journal-difference"
    ),
    path("journals/<int:journal_id>/take-over/", generation_views.take_over, name="journal-take-over"),
    path("journals/<int:journal_id>/release/", generation_views.release, name="journal-release"),
    path("journals/<int:journal_id>/source/", download_views.source, name="journal-source"),
    path("journals/<int:journal_id>/<str:kind>/", download_views.journal, name="journal-download"),
    path("deliveries/<int:delivery_id>/retry/", delivery_views.retry, name="delivery-retry"),
    path("deliveries/<int:delivery_id>/cancel/", delivery_views.cancel, name="delivery-cancel"),
    path("deliveries/<int:delivery_id>/anew/", delivery_views.send_anew, name="delivery-anew"),
    path("deliveries/<int:delivery_id>/doubt/", delivery_views.doubt, name="delivery-doubt"),
    path("deliveries/<int:delivery_id>/conflict/", conflict_views.conflict, name="delivery-conflict"),
    path("deliveries/<int:delivery_id>/take-back/", conflict_views.take_back, name="delivery-take-back"),
    path("journal-template/<str:kind>/", download_views.template, name="journal-template"),
]
