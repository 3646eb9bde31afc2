"""Schemas, one for each agency: how a connection gets into one, stays in it, and cannot end up anywhere else.

This package has no tables and knows no agency by name. It is the bottom of the house: everything else may use it.
"""
