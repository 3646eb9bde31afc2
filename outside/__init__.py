"""Requests to addresses that others gave: kept away from private networks, bounded in time and size."""
