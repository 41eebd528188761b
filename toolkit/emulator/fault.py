"""The Faults of the service: one constructor for each code, with Intuit's own short texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VALIDATION = "ValidationFault"
_REQUIRED = "Required param missing, need to supply the required value for the API"
_BUSINESS = "A business validation error has occurred while processing your request"
_INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One Error of a Fault: code, Message, Detail and the element it names ("" as QuickBooks shows it, None to leave the
    key out).
    """

    code: str
    message: str
    detail: str
    element: str | None = ""
    detail_fr: str | None = None

    def body(self, language: str) -> dict[str, Any]:
        """The Error as it stands in an answer, its Detail in the company's language."""
        detail = self.detail_fr if language == "fr" and self.detail_fr is not None else self.detail
        error = {"Message": self.message, "Detail": detail, "code": self.code}
        return error if self.element is None else error | {"element": self.element}


class Fault(Exception):
    """A refusal of the service. `timed` is False for the one recorded answer that carries no `time` (2030)."""

    def __init__(self, *problems: Problem, status: int = 400, type: str = VALIDATION, timed: bool = True) -> None:
        super().__init__(problems[0].detail)
        self.problems = problems
        self.status = status
        self.type = type
        self.timed = timed

    @property
    def code(self) -> str:
        """The code of the first Error."""
        return self.problems[0].code

    def body(self, language: str = "en") -> dict[str, Any]:
        """The object under "Fault"."""
        return {"Error": [problem.body(language) for problem in self.problems], "type": self.type}


def _one(code: str, message: str, detail: str, element: str | None = "", fr: str | None = None) -> Fault:
    return Fault(Problem(code, message, detail, element, fr))


def unsupported(operation: str) -> Fault:
    """500 with HTTP 400: no such path or method (recorded)."""
    return _one("500", "Unsupported Operation", f"Operation {operation} is not supported.", None)


def no_resource(path: str) -> Fault:
    """500 for a path that is no resource; `path` is the whole path from /v3 on (recorded)."""
    host = "https://c50.sandbox.qbo.intuit.com/qbo50"
    return unsupported(f"Could not find resource for relative : {path} of full path: {host}{path}")


def duplicate_request_id(requestid: str) -> Fault:
    """600: the requestid was used for something else."""
    detail = f"The request ID {requestid} already exists in the system, a duplicate request is detected"
    return _one("600", "Duplicate Request ID", detail, None)


def not_found() -> Fault:
    """610: the object does not exist (recorded)."""
    fr = "Objet introuvable : un élément que vous tentez d'utiliser est devenu inactif."
    return _one("610", "Object Not Found", f"Object Not Found : {_INACTIVE}", fr=fr)


def deleted() -> Fault:
    """610: the transaction existed and was deleted."""
    return _one("610", "Object Not Found", "Object Not Found : Another user has deleted this transaction.")


def batch_too_large(limit: int) -> Fault:
    """1040: more items in a batch than allowed."""
    return _one("1040", "Batch size exceeds allowed limit", f"Batch size should not exceed {limit} items.", None)


def unparsable() -> Fault:
    """2010: the body is not JSON of this entity."""
    detail = "Property Name:failed to parse json object; a property specified is unsupported or invalid"
    return _one("2010", "Request has invalid or unsupported property", detail, None)


def unknown_property(name: str, cls: str, known: list[str]) -> Fault:
    """2010: a property the schema does not have (recorded, with the known ones cut after about 1,000 characters)."""
    listing = ", ".join(f'"{prop}"' for prop in known)
    if len(listing) > 1000:
        listing = listing[: listing.rindex(",", 0, 1000)] + " [truncated]"
    shown = name if len(name) <= 200 else name[:200]
    detail = (
        f'Property Name:Unrecognized field "{shown}" (class com.intuit.schema.finance.v3.{cls}), '
        "not marked as ignorable "
        f"({len(known)} known properties: {listing}])\n specified is unsupported or invalid"
    )
    return _one("2010", "Request has invalid or unsupported property", detail, None)


def required(element: str) -> Fault:
    """2020: a required parameter is missing; `element` names it."""
    return _one("2020", _REQUIRED, f"Required parameter {element} is missing in the request", element)


def invalid_id(value: object) -> Fault:
    """2030: an id that is no number (recorded without `time`)."""
    detail = f"Id should be a valid number. Supplied value:{str(value)[:100]}"
    return Fault(Problem("2030", "Invalid ID", detail, "Id"), timed=False)


def invalid_characters(element: str) -> Fault:
    """2040: a character that the field does not take."""
    detail = f"{element} contains characters that are not allowed: colon, tab or new line"
    return _one("2040", "Invalid String. Invalid characters in the string", detail, element)


