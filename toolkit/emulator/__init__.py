"""A local QuickBooks Online: real rules, real ledger, no network."""
