"""The rules of the emulated books: what is accepted, what is answered, and the exact text of each refusal."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from books_company import (
    CHECKING,
    UNDEPOSITED,
    Body,
    Books,
    applied,
    fee,
    invoice,
    line,
    linked,
    payment,
    ref,
    token,
)

from toolkit.emulator.seed import SeedError
from toolkit.emulator.store import StateError
from toolkit.emulator.switches import SWITCHES, UnknownSwitch


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books.open(tmp_path)


def journal(*sides: tuple[str, str, str, Body | None], **fields: Any) -> Body:
    lines = []
    for kind, amount, account, customer in sides:
        detail: Body = {"PostingType": kind, "AccountRef": {"value": account}}
        if customer:
            detail["Entity"] = {"Type": "Customer", "EntityRef": ref(customer)}
        lines.append({"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail})
    return {"Line": lines, **fields}


# -- texts of refusals, as recorded or documented ---------------------------------------------------------------------

INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
NUMBER_TAKEN = (
    "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
)
NAME_TAKEN = (
    "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
    "Please use a different name."
)
DEPOSITED = (
    "This transaction has been deposited. If you want to change or delete it, "
    "you must edit the deposit it appears on and remove it first"
)
CLOSED = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)
LAPSED = (
    "Subscription period has ended or canceled or there was a billing problem : "
    "You can't add data to QuickBooks Online Plus because your trial or subscription period ended."
)
UNPARSABLE = "Property Name:failed to parse json object; a property specified is unsupported or invalid"
MISSING = "Required param missing, need to supply the required value for the API"
TOO_LONG = "String length is either shorter or longer than supported by specification"


class TestFaultTexts:
    """Each Fault's code, Message, Detail and element, transcribed from recorded answers and public reports of them."""

    FAULTS: tuple[tuple[str, str, Any, str, str, str, str | None], ...] = (
        ("an invoice without customer", "invoice", {"Line": [line()]}, "2020", MISSING,
         "Required parameter CustomerRef is missing in the request", "CustomerRef"),
        ("an invoice without lines", "invoice", {"CustomerRef": {"value": "1"}}, "2020", MISSING,
         "Required parameter Line is missing in the request", "Line"),
        ("a line without its type", "invoice", {"CustomerRef": {"value": "1"}, "Line": [{"Amount": 1}]}, "2020",
         MISSING, "Required parameter Line.DetailType is missing in the request", "Line.DetailType"),
        ("an item without name", "item", {"IncomeAccountRef": {"value": "1"}}, "2020", MISSING,
         "Required parameter Name is missing in the request", "Name"),
        ("a bank deposit without bank", "deposit", {"Line": [fee(1)]}, "2020", MISSING,
         "Required parameter DepositToAccountRef is missing in the request", "DepositToAccountRef"),
        ("a payment without amount", "payment", {"CustomerRef": {"value": "1"}}, "6000",
         "A business validation error has occurred while processing your request",
         "Business Validation Error: You must set a transaction amount.", ""),
        ("a long document number", "invoice", invoice("1", DocNumber="X" * 45), "2050", TOO_LONG,
         "String length specified does not match the supported length. Min:0 Max:21 supported. Supplied length:45",
         "DocNumber"),
        ("an unknown customer", "invoice", invoice("999"), "2500", "Invalid Reference Id",
         "Invalid Reference Id : Names element id 999 not found", ""),
        ("an amount that is not the product", "invoice",
         {"CustomerRef": {"value": "1"}, "Line": [line("1861.07", Qty="14.50", UnitPrice="128.35")]}, "6070",
         "Amount calculation incorrect in the request",
         "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07", "Line.Amount"),
        ("a name that a customer has", "vendor", {"DisplayName": "amy's bird sanctuary"}, "6240",
         "Duplicate Name Exists Error", NAME_TAKEN, ""),
        ("a list name that is taken", "paymentmethod", {"Name": "Check"}, "6240", "Duplicate Name Exists Error",
         "The name supplied already exists. : null", None),
        ("a document that is not there", "payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5,
         "Line": [{"Amount": 5, "LinkedTxn": [{"TxnId": "77", "TxnType": "Invoice"}]}]}, "610", "Object Not Found",
         f"Object Not Found : {INACTIVE}", ""),
        ("a body that is wrapped", "invoice", {"Invoice": {}}, "2010", "Request has invalid or unsupported property",
         "", None),
        ("a body that is no object", "invoice", [1], "2010", "Request has invalid or unsupported property",
         UNPARSABLE, None),
        ("a tax code that is none", "invoice", {"CustomerRef": {"value": "1"},
         "Line": [line(1, TaxCodeRef={"value": "5"})]}, "6100", "Invalid Line TaxCode in the request",
         "Valid Line TaxCodes for US should be TAX or NON. Supplied value:5", ""),
        ("nobody's name", "customer", {"Notes": "x"}, "6080", "No Name Provided",
         "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix - one of these must be non-empty", ""),
        ("a discount of nothing", "invoice", {"CustomerRef": {"value": "1"},
         "Line": [line(), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}]},
         "6090", "Discount Line missing required info.", "Discount amount or percent should be provided.", ""),
        ("an account without type", "account", {"Name": "X"}, "6010", "Invalid Account.AccountType && Account.SubType",
         "Either an Account.AccountType or an Account.AccountSubType must be specified", ""),
        ("a value the enumeration has not", "invoice", invoice("1", PrintStatus="Perhaps"), "2170",
         "Invalid Enumeration", "Invalid Enumeration : Perhaps", ""),
    )  # fmt: skip

    @pytest.mark.parametrize("row", FAULTS, ids=[row[0] for row in FAULTS])
    def test_the_text_of_a_refusal(self, books: Books, row: tuple[Any, ...]) -> None:
        _, path, body, code, message, detail, element = row
        books.customer()
        error = books.refused(path, body)
        assert (error["code"], error["Message"]) == (code, message)
        if detail:
            assert error["Detail"] == detail
        assert error.get("element") == element

    def test_an_unknown_property_is_named_with_those_the_class_has(self, books: Books) -> None:
        error = books.refused("invoice", {"BadJson": True})
        start = 'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice), '
        assert error["Detail"].startswith(start + "not marked as ignorable (")
        assert error["Detail"].endswith(" [truncated]])\n specified is unsupported or invalid")
        assert '"DocNumber"' in error["Detail"]
        assert "element" not in error

    def test_an_unknown_property_inside_a_line_is_refused_too(self, books: Books) -> None:
        error = books.refused("invoice", {"Line": [{"Amuont": 1}]})
        assert (error["code"], "finance.v3.Line)" in error["Detail"]) == ("2010", True)

    def test_a_stale_token_names_the_last_editor(self, books: Books) -> None:
        customer = books.customer()
        books.post("Customer", token(customer, sparse=True, Notes="a"))
        error = books.refused("customer", token(customer, sparse=True, Notes="b"))
        assert error["Detail"] == (
            "Stale Object Error : You and Emulated User were working on this at the same time. "
            "Emulated User finished before you did, so your work was not saved."
        )
        assert (error["code"], error["Message"], error["element"]) == ("5010", "Stale Object Error", "")

    def test_a_taken_number_names_its_holder(self, books: Books) -> None:
        first = books.invoice(books.customer(), DocNumber="X")
        error = books.refused("creditmemo", invoice("1", DocNumber="X"))
        holder = f"DocNumber=X is assigned to TxnType=Invoice with TxnId={first['Id']}"
        assert (error["code"], error["Message"]) == ("6140", "Duplicate Document Number Error")
        assert error["Detail"] == NUMBER_TAKEN + holder

    def test_localized_details_keep_code_and_tokens(self, books: Books) -> None:
        books.switch(language="fr")
        first = books.invoice(books.customer(), DocNumber="X")
        error = books.refused("invoice", invoice("1", DocNumber="X"))
        assert error["Detail"].startswith("Numéro de document en double : ")
        assert error["Detail"].endswith(f"TxnType=Facture avec TxnId={first['Id']}")
        assert error["Message"] == "Duplicate Document Number Error"

    @pytest.mark.parametrize(
        ("path", "code", "detail"),
        [
            ("customer/1/5", "500", "Operation Could not find resource for relative : /v3/company/REALM/customer/1/5 "
             "of full path: https://c50.sandbox.qbo.intuit.com/qbo50/v3/company/REALM/customer/1/5 is not supported."),
            ("customer/1.5", "2030", "Id should be a valid number. Supplied value:1.5"),
            ("customer/999", "610", f"Object Not Found : {INACTIVE}"),
            ("invoice/1", "610", f"Object Not Found : {INACTIVE}"),
        ],
    )  # fmt: skip
    def test_reading_what_is_not_there(self, books: Books, path: str, code: str, detail: str) -> None:
        books.customer()
        error = books.refusal("GET", path)
        assert error["code"] == code
        assert error["Detail"] == detail.replace("REALM", books.company.realm_id)

    def test_the_answer_to_a_bad_id_has_no_time_and_every_other_has(self, books: Books) -> None:
        assert "time" not in books.answer("GET", "customer/1.5")[1]
        assert books.answer("GET", "customer/9")[1]["time"] == "2026-01-15T10:00:00.463-08:00"

    def test_a_refusal_is_plain_json_without_charset(self, books: Books) -> None:
        assert books.raw("GET", "customer/9").content_type == "application/json"

    def test_a_deleted_transaction_is_told_apart_from_one_that_never_was(self, books: Books) -> None:
        made = books.invoice(books.customer())
        deleted = books.post("Invoice", token(made), operation="delete")
        assert deleted == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
        detail = "Object Not Found : Another user has deleted this transaction."
        assert books.refusal("GET", f"invoice/{made['Id']}")["Detail"] == detail
        assert books.code("invoice", token(made), operation="delete") == "610"

    def test_closed_books_refuse_every_change(self, books: Books) -> None:
        customer = books.customer()
        old = books.invoice(customer, TxnDate="2025-12-31")
        open_ = books.invoice(customer, TxnDate="2026-01-01")
        prefs = books.answer("GET", "preferences")[1]["Preferences"]
        closing = {"AccountingInfoPrefs": {"BookCloseDate": "2025-12-31"}}
        books.post("Preferences", token(prefs, sparse=True, **closing))
        error = books.refused("invoice", invoice(customer, TxnDate="2025-12-31"))
        assert (error["code"], error["Detail"]) == ("6210", CLOSED)
        assert error["Message"] == "Account Period Closed, Cannot Update Through Services API"
        for body, params in (
            (token(old, sparse=True, PrivateNote="x"), {}),
            (token(old), {"operation": "delete"}),
            (token(old), {"operation": "void"}),
            (token(open_, sparse=True, TxnDate="2025-12-30"), {}),
        ):
            assert books.code("invoice", body, **params) == "6210"
        books.post("Invoice", token(open_, sparse=True, PrivateNote="x"))

    def test_a_lapsed_subscription_reads_and_does_not_write(self, books: Books) -> None:
        customer = books.customer()
        books.switch(subscription="lapsed")
        status, answer = books.answer("POST", "customer", {"DisplayName": "B"})
        error = answer["Fault"]["Error"][0]
        assert (status, error["code"], error["Message"]) == (403, "6190", "Invalid Company Status")
        assert error["Detail"] == LAPSED
        assert books.get("Customer", customer["Id"])["DisplayName"] == customer["DisplayName"]


