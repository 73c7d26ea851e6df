"""The product on a database of its own, for benchmarks: one office, one mapped company, an authorised account."""

import os
import time
from itertools import pairwise


def set_up(folder: str) -> None:
    """Make this process the product on an empty database in a folder."""
    os.environ["LOONBRUG_DATA"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "loonbrug.project.settings"
    import django  # noqa: PLC0415 (the settings read the folder named above)
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)


class Product:
    """Imports, checks and sends journals through the workflows; nothing is delivered, because no engine runs."""

    def __init__(self, folder: str) -> None:
        set_up(folder)
        self._make_office()

    def once(self, name: str, data: bytes) -> dict[str, int]:
        """Nanoseconds of CPU of import, check and send of one journal; it is cleared away afterwards."""
        from loonbrug.project.wiring import now  # noqa: PLC0415
        from loonbrug.workflows import check, deliver, import_journal  # noqa: PLC0415

        marks = [time.process_time_ns()]
        (imported,) = import_journal.import_file(
            scope=self._scope,
            name=f"bench.{name}",
            data=data,
            company_id=self._company_id,
            year=2026,
            period=10,
            run=1,
            now=now(),
        )
        marks.append(time.process_time_ns())
        check.check_journal(scope=self._scope, journal_id=imported.journal_id)
        marks.append(time.process_time_ns())
        deliver.send_journal(scope=self._scope, journal_id=imported.journal_id, now=now())
        marks.append(time.process_time_ns())
        self._clear()
        steps = (after - before for before, after in pairwise(marks))
        return dict(zip(("import", "check", "send"), steps, strict=True)) | {"total": marks[-1] - marks[0]}

    def _make_office(self) -> None:
        from afas_client.auth import ClassicToken, EnvironmentType  # noqa: PLC0415
        from loonbrug.access.models import Office  # noqa: PLC0415
        from loonbrug.access.rights import service_scope  # noqa: PLC0415
        from loonbrug.connections import operations as connections  # noqa: PLC0415
        from loonbrug.directory.models import Company, Debtor  # noqa: PLC0415
        from loonbrug.mappings.models import Mapping  # noqa: PLC0415
        from loonbrug.project.wiring import now  # noqa: PLC0415

        office = Office.objects.create(name="Bench")
        self._scope = service_scope(office.pk)
        debtor = Debtor.objects.create(office=office, number="1", name="Bench")
        company = Company.objects.create(office=office, debtor=debtor, number="1", name="Bench")
        self._company_id = company.pk
        account = connections.add_account(
            office_id=office.pk,
            participant_number="12345",
            afas_user="12345.admin",
            environment_type=EnvironmentType.TEST,
            now=now(),
        )
        token = ClassicToken(f"<token><version>1</version><data>{'AB' * 32}</data></token>")
        connections.record_authorised(office_id=office.pk, connection_id=account.id, token=token, now=now())
        connections.record_capabilities(
            office_id=office.pk,
            connection_id=account.id,
            get_connectors=[],
            update_connectors=["FiEntries"],
            environment_code="T12345AA",
            token_expiry="0",
            now=now(),
        )
        Mapping.objects.create(
            office=office,
            company=company,
            connection_id=account.id,
            administration=1,
            journal_code="90",
            cost_centre_axis=1,
            cost_unit_axis=2,
            balance_pattern="[0-3][0-9][0-9][0-9]",
            period_rule="month",
            valid_from_year=2026,
            valid_from_period=1,
            changed_at=now(),
        )

    def _clear(self) -> None:
        from loonbrug.delivery.models import Delivery  # noqa: PLC0415
        from loonbrug.payroll.models import Journal, JournalEntry  # noqa: PLC0415

        for table in (Delivery, JournalEntry, Journal):
            table.objects.all().delete()
