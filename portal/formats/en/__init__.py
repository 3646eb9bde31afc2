"""English as it is read in Europe: the day before the month, and a clock of 24 hours."""
