"""The words of the house: frozen values that every stage passes on. Standard library only, no I/O."""
