"""Other people's QuickBooks programs, as they come from PyPI, against the emulator over HTTP: only addresses differ."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from emulator_doors import REALM, listening, open_company
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import (
    Account,
    Attachable,
    AttachableRef,
    CompanyInfo,
    CreditMemo,
    Customer,
    Department,
    Deposit,
    DepositLine,
    EmailAddress,
    Invoice,
    Item,
    JournalEntry,
    Payment,
    PaymentLine,
    Preferences,
    Ref,
    RefundReceipt,
    SalesItemLine,
    SalesReceipt,
)
from quickbooks.objects.detailline import SalesItemLineDetail
from quickbooks.objects.trackingclass import Class

from toolkit.emulator import oauth, tokens
from toolkit.emulator.adapter import LoopbackAdapter
from toolkit.emulator.app import EmulatorApp
from toolkit.emulator.company import Company

CALLBACK = "http://localhost:8000/callback"
LINKED_FIELDS = ("Id", "LineNum", "Description", "DetailType", "CustomField")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return open_company(tmp_path, fixed=False)


@pytest.fixture
def base(company: Company) -> Iterator[str]:
    with listening(EmulatorApp([company])) as base:
        yield base


@pytest.fixture
def qb(base: str, company: Company, monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    """The client, connected through its own flow; its OAuth library is told in its own way that http is meant."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    issued = tokens.grant(company, oauth.ACCOUNTING)
    auth = AuthClient(
        "emulator",
        "emulator",
        CALLBACK,
        base + oauth.DISCOVERY[1],
        refresh_token=issued.refresh,
    )
    client = QuickBooks(
        auth_client=auth, refresh_token=issued.refresh, company_id=REALM, minorversion=75, use_decimal=True
    )
    client.api_url_v3 = base + "/v3"
    return client


def reference(found: Any) -> Ref:
    made = Ref()
    made.value = found.Id
    return made


def account(qb: QuickBooks, name: str) -> Account:
    found = Account.filter(Name=name, qb=qb)
    assert len(found) == 1
    return found[0]


def service(qb: QuickBooks, name: str = "Membership", income: str = "Sales of Product Income") -> Item:
    item = Item()
    item.Name, item.Type = name, "Service"
    item.IncomeAccountRef = reference(account(qb, income))
    return item.save(qb=qb)


def customer(qb: QuickBooks, name: str) -> Customer:
    made = Customer()
    made.DisplayName = made.CompanyName = name
    made.PrimaryEmailAddr = EmailAddress()
    made.PrimaryEmailAddr.Address = "team@example.com"
    return made.save(qb=qb)


def line(item: Item, amount: str) -> SalesItemLine:
    made = SalesItemLine()
    made.Amount = Decimal(amount)
    made.Description = "March"
    made.SalesItemLineDetail = SalesItemLineDetail()
    made.SalesItemLineDetail.ItemRef = reference(item)
    made.SalesItemLineDetail.Qty = 1
    made.SalesItemLineDetail.UnitPrice = Decimal(amount)
    made.SalesItemLineDetail.ServiceDate = "2026-03-01"
    return made


def invoice(who: Customer, item: Item, number: str, *amounts: str) -> Invoice:
    made = Invoice()
    made.DocNumber, made.TxnDate, made.DueDate = number, "2026-03-01", "2026-03-15"
    made.CustomerRef = reference(who)
    made.Line = [line(item, amount) for amount in amounts]
    return made


def payment(who: Customer, paid: Invoice, amount: str) -> Payment:
    made = Payment()
    made.CustomerRef = reference(who)
    made.TotalAmt, made.TxnDate, made.PaymentRefNum = Decimal(amount), "2026-03-05", "ch_1"
    applied = PaymentLine()
    applied.Amount = Decimal(amount)
    applied.LinkedTxn = [paid.to_linked_txn()]
    made.Line = [applied]
    return made


