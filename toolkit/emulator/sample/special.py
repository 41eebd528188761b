"""The special cases of the sample, each once and by name: what is odd in real months, in two small ones."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from toolkit.emulator.sample.catalog import (
    BOARD_ROOM,
    DAY_PASS,
    DEDICATED_DESK,
    DOWNTOWN,
    EVENT,
    EVENT_LOFT,
    FIRST_MONTH_FREE,
    FOCUS_ROOM,
    HOT_DESK,
    HOT_DESK_PLUS,
    LATE_FEE,
    LOCKER,
    MAIL,
    NONPROFIT,
    OFFICE_2,
    OFFICE_4,
    OFFICE_8,
    PRINTING,
    RIVERSIDE,
    SECURITY_DEPOSIT,
    SET_UP,
    VIRTUAL,
    Plan,
)
from toolkit.emulator.sample.documents import (
    Invoice,
    Line,
    Refund,
    hours_line,
    month_after,
    plan_lines,
    prorated_line,
    service_line,
    with_fees,
)
from toolkit.emulator.sample.operator import Prefixes, Team, guest

COUNT = 45
"""Invoices a month from which on the special cases fit beside ordinary ones."""

POSTED_BEFORE = ("team_a", "bright_path", "northwind", "maple", "cedar", "quill", "orbit")
"""January invoices that Coworks' own integration posted on January 1, before its connection expired."""
PAID_BEFORE = ("team_a", "bright_path", "northwind")
"""Those of them whose payment it posted too."""

HARBOR_EMAIL = "accounts@harbor-office.example"
_WIRE = "FEDWIRE 20260123MMQFMP2L000512"  # longer than the 21 characters of a payment's reference in QuickBooks

_Row = tuple[str, str, str, str, Plan | None, str]
# key, name, admin, campus, plan, method; what differs from the usual is set below
_TEAMS: tuple[_Row, ...] = (
    ("team_a", "Team A", "Alice Abbott", DOWNTOWN, HOT_DESK_PLUS, "card"),
    ("bright_path", "Bright Path Tutoring", "Brian Okafor", DOWNTOWN, DEDICATED_DESK, "card"),
    ("northwind", "Northwind Analytics", "Nora Lindqvist", RIVERSIDE, OFFICE_4, "ach"),
    ("maple", "Maple & Main Realty", "Marcus Reyes", DOWNTOWN, OFFICE_2, "card"),
    ("cedar", "Cedar Loop Studio", "Celia Foley", RIVERSIDE, DEDICATED_DESK, "check"),
    ("quill", "Quill & Ink Editing", "Quentin Sato", DOWNTOWN, VIRTUAL, "card"),
    ("orbit", "Orbit Robotics", "Olga Petrov", RIVERSIDE, OFFICE_2, "ach"),
    ("factory", "Factory Inc.", "Fiona Grant", DOWNTOWN, None, "ach"),
    ("lumen", "Lumen Collective", "Luis Moreno", DOWNTOWN, None, "card"),
    ("pine", "Pine Street Press", "Petra Novak", RIVERSIDE, None, "card"),
    ("gather", "Gather Events Co.", "Gwen Haddad", DOWNTOWN, None, "card"),
    ("slate", "Slate Architecture", "Simon Tran", DOWNTOWN, DEDICATED_DESK, "card"),
    ("twin", "Twin Rivers Consulting", "Tara Vargas", RIVERSIDE, None, "ach"),
    ("fern", "Fern & Fable Books", "Felix Young", DOWNTOWN, HOT_DESK_PLUS, "card"),
    ("copper", "Copper Kettle Media", "Cora Jensen", DOWNTOWN, HOT_DESK, "card"),
    ("tin", "Tin Roof Software", "Theo Quigley", RIVERSIDE, HOT_DESK, "card"),
    ("obrien", "O’Brien & Søn GmbH", "Søren O’Brien", RIVERSIDE, OFFICE_8, "wire"),
    ("formula", "=CMD()", "Maxim Xu", DOWNTOWN, HOT_DESK, "card"),
    ("colon", "Studio: North", "Stella Ueda", DOWNTOWN, DEDICATED_DESK, "card"),
    ("trailing", "Blue Heron Labs ", "Hanna Zeller", RIVERSIDE, OFFICE_2, "ach"),
    ("emoji", "🚀 Launchpad Ventures", "Leo Castillo", DOWNTOWN, HOT_DESK_PLUS, "card"),
    ("vendor", "Acme Cleaning LLC", "Aaron Dunn", DOWNTOWN, VIRTUAL, "card"),
    ("employee", "Dana Whitfield", "Dana Whitfield", RIVERSIDE, HOT_DESK, "card"),
    ("harbor_legal", "Harbor Legal", "Renata Kaplan", DOWNTOWN, OFFICE_2, "check"),
    ("harbor_title", "Harbor Title", "Renata Kaplan", DOWNTOWN, VIRTUAL, "check"),
    ("lopez", "Lopez Studio", "Maria Lopez", RIVERSIDE, HOT_DESK_PLUS, "card"),
    ("greenline", "Greenline Partners", "Ivan Barros", DOWNTOWN, HOT_DESK, "card"),
    ("kestrel", "Kestrel Group", "Kira Evans", DOWNTOWN, DEDICATED_DESK, "ach"),
    ("juniper", "Juniper Design", "June Farrow", RIVERSIDE, HOT_DESK, "card"),
    ("atlas", "Atlas Ventures", "Adam Ibarra", RIVERSIDE, OFFICE_4, "ach"),
    ("tidal", "Tidal Films", "Tom Bishop", RIVERSIDE, None, "card"),
)  # fmt: skip

