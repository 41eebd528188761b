"""Answering queries: which properties can be asked for, and the rows in QuickBooks' order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from toolkit.emulator import fault, moments, operations, records, schema
from toolkit.emulator.amounts import cents, decimal_of, rendered
from toolkit.emulator.books import Books
from toolkit.emulator.kinds import BY_PATH, ELSEWHERE, PSEUDO_IDS, Kind
from toolkit.emulator.query_grammar import Condition, Query, parse

_DEFAULT, _MOST = 100, 1000
_NO_ID = -9
_INDEXED = frozenset(("id", "label", "name_key", "doc_number", "email", "customer_id", "txn_date"))
_TOTAL = "coalesce((SELECT amount FROM total t WHERE t.entity = object.entity AND t.id = CAST(object.id AS TEXT)), 0)"
_TOUCHED = (
    "max(updated, coalesce((SELECT touched FROM total t WHERE t.entity = object.entity "
    "AND t.id = CAST(object.id AS TEXT)), ''))"
)


@dataclass(frozen=True, slots=True)
class Property:
    """A property that can be asked for: its kind of value and the SQL that gives it."""

    kind: str
    sql: str


def _json(*names: str, kind: str = "text") -> dict[str, Property]:
    return {name: Property(kind, f"json_extract(body, '$.{name}')") for name in names}


def _ref(*names: str) -> dict[str, Property]:
    return {name: Property("text", f"json_extract(body, '$.{name}.value')") for name in names}


_COMMON = {
    "Id": Property("id", "id"),
    "MetaData.CreateTime": Property("time", "created"),
    "MetaData.LastUpdatedTime": Property("time", "updated"),
}
_LIST = _COMMON | {"Active": Property("bool", "active")}
_NAMED = _LIST | {"Name": Property("label", "label")}
_TREE = _NAMED | {"FullyQualifiedName": Property("name", "name_key")}
_BALANCED = {"MetaData.LastUpdatedTime": Property("time", _TOUCHED)}
_PERSON = (
    _LIST
    | {"DisplayName": Property("label", "label"), "PrimaryEmailAddr": Property("text", "email")}
    | _json("GivenName", "MiddleName", "FamilyName", "CompanyName", "PrintOnCheckName", "Title", "Suffix")
    | {"PrimaryPhone": Property("text", "json_extract(body, '$.PrimaryPhone.FreeFormNumber')")}
)
_TXN = _COMMON | {"TxnDate": Property("date", "txn_date")}
_TOTALS = {"TotalAmt": Property("money", "total")}
_NUMBER = {"DocNumber": Property("text", "doc_number")}
_CUSTOMER = {"CustomerRef": Property("ref", "customer_id")} | _ref("ProjectRef")
_OPEN = {"Balance": Property("money", "balance")}
PROPERTIES: dict[str, dict[str, Property]] = {
    "Customer": _PERSON
    | {"FullyQualifiedName": Property("name", "name_key"), "Balance": Property("money", _TOTAL)}
    | _BALANCED,
    "Vendor": _PERSON | {"Balance": Property("money", f"-{_TOTAL}")} | _BALANCED,
    "Employee": _PERSON,
    "Item": _TREE | _json("Type", "Sku") | _json("UnitPrice", kind="number"),
    "Class": _TREE,
    "Department": _TREE,
    "Account": _TREE
    | _json("AccountType", "AccountSubType", "Classification")
    | {"CurrentBalance": Property("money", _TOTAL)}
    | _BALANCED,
    "PaymentMethod": _NAMED | _json("Type"),
    "Term": _NAMED | _json("Type"),
    "TaxCode": _NAMED,
    "TaxRate": _NAMED,
    "Invoice": _TXN
    | _TOTALS
    | _NUMBER
    | _CUSTOMER
    | _OPEN
    | {"DueDate": Property("date", "due_date")}
    | _ref("SalesTermRef"),
    "SalesReceipt": _TXN | _TOTALS | _NUMBER | _CUSTOMER,
    "CreditMemo": _TXN | _TOTALS | _NUMBER | _CUSTOMER | _OPEN,
    "RefundReceipt": _TXN | _TOTALS | _NUMBER | _CUSTOMER,
    "Payment": _TXN | _TOTALS | _CUSTOMER | {"PaymentRefNum": Property("text", "doc_number")},
    "Deposit": _TXN | _TOTALS | _ref("DepositToAccountRef"),
    "JournalEntry": _TXN | _NUMBER,
    "Transfer": _TXN,
    "Purchase": _TXN | _TOTALS | _NUMBER | _ref("AccountRef") | _json("PaymentType"),
    "Attachable": _COMMON
    | _json("FileName", "Note", "ContentType", "Category")
    | {
        "AttachableRef.EntityRef.value": Property("text", "json_extract(body, '$.AttachableRef[0].EntityRef.value')"),
        "AttachableRef.EntityRef.type": Property("text", "json_extract(body, '$.AttachableRef[0].EntityRef.type')"),
    },
    "CompanyInfo": {name: _COMMON[name] for name in _COMMON if name != "Id"},
    "Preferences": {name: _COMMON[name] for name in _COMMON if name != "Id"},
}
_LOOKUP = {entity: {name.lower(): found for name, found in known.items()} for entity, known in PROPERTIES.items()}


def _property(kind: Kind, name: str) -> Property:
    found = _LOOKUP[kind.entity].get(name.lower())
    if found is not None:
        return found
    root = name.split(".", maxsplit=1)[0].lower()
    if any(known.lower() == root for known in schema.TYPES[kind.entity]):
        raise fault.query_invalid(f"property '{name[:100]}' is not queryable")
    raise fault.query_invalid(f"Property {name[:100]} not found for Entity {kind.entity}")


def _value(kind: str, name: str, text: str) -> Any:
    """A literal in the form of its column. Raises Fault 4001 when it has not that form."""
    try:
        if kind == "id":
            digits = text.isascii() and text.isdecimal() and len(text) < 20
            return min(int(text), 2**63 - 1) if digits else PSEUDO_IDS.get(text.upper(), _NO_ID)
        if kind in ("money", "number"):
            number = decimal_of(text)
            if number is None:
                raise ValueError
            return cents(number) if kind == "money" else float(number)
        if kind == "date":
            return date.fromisoformat(text[:10]).isoformat()
        if kind == "time":
            return moments.stored(moments.given(text))
        if kind == "bool":
            return {"true": 1, "false": 0}[text.lower()]
    except (ValueError, KeyError, OverflowError):
        raise fault.query_invalid(f"Invalid value '{text[:100]}' for property {name[:100]}") from None
    return text.casefold() if kind in ("label", "name") else text


def _pattern(text: str) -> str:
    """A LIKE pattern for SQL: only % is a wildcard in the query language."""
    return text.replace("\\", "\\\\").replace("_", "\\_")


def _where(kind: Kind, condition: Condition, parameters: list[Any]) -> str:
    found = _property(kind, condition.property)
    collate = " COLLATE NOCASE" if found.kind in ("text", "ref") else ""
    if condition.op == "like":
        if found.kind not in ("text", "label", "name"):
            raise fault.query_invalid(f"operator LIKE is not supported for property {condition.property[:100]}")
        text = condition.values[0]
        parameters.append(_pattern(text.casefold() if found.kind != "text" else text))
        return f"{found.sql} LIKE ? ESCAPE '\\'"
    values = [_value(found.kind, condition.property, value) for value in condition.values]
    if condition.op == "in":
        parts = [f"{found.sql}{collate} = ?"] * len(values) if len(values) == 1 else []
        parameters.extend(values)
        return parts[0] if parts else f"{found.sql}{collate} IN ({','.join('?' * len(values))})"
    parameters.extend(values)
    return f"{found.sql}{collate} {condition.op} ?"


def _default_order(kind: Kind) -> tuple[str, ...]:
    return ("name", "id") if kind.group in ("name", "list", "tax") else ("updated DESC", "id DESC")


def _order(kind: Kind, query: Query) -> str:
    """The order; where an index finds the rows, a + keeps SQLite from walking the order's index instead."""
    asked = [_property(kind, condition.property).sql for condition in query.conditions if condition.op in ("=", "in")]
    sort = "+" if any(sql in _INDEXED for sql in asked) else ""
    if not query.order:
        return ", ".join(sort + part for part in _default_order(kind))
    parts = []
    for name, descending in query.order:
        found = _property(kind, name)
        collate = " COLLATE NOCASE" if found.kind == "text" else ""
        parts.append(f"{sort}{found.sql}{collate}{' DESC' if descending else ''}")
    return ", ".join([*parts, f"{sort}id"])


