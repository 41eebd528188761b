"""A Fault in words for people: what happened, why it matters, what to do; one table by Intuit's code.

The meanings are those of developer.intuit.com error-codes and of the projects named in `faults`.
"""

from __future__ import annotations

from typing import NamedTuple

from toolkit.problems import Problem, QuickBooksRefused, Severity
from toolkit.qbo.faults import Fault


class Words(NamedTuple):
    """What a code means: our stable code, and three sentences."""

    code: str
    what: str
    why: str
    do: str


_RUN_AGAIN = "Run again later; what is already in QuickBooks is found and not posted twice."
_REPORT = "Send this message, with its tracking number, to whoever looks after this toolkit."
_MAP = "Correct it on the map page (mapping.csv), or make it active again in QuickBooks, then preview again."
_LOST = "The connection has ended, so nothing can be read or posted."
_CONNECT = "Connect again (coworks-qbo connect) as an administrator of that company."
_CLOSED = Words(
    "closed-period",
    "The date lies in a period that is closed in QuickBooks.",
    "Closed books cannot be changed from outside QuickBooks.",
    "Preview again: corrections are then dated in the first open day. Or move the closing date in QuickBooks.",
)
_TAX = Words(
    "sales-tax-refused",
    "QuickBooks does not accept the sales tax of this entry.",
    "The company's sales tax settings and the tax on the bill do not fit each other.",
    "Compare Taxes in QuickBooks with sales_tax in company.toml, then preview again.",
)
_FORM = Words(
    "request-not-understood",
    "QuickBooks does not understand what was sent.",
    "The toolkit and QuickBooks disagree on the form of an entry; nothing was posted for it.",
    _REPORT,
)
_BUSY = Words(
    "quickbooks-busy", "QuickBooks had a failure of its own.", "It usually passes within minutes.", _RUN_AGAIN
)
_GONE = Words(
    "not-found",
    "Something the entry refers to was deleted or made inactive in QuickBooks.",
    "An entry cannot use a customer, product or account that is inactive.",
    _MAP,
)
_CONNECTION = Words("connection-ended", "QuickBooks does not accept the connection of this company.", _LOST, _CONNECT)
_TOKEN = Words("connection-expired", "QuickBooks no longer knows the key of this connection.", _LOST, _CONNECT)
_KEYS = Words(
    "app-keys-refused",
    "QuickBooks does not know this client ID and secret.",
    "Without the app's keys nothing can connect.",
    "Copy both keys again from the app's page at developer.intuit.com (development or production, as the company is).",
)
_ACCOUNT = Words(
    "account-type",
    "An account has a type that QuickBooks does not allow there.",
    "Income, fees and bank money each need an account of the right type.",
    "Check the account in the chart of accounts and in company.toml, then preview again.",
)

