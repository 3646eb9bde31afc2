"""Measures the product against something known on the same servers in the same run, and says what does not hold.

Ratios travel from one machine to another, seconds do not: whatever can be a ratio is one. Nothing in here is imported
by the product.
"""
