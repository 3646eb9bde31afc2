"""Requests to addresses that somebody typed in: kept away from private networks, bounded in time and size."""