def _conditions(books: Books, kind: Kind, query: Query, parameters: list[Any]) -> str:
    parts = ["entity = ?", "deleted = 0"]
    parameters.append(kind.entity)
    parts.extend(_where(kind, condition, parameters) for condition in query.conditions)
    if not any(condition.property.lower() == "active" for condition in query.conditions):
        parts.append("active = 1")
    lag = books.switches.number("query_lag_s")
    if lag:
        # What was made at a later moment than the clock's (it was set back) is history, not new.
        parts.append("(created <= ? OR created > ?)")
        parameters.append(moments.stored(books.moment - timedelta(seconds=lag)))
        parameters.append(books.stamp)
    return " AND ".join(parts)


def _projected(text: str, fields: tuple[str, ...]) -> str:
    wanted = {field.split(".")[0].lower() for field in fields}
    body = records.parse(text)
    shown = {key: value for key, value in body.items() if key.lower() in wanted or key == "domain"}
    return rendered(
        {"domain": "QBO", "sparse": True, **{key: value for key, value in shown.items() if key != "sparse"}}
    )


def _check_fields(kind: Kind, fields: tuple[str, ...]) -> None:
    known = {name.lower() for name in schema.TYPES[kind.entity]}
    for field in fields:
        if field.split(".")[0].lower() not in known:
            raise fault.query_invalid(f"Property {field[:100]} not found for Entity {kind.entity}")