_EMAILS = {
    "harbor_legal": HARBOR_EMAIL,
    "harbor_title": HARBOR_EMAIL,
    "lopez": "maria@lopez-photo.example",
    "greenline": "Ivan.Barros@Greenline.example",
    "kestrel": "office@kestrel-group.example",
    "obrien": "soeren@obrien-soen.example",
}


def _team(row: _Row) -> Team:
    key, name, admin, campus, plan, method = row
    first, last = admin.lower().replace("ø", "o").replace("’", "").split()
    email = _EMAILS.get(key) or f"{first}.{last}@{key.replace('_', '-')}.example"
    return Team(name=name, prefix="", admin=admin, email=email, campus=campus, plan=plan, method=method)


def special_teams() -> dict[str, Team]:
    """The teams of the special cases by key; all but Team A still want a number prefix."""
    teams = {row[0]: _team(row) for row in _TEAMS}
    teams["team_a"].prefix = "C957F1A7"
    teams["team_a"].next_number = 8
    for key in ("twin", "tidal", "harbor_legal"):
        teams[key].charges_fees = False
    teams["greenline"].discount = NONPROFIT
    teams["harbor_legal"].extra = 1
    for place, key in enumerate(teams):
        if key != "team_a":
            teams[key].next_number = 1 + place * 7 % 31
    return teams


