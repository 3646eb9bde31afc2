"""The reseller: an agency, its team, how it is opened and switched on. Composes what lies below."""