def _page(books: Books, query: Query) -> int:
    if query.most is None:
        return _DEFAULT
    if query.most > _MOST and books.switches["max_results"] == "refuse":
        raise fault.query_invalid(f"value {query.most} is too large. Max allowed value is {_MOST}")
    return min(query.most, _MOST)


def answer(books: Books, text: str) -> str:
    """
    The inner text of a query's answer: `"QueryResponse":{…}`.

    Inactive list rows are hidden unless Active is asked for; without ORDERBY names come by full name, transactions by
    last
    change, latest first (recorded). Raises Fault 4000 or 4001.
    """
    query = parse(text)
    books.flush()
    kind = BY_PATH.get(query.entity.lower())
    if kind is None:
        if query.entity.lower() in {name.lower() for name in ELSEWHERE}:
            return '"QueryResponse":{"totalCount":0}' if query.count else '"QueryResponse":{}'
        raise fault.query_invalid(f"invalid context declaration: {query.entity[:100]}")
    _check_fields(kind, query.fields)
    parameters: list[Any] = []
    where, order, most = _conditions(books, kind, query, parameters), _order(kind, query), _page(books, query)
    if query.count:
        count = books.connection.execute(f"SELECT count(*) FROM object WHERE {where}", parameters).fetchone()[0]
        return f'"QueryResponse":{{"totalCount":{count}}}'
    rows = books.select(f"{where} ORDER BY {order} LIMIT ? OFFSET ?", [*parameters, most, query.start - 1])
    if not rows:
        return '"QueryResponse":{}'
    if kind.entity == "Invoice" and books.switches["bad_email_invoice"] in {str(row.id) for row in rows}:
        raise fault.query_failed("To email address entered is invalid")
    texts = [operations.answer(books, row) for row in rows]
    if query.fields:
        texts = [_projected(text, query.fields) for text in texts]
    shown = f'"startPosition":{query.start},"maxResults":{len(rows)}'
    return f'"QueryResponse":{{"{kind.entity}":[{",".join(texts)}],{shown}}}'
