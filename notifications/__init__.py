"""What the people of an agency are told: one row for each thing and day, whoever finds it."""
