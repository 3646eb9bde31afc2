"""The least that Django can do with what comes in: one view, one INSERT, no middleware, the connection kept open."""
