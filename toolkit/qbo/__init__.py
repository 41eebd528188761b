"""Talk to QuickBooks Online: session, limits, wire format, client, snapshot."""
