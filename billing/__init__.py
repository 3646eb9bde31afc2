"""Credits and money: packages, purchases, the ledger. Integers only; one function posts; the database guards."""
