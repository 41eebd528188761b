"""A company folder of any size: Coworks' reports of some months and the QuickBooks company that they are posted to."""

from __future__ import annotations

from toolkit.emulator.sample.writing import command, write_company

__all__ = ["command", "write_company"]
