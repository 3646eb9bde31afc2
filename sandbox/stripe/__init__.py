"""Stripe's API as far as selling prepaid packages needs it, with its hosted Checkout page and signed events."""
