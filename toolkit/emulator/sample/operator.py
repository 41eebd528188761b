"""The emulated operator's teams: seeded names, admins, number prefixes, plans and ways to pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from toolkit.emulator.sample.catalog import (
    CAMPUSES,
    FOUNDING,
    NONPROFIT,
    PLAN_SHARES,
    PLANS,
    RIVERSIDE,
    Plan,
)

_T = TypeVar("_T")

GUEST = "Guest"
"""What Coworks' report calls the team of every non-member."""

_FIRST = (
    "Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Imani", "Jonas", "Keiko",
    "Liam", "Mara", "Nico", "Olive", "Pavel", "Quinn", "Rosa", "Samir", "Tessa", "Umar", "Vera",
    "Wes", "Ximena", "Yara", "Zane", "Bianca", "Caleb", "Delia", "Emil", "Freya", "Gideon",
)  # fmt: skip
_LAST = (
    "Abbott", "Barros", "Castillo", "Dunn", "Ekström", "Foley", "Grant", "Haddad", "Ibarra",
    "Jensen", "Kaplan", "Lindqvist", "Moreno", "Novak", "Okafor", "Petrov", "Quigley", "Reyes",
    "Sato", "Tran", "Ueda", "Vargas", "Whitman", "Xu", "Young", "Zeller", "Bishop", "Cho", "Dorsey",
    "Evans", "Farrow",
)  # fmt: skip
_ONE = (
    "Amber", "Birch", "Cobalt", "Drift", "Ember", "Falcon", "Granite", "Hazel", "Indigo", "Jasper",
    "Kindle", "Linden", "Meadow", "Nimbus", "Opal", "Prairie", "Quartz", "Raven", "Sable", "Timber",
    "Umber", "Velvet", "Willow", "Yarrow", "Zephyr", "Anchor", "Beacon", "Canyon", "Delta", "Echo",
    "Flint", "Grove",
)  # fmt: skip
_TWO = (
    "Analytics", "Books", "Creative", "Dental", "Design", "Digital", "Films", "Foods", "Games",
    "Health", "Homes", "Imaging", "Insights", "Legal", "Logistics", "Maps", "Media", "Networks",
    "Optics", "Partners", "Payroll", "Press", "Research", "Robotics", "Security", "Software",
    "Solar", "Sound", "Textiles", "Travel", "Ventures",
)  # fmt: skip
_THREE = ("LLC", "Inc.", "Co.", "Group", "Studio", "Labs", "Collective")


@dataclass(slots=True)
class Team:
    """A paying team (or one guest): who it is, what it has, how it pays, and the counter of its invoice numbers."""

    name: str
    prefix: str
    admin: str
    email: str
    campus: str
    plan: Plan | None = None
    method: str = "card"
    bill_day: int = 1
    discount: str = ""
    extra: int = 0
    charges_fees: bool = True
    next_number: int = 1


def pick(random: Random, options: Sequence[_T]) -> _T:
    """One of the options, each as likely; unlike Random.choice the same in every version of Python."""
    return options[int(random.random() * len(options))]


def weighted(random: Random, options: Sequence[_T], shares: Sequence[int]) -> _T:
    """One of the options, in proportion to its share."""
    point = random.random() * sum(shares)
    for option, share in zip(options, shares, strict=True):
        point -= share
        if point < 0:
            return option
    return options[-1]


class Prefixes:
    """Number prefixes as Stripe gives them to its customers: eight hex characters, no two alike."""

    def __init__(self, random: Random, taken: Sequence[str] = ()) -> None:
        self._random = random
        self._taken = set(taken)

    def new(self) -> str:
        """A prefix that no one has."""
        while True:
            prefix = f"{int(self._random.random() * 0x100000000):08X}"
            # A prefix of digits and one E would read as a number in a spreadsheet.
            if prefix not in self._taken and sum(letter in "ABCDF" for letter in prefix) > 1:
                self._taken.add(prefix)
                return prefix


def team_name(index: int) -> str:
    """The name of the index-th team: no index gives a name that another has."""
    names = len(_ONE) * len(_TWO) * len(_THREE)
    round_, place = divmod(index, names)
    place = place * 1237 % names  # 1237 is prime to the number of names: a permutation that looks unsorted
    one, rest = divmod(place, len(_TWO) * len(_THREE))
    two, three = divmod(rest, len(_THREE))
    number = f" {round_ + 1}" if round_ else ""
    return f"{_ONE[one]} {_TWO[two]}{number} {_THREE[three]}"


def slug(name: str) -> str:
    """The name as it can stand in an e-mail address: lower-case ASCII letters and digits."""
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())


def person(random: Random) -> str:
    """First and last name of an admin."""
    return f"{pick(random, _FIRST)} {pick(random, _LAST)}"


def address(admin: str, team: str) -> str:
    """An admin's e-mail at the team's own domain (`.example` is reserved: no mail can reach anyone)."""
    given, _, family = admin.partition(" ")
    return f"{slug(given)}.{slug(family)}@{slug(team)}.example"


def teams(random: Random, count: int, prefixes: Prefixes) -> Iterator[Team]:
    """`count` ordinary member teams: mostly cards, every fifth ACH, some checks and wires."""
    for index in range(count):
        name = team_name(index)
        admin = person(random)
        plan = weighted(random, PLANS, PLAN_SHARES)
        method = weighted(random, ("card", "ach", "check", "wire", "cash"), (66, 22, 8, 3, 1))
        yield Team(
            name=name,
            prefix=prefixes.new(),
            admin=admin,
            email=address(admin, name),
            campus=pick(random, CAMPUSES),
            plan=plan,
            method=method,
            bill_day=1 if random.random() < 0.7 else 2 + int(random.random() * 24),
            discount=weighted(random, ("", FOUNDING, NONPROFIT), (84, 10, 6)),
            extra=1 + int(random.random() * 6) if random.random() < 0.45 else 0,
            next_number=1 + int(random.random() * 40),
        )


def guest(random: Random, prefixes: Prefixes, *, email: bool = True) -> Team:
    """A non-member, who buys day passes and rooms; the report names no campus for one."""
    admin = person(random)
    shown = f"{slug(admin)}{int(random.random() * 9000) + 1000}@mail.example" if email else ""
    return Team(name=GUEST, prefix=prefixes.new(), admin=admin, email=shown, campus="")


def pays_community_fee(team: Team) -> bool:
    """Riverside adds a community fee to its memberships; Downtown does not."""
    return team.campus == RIVERSIDE and team.plan is not None
