"""A person who signs in: team members and operators in public, clients' people in their agency's schema."""
