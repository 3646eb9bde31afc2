"""Secrets, sealed: the agencies' keys for Stripe and HMS, and whatever else must never be read from a table."""
