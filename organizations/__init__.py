"""A client's organization at HMS: its making, its key, its assistants and numbers."""
