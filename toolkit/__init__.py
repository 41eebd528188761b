"""Coworks billing into QuickBooks Online, each record exactly once."""
