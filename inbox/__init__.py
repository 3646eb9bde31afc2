"""Facts received from Stripe and HMS: verified, stored once, answered; applied later by whoever they concern."""
