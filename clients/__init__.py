"""The agency's customers and their people. In the agency's schema."""
