"""How a portal looks: an agency's name, its logo and the colours that stay readable whatever was chosen."""