_WORDS: dict[str, Words] = {
    "3001": Words("throttled", "QuickBooks says: too many requests.", "Intuit limits calls a minute.", _RUN_AGAIN),
    "3100": _CONNECTION,
    "120": _CONNECTION._replace(
        do="The person who connected may have been removed: connect again as an administrator."
    ),
    "3200": _TOKEN,
    "100": _TOKEN,
    "110": _TOKEN,
    "invalid_grant": _CONNECTION,
    "invalid_client": _KEYS,
    "unauthorized_client": _KEYS,
    "130": _BUSY,
    "140": _BUSY._replace(code="company-locked", what="QuickBooks has locked the company for a moment."),
    "150": _BUSY._replace(code="maintenance", what="QuickBooks is under maintenance."),
    "10000": _BUSY,
    "500": _FORM,
    "600": Words(
        "request-seen-before",
        "QuickBooks has seen this request before and did not answer it again.",
        "It may have been carried out the first time.",
        "Run again: it is looked up before anything is posted.",
    ),
    "610": _GONE,
    "620": Words(
        "cannot-link",
        "QuickBooks cannot link these two transactions.",
        "A payment must settle an open document of the same customer.",
        "Look at both in QuickBooks, then preview again.",
    ),
    "800": Words(
        "has-dependents",
        "QuickBooks cannot delete it: something else depends on it.",
        "Deleting it would break the other entry.",
        "Remove the other entry first, or leave both.",
    ),
    "1040": Words("batch-too-large", "Too many entries were sent at once.", "Intuit takes 30 a batch.", _REPORT),
    "2040": Words(
        "characters-refused",
        "A name holds characters that QuickBooks does not take (colon, tab or line break).",
        "QuickBooks uses the colon to write sub-customers.",
        "Correct the name in Coworks, or pin the team to a customer in customers.csv.",
    ),
    "2050": Words(
        "too-long",
        "A text is longer than QuickBooks allows.",
        "Document numbers and references take 21 characters.",
        "Shorten it in Coworks or in the mapping, then preview again.",
    ),
    "2060": _FORM._replace(code="date-refused", what="QuickBooks does not accept a date."),
    "2210": Words(
        "email-refused",
        "QuickBooks does not accept an e-mail address.",
        "It must be a complete address such as name@example.com.",
        "Correct the address in Coworks, then preview again.",
    ),
    "2300": Words(
        "not-balanced",
        "Debits and credits of the journal entry differ.",
        "An entry that does not balance is never booked.",
        _REPORT,
    ),
    "2500": _GONE,
    "4000": _FORM._replace(code="query-refused", what="QuickBooks does not understand a question it was asked."),
    "4001": _FORM._replace(code="query-refused", what="QuickBooks does not answer a question it was asked."),
    "4002": Words(
        "query-failed",
        "QuickBooks could not answer because of something stored in the company, often a bad e-mail address.",
        "One damaged record makes the whole list unreadable.",
        "Correct the record that the message names in QuickBooks, then run again.",
    ),
    "5010": Words(
        "changed-meanwhile",
        "Somebody changed this record in QuickBooks at the same time.",
        "Their change was saved first; ours would have overwritten it.",
        "Preview again and look at what changed.",
    ),
    "5020": Words(
        "permission",
        "The person who connected may not do this in QuickBooks.",
        "The connection has the rights of that person.",
        _CONNECT,
    ),
    "5030": Words(
        "feature-off",
        "The company's QuickBooks plan does not have this feature.",
        "Classes and locations need the Plus or Advanced plan.",
        "Take classes and locations out of the mapping, or change the plan.",
    ),
    "6000": Words(
        "refused",
        "QuickBooks refused the entry.",
        "A rule of the books stands against it.",
        "Read QuickBooks' own words here, correct the cause, then preview again.",
    ),
    "6010": _ACCOUNT,
    "6060": _ACCOUNT,
    "6430": _ACCOUNT,
    "6070": Words(
        "amount-mismatch",
        "Quantity times price is not the amount of a line.",
        "QuickBooks checks every line to the cent.",
        "Compare the line in Coworks, then preview again.",
    ),
    "6080": Words("no-name", "A customer without any name cannot be made.", "QuickBooks needs one.", _MAP),
    "6100": _TAX,
    "6160": _TAX,
    "6170": _TAX,
    "6230": _TAX,
    "6470": _TAX,
    "6140": Words(
        "number-taken",
        "Another transaction in QuickBooks has this document number.",
        "Two documents with one number cannot be told apart.",
        "Preview again: an own document is recognized, else a free number is proposed.",
    ),
    "6190": Words(
        "subscription-ended",
        "The company's QuickBooks subscription has lapsed.",
        "Such a company can be read, but nothing can be posted to it.",
        "Renew the subscription in QuickBooks, then run again.",
    ),
    "6200": _CLOSED,
    "6210": _CLOSED,
    "6220": Words(
        "open-balance",
        "It cannot be made inactive while it has an open balance.",
        "QuickBooks keeps what still owes or is owed.",
        "Settle the balance first.",
    ),
    "6240": Words(
        "name-taken",
        "A customer, vendor or employee in QuickBooks already has this name.",
        "QuickBooks allows each name once over all three lists, inactive ones included.",
        "Preview again, or pin the team to that customer in customers.csv.",
    ),
    "6250": _GONE._replace(code="customer-missing", what="The customer is missing or inactive."),
    "6420": Words(
        "email-missing",
        "QuickBooks wants an e-mail address to send this document.",
        "Without one it cannot be sent.",
        "Add the address to the customer, then run again.",
    ),
    "6440": _FORM._replace(code="line-without-item", what="A line has neither a product/service nor an account."),
    "6450": Words(
        "settled",
        "The transaction is settled by another one, so it cannot be voided.",
        "The other entry would hang in the air.",
        "Undo the entry that settles it first.",
    ),
    "6480": Words(
        "matched-in-bank-feed",
        "The transaction is matched with a line of the bank feed.",
        "Changing it would break the bank reconciliation.",
        "Undo the match in QuickBooks first.",
    ),
    "6540": Words(
        "deposited",
        "The payment is in a bank deposit and cannot be changed.",
        "The bank deposit would no longer agree with the bank.",
        "Take it out of the bank deposit first, if that is really meant.",
    ),
    "10100": Words("result-too-big", "The report is too big for QuickBooks.", "It stops at 400,000 cells.", _REPORT),
}
_UNKNOWN = Words(
    "quickbooks-refused",
    "QuickBooks refused the request.",
    "What it objects to is in its own words.",
    "Read them, correct the cause, then preview again.",
)
_WRONG_FORM = frozenset(map(str, (2000, 2010, 2020, 2030, *range(2070, 2180, 10), 2190, 2250)))


def words(fault: Fault) -> Words:
    """The row of the table for a fault; a code we do not know gets its own honest sentence."""
    if fault.closed:
        return _CLOSED
    if fault.code in _WRONG_FORM:
        return _FORM
    if not fault.code and fault.status == 401:
        return _TOKEN
    if not fault.code and fault.status == 429:
        return _WORDS["3001"]
    if fault.code not in _WORDS and fault.status >= 500:
        return _BUSY
    return _WORDS.get(fault.code, _UNKNOWN)


def problem(fault: Fault, where: str, *, key: str = "") -> Problem:
    """The Problem of a refusal: our words, QuickBooks' own, its code and tracking number (`intuit_tid`)."""
    said = words(fault)
    return Problem(
        code=said.code,
        where=where,
        what=f"{said.what}{_own_words(fault)}",
        why=said.why,
        do=said.do,
        severity=Severity.ITEM,
        key=key,
    )


def refusal(fault: Fault, where: str, *, key: str = "") -> QuickBooksRefused:
    """The exception of a refusal that is not one record's own."""
    return QuickBooksRefused(
        problem(fault, where, key=key),
        fault_code=fault.code,
        status=fault.status,
        intuit_tid=fault.intuit_tid,
        detail=fault.detail or fault.message,
    )


def _own_words(fault: Fault) -> str:
    own = "" if fault.code in _SECRETIVE else " ".join((fault.detail or fault.message).split())[:300]
    parts = [f'QuickBooks says: "{own}"'] if own else []
    number = [f"code {fault.code}"] if fault.code else [f"HTTP {fault.status}"]
    number += [f"at {fault.element}"] if fault.element else []
    number += [f"tracking number {fault.intuit_tid}"] if fault.intuit_tid else []
    parts.append(f"({', '.join(number)}).")
    return " " + " ".join(parts)


# Recorded: the detail of a 3200 repeats part of the token.
_SECRETIVE = frozenset({"3200", "100", "110"})
