"""Any sequence of calls keeps the emulated books sound: ledger, SyncTokens, links on both sides, names and numbers."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from books_company import CHECKING, UNDEPOSITED, Body, Books, applied, fee, invoice, line, linked, ref, token
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

NUMBERED = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")
CENTS = st.integers(min_value=0, max_value=20_000).map(lambda cents: f"{cents / 100:.2f}")
NAMES = st.sampled_from(["Amy", "amy", "Ben", "Ben & Co", "O'Neil", "Zoë"])
NUMBERS = st.sampled_from([None, "1", "2", "3", "C957F1A7-0009"])
PICK = st.integers(min_value=0, max_value=1_000)


def own(body: Body) -> Body:
    """What a SyncToken stands for: not who is linked to it, and not the names of others."""
    aside = ("LinkedTxn", "FullyQualifiedName", "CustomerRef")
    kept = {name: value for name, value in body.items() if name not in aside}
    if "Line" in kept:
        kept["Line"] = [[row.get("Amount"), row.get("LinkedTxn"), row.get("Id")] for row in kept["Line"]]
    return kept


class TheBooks(RuleBasedStateMachine):
    """Calls as clients make them, right and wrong; after each one everything is compared with what stood before."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.books = Books.open(self.folder)
        self.before: dict[tuple[str, str], Body] = {}
        self.refused = False

    @initialize(
        void=st.sampled_from(["refuse", "unapply"]),
        edit=st.sampled_from(["refuse", "unapply"]),
        credit=st.sampled_from(["on", "off"]),
    )
    def begin(self, void: str, edit: str, credit: str) -> None:
        self.books.switch(
            void_with_payments=void, delete_with_payments=void, edit_below_paid=edit, auto_apply_credit=credit
        )
        for name in ("First", "Second"):
            self.books.customer(name)
        self.before = self.stored()

    def teardown(self) -> None:
        self.books.company.close()
        shutil.rmtree(self.folder)

    # -- helpers -------------------------------------------------------------------------------------------------

    def stored(self) -> dict[tuple[str, str], Body]:
        sql = "SELECT entity, id, deleted, body FROM object"
        rows = self.books.company.connection().execute(sql).fetchall()
        return {(entity, str(id)): {**json.loads(body), "deleted": deleted} for entity, id, deleted, body in rows}

    def live(self, *entities: str) -> list[Body]:
        found = self.stored()
        return [
            found[key] | {"entity": key[0]} for key in sorted(found) if key[0] in entities and not found[key]["deleted"]
        ]

    def pick(self, number: int, *entities: str) -> Body | None:
        found = self.live(*entities)
        return found[number % len(found)] if found else None

    def call(self, entity: str, body: Any, **params: str) -> None:
        status, answer = self.books.answer("POST", entity.lower(), body, **params)
        assert status in (200, 400), answer
        self.refused = status == 400
        if status == 200 and "status" not in answer[entity]:
            made = answer[entity]
            assert made["sparse"] is False
            assert made["SyncToken"].isdecimal()

    # -- calls ---------------------------------------------------------------------------------------------------

    @rule(name=NAMES, entity=st.sampled_from(["Customer", "Vendor"]), parent=st.booleans())
    def name(self, name: str, entity: str, parent: bool) -> None:
        self.call(entity, {"DisplayName": name, **({"ParentRef": ref("1")} if parent and entity == "Customer" else {})})

    @rule(number=PICK, active=st.booleans(), name=NAMES)
    def change_name(self, number: int, active: bool, name: str) -> None:
        chosen = self.pick(number, "Customer", "Vendor")
        assert chosen is not None
        self.call(chosen["entity"], token(chosen, sparse=True, Active=active, DisplayName=name))

    @rule(entity=st.sampled_from(NUMBERED), amounts=st.lists(CENTS, min_size=1, max_size=3), number=NUMBERS, pick=PICK)
    def sell(self, entity: str, amounts: list[str], number: str | None, pick: int) -> None:
        body = invoice("12"[pick % 2], DocNumber=number, Line=[line(amount) for amount in amounts])
        if pick % 3 and entity != "Invoice":
            body["DepositToAccountRef"] = ref(UNDEPOSITED if pick % 5 else CHECKING)
        self.call(entity, body)

    @rule(pick=PICK, amount=CENTS, stale=st.booleans(), number=NUMBERS)
    def change_sale(self, pick: int, amount: str, stale: bool, number: str | None) -> None:
        chosen = self.pick(pick, *NUMBERED)
        if chosen is not None:
            body = token(chosen, sparse=True, Line=[line(amount)], DocNumber=number)
            self.call(chosen["entity"], {**body, "SyncToken": "77"} if stale else body)
            assert self.refused or not stale

    @rule(pick=PICK, amount=CENTS, part=CENTS, kind=st.sampled_from(["Invoice", "CreditMemo"]))
    def pay(self, pick: int, amount: str, part: str, kind: str) -> None:
        chosen = self.pick(pick, kind)
        lines = [applied(part, chosen, kind)] if chosen else []
        self.call("Payment", {"CustomerRef": ref("12"[pick % 2]), "TotalAmt": amount, "Line": lines})

    @rule(pick=PICK)
    def pay_in_full(self, pick: int) -> None:
        chosen = self.pick(pick, "Invoice")
        if chosen is not None:
            body = {"CustomerRef": ref(chosen["CustomerRef"]["value"]), "TotalAmt": chosen["Balance"]}
            self.call("Payment", {**body, "Line": [applied(chosen["Balance"], chosen)]})

    @rule(pick=PICK, amount=CENTS)
    def change_payment(self, pick: int, amount: str) -> None:
        chosen = self.pick(pick, "Payment")
        if chosen is not None:
            lines = [] if pick % 2 else [{key: kept[key] for key in ("Amount", "LinkedTxn")} for kept in chosen["Line"]]
            self.call("Payment", token(chosen, sparse=True, TotalAmt=amount, Line=lines))

    @rule(picks=st.lists(PICK, min_size=1, max_size=4), cost=CENTS)
    def deposit(self, picks: list[int], cost: str) -> None:
        lines = [fee(f"-{cost}")] if picks[0] % 2 else []
        for number in picks:
            chosen = self.pick(number, "Payment", "SalesReceipt", "RefundReceipt")
            if chosen is not None:
                sign = "-" if chosen["entity"] == "RefundReceipt" and float(chosen["TotalAmt"]) else ""
                lines.append(linked(chosen, f"{sign}{chosen['TotalAmt']}", chosen["entity"]))
        self.call("Deposit", {"DepositToAccountRef": ref(CHECKING), "Line": lines})

    @rule(pick=PICK, entity=st.sampled_from(["Invoice", "Payment", "Deposit", "CreditMemo", "SalesReceipt"]))
    def delete(self, pick: int, entity: str) -> None:
        chosen = self.pick(pick, entity)
        if chosen is not None:
            self.call(entity, token(chosen), operation="delete")

    @rule(pick=PICK, entity=st.sampled_from(["Invoice", "Payment", "SalesReceipt"]))
    def void(self, pick: int, entity: str) -> None:
        chosen = self.pick(pick, entity)
        if chosen is not None:
            how = {"operation": "void"} if entity == "Invoice" else {"operation": "update", "include": "void"}
            self.call(entity, token(chosen, sparse=True), **how)

    @rule(pick=PICK, amount=CENTS)
    def journal(self, pick: int, amount: str) -> None:
        sides = (("Debit", "84" if pick % 2 else UNDEPOSITED), ("Credit", CHECKING))
        lines = [
            {
                "Amount": amount,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {
                    "PostingType": side,
                    "AccountRef": ref(account),
                    "Entity": {"Type": "Customer", "EntityRef": ref("1")},
                },
            }
            for side, account in sides
        ]
        self.call("JournalEntry", {"Line": lines})

    @rule(picks=st.lists(PICK, min_size=1, max_size=3), amount=CENTS)
    def batch(self, picks: list[int], amount: str) -> None:
        items = [
            {"bId": str(place), "operation": "create", "Invoice": invoice("123"[number % 3], amount)}
            for place, number in enumerate(picks)
        ]
        answers = self.books.batch(*items)
        assert [answer["bId"] for answer in answers] == [item["bId"] for item in items]
        self.refused = all("Fault" in answer for answer in answers)

    @precondition(lambda self: len(self.before) > 70)
    @rule()
    def restore(self) -> None:
        company = self.books.company
        snapshot = company.snapshot()
        company.restore(snapshot)
        assert company.snapshot() == snapshot
        self.before, self.refused = self.stored(), False

    # -- what holds always ---------------------------------------------------------------------------------------

    @invariant()
    def the_ledger_balances(self) -> None:
        self.books.sound()

    @invariant()
    def tokens_move_exactly_with_what_they_stand_for(self) -> None:
        after = self.stored()
        if self.refused:
            assert after == self.before
        for key, body in after.items():
            old = self.before.get(key)
            if old is None:
                continue
            moved = int(body.get("SyncToken", 0)) - int(old.get("SyncToken", 0))
            assert moved >= 0, key
            if moved == 0 and not body["deleted"]:
                assert own(old) == own(body), key
        assert set(self.before) <= set(after)
        self.before, self.refused = after, False

    @invariant()
    def links_are_on_both_sides(self) -> None:
        stored = {key: body for key, body in self.stored().items() if not body["deleted"]}
        there = {
            (key, (link["TxnType"], link["TxnId"]))
            for key, body in stored.items()
            if key[0] in ("Payment", "Deposit")
            for row in body.get("Line", ())
            for link in row.get("LinkedTxn", ())
        }
        back = {
            ((link["TxnType"], link["TxnId"]), key)
            for key, body in stored.items()
            for link in body.get("LinkedTxn", ())
        }
        assert there == back

    @invariant()
    def no_name_and_no_number_is_shared(self) -> None:
        for entities, field in ((("Customer", "Vendor", "Employee"), None), (NUMBERED, "DocNumber")):
            found = self.live(*entities)
            keys = [
                str(body.get(field) if field else body.get("FullyQualifiedName", body["DisplayName"])).casefold()
                for body in found
                if not field or body.get(field)
            ]
            assert len(keys) == len(set(keys)), keys

    @invariant()
    def balances_are_totals_less_what_is_applied(self) -> None:
        for body in self.live("Payment"):
            used = {"Invoice": 0, "CreditMemo": 0}
            for row in body["Line"]:
                used[row["LinkedTxn"][0]["TxnType"]] += round(row["Amount"] * 100)
            rest = round(body["TotalAmt"] * 100) + used["CreditMemo"] - used["Invoice"]
            assert rest == round(body["UnappliedAmt"] * 100) >= 0


TestTheBooks = TheBooks.TestCase
TestTheBooks.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # Shrinking takes minutes; the steps are readable without.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