class TestNames:
    """Customers, vendors and employees share one name space; sub-customers are told apart by their full name."""

    def test_a_new_customer_gets_the_recorded_defaults_in_the_recorded_order(self, books: Books) -> None:
        made = books.customer("Doe5, Jane")
        assert list(made) == [
            "Taxable", "Job", "BillWithParent", "Balance", "BalanceWithJobs", "CurrencyRef", "PreferredDeliveryMethod",
            "domain", "sparse", "Id", "SyncToken", "MetaData", "FullyQualifiedName", "DisplayName", "PrintOnCheckName",
            "Active", "DefaultTaxCodeRef",
        ]  # fmt: skip
        assert (made["Taxable"], made["PreferredDeliveryMethod"], made["DefaultTaxCodeRef"]) == (
            True,
            "Print",
            {"value": "2"},
        )
        assert made["MetaData"]["CreateTime"] == "2026-01-15T10:00:00-08:00"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"DisplayName": "a:b"}, "2040"),
            ({"DisplayName": "a\tb"}, "2040"),
            ({"GivenName": "a\nb"}, "2040"),
            ({"DisplayName": "x" * 501}, "2050"),
            ({"GivenName": "x" * 101}, "2050"),
            ({"DisplayName": "a", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
            ({"DisplayName": "a", "PrimaryEmailAddr": {"Address": "a@b"}}, "2210"),
            ({"DisplayName": "a", "ParentRef": {"value": "77"}}, "2500"),
            ({"DisplayName": "a", "PrimaryEmailAddr": "a@b.co"}, "2010"),
            ({"DisplayName": ["a"]}, "2010"),
            ({"DisplayName": "a", "Taxable": "perhaps"}, "2010"),
            ({"DisplayName": ""}, "6080"),
        ],
    )
    def test_what_a_name_may_not_be(self, books: Books, body: Body, code: str) -> None:
        assert books.code("customer", body) == code

    def test_several_addresses_stand_in_one_field(self, books: Books) -> None:
        books.customer("a", PrimaryEmailAddr={"Address": "a@x.co, b@x.co"})
        assert not books.rows("select * from Customer where PrimaryEmailAddr = 'a@x.co'")
        assert len(books.rows("select * from Customer where PrimaryEmailAddr like '%a@x.co%'")) == 1

    def test_a_sub_customer_may_have_the_name_of_a_customer(self, books: Books) -> None:
        books.customer("Jack Doe")
        parent = books.customer("Doe, Jack")
        sub = books.customer("Jack Doe", ParentRef=ref(parent), Job=True)
        assert (sub["FullyQualifiedName"], sub["Level"]) == ("Doe, Jack:Jack Doe", 1)
        assert books.code("customer", {"DisplayName": "jack doe", "ParentRef": ref(parent)}) == "6240"

    def test_renaming_a_parent_renames_what_is_below(self, books: Books) -> None:
        parent = books.customer("A")
        sub = books.customer("B", ParentRef=ref(parent))
        books.post("Customer", token(parent, sparse=True, DisplayName="C"))
        again = books.get("Customer", sub["Id"])
        assert (again["FullyQualifiedName"], again["SyncToken"]) == ("C:B", "0")

    def test_a_new_name_is_shown_wherever_it_is_referred_to(self, books: Books) -> None:
        customer, item = books.customer("A"), books.post("Item", {"Name": "Desk", "IncomeAccountRef": {"value": "1"}})
        made = books.invoice(customer, Line=[line(5, item["Id"])])
        books.post("Customer", token(customer, sparse=True, DisplayName='B "and" C'))
        books.post("Item", token(item, sparse=True, Name="Hot desk"))
        after = books.get("Invoice", made["Id"])
        assert (after["CustomerRef"]["name"], after["SyncToken"]) == ('B "and" C', "0")
        assert after["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Hot desk"

    def test_deactivating_frees_the_name(self, books: Books) -> None:
        made = books.customer("Emily")
        gone = books.post("Customer", token(made, sparse=True, Active=False))
        assert (gone["DisplayName"], gone["PrintOnCheckName"], gone["Active"]) == ("Emily (deleted)", "Emily", False)
        second = books.customer("Emily")
        gone_too = books.post("Customer", token(second, sparse=True, Active=False))
        assert gone_too["DisplayName"] == "Emily (deleted-2)"
        back = books.post("Customer", token(gone, sparse=True, Active=True))
        assert back["DisplayName"] == "Emily"

    def test_changing_nothing_keeps_token_and_time(self, books: Books) -> None:
        made = books.customer("Emily")
        gone = books.post("Customer", token(made, sparse=True, Active=False))
        books.clock.advance(days=1)
        again = books.post("Customer", token(gone, sparse=True, Active=False))
        assert again == gone

    def test_inactive_names_are_refused_in_new_transactions(self, books: Books) -> None:
        made = books.customer()
        books.post("Customer", token(made, sparse=True, Active=False))
        error = books.refused("invoice", invoice(made))
        assert (error["code"], error["Detail"]) == ("2500", f"Invalid Reference Id : {INACTIVE}")
        assert books.get("Customer", made["Id"])["Active"] is False

    def test_a_customer_with_a_balance_stays_active(self, books: Books) -> None:
        made = books.customer()
        books.invoice(made)
        assert books.code("customer", token(made, sparse=True, Active=False)) == "6220"

    def test_a_full_update_clears_what_it_leaves_out_and_a_sparse_one_does_not(self, books: Books) -> None:
        made = books.customer("A", Notes="n", CompanyName="c")
        sparse = books.post("Customer", token(made, sparse=True, GivenName="g"))
        assert (sparse["Notes"], sparse["CompanyName"], sparse["sparse"]) == ("n", "c", False)
        full = books.post("Customer", token(sparse, DisplayName="B"))
        assert not {"Notes", "CompanyName", "GivenName"} & set(full)
        assert (full["DisplayName"], full["SyncToken"]) == ("B", "2")

    def test_one_name_at_a_time(self, books: Books) -> None:
        books.switch(name_contention="on")
        items = [{"bId": n, "operation": "create", "Customer": {"DisplayName": n}} for n in "abc"]
        first, second, third = books.batch(*items)
        assert first["Customer"]["DisplayName"] == "a"
        for refused in (second, third):
            error = refused["Fault"]["Error"][0]
            assert (error["code"], "one name at a time" in error["Detail"]) == ("6000", True)


class TestLists:
    """Products/services, classes, locations, accounts and the small lists."""

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("item", {"Name": "a:b", "IncomeAccountRef": {"value": "1"}}, "2040"),
            ("item", {"Name": "Services", "IncomeAccountRef": {"value": "1"}}, "6240"),
            ("item", {"Name": "x"}, "2020"),
            ("item", {"Name": "x", "IncomeAccountRef": {"value": "35"}}, "6430"),
            ("item", {"Name": "x", "Type": "Inventory", "IncomeAccountRef": {"value": "1"}}, "2020"),
            ("item", {"Name": "x", "Type": "Nothing"}, "2170"),
            ("item", {"Name": "x", "IncomeAccountRef": {"value": "1"}, "UnitPrice": "abc"}, "2080"),
            ("item", {"Name": "x", "IncomeAccountRef": {"value": "1"}, "SubItem": True}, "2020"),
            ("account", {"Name": 'a"b', "AccountType": "Bank"}, "2040"),
            ("account", {"Name": "x", "AccountType": "Bank", "AcctNum": "12345678"}, "2050"),
            ("class", {"Name": "x" * 101}, "2050"),
            ("paymentmethod", {"Name": "x" * 32}, "2050"),
            ("term", {"Name": "x", "DueDays": 1000}, "2080"),
            ("taxcode", {"Name": "x"}, "500"),
            ("companyinfo", {"CompanyName": "x"}, "500"),
        ],
    )
    def test_what_a_list_refuses(self, books: Books, path: str, body: Body, code: str) -> None:
        assert books.code(path, body) == code

    def test_a_service_item_may_post_to_a_liability_unless_switched(self, books: Books) -> None:
        retainer = {"Name": "Retainer", "IncomeAccountRef": {"value": "43"}}
        books.post("Item", retainer)
        books.switch(item_accounts="income")
        assert books.code("item", {**retainer, "Name": "Other"}) == "6430"

    def test_classes_have_long_ids_and_full_names(self, books: Books) -> None:
        top = books.post("Class", {"Name": "Campus"})
        sub = books.post("Class", {"Name": "North", "ParentRef": ref(top), "SubClass": True})
        assert len(top["Id"]) == 19
        assert (sub["FullyQualifiedName"], sub["SubClass"]) == ("Campus:North", True)

    @pytest.mark.parametrize(
        ("path", "preference"),
        [
            ("class", {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False}),
            ("department", {"TrackDepartments": False}),
        ],
    )
    def test_what_the_company_does_not_track_cannot_be_made(self, tmp_path: Path, path: str, preference: Body) -> None:
        books = Books.open(tmp_path, seed={"format": 1, "preferences": {"AccountingInfoPrefs": preference}})
        assert books.code(path, {"Name": "x"}) == "5030"

    def test_an_inactive_item_is_refused_and_a_category_too(self, books: Books) -> None:
        customer = books.customer()
        item = books.post("Item", {"Name": "Desk", "IncomeAccountRef": {"value": "1"}})
        gone = books.post("Item", token(item, sparse=True, Active=False))
        category = books.post("Item", {"Name": "Desks", "Type": "Category"})
        assert gone["Name"] == "Desk (deleted)"
        body = {"CustomerRef": ref(customer)}
        assert books.code("invoice", {**body, "Line": [line(1, item["Id"])]}) == "2500"
        assert books.code("invoice", {**body, "Line": [line(1, category["Id"])]}) == "6000"

    def test_a_category_that_holds_something_stays_active(self, books: Books) -> None:
        category = books.post("Item", {"Name": "Desks", "Type": "Category"})
        inside = {"Name": "Hot", "IncomeAccountRef": {"value": "1"}, "SubItem": True, "ParentRef": ref(category)}
        item = books.post("Item", inside)
        assert (item["FullyQualifiedName"], item["Level"]) == ("Desks:Hot", 1)
        assert books.code("item", token(category, sparse=True, Active=False)) == "6000"
        books.post("Item", token(item, sparse=True, Active=False))
        assert books.post("Item", token(category, sparse=True, Active=False))["Name"] == "Desks (deleted)"

    def test_lists_cannot_be_deleted(self, books: Books) -> None:
        assert books.code("customer", token(books.customer()), operation="delete") == "500"

    def test_the_us_has_two_tax_codes_whose_ids_are_words(self, books: Books) -> None:
        names = [code["Id"] for code in books.rows("select * from TaxCode")]
        assert sorted(names) == ["2", "NON", "TAX"]
        assert books.get("TaxCode", "TAX")["Taxable"] is True
        assert books.rows("select * from TaxCode where Id = 'NON'") == [books.get("TaxCode", "NON")]

    def test_a_file_of_another_version_is_not_opened(self, books: Books, tmp_path: Path) -> None:
        books.company.connection().execute("PRAGMA user_version = 99")
        with pytest.raises(StateError, match="another version"):
            Books.open(tmp_path)

    def test_the_empty_company_has_the_us_chart(self, books: Books) -> None:
        names = {id: books.get("Account", id)["Name"] for id in ("4", "35", "36", "84")}
        assert names == {"4": "Undeposited Funds", "35": "Checking", "36": "Savings", "84": "Accounts Receivable (A/R)"}
        assert books.get("Account", "4")["AccountSubType"] == "UndepositedFunds"


