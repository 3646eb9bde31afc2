"""The domain name system, as far as a portal meets it: zones, a resolver's view of them, and trouble on demand."""
