"""Hosts: which agency a host name means, and which address an agency has."""
