"""HMS Sovereign's API as far as its public pages say it, with simulated calls."""