def too_long(element: str, limit: int, length: int) -> Fault:
    """2050: a text longer than the field takes."""
    detail = (
        "String length specified does not match the supported length. "
        f"Min:0 Max:{limit} supported. Supplied length:{length}"
    )
    return _one("2050", "String length is either shorter or longer than supported by specification", detail, element)


def invalid_date(element: str, value: object) -> Fault:
    """2060: not a date of the form YYYY-MM-DD."""
    return _one(
        "2060",
        "Invalid date format",
        f"Date should be of the form YYYY-MM-DD. Supplied value:{str(value)[:100]}",
        element,
    )


def invalid_number(element: str, value: object) -> Fault:
    """2080: not a number."""
    return _one(
        "2080", "Invalid Number", f"{element} should be a valid number. Supplied value:{str(value)[:100]}", element
    )


def invalid_request_id(length: int) -> Fault:
    """2130: a requestid longer than 50 characters."""
    detail = f"The request id should not be longer than 50 characters. Supplied length:{length}"
    return _one("2130", "Invalid Request ID", detail, "requestid")


def invalid_enumeration(value: object) -> Fault:
    """2170: a value the enumeration does not have."""
    return _one("2170", "Invalid Enumeration", f"Invalid Enumeration : {str(value)[:100]}")


def invalid_email(value: str) -> Fault:
    """2210: not an e-mail address."""
    detail = f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{value[:100]}"
    return _one("2210", "Invalid Email Address format", detail)


def unbalanced(debits: str, credits: str) -> Fault:
    """2300: a journal entry whose debits are not its credits."""
    detail = f"The debits and credits should balance. Debits:{debits} Credits:{credits}"
    return _one("2300", "Debits and Credits do not balance", detail)


def invalid_reference(kind: str, id: object) -> Fault:
    """2500: a reference to nothing; `kind` is Names, Items, Accounts and so on."""
    return _one("2500", "Invalid Reference Id", f"Invalid Reference Id : {kind} element id {str(id)[:100]} not found")


def inactive_reference() -> Fault:
    """2500: a reference to something inactive."""
    fr = "Référence non valide : un élément que vous tentez d'utiliser est devenu inactif."
    return _one("2500", "Invalid Reference Id", f"Invalid Reference Id : {_INACTIVE}", fr=fr)


def query_unparsable(detail: str) -> Fault:
    """4000: the query does not follow the grammar."""
    return _one("4000", "Error parsing query", f"QueryParserError: {detail}", None)


def query_invalid(detail: str) -> Fault:
    """4001: the query names an entity, property or value that cannot be asked for."""
    return _one("4001", "Invalid query", f"QueryValidationError: {detail}", None)


def query_failed(text: str) -> Fault:
    """4002: the query was understood and then failed on what is stored."""
    return _one("4002", "Error processing query", f"QueryProcessingError: {text}", None)


def feature_not_supported(what: str) -> Fault:
    """5030: a feature that is switched off in this company."""
    return _one("5030", "Feature Not Supported", f"The following feature is not supported : {what}")


def stale(editor: str) -> Fault:
    """5010: the SyncToken is not the current one (recorded)."""
    detail = (
        f"Stale Object Error : You and {editor} were working on this at the same time. "
        f"{editor} finished before you did, so your work was not saved."
    )
    fr = f"Erreur d'objet périmé : vous et {editor} travailliez sur cet élément en même temps."
    return _one("5010", "Stale Object Error", detail, fr=fr)


def business(text: str, fr: str | None = None) -> Fault:
    """6000: a rule of the books is broken; `text` says which."""
    prefix = "Erreur de validation commerciale : "
    return _one("6000", _BUSINESS, f"Business Validation Error: {text}", fr=prefix + (fr or text))


def account_type_missing() -> Fault:
    """6010: an account without type and subtype."""
    detail = "Either an Account.AccountType or an Account.AccountSubType must be specified"
    return _one("6010", "Invalid Account.AccountType && Account.SubType", detail)


def amount_mismatch(supplied: str) -> Fault:
    """6070: Amount is not UnitPrice times Qty; `supplied` is grouped as 1,861.07."""
    detail = f"Amount is not equal to UnitPrice * Qty. Supplied value:{supplied}"
    return _one("6070", "Amount calculation incorrect in the request", detail, "Line.Amount")


def no_name() -> Fault:
    """6080: a name record without any name."""
    detail = "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix - one of these must be non-empty"
    return _one("6080", "No Name Provided", detail)


