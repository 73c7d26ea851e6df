"""The evidence of a journal as one ZIP: the same evidence and language give the same bytes."""

import io
import zipfile
from datetime import datetime

from django.utils import timezone

from loonbrug.screens.evidence import Evidence, as_json
from loonbrug.web.evidence.document import to_pdf


def to_zip(found: Evidence) -> bytes:
    """evidence.json, evidence.pdf (in the reader's language), the source document and each payload."""
    files = {file.name: file.data for file in found.files}
    files |= {"evidence.json": as_json(found), "evidence.pdf": to_pdf(found)}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(_info(name, found.last_at), data)
    return written.getvalue()


def _info(name: str, at: datetime) -> zipfile.ZipInfo:
    here = timezone.localtime(at)
    moment = (here.year, here.month, here.day, here.hour, here.minute, here.second)
    info = zipfile.ZipInfo(name, date_time=moment)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # whatever system this runs on, the bytes are the same
    info.external_attr = 0o644 << 16
    return info