class TestInvoices:
    """Totals, due dates, numbers and defaults are the server's."""

    def test_a_new_invoice_has_the_recorded_keys_in_the_recorded_order(self, books: Books) -> None:
        address = {"Line1": "4581 Finch St.", "City": "Bayshore"}
        customer = books.customer(BillAddr=address, ShipAddr=address, PrimaryEmailAddr={"Address": "b@i.com"})
        made = books.invoice(customer, DocNumber="1043")
        assert list(made) == [
            "AllowIPNPayment", "AllowOnlinePayment", "AllowOnlineCreditCardPayment", "AllowOnlineACHPayment", "domain",
            "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef", "LinkedTxn",
            "Line", "TxnTaxDetail", "CustomerRef", "BillAddr", "ShipAddr", "DueDate", "TotalAmt",
            "ApplyTaxAfterDiscount", "PrintStatus", "EmailStatus", "Balance",
        ]  # fmt: skip
        assert made["BillAddr"]["Id"] == customer["BillAddr"]["Id"]
        assert (made["TxnDate"], made["DueDate"]) == ("2026-01-15", "2026-02-14")
        assert (made["PrintStatus"], made["EmailStatus"]) == ("NeedToPrint", "NotSet")
        assert made["Line"][1] == {
            "Amount": Decimal("100.00"),
            "DetailType": "SubTotalLineDetail",
            "SubTotalLineDetail": {},
        }
        assert made["Line"][0]["SalesItemLineDetail"] == {
            "ItemRef": {"value": "1", "name": "Services"},
            "TaxCodeRef": {"value": "NON"},
        }

    def test_money_has_two_decimals_zero_is_0_and_quantities_are_stripped(self, books: Books) -> None:
        books.customer()
        body = {"CustomerRef": {"value": "1"}, "Line": [line("337.5", Qty="4.50", UnitPrice="75.00"), line(0)]}
        text = books.raw("POST", "invoice", body).body.decode()
        assert '"Amount":337.50,' in text
        assert '"UnitPrice":75,"Qty":4.5,' in text
        assert '"Amount":0,' in text
        assert '"TxnTaxDetail":{"TotalTax":0}' in text
        assert '"TotalAmt":337.50,' in text

    @pytest.mark.parametrize(
        ("amount", "qty", "price", "code"),
        [
            ("100.00", "3", "33.333333", None),
            ("1861.08", "14.50", "128.35", None),
            ("1861.07", "14.50", "128.35", "6070"),
            ("0.01", "1", "0.005", None),
            ("0.00", "1", "0.005", "6070"),
            ("-50", "-2", "25", None),
            ("5", "0", "7", None),
            ("5", "7", "0", None),
        ],
    )
    def test_the_amount_is_the_product_rounded_half_up(
        self, books: Books, amount: str, qty: str, price: str, code: str | None
    ) -> None:
        body = invoice(books.customer(), 100)
        body["Line"].append(line(amount, Qty=qty, UnitPrice=price))
        status, answer = books.answer("POST", "invoice", body)
        assert (status == 200) == (code is None), answer
        if code:
            assert answer["Fault"]["Error"][0]["code"] == code

    def test_a_total_below_zero_is_refused_and_a_zero_one_is_not(self, books: Books) -> None:
        customer = books.customer()
        assert books.code("invoice", invoice(customer, "-1")) == "6000"
        assert books.invoice(customer, 0)["TotalAmt"] == 0

    @pytest.mark.parametrize(
        ("discount", "amount", "total"),
        [
            ({"PercentBased": True, "DiscountPercent": 10}, Decimal("8.75"), Decimal("78.75")),
            ({"PercentBased": True, "DiscountPercent": "33.333"}, Decimal("29.17"), Decimal("58.33")),
            ({"PercentBased": False}, Decimal("5.00"), Decimal("82.50")),
        ],
    )
    def test_a_discount_comes_after_the_subtotal(
        self, books: Books, discount: Body, amount: Decimal, total: Decimal
    ) -> None:
        body = invoice(books.customer(), "87.50")
        body["Line"].insert(0, {"Amount": 5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": discount})
        made = books.post("Invoice", body)
        assert [row["DetailType"] for row in made["Line"]] == [
            "SalesItemLineDetail",
            "SubTotalLineDetail",
            "DiscountLineDetail",
        ]
        assert (made["Line"][2]["Amount"], made["TotalAmt"]) == (amount, total)
        books.sound()

    @pytest.mark.parametrize(
        ("term", "date", "due"),
        [
            ("1", "2026-01-31", "2026-01-31"),
            ("2", "2026-02-20", "2026-03-07"),
            ("3", "2026-01-31", "2026-03-02"),
            (None, "2026-01-31", "2026-03-02"),
        ],
    )
    def test_the_due_date_follows_the_term_or_the_preference(
        self, books: Books, term: str | None, date: str, due: str
    ) -> None:
        fields = {"SalesTermRef": {"value": term}} if term else {}
        made = books.invoice(books.customer(), TxnDate=date, **fields)
        assert made["DueDate"] == due
        assert ("SalesTermRef" in made) == (term is not None)

    def test_lines_keep_their_id_when_sent_with_it_and_get_a_new_one_without(self, books: Books) -> None:
        made = books.invoice(books.customer())
        kept = books.post("Invoice", token(made, sparse=True, Line=[made["Line"][0], line(5)]))
        assert [row.get("Id") for row in kept["Line"]] == ["1", "2", None]
        new = books.post("Invoice", token(kept, sparse=True, Line=[line(5)]))
        assert [row.get("Id") for row in new["Line"]] == ["3", None]

    def test_a_sparse_update_without_lines_keeps_them_and_a_full_one_needs_them(self, books: Books) -> None:
        made = books.invoice(books.customer(), DocNumber="7", TxnDate="2026-01-02", PrivateNote="n")
        sparse = books.post("Invoice", token(made, sparse=True, CustomerMemo={"value": "hi"}))
        assert sparse["Line"] == made["Line"]
        assert books.code("invoice", token(sparse, CustomerRef={"value": "1"})) == "2020"
        full = books.post("Invoice", token(sparse, **invoice("1", 7)))
        assert (full["DocNumber"], full["TxnDate"], full["TotalAmt"]) == ("7", "2026-01-02", Decimal("7.00"))
        assert "PrivateNote" not in full

    def test_null_clears_a_field(self, books: Books) -> None:
        made = books.invoice(books.customer(), PrivateNote="n")
        assert "PrivateNote" not in books.post("Invoice", token(made, sparse=True, PrivateNote=None))

    def test_read_only_fields_are_ignored(self, books: Books) -> None:
        made = books.invoice(
            books.customer(),
            TotalAmt=5,
            Balance=1,
            MetaData={"CreateTime": "x"},
            HomeBalance=3,
            domain="X",
            LinkedTxn=[],
        )
        assert (made["TotalAmt"], made["Balance"], made["domain"]) == (Decimal("100.00"), Decimal("100.00"), "QBO")

    def test_what_real_clients_send_for_nothing_is_taken_for_nothing(self, books: Books) -> None:
        body = invoice(
            books.customer(), TxnDate="", DueDate="", TotalAmt="", PrivateNote="", ShipDate="", TrackingNum="",
            InvoiceLink="", DocNumber=None, CustomField=[], LinkedTxn=[], ExchangeRate=1, Deposit=0,
            GlobalTaxCalculation="TaxExcluded", SyncToken=0,
        )  # fmt: skip
        body["Line"][0] |= {"LineNum": 1, "Description": "", "LinkedTxn": [], "CustomField": []}
        made = books.post("Invoice", body)
        assert made["TxnDate"] == "2026-01-15"
        again = books.post(
            "Invoice", {"Id": made["Id"], "SyncToken": 0, "sparse": True, "TxnDate": "2026-01-05T10:00:00Z"}
        )
        assert (again["TxnDate"], again["SyncToken"]) == ("2026-01-05", "1")

    def test_class_and_location_are_kept_only_where_the_company_tracks_them(self, books: Books) -> None:
        customer, cls = books.customer(), books.post("Class", {"Name": "C"})
        place = books.post("Department", {"Name": "D"})
        body = {
            "CustomerRef": ref(customer),
            "ClassRef": ref(cls),
            "DepartmentRef": ref(place),
            "Line": [line(5, ClassRef=ref(cls))],
        }
        made = books.post("Invoice", body)
        assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"]["name"] == "C"
        assert (made["DepartmentRef"]["name"], "ClassRef" in made) == ("D", False)
        prefs = books.answer("GET", "preferences")[1]["Preferences"]
        off = {"ClassTrackingPerTxn": True, "ClassTrackingPerTxnLine": False, "TrackDepartments": False}
        books.post("Preferences", token(prefs, sparse=True, AccountingInfoPrefs=off))
        made = books.post("Invoice", body)
        assert "ClassRef" not in made["Line"][0]["SalesItemLineDetail"]
        assert (made["ClassRef"]["name"], "DepartmentRef" in made) == ("C", False)

    def test_custom_fields_are_echoed_from_the_preferences(self, tmp_path: Path) -> None:
        names = [
            {"CustomField": [{"Name": "SalesFormsPrefs.UseSalesCustom1", "Type": "BooleanType", "BooleanValue": True}]},
            {"CustomField": [
                {"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Crew #"}]},
        ]  # fmt: skip
        seed = {"format": 1, "preferences": {"SalesFormsPrefs": {"CustomField": names}}}
        made = Books.open(tmp_path, seed=seed)
        plain = made.invoice(made.customer())
        assert plain["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}]
        custom = [{"DefinitionId": "1", "Type": "StringType", "StringValue": "7"}]
        assert made.invoice("1", CustomField=custom)["CustomField"][0]["StringValue"] == "7"

    def test_due_mail_needs_an_address(self, books: Books) -> None:
        assert books.code("invoice", invoice(books.customer(), EmailStatus="NeedToSend")) == "6420"

    def test_a_text_line_and_nothing_else_is_an_invoice_of_zero(self, books: Books) -> None:
        body = {
            "CustomerRef": ref(books.customer()),
            "Line": [{"DetailType": "DescriptionOnly", "Description": "hello"}],
        }
        made = books.post("Invoice", body)
        assert (made["TotalAmt"], made["Line"][0]["Description"]) == (0, "hello")
        books.sound()

    def test_a_bundle_counts_its_lines(self, books: Books) -> None:
        group = books.post("Item", {"Name": "Pack", "Type": "Group"})
        detail = {"GroupItemRef": ref(group), "Quantity": 1, "Line": [line(30), line(12)]}
        body = {
            "CustomerRef": ref(books.customer()),
            "Line": [{"DetailType": "GroupLineDetail", "GroupLineDetail": detail}],
        }
        made = books.post("Invoice", body)
        assert (made["TotalAmt"], made["Line"][0]["Amount"]) == (Decimal("42.00"), Decimal("42.00"))

    def test_lines_without_product_are_refused_or_become_text(self, books: Books) -> None:
        body = {"CustomerRef": ref(books.customer()), "Line": [{"Amount": 5, "DetailType": "SalesItemLineDetail"}]}
        assert books.code("invoice", body) == "6440"
        books.switch(line_item_missing="description")
        assert books.post("Invoice", body)["TotalAmt"] == 0


class TestNumbers:
    """Invoices, sales receipts, refund receipts and credit memos share one number series."""

    SALES = ("invoice", "salesreceipt", "creditmemo", "refundreceipt")

    @pytest.mark.parametrize("path", SALES)
    def test_a_number_is_taken_for_all_four(self, books: Books, path: str) -> None:
        books.invoice(books.customer(), DocNumber="7")
        body = invoice(
            "1", DocNumber="7", **({} if path != "refundreceipt" else {"DepositToAccountRef": ref(CHECKING)})
        )
        assert books.code(path, body) == "6140"

    @pytest.mark.parametrize(
        ("switches", "params"),
        [
            ({"duplicate_number_warning": "off"}, {}),
            ({"custom_numbers": "off"}, {}),
            ({}, {"include": "allowduplicatedocnum"}),
        ],
    )
    def test_when_a_number_may_repeat(self, books: Books, switches: Body, params: Body) -> None:
        books.switch(**switches)
        books.invoice(books.customer(), DocNumber="7")
        assert books.post("Invoice", invoice("1", DocNumber="7"), **params)["DocNumber"] == "7"

    def test_numbers_are_given_only_without_custom_numbers_or_when_asked(self, books: Books) -> None:
        customer = books.customer()
        assert "DocNumber" not in books.invoice(customer)
        assert books.invoice(customer, DocNumber="AUTO_GENERATE")["DocNumber"] == "1001"
        assert books.invoice(customer, AutoDocNumber=True)["DocNumber"] == "1002"
        books.switch(custom_numbers="off")
        assert books.invoice(customer)["DocNumber"] == "1003"
        assert books.post("SalesReceipt", invoice(customer))["DocNumber"] == "1004"
        assert books.invoice(customer, DocNumber="5000")["DocNumber"] == "5000"
        assert books.invoice(customer)["DocNumber"] == "1005"

    def test_deleting_frees_a_number_and_voiding_does_not(self, books: Books) -> None:
        customer = books.customer()
        first = books.invoice(customer, DocNumber="7")
        voided = books.post("Invoice", token(first), operation="void")
        assert books.code("invoice", invoice(customer, DocNumber="7")) == "6140"
        books.post("Invoice", token(voided), operation="delete")
        assert books.invoice(customer, DocNumber="7")["DocNumber"] == "7"

    def test_a_change_to_a_taken_number_is_refused_and_to_its_own_is_not(self, books: Books) -> None:
        customer = books.customer()
        books.invoice(customer, DocNumber="7")
        second = books.invoice(customer, DocNumber="8")
        assert books.code("invoice", token(second, sparse=True, DocNumber="7")) == "6140"
        books.post("Invoice", token(second, sparse=True, DocNumber="8", PrivateNote="x"))

    def test_transactions_share_one_id_space(self, books: Books) -> None:
        customer = books.customer()
        made = [books.invoice(customer), books.payment(customer, 5), books.post("SalesReceipt", invoice(customer))]
        assert [found["Id"] for found in made] == ["1", "2", "3"]
        assert books.refusal("GET", "invoice/2")["code"] == "610"


class TestTax:
    """Sales tax by code, by a given total, and automated."""

    def taxed(self, amount: Any = "325.75", **fields: Any) -> Body:
        return {"CustomerRef": {"value": "1"}, "Line": [line(amount, TaxCodeRef={"value": "TAX"})], **fields}

    def test_a_code_computes_the_tax_as_recorded(self, books: Books) -> None:
        books.customer()
        made = books.post("Invoice", self.taxed(TxnTaxDetail={"TxnTaxCodeRef": {"value": "2"}}))
        assert made["TxnTaxDetail"] == {
            "TxnTaxCodeRef": {"value": "2"},
            "TotalTax": Decimal("26.06"),
            "TaxLine": [{
                "Amount": Decimal("26.06"), "DetailType": "TaxLineDetail", "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"}, "PercentBased": True, "TaxPercent": 8,
                    "NetAmountTaxable": Decimal("325.75")}}],
        }  # fmt: skip
        assert made["TotalAmt"] == Decimal("351.81")
        books.sound()

    def test_a_given_total_is_kept(self, books: Books) -> None:
        books.customer()
        detail = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": "26.05"}
        assert books.post("Invoice", self.taxed(TxnTaxDetail=detail))["TotalAmt"] == Decimal("351.80")

    @pytest.mark.parametrize(
        ("switches", "total"),
        [
            ({}, Decimal("30.00")),
            ({"tax_override": "replace"}, Decimal("26.06")),
            ({"tax_override": "replace", "tax_cent": "1"}, Decimal("26.07")),
            ({"tax_cent": "-1"}, Decimal("29.99")),
        ],
    )
    def test_automated_tax_decides_by_its_switches(self, books: Books, switches: Body, total: Decimal) -> None:
        books.customer()
        books.switch(sales_tax="automated", **switches)
        made = books.post("Invoice", self.taxed(TxnTaxDetail={"TotalTax": 30}))
        assert made["TxnTaxDetail"]["TotalTax"] == total
        assert made["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}
        books.sound()

    def test_without_sales_tax_all_tax_is_ignored(self, tmp_path: Path) -> None:
        books = Books.open(tmp_path, seed={"format": 1, "preferences": {"TaxPrefs": {"UsingSalesTax": False}}})
        books.customer()
        assert books.post("Invoice", self.taxed(TxnTaxDetail={"TotalTax": 30}))["TotalAmt"] == Decimal("325.75")

    def test_preferences_show_the_switch_and_set_it(self, books: Books) -> None:
        books.switch(sales_tax="automated", custom_numbers="off")
        prefs = books.answer("GET", "preferences")[1]["Preferences"]
        assert (prefs["TaxPrefs"]["PartnerTaxEnabled"], prefs["SalesFormsPrefs"]["CustomTxnNumbers"]) == (True, False)
        books.post("Preferences", token(prefs, sparse=True, SalesFormsPrefs={"CustomTxnNumbers": True}))
        assert books.company.switches["custom_numbers"] == "on"


class TestPayments:
    """Payments apply, leave a rest, and move the SyncToken of what they pay."""

    def test_a_payment_changes_the_invoice(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        books.clock.advance(hours=1)
        paid = books.payment(customer, 120, made)
        assert (paid["UnappliedAmt"], paid["DepositToAccountRef"]) == (Decimal("20.00"), {"value": UNDEPOSITED})
        after = books.get("Invoice", made["Id"])
        assert (after["Balance"], after["SyncToken"]) == (0, "1")
        assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
        assert after["MetaData"]["LastUpdatedTime"] == "2026-01-15T11:00:00-08:00"
        assert books.get("Customer", customer["Id"])["Balance"] == Decimal("-20.00")

    def test_lines_tell_the_document_they_pay(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer, DocNumber="7")
        extras = books.payment(customer, 100, made)["Line"][0]["LineEx"]["any"]
        values = {extra["value"]["Name"]: extra["value"]["Value"] for extra in extras}
        assert values == {"txnId": made["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": "7"}

    def test_too_much_is_refused(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        body = payment(customer, 500)
        for lines in ([applied(101, made)], [applied(60, made), applied(60, made)], [applied(-1, made)]):
            assert books.code("payment", {**body, "Line": lines}) == "6000"
        assert books.code("payment", {**body, "TotalAmt": 50, "Line": [applied(100, made)]}) == "6000"
        assert books.code("payment", {**body, "TotalAmt": -5}) == "6000"

    def test_an_empty_line_array_takes_all_applications_off(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        paid = books.payment(customer, 100, made)
        body = token(paid, sparse=True, CustomerRef=ref(customer), Line=[])
        assert books.post("Payment", body)["UnappliedAmt"] == Decimal("100.00")
        after = books.get("Invoice", made["Id"])
        assert (after["Balance"], after["LinkedTxn"], after["SyncToken"]) == (Decimal("100.00"), [], "2")

    def test_another_customers_invoice_stays_unapplied_or_is_refused(self, books: Books) -> None:
        made = books.invoice(books.customer("A"))
        other = books.customer("B")
        paid = books.payment(other, 100, made)
        assert (paid["UnappliedAmt"], paid["Line"]) == (Decimal("100.00"), [])
        books.switch(wrong_customer="refuse")
        assert books.code("payment", payment(other, 100, made)) == "6000"

    def test_a_parent_may_pay_for_what_is_below(self, books: Books) -> None:
        parent = books.customer("A")
        made = books.invoice(books.customer("B", ParentRef=ref(parent), BillWithParent=True))
        assert books.payment(parent, 100, made)["UnappliedAmt"] == 0

    def test_a_credit_memo_is_used_by_a_payment_of_zero(self, books: Books) -> None:
        customer = books.customer()
        made, memo = books.invoice(customer), books.post("CreditMemo", invoice(customer, 30))
        assert (memo["RemainingCredit"], memo["Balance"]) == (Decimal("30.00"), Decimal("30.00"))
        lines = [applied(30, made), applied(30, memo, "CreditMemo")]
        used = books.post("Payment", {"CustomerRef": ref(customer), "TotalAmt": 0, "Line": lines})
        assert used["UnappliedAmt"] == 0
        assert books.get("Invoice", made["Id"])["Balance"] == Decimal("70.00")
        after = books.get("CreditMemo", memo["Id"])
        assert (after["RemainingCredit"], after["SyncToken"]) == (0, "1")
        assert books.code("payment", {"CustomerRef": ref(customer), "TotalAmt": 0, "Line": lines}) == "6000"
        books.sound()

    def test_a_journal_entry_on_receivables_can_be_paid_from_a_credit(self, books: Books) -> None:
        customer = books.customer()
        memo = books.post("CreditMemo", invoice(customer, 30))
        entry = books.post("JournalEntry", journal(("Debit", "30", "84", customer), ("Credit", "30", "35", None)))
        lines = [applied(30, entry, "JournalEntry"), applied(30, memo, "CreditMemo")]
        books.post("Payment", {"CustomerRef": ref(customer), "TotalAmt": 0, "Line": lines})
        assert books.get("CreditMemo", memo["Id"])["RemainingCredit"] == 0
        assert books.get("JournalEntry", entry["Id"])["LinkedTxn"][0]["TxnType"] == "Payment"
        assert books.get("Customer", customer["Id"])["Balance"] == 0
        books.sound()

    def test_deleting_a_payment_reopens_the_invoice(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        paid = books.payment(customer, 100, made)
        books.post("Payment", token(paid), operation="delete")
        after = books.get("Invoice", made["Id"])
        assert (after["Balance"], after["LinkedTxn"]) == (Decimal("100.00"), [])

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"TotalAmt": 5}, "2020"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "DepositToAccountRef": {"value": "1"}}, "6430"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "DepositToAccountRef": {"value": "999"}}, "2500"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "PaymentMethodRef": {"value": "99"}}, "2500"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "PaymentRefNum": "x" * 22}, "2050"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": "abc"}, "2080"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": {"a": 1}}, "2010"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "TxnDate": "15.01.2026"}, "2060"),
            ({"CustomerRef": {"value": "1"}, "TotalAmt": 5, "TxnDate": "2026-02-30"}, "2060"),
        ],
    )
    def test_what_a_payment_refuses(self, books: Books, body: Body, code: str) -> None:
        books.customer()
        assert books.code("payment", body) == code

    def test_credits_apply_themselves_when_that_is_on(self, books: Books) -> None:
        books.switch(auto_apply_credit="on")
        customer = books.customer()
        old = books.invoice(customer, 100, TxnDate="2026-01-01")
        books.invoice(customer, 100, TxnDate="2026-01-02")
        memo = books.post("CreditMemo", invoice(customer, 130))
        assert books.get("CreditMemo", memo["Id"])["RemainingCredit"] == 0
        assert books.get("Invoice", old["Id"])["Balance"] == 0
        made_by_itself = books.rows("select * from Payment")
        assert {found["TotalAmt"] for found in made_by_itself} == {0}
        books.payment(customer, 500)
        new = books.invoice(customer, 50)
        assert books.get("Invoice", new["Id"])["Balance"] == 0
        books.sound()