class Specials:
    """The special cases of the first two months; `cases` fills with the invoices by case as months are made."""

    def __init__(self, first: date) -> None:
        self._first = first
        self.teams = special_teams()
        self.cases: dict[str, Invoice] = {}

    def month(self, index: int, prefixes: Prefixes) -> list[Invoice]:
        """The scripted invoices of the index-th month (0-based): none after the second."""
        if index == 0:
            return self._first_month(prefixes)
        return self._second_month() if index == 1 else []

    def _on(self, month: int, day: int) -> date:
        whole = self._first.year * 12 + self._first.month - 1 + month
        return date(whole // 12, whole % 12 + 1, day)

    def _add(self, case: str, invoice: Invoice) -> Invoice:
        invoice.case = case
        self.cases[case] = invoice
        return invoice

    def _invoice(
        self,
        case: str,
        issued: date,
        lines: list[Line],
        *,
        paid_on: date | None = None,
        type_: str = "One-off",
        method: str | None = None,
        team: Team | None = None,
        fee: bool = True,
        due: date | None = None,
    ) -> Invoice:
        payer = team or self.teams[case]
        way = payer.method if method is None else method
        made = Invoice(
            team=payer,
            type=type_,
            issued=issued,
            due=due or (issued if way == "card" and paid_on == issued else issued + timedelta(days=15)),
            lines=with_fees(payer, lines, issued, way) if fee else tuple(lines),
            method=way,
            paid_on=paid_on,
        )
        return self._add(case, made)

    def _membership(self, case: str, paid_on: date | None, *, month: int = 0, day: int = 1) -> Invoice:
        start = self._on(month, day)
        team = self.teams[case]
        lines = plan_lines(team, start, month_after(start))
        if team.extra:
            lines.append(service_line(MAIL, start, team.campus))
        return self._invoice(case, start, lines, paid_on=paid_on, type_="Membership")

    def _membership_again(self, key: str, paid_on: date) -> Invoice:
        team = self.teams[key]
        start = self._on(1, 1)
        lines = plan_lines(team, start, month_after(start))
        return self._invoice(f"{key}_again", start, lines, paid_on=paid_on, type_="Membership", team=team)

    def _first_month(self, prefixes: Prefixes) -> list[Invoice]:
        before = set(self.cases)
        for script in (self._earlier, self._names, self._later_paid, self._reversed, self._split, self._one_offs):
            script()
        self._guests(prefixes)
        return [invoice for case, invoice in self.cases.items() if case not in before]

    def _earlier(self) -> None:
        day = self._on
        for case, paid in (
            ("team_a", day(0, 1)),
            ("bright_path", day(0, 1)),
            ("northwind", day(0, 1)),
            ("maple", day(0, 5)),
            ("cedar", day(0, 9)),
            ("quill", day(0, 6)),
            ("orbit", day(1, 3)),
        ):
            self._membership(case, paid)
        self.cases["cedar"].reference = "2207"
        on = day(0, 20)
        taken = [service_line(LOCKER, on, DOWNTOWN), service_line(PRINTING, on, DOWNTOWN)]
        self._invoice("team_a_taken", on, taken, paid_on=on, team=self.teams["team_a"])

    def _names(self) -> None:
        start = self._on(0, 1)
        for case in (
            "formula",
            "colon",
            "trailing",
            "emoji",
            "vendor",
            "employee",
            "lopez",
            "greenline",
            "kestrel",
            "juniper",
        ):
            self._membership(case, start)
        self._membership("harbor_legal", self._on(0, 8)).reference = "5518"
        self._membership("harbor_title", self._on(0, 8)).reference = "5519"
        wired = self._membership("obrien", self._on(0, 23))
        wired.reference = _WIRE

    def _later_paid(self) -> None:
        factory = self._on(0, 15)
        line = Line("one_off", "Event hosting", "Product launch evening", 50000, factory, factory, DOWNTOWN)
        invoice = self._invoice("factory", factory, [line], paid_on=self._on(1, 5), fee=False)
        invoice.category = "Event Space"
        invoice.memo = "Product launch, Event Loft, 60 guests"
        failed = self._membership("copper", self._on(1, 9))
        failed.failed_on = self._on(0, 1)
        failing = self._membership("tin", None)
        failing.failed_on = self._on(0, 2)

    def _reversed(self) -> None:
        day = self._on
        lumen = [
            service_line(SET_UP, day(0, 18), DOWNTOWN),
            Line("one_off", "Locker rental", "Locker, one year", 10000, day(0, 18), day(0, 18), DOWNTOWN),
        ]
        self._invoice("lumen", day(0, 18), lumen, fee=False).closed_on = day(1, 10)
        pine = [hours_line(FOCUS_ROOM, day(0, 22), RIVERSIDE, Decimal("3.5"))]
        self._invoice("pine", day(0, 22), pine, type_="External Booking", fee=False).vanished_on = day(1, 12)
        gather = [hours_line(EVENT_LOFT, day(0, 8), DOWNTOWN, Decimal(4))]
        refunded = self._invoice("gather", day(0, 8), gather, paid_on=day(0, 8), type_="External Booking")
        refunded.refund = Refund(on=day(0, 13), amount=refunded.total, reason="Event canceled")
        slate = self._membership("slate", day(0, 1))
        slate.refund = Refund(on=day(1, 6), amount=10000, reason="Desk unavailable for a week")

    def _split(self) -> None:
        issued, split = self._on(0, 10), self._on(0, 12)
        whole = self._twin("twin", issued, 120000)
        whole.paid_on = None
        whole.split_on = split
        for case, paid in (("twin_first", self._on(0, 13)), ("twin_second", self._on(1, 4))):
            half = self._twin(case, split, 60000)
            half.split_from = whole
            half.paid_on = paid

    def _twin(self, case: str, issued: date, amount: int) -> Invoice:
        desks = Line(
            "one_off", "Team room", "Team room, project week", amount, self._on(0, 5), self._on(0, 9), RIVERSIDE
        )
        return self._invoice(case, issued, [desks], team=self.teams["twin"])

    def _one_offs(self) -> None:
        day = self._on
        fern = self.teams["fern"]
        fern.discount = FIRST_MONTH_FREE
        free = plan_lines(fern, day(0, 1), month_after(day(0, 1)))
        fern.discount = ""
        self._invoice("fern", day(0, 1), free, paid_on=day(0, 1), type_="Membership", method="")
        self._atlas()
        mapped = Line("one_off", EVENT.name, "Film screening", EVENT.price, day(0, 29), day(0, 29), RIVERSIDE)
        self._invoice("tidal", day(0, 29), [mapped], paid_on=day(0, 29))
        lines = [service_line(MAIL, day(0, 30), DOWNTOWN), service_line(PRINTING, day(0, 30), DOWNTOWN)]
        lines.append(service_line(LATE_FEE, day(0, 30), DOWNTOWN, "custom_fee"))
        self._invoice("own_kinds", day(0, 30), lines, paid_on=day(0, 30), team=self.teams["maple"])
        elsewhere = [hours_line(BOARD_ROOM, day(0, 16), RIVERSIDE, Decimal("2.5"))]
        self._invoice(
            "elsewhere", day(0, 16), elsewhere, paid_on=day(0, 16), type_="External Booking", team=self.teams["quill"]
        )

    def _atlas(self) -> None:
        start, team = self._on(0, 15), self.teams["atlas"]
        end = month_after(self._on(0, 1))
        held = Line("deposit", SECURITY_DEPOSIT, "Security deposit, one month", 180000, start, start, RIVERSIDE)
        lines = [prorated_line(team, start, end, end.day), service_line(SET_UP, start, RIVERSIDE), held]
        self._invoice("atlas", start, lines, paid_on=start, type_="Membership")

    def _guests(self, prefixes: Prefixes) -> None:
        random = Random("the guests of the special cases")
        pass_, room = self._on(0, 7), self._on(0, 14)
        known = guest(random, prefixes)
        self._invoice(
            "guest", pass_, [service_line(DAY_PASS, pass_, "", "day_pass")], paid_on=pass_, type_="Day Pass", team=known
        )
        unknown = guest(random, prefixes, email=False)
        line = hours_line(FOCUS_ROOM, room, "", Decimal("1.5"))
        self._invoice("guest_no_email", room, [line], paid_on=room, type_="External Booking", team=unknown)
        cash = guest(random, prefixes, email=False)
        cash.method = "cash"
        passes = [service_line(DAY_PASS, room, "", "day_pass")]
        self._invoice("guest_cash", room, passes, paid_on=room, type_="Day Pass", team=cash)

    def _second_month(self) -> list[Invoice]:
        before = set(self.cases)
        self._membership_again("harbor_title", self._on(2, 6)).reference = "5544"
        late = self._on(1, 26)
        show = Line("one_off", EVENT.name, "Film screening", EVENT.price, late, late, RIVERSIDE)
        second = self._invoice("tidal_again", late, [show], paid_on=late, team=self.teams["tidal"])
        second.category = "Event Space"
        return [invoice for case, invoice in self.cases.items() if case not in before]
