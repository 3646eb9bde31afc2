"""Calls: fetched from HMS, rated once, booked to the second; and what may start a new one."""