class TestVoids:
    """A void keeps everything but its amounts, at its original date."""

    def test_a_void_invoice_is_as_recorded(self, books: Books) -> None:
        made = books.invoice(books.customer(), DocNumber="7", PrivateNote="mine")
        books.clock.advance(days=30)
        gone = books.post("Invoice", token(made), operation="void")
        assert (gone["SyncToken"], gone["PrivateNote"]) == ("1", "Voided - mine")
        assert (gone["TotalAmt"], gone["Balance"], gone["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
        assert [row["Amount"] for row in gone["Line"]] == [0, 0]
        kept = ("DocNumber", "TxnDate", "DueDate", "CustomerRef")
        assert [gone[key] for key in kept] == [made[key] for key in kept]
        assert gone["Line"][0]["SalesItemLineDetail"] == made["Line"][0]["SalesItemLineDetail"]
        assert gone["MetaData"]["LastUpdatedTime"] == "2026-02-14T10:00:00-08:00"
        assert "status" not in gone
        assert books.rows("select * from Invoice where DocNumber = '7'") == [gone]
        books.sound()

    def test_quantities_become_0_and_prices_go(self, books: Books) -> None:
        body = {"CustomerRef": ref(books.customer()), "Line": [line(150, Qty=2, UnitPrice=75)]}
        gone = books.post("Invoice", token(books.post("Invoice", body)), operation="void")
        detail = gone["Line"][0]["SalesItemLineDetail"]
        assert (detail["Qty"], "UnitPrice" in detail) == (0, False)

    def test_an_invoice_with_payments_is_refused_or_they_become_unapplied(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        paid = books.payment(customer, 100, made)
        made = books.get("Invoice", made["Id"])
        assert books.code("invoice", token(made), operation="void") == "6000"
        assert books.code("invoice", token(made), operation="delete") == "6000"
        books.switch(void_with_payments="unapply")
        gone = books.post("Invoice", token(made), operation="void")
        assert (gone["TotalAmt"], gone["LinkedTxn"]) == (0, [])
        assert books.get("Payment", paid["Id"])["UnappliedAmt"] == Decimal("100.00")
        assert books.get("Customer", customer["Id"])["Balance"] == Decimal("-100.00")
        books.sound()

    def test_a_payment_is_voided_by_an_update_that_says_so(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        paid = books.payment(customer, 100, made)
        assert books.code("payment", token(paid), operation="void") == "500"
        gone = books.post("Payment", token(paid, sparse=True), operation="update", include="void")
        assert (gone["TotalAmt"], gone["UnappliedAmt"], gone["Line"], gone["PrivateNote"]) == (0, 0, [], "Voided")
        assert books.get("Invoice", made["Id"])["Balance"] == Decimal("100.00")
        books.sound()

    def test_a_sales_receipt_is_voided_the_same_way(self, books: Books) -> None:
        made = books.post("SalesReceipt", invoice(books.customer(), 30))
        gone = books.post("SalesReceipt", token(made, sparse=True), operation="update", include="void")
        assert (gone["TotalAmt"], gone["PrivateNote"]) == (0, "Voided")
        books.sound()

    @pytest.mark.parametrize("entity", ["Deposit", "JournalEntry", "Transfer", "CreditMemo"])
    def test_what_has_no_void(self, books: Books, entity: str) -> None:
        assert books.code(entity, {"Id": "1", "SyncToken": "0"}, operation="void") == "500"

    def test_a_second_void_changes_nothing_or_is_refused(self, books: Books) -> None:
        gone = books.post("Invoice", token(books.invoice(books.customer())), operation="void")
        assert books.post("Invoice", token(gone), operation="void") == gone
        books.switch(void_again="refuse")
        assert books.code("invoice", token(gone), operation="void") == "6000"

    def test_an_invoice_lowered_below_what_is_applied(self, books: Books) -> None:
        customer = books.customer()
        made = books.invoice(customer)
        paid = books.payment(customer, 100, made)
        made = books.get("Invoice", made["Id"])
        books.switch(edit_below_paid="refuse")
        assert books.code("invoice", token(made, sparse=True, Line=[line(40)])) == "6000"
        books.switch(edit_below_paid="unapply")
        assert books.post("Invoice", token(made, sparse=True, Line=[line(40)]))["Balance"] == 0
        assert books.get("Payment", paid["Id"])["UnappliedAmt"] == Decimal("60.00")
        books.sound()


class TestDeposits:
    """Bank deposits move what lies in Undeposited Funds; the source is not touched but shows it."""

    def test_linked_payments_a_fee_and_the_source(self, books: Books) -> None:
        customer = books.customer()
        paid = books.payment(customer, 500, PaymentMethodRef={"value": "2"}, PaymentRefNum="10264")
        books.clock.advance(days=2)
        made = books.deposit(linked(paid, 500), fee("-14.80"))
        assert made["TotalAmt"] == Decimal("485.20")
        assert made["Line"][0] == {
            "Amount": Decimal("500.00"),
            "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Payment", "TxnLineId": "0"}],
            "DepositLineDetail": {"PaymentMethodRef": {"value": "2"}, "CheckNum": "10264"},
        }
        assert made["Line"][1]["DepositLineDetail"]["AccountRef"] == {"value": "8", "name": "Bank Charges"}
        after = books.get("Payment", paid["Id"])
        assert after["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
        for key in ("SyncToken", "MetaData", "DepositToAccountRef"):
            assert after[key] == paid[key]
        assert (books.balance(UNDEPOSITED), books.balance(CHECKING)) == (0, Decimal("485.20"))
        books.sound()

    def test_a_linked_line_with_a_detail_type_needs_an_account(self, books: Books) -> None:
        paid = books.payment(books.customer(), 5)
        wrong = {**linked(paid, 5), "DetailType": "DepositLineDetail", "DepositLineDetail": {}}
        error = books.refused("deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [wrong]})
        element = "Line.DepositLineDetail.AccountRef"
        assert (error["code"], error["element"]) == ("2020", element)
        assert error["Detail"] == f"Required parameter {element} is missing in the request"

    def test_nothing_is_deposited_twice(self, books: Books) -> None:
        paid = books.payment(books.customer(), 5)
        body = {"DepositToAccountRef": {"value": "35"}, "Line": [linked(paid, 5)]}
        assert books.code("deposit", {**body, "Line": [linked(paid, 5), linked(paid, 5)]}) == "6000"
        made = books.post("Deposit", body)
        assert books.code("deposit", body) == "6000"
        books.post("Deposit", token(made), operation="delete")
        assert "LinkedTxn" not in books.get("Payment", paid["Id"])
        books.post("Deposit", body)
        books.sound()

    def test_a_part_of_a_payment_cannot_be_deposited(self, books: Books) -> None:
        paid = books.payment(books.customer(), 5)
        body = {"DepositToAccountRef": {"value": "35"}, "Line": [linked(paid, 4)]}
        assert books.code("deposit", body) == "6000"
        books.switch(deposit_amount="source")
        assert books.post("Deposit", body)["TotalAmt"] == Decimal("5.00")

    def test_what_is_deposited_cannot_be_changed(self, books: Books) -> None:
        customer = books.customer()
        paid = books.payment(customer, 5)
        receipt = books.post("SalesReceipt", invoice(customer, 7))
        books.deposit(linked(paid, 5), linked(receipt, 7, "SalesReceipt"))
        for body, params in (
            (token(paid, sparse=True, TotalAmt=6), {}),
            (token(paid, sparse=True, TxnDate="2026-01-01"), {}),
            (token(paid, sparse=True, DepositToAccountRef={"value": "35"}), {}),
            (token(paid, sparse=True), {"operation": "update", "include": "void"}),
            (token(paid), {"operation": "delete"}),
        ):
            error = books.refused("payment", body, **params)
            assert (error["code"], error["Detail"]) == ("6540", DEPOSITED)
            assert error["Message"] == "Deposited Transaction cannot be changed"
        assert books.code("salesreceipt", token(receipt), operation="delete") == "6540"
        assert books.code("salesreceipt", token(receipt, sparse=True, Line=[line(8)])) == "6540"
        books.post("Payment", token(paid, sparse=True, PrivateNote="x"))

    def test_a_deposited_payment_can_be_applied_unless_switched(self, books: Books) -> None:
        customer = books.customer()
        paid = books.payment(customer, 100)
        books.deposit(linked(paid, 100))
        made = books.invoice(customer)
        body = token(paid, sparse=True, Line=[applied(100, made)])
        books.switch(deposited_reapply="refuse")
        assert books.code("payment", body) == "6540"
        books.switch(deposited_reapply="allow")
        assert books.post("Payment", body)["UnappliedAmt"] == 0
        books.sound()

    @pytest.mark.parametrize(
        ("lines", "switches", "code"),
        [
            ([fee("-5")], {}, "6000"),
            ([fee("-5")], {"deposit_negative": "allow"}, None),
            ([fee("5"), fee("-5")], {}, None),
            ([fee("5"), fee("-5")], {"deposit_zero": "refuse"}, "6000"),
            ([], {}, "2020"),
            ([fee("5", "999")], {}, "2500"),
            ([{"Amount": 5}], {}, "2020"),
        ],
    )
    def test_totals_and_lines_that_are_taken(
        self, books: Books, lines: list[Body], switches: Body, code: str | None
    ) -> None:
        books.switch(**switches)
        status, answer = books.answer("POST", "deposit", {"DepositToAccountRef": {"value": "35"}, "Line": lines})
        assert (answer["Fault"]["Error"][0]["code"] if status != 200 else None) == code
        books.sound()

    def test_only_what_lies_in_undeposited_funds_can_be_linked(self, books: Books) -> None:
        customer = books.customer()
        banked = books.payment(customer, 5, DepositToAccountRef={"value": "35"})
        body = {"DepositToAccountRef": {"value": "36"}}
        assert books.code("deposit", {**body, "Line": [linked(banked, 5)]}) == "6000"
        assert books.code("deposit", {**body, "Line": [linked(books.invoice(customer), 100, "Invoice")]}) == "6000"
        assert books.code("deposit", {**body, "Line": [linked({"Id": "77"}, 5)]}) == "610"

    def test_refunds_journal_entries_and_transfers_can_be_linked(self, books: Books) -> None:
        customer = books.customer()
        paid = books.payment(customer, 100)
        refund = books.post("RefundReceipt", invoice(customer, 30, DepositToAccountRef={"value": UNDEPOSITED}))
        entry = books.post("JournalEntry", journal(("Credit", "12", "35", None), ("Debit", "12", UNDEPOSITED, None)))
        moved = books.post(
            "Transfer",
            {"FromAccountRef": {"value": "36"}, "ToAccountRef": {"value": UNDEPOSITED}, "Amount": 8},
        )
        made = books.deposit(
            linked(paid, 100),
            linked(refund, -30, "RefundReceipt"),
            linked(entry, 12, "JournalEntry", "1"),
            linked(moved, 8, "Transfer"),
        )
        assert made["TotalAmt"] == Decimal("90.00")
        assert books.balance(UNDEPOSITED) == 0
        assert books.get("JournalEntry", entry["Id"])["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
        assert books.code("journalentry", token(entry), operation="delete") == "6540"
        books.sound()

    def test_a_negative_payout_is_a_journal_entry_and_a_deposit_of_zero(self, books: Books) -> None:
        refund = books.post("RefundReceipt", invoice(books.customer(), 30, DepositToAccountRef={"value": UNDEPOSITED}))
        entry = books.post("JournalEntry", journal(("Debit", "31", UNDEPOSITED, None), ("Credit", "31", "35", None)))
        made = books.deposit(linked(refund, -30, "RefundReceipt"), linked(entry, 31, "JournalEntry", "0"), fee("-1"))
        assert made["TotalAmt"] == 0
        assert (books.balance(UNDEPOSITED), books.balance(CHECKING)) == (0, Decimal("-31.00"))
        books.sound()

    def test_the_sign_of_a_linked_refund_is_a_switch(self, books: Books) -> None:
        refund = books.post("RefundReceipt", invoice(books.customer(), 30, DepositToAccountRef={"value": UNDEPOSITED}))
        books.switch(deposit_refund_sign="positive")
        made = books.deposit(linked(refund, 30, "RefundReceipt"), fee(50))
        assert (made["TotalAmt"], made["Line"][0]["Amount"]) == (Decimal("20.00"), Decimal("30.00"))

    def test_cash_back_lowers_the_total(self, books: Books) -> None:
        made = books.deposit(fee(100, "1"), CashBack={"AccountRef": {"value": "34"}, "Amount": 20, "Memo": "till"})
        assert made["TotalAmt"] == Decimal("80.00")
        books.sound()

    def test_changing_a_deposit_releases_what_it_no_longer_holds(self, books: Books) -> None:
        customer = books.customer()
        one, two = books.payment(customer, 5), books.payment(customer, 7)
        made = books.deposit(linked(one, 5), linked(two, 7))
        books.post("Deposit", token(made, sparse=True, Line=[linked(two, 7)]))
        assert "LinkedTxn" not in books.get("Payment", one["Id"])
        assert books.balance(UNDEPOSITED) == Decimal("5.00")
        books.sound()


class TestJournalTransfersPurchases:
    """Journal entries balance; transfers and purchases post both sides."""

    @pytest.mark.parametrize(
        ("sides", "code"),
        [
            ([("Debit", "5", "35", None), ("Credit", "4", "1", None)], "2300"),
            ([("Debit", "5", "84", None), ("Credit", "5", "1", None)], "6000"),
            ([("Debit", "5", "999", None), ("Credit", "5", "1", None)], "2500"),
            ([], "2020"),
        ],
    )
    def test_what_a_journal_entry_refuses(self, books: Books, sides: Any, code: str) -> None:
        assert books.code("journalentry", journal(*sides)) == code

    def test_journal_lines_are_numbered_from_0(self, books: Books) -> None:
        made = books.post(
            "JournalEntry", journal(("Debit", "5", "35", None), ("Credit", "5", "1", None), DocNumber="J1")
        )
        assert [row["Id"] for row in made["Line"]] == ["0", "1"]
        assert made["TotalAmt"] == Decimal("5.00")

    def test_a_transfer_moves_money(self, books: Books) -> None:
        body = {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": "12.5"}
        assert books.post("Transfer", body)["Amount"] == Decimal("12.50")
        assert (books.balance("35"), books.balance("36")) == (Decimal("-12.50"), Decimal("12.50"))
        assert books.code("transfer", {**body, "ToAccountRef": {"value": "35"}}) == "6000"
        assert books.code("transfer", {**body, "Amount": None}) == "2020"

    def test_a_purchase_posts_its_lines(self, books: Books) -> None:
        vendor = books.post("Vendor", {"DisplayName": "Stripe"})
        row = {"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail",
               "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "8"}}}  # fmt: skip
        body = {"AccountRef": {"value": "35"}, "PaymentType": "Cash", "EntityRef": ref(vendor), "Line": [row]}
        made = books.post("Purchase", body)
        assert (made["TotalAmt"], made["EntityRef"]["type"]) == (Decimal("5.00"), "Vendor")
        assert (books.balance("35"), books.balance("8")) == (Decimal("-5.00"), Decimal("5.00"))
        books.post("Purchase", {**body, "Credit": True})
        assert books.balance("35") == 0
        assert books.code("purchase", {**body, "PaymentType": None}) == "2020"
        books.sound()


class TestOpenBehaviors:
    """What Intuit's sources leave open is a switch, and each position does what its row says."""

    def closed(self, books: Books) -> Body:
        prefs = books.answer("GET", "preferences")[1]["Preferences"]
        books.post("Preferences", token(prefs, sparse=True, AccountingInfoPrefs={"BookCloseDate": "2025-12-31"}))
        return invoice(books.customer(), TxnDate="2025-12-31")

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("6210", "Account Period Closed, Cannot Update Through Services API"),
            ("6200", "Account Period Closed, Cannot Update Through Services API"),
            ("5010", "Account Period Closed"),
        ],
    )
    def test_the_code_of_closed_books(self, books: Books, code: str, message: str) -> None:
        body = self.closed(books)
        books.switch(closed_books=code)
        error = books.refused("invoice", body)
        assert (error["code"], error["Message"]) == (code, message)

    def test_untracked_classes_and_locations_may_be_refused(self, tmp_path: Path) -> None:
        off = {"TrackDepartments": False, "ClassTrackingPerTxnLine": False}
        books = Books.open(
            tmp_path, seed={"format": 1, "preferences": {"AccountingInfoPrefs": off}}, untracked="refuse"
        )
        customer = books.customer()
        for body in (
            invoice(customer, DepartmentRef={"value": "1"}),
            invoice(customer, ClassRef={"value": "1"}),
            invoice(customer, Line=[line(5, ClassRef={"value": "1"})]),
        ):
            assert books.code("invoice", body) == "5030"
        books.switch(untracked="drop")
        assert "DepartmentRef" not in books.invoice(customer, DepartmentRef={"value": "1"})

    def test_a_payments_location_is_dropped_or_kept(self, books: Books) -> None:
        customer, place = books.customer(), books.post("Department", {"Name": "North"})
        assert "DepartmentRef" not in books.payment(customer, 5, DepartmentRef=ref(place))
        books.switch(payment_department="keep")
        assert books.payment(customer, 5, DepartmentRef=ref(place))["DepartmentRef"]["name"] == "North"

    @pytest.mark.parametrize("entity", ["CreditMemo", "RefundReceipt"])
    def test_other_voids(self, books: Books, entity: str) -> None:
        made = books.post(entity, invoice(books.customer(), DepositToAccountRef={"value": "35"}))
        assert books.code(entity, token(made), operation="void") == "500"
        books.switch(other_voids="allow")
        assert books.post(entity, token(made), operation="void")["TotalAmt"] == 0
        books.sound()

    def test_voided_rows_of_change_data_capture(self, books: Books) -> None:
        books.post("Invoice", token(books.invoice(books.customer())), operation="void")
        since = {"entities": "Invoice", "changedSince": "2026-01-15T00:00:00-08:00"}
        for switch, status in (("off", None), ("on", "Voided")):
            books.switch(voided_status=switch)
            answer = books.answer("GET", "cdc", **since)[1]
            assert answer["CDCResponse"][0]["QueryResponse"][0]["Invoice"][0].get("status") == status

    def test_one_bad_address_fails_the_queries_that_find_it(self, books: Books) -> None:
        customer = books.customer()
        bad = books.invoice(customer, DocNumber="1")
        books.invoice(customer, DocNumber="2")
        books.switch(bad_email_invoice=bad["Id"])
        error = books.refusal("GET", "query", query="select * from Invoice")
        assert (error["code"], error["Message"]) == ("4002", "Error processing query")
        assert error["Detail"] == "QueryProcessingError: To email address entered is invalid"
        assert len(books.rows("select * from Invoice where DocNumber = '2'")) == 1

    def test_a_requestid_used_for_something_else(self, books: Books) -> None:
        books.switch(requestid_body="600")
        customer = books.customer()
        one = books.post("Invoice", invoice(customer, 5), requestid="r1")
        assert books.post("Invoice", invoice(customer, 5), requestid="r1") == one
        error = books.refused("invoice", invoice(customer, 6), requestid="r1")
        assert (error["code"], error["Message"]) == ("600", "Duplicate Request ID")
        item = {"bId": "a", "operation": "create", "Invoice": invoice(customer, 5)}
        first = books.batch(item, requestid="r2")
        assert books.batch(item, requestid="r2") == first
        other = books.batch({**item, "Invoice": invoice(customer, 6)}, requestid="r2")
        assert other[0]["Fault"]["Error"][0]["code"] == "600"

    def test_a_currency_may_be_refused(self, books: Books) -> None:
        body = invoice(books.customer(), CurrencyRef={"value": "USD"})
        books.post("Invoice", body)
        books.switch(currency_ref="refuse")
        assert books.code("invoice", body) == "6000"

    def test_the_tax_code_of_a_line_may_follow_the_item(self, books: Books) -> None:
        item = books.post("Item", {"Name": "Book", "IncomeAccountRef": {"value": "1"}, "Taxable": True})
        body = {"CustomerRef": ref(books.customer()), "Line": [line(5, item["Id"])]}
        codes = []
        for switch in ("NON", "item"):
            books.switch(tax_code_default=switch)
            codes.append(books.post("Invoice", body)["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"])
        assert codes == ["NON", "TAX"]

    def test_extras_of_payment_lines_and_balances_of_inactive_names(self, books: Books) -> None:
        books.switch(payment_line_extras="off", deactivate_with_balance="allow", subscription_status="400")
        customer = books.customer()
        made = books.invoice(customer)
        assert "LineEx" not in books.payment(customer, 60, Line=[applied(60, made)])["Line"][0]
        customer = books.get("Customer", customer["Id"])
        assert books.post("Customer", token(customer, sparse=True, Active=False))["Active"] is False
        books.switch(subscription="lapsed")
        assert books.answer("POST", "customer", {"DisplayName": "x"})[0] == 400


class TestBatchesAndReplays:
    """Batch items stand alone; a requestid answers as before."""

    def test_items_are_answered_in_order_each_on_its_own(self, books: Books) -> None:
        made = books.invoice(books.customer())
        answers = books.batch(
            {"bId": "bid1", "operation": "create", "Vendor": {"DisplayName": "Boraski Family Store"}},
            {"bId": "bid2", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
            {"bId": "bid3", "operation": "update", "Invoice": {"Id": made["Id"], "SyncToken": "9", "sparse": True}},
            {"bId": "bid4", "Query": "select * from Invoice where TotalAmt > '30.00'"},
            {"operation": "create", "Customer": {"DisplayName": "no bId"}},
            {"bId": "bid6", "operation": "void", "Invoice": token(made)},
        )
        assert [answer.get("bId") for answer in answers] == ["bid1", "bid2", "bid3", "bid4", None, "bid6"]
        assert list(answers[0]) == ["Vendor", "bId"]
        codes = [answers[place]["Fault"]["Error"][0]["code"] for place in (1, 2)]
        assert codes == ["610", "5010"]
        assert answers[3]["QueryResponse"]["maxResults"] == 1
        assert answers[5]["Invoice"]["TotalAmt"] == 0

    def test_a_refused_item_leaves_no_trace(self, books: Books) -> None:
        customer = books.customer()
        books.switch(void_with_payments="unapply")
        made = books.invoice(customer)
        books.payment(customer, 100, made)
        before = books.company.snapshot()
        wrong = {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Line": [line(5)], "DocNumber": "x" * 30}
        assert "Fault" in books.batch({"bId": "a", "operation": "update", "Invoice": wrong})[0]
        assert books.company.snapshot() == before

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"BatchItemRequest": [{"bId": str(n), "Query": "select * from Item"} for n in range(31)]}, "1040"),
            ({"BatchItemRequest": {"bId": "1"}}, "2010"),
            ({"Items": []}, "2010"),
            ([], "2010"),
        ],
    )
    def test_what_a_batch_refuses_as_a_whole(self, books: Books, body: Any, code: str) -> None:
        assert books.code("batch", body) == code

    @pytest.mark.parametrize(
        ("item", "code"),
        [
            (5, "2010"),
            ({}, "2010"),
            ({"bId": "1", "operation": "create", "Unknown": {}}, "2010"),
            ({"bId": "1", "operation": "explode", "Invoice": {}}, "500"),
            ({"bId": "1", "operation": "update", "Invoice": {}}, "2020"),
            ({"bId": "1", "Query": "nonsense"}, "4000"),
            ({"bId": "1", "operation": "create", "Invoice": "x"}, "2010"),
        ],
    )
    def test_what_an_item_refuses(self, books: Books, item: Any, code: str) -> None:
        status, answer = books.answer("POST", "batch", {"BatchItemRequest": [item]})
        assert (status, answer["BatchItemResponse"][0]["Fault"]["Error"][0]["code"]) == (200, code)

    def test_options_of_an_item(self, books: Books) -> None:
        customer = books.customer()
        books.invoice(customer, DocNumber="7")
        item = {"bId": "1", "operation": "create", "Invoice": invoice(customer, DocNumber="7")}
        assert "Fault" in books.batch(item)[0]
        again = books.batch({**item, "optionsData": "allowduplicatedocnum"})
        assert again[0]["Invoice"]["DocNumber"] == "7"
        paid = books.payment(customer, 5)
        item = {"bId": "2", "operation": "update", "optionsData": "void", "Payment": token(paid, sparse=True)}
        assert books.batch(item)[0]["Payment"]["PrivateNote"] == "Voided"

    def test_a_repeated_requestid_answers_the_same_bytes_even_after_deletion(self, books: Books) -> None:
        customer = books.customer()
        first = books.raw("POST", "invoice", invoice(customer), requestid="r1")
        made = json.loads(first.body)["Invoice"]
        books.clock.advance(hours=1)
        books.post("Invoice", token(made), operation="delete")
        again = books.raw("POST", "invoice", invoice(customer, 7), requestid="r1")
        assert again == first
        assert not books.rows("select * from Invoice")

    def test_a_requestid_is_forgotten_after_its_hours(self, books: Books) -> None:
        customer = books.customer()
        books.post("Invoice", invoice(customer), requestid="r1")
        books.clock.advance(hours=25)
        assert books.post("Invoice", invoice(customer), requestid="r1")["Id"] == "2"

    @pytest.mark.parametrize(("switch", "code"), [("ignore", None), ("6000", "6000")])
    def test_a_requestid_may_be_ignored_or_refused(self, books: Books, switch: str, code: str | None) -> None:
        books.switch(requestid=switch)
        customer = books.customer()
        item = {"bId": "a", "operation": "create", "Invoice": invoice(customer)}
        books.post("Invoice", invoice(customer), requestid="r1")
        books.batch(item, requestid="r2")
        status, answer = books.answer("POST", "invoice", invoice(customer), requestid="r1")
        assert (answer["Fault"]["Error"][0]["code"] if status != 200 else None) == code
        again = books.batch(item, requestid="r2")[0]
        assert ("Fault" in again) == (code is not None)

    def test_a_refusal_is_not_remembered_unless_switched(self, books: Books) -> None:
        assert books.code("customer", {}, requestid="r1") == "6080"
        books.post("Customer", {"DisplayName": "a"}, requestid="r1")
        books.switch(requestid_faults="replay")
        assert books.code("customer", {}, requestid="r2") == "6080"
        assert books.code("customer", {"DisplayName": "b"}, requestid="r2") == "6080"

    def test_batch_items_replay_by_requestid_and_bid(self, books: Books) -> None:
        customer = books.customer()
        one, two = (
            {"bId": name, "operation": "create", "Invoice": invoice(customer, DocNumber=name)} for name in ("a", "b")
        )
        first = books.batch(one, requestid="r1")
        again = books.batch(one, two, requestid="r1")
        assert again[0] == first[0]
        assert again[1]["Invoice"]["DocNumber"] == "b"
        assert books.query("select count(*) from Invoice") == {"totalCount": 2}

    @pytest.mark.parametrize(
        ("requestid", "bid", "code"),
        [("r" * 37, "a", "2130"), ("r" * 36, "a" * 11, "2130"), ("r" * 36, "a" * 10, None), ("", "a" * 50, None)],
    )
    def test_the_lengths_of_a_batchs_ids(self, books: Books, requestid: str, bid: str, code: str | None) -> None:
        body = {"BatchItemRequest": [{"bId": bid, "Query": "select * from Item"}]}
        status, answer = books.answer("POST", "batch", body, requestid=requestid)
        assert (answer["Fault"]["Error"][0]["code"] if status != 200 else None) == code

    def test_a_single_requestid_has_50_characters_at_most(self, books: Books) -> None:
        assert books.code("customer", {"DisplayName": "a"}, requestid="r" * 51) == "2130"
        books.post("Customer", {"DisplayName": "a"}, requestid="")


class TestChangesAndDelivery:
    """Change data capture, sending, the PDF, attachments."""

    SINCE = "2026-01-15T00:00:00-08:00"

    def test_one_element_for_each_entity_in_the_order_asked(self, books: Books) -> None:
        customer = books.customer()
        gone, kept = books.invoice(customer), books.invoice(customer)
        books.post("Invoice", token(gone), operation="delete")
        status, answer = books.answer("GET", "cdc", entities="Payment,invoice,Estimate", changedSince=self.SINCE)
        nothing, rows, elsewhere = answer["CDCResponse"][0]["QueryResponse"]
        assert (status, nothing, elsewhere) == (200, {}, {})
        assert [found["Id"] for found in rows["Invoice"]] == [kept["Id"], gone["Id"]]
        assert rows["Invoice"][1]["status"] == "Deleted"
        assert (rows["startPosition"], rows["maxResults"]) == (1, 2)

    def test_a_posting_moves_the_customers_time_and_not_its_token(self, books: Books) -> None:
        customer = books.customer()
        books.clock.advance(days=1)
        books.invoice(customer)
        _, answer = books.answer("GET", "cdc", entities="Customer", changedSince="2026-01-16T00:00:00-08:00")
        found = answer["CDCResponse"][0]["QueryResponse"][0]["Customer"][0]
        assert (found["SyncToken"], found["Balance"]) == ("0", Decimal("100.00"))
        assert found["MetaData"]["LastUpdatedTime"] == "2026-01-16T10:00:00-08:00"

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"entities": "Invoice"}, "2020"),
            ({"changedSince": SINCE}, "2020"),
            ({"entities": "Invoice", "changedSince": "yesterday"}, "2060"),
            ({"entities": "Invoice", "changedSince": "2025-12-01T00:00:00-08:00"}, "6000"),
            ({"entities": "Nothing", "changedSince": SINCE}, "4001"),
            ({"entities": "TaxCode", "changedSince": SINCE}, "4001"),
        ],
    )
    def test_what_change_data_capture_refuses(self, books: Books, params: Body, code: str) -> None:
        assert books.refusal("GET", "cdc", **params)["code"] == code

    def test_how_far_back_is_a_switch(self, books: Books) -> None:
        books.switch(cdc_days="0")
        status, _ = books.answer("GET", "cdc", entities="Invoice", changedSince="2011-12-01T00:00:00-08:00")
        assert status == 200

    def test_sending_marks_the_invoice(self, books: Books) -> None:
        made = books.invoice(books.customer())
        path = f"invoice/{made['Id']}/send"
        assert books.refusal("POST", path)["code"] == "6420"
        _, answer = books.answer("POST", path, sendTo="a@b.co")
        sent = answer["Invoice"]
        assert (sent["EmailStatus"], sent["BillEmail"], sent["SyncToken"]) == ("EmailSent", {"Address": "a@b.co"}, "1")
        assert sent["DeliveryInfo"] == {"DeliveryType": "Email", "DeliveryTime": "2026-01-15T10:00:00-08:00"}

    def test_the_pdf_is_one(self, books: Books) -> None:
        made = books.invoice(books.customer("Zoë (Müller)"), DocNumber="7")
        answer = books.raw("GET", f"invoice/{made['Id']}/pdf")
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert answer.body.startswith(b"%PDF-1.4")
        start = int(answer.body.split(b"startxref\n")[1].split(b"\n")[0])
        assert answer.body[start:].startswith(b"xref\n0 5")
        assert books.refusal("GET", "customer/1/pdf")["code"] == "500"

    def test_a_note_is_attached(self, books: Books) -> None:
        made = books.invoice(books.customer())
        link = {"EntityRef": {"type": "Invoice", "value": made["Id"]}}
        note = books.post("Attachable", {"Note": "hello", "AttachableRef": [link]})
        assert (note["Note"], len(note["Id"]), note["AttachableRef"][0]["IncludeOnSend"]) == ("hello", 19, False)
        assert books.post("Attachable", {"Id": note["Id"]}, operation="delete")["status"] == "Deleted"

    def upload(self, books: Books, metadata: Body) -> Body:
        parts = (
            ("file_metadata_01", "attachment.json", "application/json", json.dumps(metadata)),
            ("file_content_01", "no_detail.xml", "text/xml", "<a/>"),
        )
        form = "".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            f"Content-Type: {kind}\r\n\r\n{content}\r\n"
            for name, file, kind, content in parts
        )
        content_type = "multipart/form-data; boundary=B"
        answer = books.company.call("POST", "upload", {}, (form + "--B--\r\n").encode(), content_type)
        assert answer.status == 200
        found: Body = json.loads(answer.body)["AttachableResponse"][0]
        return found

    def test_a_file_is_uploaded_with_its_link(self, books: Books) -> None:
        made = books.invoice(books.customer())
        metadata = {
            "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": made["Id"]}}],
            "FileName": "no_detail.xml",
            "ContentType": "text/xml",
        }
        file = self.upload(books, metadata)["Attachable"]
        assert list(file) == [
            "FileName", "FileAccessUri", "TempDownloadUri", "Size", "ContentType", "domain", "sparse", "Id",
            "SyncToken", "MetaData", "AttachableRef",
        ]  # fmt: skip
        assert (file["Size"], file["AttachableRef"][0]["EntityRef"]) == (4, {"value": made["Id"], "type": "Invoice"})
        assert books.raw("GET", f"download/{file['Id']}").body == b"<a/>"
        query = f"select * from Attachable where AttachableRef.EntityRef.value = '{made['Id']}'"
        assert [found["Id"] for found in books.rows(query)] == [file["Id"]]

    def test_a_file_for_nothing_answers_200_with_a_fault_inside(self, books: Books) -> None:
        metadata = {"AttachableRef": [{"EntityRef": {"type": "Estimate", "value": "75"}}]}
        error = self.upload(books, metadata)["Fault"]["Error"][0]
        assert (error["code"], error["element"]) == ("6000", "")
        assert error["Detail"] == (
            "Business Validation Error: The entity Estimate 75 that you are trying to link does not exist. Estimate 75"
        )


