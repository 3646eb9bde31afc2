"""django-hordak, double-entry bookkeeping for Django: what one finds when looking for a ledger to install."""
