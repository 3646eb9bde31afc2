"""Who did what, when and from where: one log for each agency, which grows and never changes."""