class TestCompany:
    """The file, its clock, its switches, its snapshot."""

    def test_daylight_saving_is_seen_in_times(self, books: Books) -> None:
        assert books.customer("a")["MetaData"]["CreateTime"].endswith("-08:00")
        books.clock.advance(days=90)
        assert books.customer("b")["MetaData"]["CreateTime"] == "2026-04-15T11:00:00-07:00"

    def test_the_day_is_the_companys(self, books: Books) -> None:
        books.clock.advance(hours=13)  # 07:00 UTC on the 16th is 23:00 on the 15th in the Pacific zone
        assert books.invoice(books.customer())["TxnDate"] == "2026-01-15"

    def test_two_openers_see_each_others_writes(self, books: Books, tmp_path: Path) -> None:
        other = Books.open(tmp_path)
        books.customer("a")
        assert other.rows("select * from Customer")[0]["DisplayName"] == "a"
        other.post("Item", {"Name": "Desk", "IncomeAccountRef": {"value": "1"}})
        made = books.post("Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(5, "3")]})
        assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Desk"
        other.switch(custom_numbers="off")
        assert books.company.switches["custom_numbers"] == "off"
        assert other.invoice("1")["Id"] == "2"

    def test_a_snapshot_restores_everything(self, books: Books, tmp_path: Path) -> None:
        customer = books.customer()
        made = books.invoice(customer, DocNumber="7", BillEmail={"Address": "a@b.co"})
        books.clock.advance(hours=1)
        paid = books.payment(customer, 100, made)
        books.deposit(linked(paid, 100), fee(-3))
        books.answer("POST", f"invoice/{made['Id']}/send")
        body = {"CustomerRef": ref(customer), "Line": [line(150, Qty=2, UnitPrice=75)]}
        books.post("Invoice", token(books.post("Invoice", body)), operation="void")
        books.post("Invoice", token(books.invoice(customer)), operation="delete")
        books.post("Customer", token(books.customer("Gone"), sparse=True, Active=False))
        books.switch(language="fr")
        before = books.company.snapshot()
        copy = Books.open(tmp_path / "copy", seed=json.loads(json.dumps(before)))
        assert copy.company.snapshot() == before
        books.invoice(customer)
        books.company.restore(before)
        assert books.company.snapshot() == before
        assert books.invoice(customer)["Id"] == "6"
        books.sound()
        copy.sound()

    @pytest.mark.parametrize(
        "seed",
        [
            {"format": 2},
            {"transactions": [{"Invoice": {"CustomerRef": {"value": "1"}, "Line": [line()]}}]},
            {"transactions": [{"Estimate": {}}]},
            {"lists": {"Customer": [{"DisplayName": "a", "Surname": "b"}]}},
        ],
    )
    def test_a_seed_that_quickbooks_would_refuse_makes_no_company(self, tmp_path: Path, seed: Body) -> None:
        with pytest.raises(SeedError):
            Books.open(tmp_path, seed=seed)

    def test_reconciling_marks_the_transactions_of_an_account(self, books: Books) -> None:
        books.deposit(fee(5, "1"), TxnDate="2026-01-01")
        books.deposit(fee(5, "1"), TxnDate="2026-01-31")
        assert books.company.reconcile(CHECKING, "2026-01-15") == 1

    def test_every_switch_is_documented_and_takes_its_default(self, books: Books) -> None:
        for switch in SWITCHES:
            assert switch.does, switch.name
            assert switch.source, switch.name
            assert switch.accepts(switch.default), switch.name
            assert books.company.switches[switch.name] == switch.default

    @pytest.mark.parametrize(("name", "value"), [("nothing", "on"), ("quotas", "maybe"), ("query_lag_s", "-1")])
    def test_unknown_switches_and_values_are_refused(self, books: Books, name: str, value: str) -> None:
        with pytest.raises(UnknownSwitch):
            books.switch(**{name: value})

    def test_preferences_merge_by_section(self, books: Books) -> None:
        prefs = books.answer("GET", "preferences")[1]["Preferences"]
        change = {"AccountingInfoPrefs": {"UseAccountNumbers": True}}
        after = books.post("Preferences", token(prefs, sparse=True, **change))
        assert after["AccountingInfoPrefs"]["UseAccountNumbers"] is True
        assert after["AccountingInfoPrefs"]["TrackDepartments"] is True
        assert (after["SyncToken"], after["SalesFormsPrefs"]) == ("1", prefs["SalesFormsPrefs"])

    def test_the_company_tells_its_zone_and_country(self, books: Books) -> None:
        info = books.answer("GET", f"companyinfo/{books.company.realm_id}")[1]["CompanyInfo"]
        assert (info["Country"], info["DefaultTimeZone"]) == ("US", "America/Los_Angeles")
