"""changegate judges proposed changes before they reach production."""

__version__ = "0.1.0"
