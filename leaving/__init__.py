"""Leaving: taking everything along as one archive, closing an agency, erasing it with a signed certificate."""