def deposit(qb: QuickBooks, fee_account: str, fee: str, *linked: Payment) -> Deposit:
    made = Deposit()
    made.TxnDate = "2026-03-07"
    made.DepositToAccountRef = reference(account(qb, "Checking"))
    for each in linked:
        source = DepositLine()
        source.Amount = each.TotalAmt
        source.LinkedTxn = [each.to_linked_txn()]
        source.LinkedTxn[0].TxnLineId = "0"
        # The client fills in a DetailType; a linked line must not have one, so its users take it off.
        for name in LINKED_FIELDS:
            setattr(source, name, None)
        made.Line.append(source)
    if fee:
        made.Line.append(_fee(reference(account(qb, fee_account)), fee))
    return made


def _fee(ref: Ref, amount: str) -> DepositLine:
    from quickbooks.objects.deposit import DepositLineDetail

    made = DepositLine()
    made.Amount = -Decimal(amount)
    made.LinkedTxn = None
    made.DepositLineDetail = DepositLineDetail()
    made.DepositLineDetail.AccountRef = ref
    return made


class TestConnecting:
    def test_the_client_refreshes_by_itself_and_reads_the_company(self, qb: QuickBooks) -> None:
        assert qb.auth_client.access_token
        assert CompanyInfo.get(REALM, qb=qb).CompanyName
        preferences = Preferences.get(qb=qb)
        assert preferences.SalesFormsPrefs

    def test_an_expired_token_is_its_authorization_exception(self, qb: QuickBooks, company: Company) -> None:
        tokens.expire_access(company, qb.auth_client.access_token)
        with pytest.raises(AuthorizationException):
            Customer.all(qb=qb)
        qb.auth_client.refresh()
        qb.session.token["access_token"] = qb.auth_client.access_token
        qb.session.access_token = qb.auth_client.access_token
        assert Customer.all(qb=qb) == []

    def test_https_can_be_kept_with_the_loopback_adapter(
        self, qb: QuickBooks, base: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")
        qb.session.mount("https://emulator.invalid", LoopbackAdapter(base))
        qb.api_url_v3 = "https://emulator.invalid/v3"
        assert CompanyInfo.get(REALM, qb=qb).Id


class TestSales:
    def test_customer_invoice_payment_deposit_and_back(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Birch"), service(qb)
        bill = invoice(who, item, "C957F1A7-0009", "250.00", "49.99").save(qb=qb)
        assert (bill.TotalAmt, bill.Balance, bill.SyncToken) == (Decimal("299.99"), Decimal("299.99"), "0")
        assert bill.Line[-1].DetailType == "SubTotalLineDetail"

        money = payment(who, bill, "299.99").save(qb=qb)
        assert money.UnappliedAmt == 0
        paid = Invoice.get(bill.Id, qb=qb)
        assert (paid.Balance, paid.SyncToken) == (0, "1")
        assert paid.LinkedTxn[0].TxnType == "Payment"

        banked = deposit(qb, "Bank Charges", "9.00", money).save(qb=qb)
        assert banked.TotalAmt == Decimal("290.99")
        with pytest.raises(QuickbooksException) as refused:
            Payment.get(money.Id, qb=qb).void(qb=qb)
        assert refused.value.error_code == 6540

        Deposit.get(banked.Id, qb=qb).delete(qb=qb)
        with pytest.raises(ObjectNotFoundException):
            Deposit.get(banked.Id, qb=qb)
        Payment.get(money.Id, qb=qb).void(qb=qb)
        reopened = Invoice.get(bill.Id, qb=qb)
        assert reopened.Balance == Decimal("299.99")
        reopened.void(qb=qb)
        voided = Invoice.get(bill.Id, qb=qb)
        assert (voided.TotalAmt, voided.Balance) == (0, 0)
        assert voided.PrivateNote.startswith("Voided")
        assert voided.DocNumber == "C957F1A7-0009"

    def test_receipts_credits_refunds_and_journal_entries(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Oak"), service(qb)
        for kind, total in ((SalesReceipt, "25.00"), (CreditMemo, "10.00"), (RefundReceipt, "5.00")):
            made = kind()
            made.DocNumber, made.CustomerRef = kind.__name__, reference(who)
            made.Line = [line(item, total)]
            if kind is RefundReceipt:
                made.DepositToAccountRef = reference(account(qb, "Checking"))
            saved = made.save(qb=qb)
            assert Decimal(saved.TotalAmt) == Decimal(total)
            assert kind.get(saved.Id, qb=qb).DocNumber == kind.__name__
        assert JournalEntry.count(qb=qb) == 0

    def test_an_update_is_stale_the_second_time(self, qb: QuickBooks) -> None:
        first = customer(qb, "Team Elm")
        second = Customer.get(first.Id, qb=qb)
        first.Notes = "one"
        assert first.save(qb=qb).SyncToken == "1"
        second.Notes = "two"
        with pytest.raises(QuickbooksException) as refused:
            second.save(qb=qb)
        assert refused.value.error_code == 5010

    def test_its_own_exceptions_carry_intuits_codes(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Ash"), service(qb)
        invoice(who, item, "N-1", "1.00").save(qb=qb)
        with pytest.raises(QuickbooksException) as duplicate:
            invoice(who, item, "N-1", "1.00").save(qb=qb)
        assert duplicate.value.error_code == 6140
        with pytest.raises(ValidationException) as too_long:
            invoice(who, item, "N" * 22, "1.00").save(qb=qb)
        assert too_long.value.error_code == 2050
        with pytest.raises(QuickbooksException) as same_name:
            customer(qb, "Team Ash")
        assert same_name.value.error_code == 6240
        with pytest.raises(ObjectNotFoundException):
            Invoice.get(999999, qb=qb)

    def test_a_repeated_request_id_answers_the_first_response(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Fir"), service(qb)
        first = invoice(who, item, "R-1", "1.00").save(qb=qb, request_id="once")
        again = invoice(who, item, "R-1", "1.00").save(qb=qb, request_id="once")
        assert again.Id == first.Id
        assert Invoice.count(qb=qb) == 1

    def test_sending_and_printing(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Yew"), service(qb)
        bill = invoice(who, item, "P-1", "1.00").save(qb=qb)
        sent = bill.send(qb=qb, send_to="someone@example.com")["Invoice"]
        assert (sent["EmailStatus"], sent["BillEmail"]["Address"]) == ("EmailSent", "someone@example.com")
        assert bill.download_pdf(qb=qb).startswith(b"%PDF")


class TestLists:
    def test_classes_locations_products_and_deactivation(self, qb: QuickBooks) -> None:
        place = Department()
        place.Name = "Harbor"
        assert place.save(qb=qb).Id
        kind = Class()
        kind.Name = "Desks"
        assert kind.save(qb=qb).Id
        who = customer(qb, "Gone Soon")
        who.Active = False
        assert who.save(qb=qb).DisplayName == "Gone Soon (deleted)"
        assert Customer.all(qb=qb) == []
        assert [each.Id for each in Customer.where("Active IN (true, false)", qb=qb)] == [who.Id]

    def test_queries_as_the_client_writes_them(self, qb: QuickBooks) -> None:
        for name in ("Amy's Bakery", "Bob & Sons", "Çelik", "Dora"):
            customer(qb, name)
        assert [each.DisplayName for each in Customer.all(qb=qb)] == ["Amy's Bakery", "Bob & Sons", "Dora", "Çelik"]
        for name in ("Amy's Bakery", "Bob & Sons", "Çelik"):
            assert [each.DisplayName for each in Customer.filter(DisplayName=name, qb=qb)] == [name]
        assert len(Customer.choose(["Dora", "Çelik"], field="DisplayName", qb=qb)) == 2
        assert Customer.count("DisplayName LIKE 'D%'", qb=qb) == 1
        page = Customer.all(order_by="DisplayName", start_position=2, max_results=2, qb=qb)
        assert len(page) == 2
        assert Customer.query("SELECT * FROM Customer WHERE DisplayName = 'Nobody'", qb=qb) == []
        with pytest.raises(ValidationException) as wrong:
            Customer.query("SELECT * FROM Custmoer", qb=qb)
        assert wrong.value.error_code == 4001
        with pytest.raises(ValidationException) as unreadable:
            Customer.query("SELECT * FROM Customer WHERE", qb=qb)
        assert unreadable.value.error_code == 4000


class TestManyAtOnce:
    def test_a_batch_succeeds_in_part(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Pine"), service(qb)
        bills = [invoice(who, item, f"B-{number % 34}", "10.00") for number in range(35)]
        made = batch_create(bills, qb=qb)
        assert len(made.successes) == 34
        assert [fault.Error[0].code for fault in made.faults] == ["6140"]
        for each in made.successes:
            each.PrivateNote = "seen"
        changed = batch_update(made.successes, qb=qb)
        assert {each.PrivateNote for each in changed.successes} == {"seen"}
        gone = batch_delete(changed.successes, qb=qb)
        assert gone.faults == []
        assert Invoice.count(qb=qb) == 0

    def test_change_data_capture_tells_what_is_new_and_what_is_gone(self, qb: QuickBooks, company: Company) -> None:
        since = company.now().replace(microsecond=0)
        who, item = customer(qb, "Team Larch"), service(qb)
        kept = invoice(who, item, "C-1", "1.00").save(qb=qb)
        gone = invoice(who, item, "C-2", "1.00").save(qb=qb)
        gone.delete(qb=qb)
        changes = change_data_capture([Invoice, Customer], since.isoformat(), qb=qb)
        assert [each.Id for each in changes.Customer] == [who.Id]
        assert [(each.Id, getattr(each, "status", None)) for each in changes.Invoice] == [
            (kept.Id, None),
            (gone.Id, "Deleted"),
        ]

    def test_reports_are_answered(self, qb: QuickBooks) -> None:
        who, item = customer(qb, "Team Alder"), service(qb)
        invoice(who, item, "G-1", "12.00").save(qb=qb)
        ledger = qb.get_report("GeneralLedger", {"start_date": "2026-01-01", "end_date": "2026-12-31"})
        assert ledger["Header"]["ReportName"] == "GeneralLedger"
        assert "12.00" in str(ledger["Rows"])


class TestAttachments:
    def test_a_note_and_a_file_on_an_invoice(self, qb: QuickBooks, tmp_path: Path) -> None:
        who, item = customer(qb, "Team Maple"), service(qb)
        bill = invoice(who, item, "A-1", "1.00").save(qb=qb)
        owner = AttachableRef()
        owner.EntityRef = bill.to_ref()

        note = Attachable()
        note.Note = "Paid by the sponsor"
        note.AttachableRef = [owner]
        assert note.save(qb=qb).Note == "Paid by the sponsor"

        content = b"%PDF-1.4 a contract"
        path = tmp_path / "contract.pdf"
        path.write_bytes(content)
        file = Attachable()
        file.FileName, file.ContentType, file._FilePath = "contract.pdf", "application/pdf", str(path)
        file.AttachableRef = [owner]
        saved = file.save(qb=qb)
        assert (saved.FileName, saved.Size) == ("contract.pdf", len(content))

        found = Attachable.query(f"select * from Attachable where AttachableRef.EntityRef.value = '{bill.Id}'", qb=qb)
        assert {each.Id for each in found} == {note.Id, saved.Id}
        download = Attachable.get(saved.Id, qb=qb).TempDownloadUri
        if download:
            assert requests.get(download, timeout=10).content == content
        saved.delete(qb=qb)
        with pytest.raises(ObjectNotFoundException):
            Attachable.get(saved.Id, qb=qb)
