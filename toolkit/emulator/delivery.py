"""Sending a sales form by e-mail, and its PDF."""

from __future__ import annotations

import zlib

from toolkit.emulator import bodies, fault, names
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import NUMBERED
from toolkit.emulator.records import Body, Record


def send(books: Books, record: Record, send_to: str | None) -> Record:
    """Marks the form as sent to its address, or to `send_to`, which replaces it. Raises Fault 2210 or 6420."""
    if record.entity not in NUMBERED:
        raise fault.unsupported(f"Send {record.entity}")
    address = send_to or (record.body.get("BillEmail") or {}).get("Address")
    if not address:
        raise fault.email_required()
    names.check_email(address)
    changes: Body = {
        "BillEmail": {"Address": address},
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": books.stamp_shown},
    }
    return bodies.rewrite(books, record, changes, bump=True, email=address)


def _escaped(text: str) -> str:
    latin = text.encode("latin-1", "replace").decode("latin-1")
    return latin.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _page(books: Books, record: Record) -> list[str]:
    body = record.body
    rows = [
        str(books.setting("CompanyInfo").get("CompanyName", "")),
        f"{record.entity} {record.doc_number or record.id}",
        f"Date {record.txn_date}" + (f"   Due {record.due_date}" if record.due_date else ""),
        str((body.get("CustomerRef") or {}).get("name", "")),
        "",
    ]
    for line in body.get("Line", ()):
        if line.get("DetailType") != "SubTotalLineDetail":
            rows.append(f"{line.get('Description') or line.get('DetailType', '')}   {line.get('Amount', '')}"[:110])
    return [*rows, "", f"Total {body.get('TotalAmt', 0)}"]


def pdf(books: Books, record: Record) -> bytes:
    """A PDF page of the form. Raises Fault 500 for entities that have none."""
    if record.entity not in (*NUMBERED, "Payment"):
        raise fault.unsupported(f"Pdf {record.entity}")
    text = " T* ".join(f"({_escaped(row)}) Tj" for row in _page(books, record)[:60])
    stream = zlib.compress(f"BT /F1 10 Tf 14 TL 50 780 Td {text} ET".encode("latin-1"))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(written)
    return written + b"xref\n0 5\n0000000000 65535 f \n" + table + tail