def discount_incomplete() -> Fault:
    """6090: a discount line without amount and percent."""
    return _one("6090", "Discount Line missing required info.", "Discount amount or percent should be provided.")


def invalid_tax_code(value: object) -> Fault:
    """6100: a line tax code that is neither TAX nor NON in a US company."""
    detail = f"Valid Line TaxCodes for US should be TAX or NON. Supplied value:{str(value)[:100]}"
    return _one("6100", "Invalid Line TaxCode in the request", detail)


def duplicate_number(number: str, kind: str, kind_fr: str, id: int) -> Fault:
    """6140: the document number is taken; Detail names the holder's type and TxnId."""
    rule = "You must specify a different number. This number has already been used."
    regle = "Vous devez indiquer un autre numéro. Ce numéro a déjà été utilisé."
    return _one(
        "6140",
        "Duplicate Document Number Error",
        f"Duplicate Document Number Error : {rule} DocNumber={number} is assigned to TxnType={kind} with TxnId={id}",
        fr=f"Numéro de document en double : {regle} DocNumber={number} est attribué à TxnType={kind_fr} avec "
        f"TxnId={id}",
    )


def lapsed(status: int) -> Fault:
    """6190: the subscription ended; the books can only be read."""
    detail = (
        "Subscription period has ended or canceled or there was a billing problem : "
        "You can't add data to QuickBooks Online Plus because your trial or subscription period ended."
    )
    return Fault(Problem("6190", "Invalid Company Status", detail), status=status)


def books_closed(code: str) -> Fault:
    """6210: the date is on or before the closing date; 6200 and 5010 are other codes reported for it."""
    if code == "5010":
        return _one("5010", "Account Period Closed", "The account period has closed. {1}")
    detail = (
        "The account period has closed and the account books cannot be updated through through the QBO Services API. "
        "Please use the QBO website to make these changes."
    )
    fr = "La période comptable est fermée et les livres ne peuvent pas être modifiés par les services API de QBO."
    return _one(code, "Account Period Closed, Cannot Update Through Services API", detail, fr=fr)


def has_balance() -> Fault:
    """6220: a record with an open balance cannot be made inactive."""
    return _one(
        "6220",
        "Cannot Delete Because Of Open Balance",
        "The name or account has an open balance and cannot be made inactive.",
    )


def duplicate_name() -> Fault:
    """6240: a customer, vendor or employee of that name exists."""
    detail = (
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name."
    )
    fr = "Le nom fourni existe déjà. : Un autre client, fournisseur ou employé utilise déjà ce nom."
    return _one("6240", "Duplicate Name Exists Error", detail, fr=fr)


def duplicate_list_name() -> Fault:
    """6240: the list has that name already (recorded with null)."""
    return _one("6240", "Duplicate Name Exists Error", "The name supplied already exists. : null", None)


def email_required() -> Fault:
    """6420: to be sent by e-mail, without an address."""
    return _one(
        "6420", "Email Address Required", "An email address is required when the delivery type is Email", "BillEmail"
    )


def wrong_account_type(element: str) -> Fault:
    """6430: an account of a type that this field does not take."""
    return _one(
        "6430", "Invalid Account Type", "You need to select a different type of account for this transaction.", element
    )


def line_incomplete() -> Fault:
    """6440: a line with neither item nor account."""
    return _one("6440", "Line needs an item or account", "A line must name a product/service or an account.", "Line")


def deposited() -> Fault:
    """6540: the transaction is in a bank deposit."""
    detail = (
        "This transaction has been deposited. If you want to change or delete it, "
        "you must edit the deposit it appears on and remove it first"
    )
    fr = "Cette opération a été déposée. Pour la modifier ou la supprimer, retirez-la d'abord du dépôt."
    return _one("6540", "Deposited Transaction cannot be changed", detail, fr=fr)


def system_failure() -> Fault:
    """10000 with HTTP 500: the service failed."""
    problem = Problem(
        "10000", "An application error has occurred while processing your request", "System Failure Error: …", None
    )
    return Fault(problem, status=500, type="SystemFault")


TYPE_NAMES: Mapping[str, tuple[str, str]] = {
    "Invoice": ("Invoice", "Facture"),
    "SalesReceipt": ("Sales Receipt", "Reçu de vente"),
    "CreditMemo": ("Credit Memo", "Note de crédit"),
    "RefundReceipt": ("Refund", "Reçu de remboursement"),
    "JournalEntry": ("Journal Entry", "Écriture de journal"),
    "Payment": ("Payment", "Paiement"),
    "Deposit": ("Deposit", "Dépôt"),
}
"""How a transaction type is called in a Detail: in English and in French."""
