"""Work to do later, as rows: written in the transaction that makes it necessary, found by one dispatcher."""
