"""What HMS answers, one module per noun: frozen, exact, and with everything unknown kept in `extra`."""
