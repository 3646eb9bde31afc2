"""The outside world on this machine: HMS, Stripe and a mailbox on loopback, reached over sockets and never imported."""
